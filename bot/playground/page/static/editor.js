/** A message that is being written anew, in its place. */

import { make } from "./element.js";

/**
 * Make the form that stands in for a message's text.
 *
 * @param {string} typed the text as it was typed
 * @param {(text: string) => Promise<void>} onSave rejects with a sentence
 * @param {() => void} onEnd called when nothing is edited any more
 */
export function editor(typed, onSave, onEnd) {
  const input = make("textarea", { rows: 1, value: typed, "aria-label": "Edit message" });
  const error = make("p.error", { hidden: true, role: "alert" });
  const cancel = make("button.action", { type: "button" }, "Cancel");
  const save = make("button.action.primary", { type: "submit" }, "Save");
  const form = make("form.edit", {}, input, error, make("div.answers", {}, cancel, save));
  const submit = async () => {
    try {
      if (input.value !== typed) await onSave(input.value);
      onEnd();
    } catch (refused) {
      error.textContent = refused.message;
      error.hidden = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  cancel.addEventListener("click", onEnd);
  input.addEventListener("input", () => fit(input));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") onEnd();
    else if (event.key === "Enter" && !event.shiftKey) submit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const begin = () => {
    fit(input);
    input.focus();
    input.setSelectionRange(typed.length, typed.length);
  };
  return { form, begin };
}

function fit(input) {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}
