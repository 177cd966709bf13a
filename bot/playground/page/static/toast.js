/** A sentence about what went wrong, which goes by itself. */

const SHOWN_MS = 8000;

let timer = 0;

/** Show a sentence at the bottom; it can be clicked away. */
export function toast(sentence) {
  const box = document.getElementById("toast");
  clearTimeout(timer);
  box.textContent = sentence;
  box.hidden = false;
  timer = setTimeout(hide, SHOWN_MS);
  box.onclick = hide;
}

function hide() {
  document.getElementById("toast").hidden = true;
}
