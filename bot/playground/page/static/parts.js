/** What stands in a message or on the Home tab: texts and buttons. */

import { make } from "./element.js";

/**
 * Make the nodes of parts. A click on a button is found by `data-do="press"` and
 * `buttonOf`.
 *
 * @param {object[]} parts as the server describes them; their `html` is safe
 * @param {{me: string, chosen?: (button: object) => boolean}} reader who looks at them,
 *   and which feedback they gave
 */
export function partNodes(parts, { me, chosen = () => false }) {
  return parts.flatMap((part, index) => {
    const buttons = part.buttons
      .map((button, position) => [button, `${index}/${position}`])
      .filter(([button]) => !button.only_for.length || button.only_for.includes(me))
      .map(([button, key]) => buttonNode(button, key, chosen(button)));
    if (part.kind === "text") return nodes(part.html);
    if (!part.html && !buttons.length) return [];
    const text = part.html ? [make("div.part-text", {}, ...nodes(part.html))] : [];
    return [make(`div.part.${part.kind}`, {}, ...text, ...buttons)];
  });
}

/** Find what a pressed element stands for. */
export function buttonOf(parts, element) {
  const [part, position] = element.dataset.button.split("/").map(Number);
  return parts[part]?.buttons[position];
}

/** The plain text of parts, to be read aloud. */
export function plainText(parts) {
  const html = parts.map((part) => part.html).join(" ");
  return new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
}

/** Make nodes of HTML that the server escaped. */
export function nodes(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.childNodes];
}

function buttonNode(button, key, isChosen) {
  const { kind, label, description, icon, style } = button;
  // A link that asks first is opened by its answer.
  const url = button.confirm ? "" : button.url;
  const data = { "data-do": "press", "data-button": key };
  if (kind === "button") {
    const name = description === label ? {} : { "aria-label": description };
    const link = { href: url, target: "_blank", rel: "noopener noreferrer" };
    const tag = `${url ? "a" : "button"}.action${style ? `.${style}` : ""}`;
    return make(tag, { ...data, ...name, ...(url ? link : {}) }, label);
  }
  const state = kind === "feedback" ? { "aria-pressed": String(isChosen) } : {};
  const name = { title: label, "aria-label": description };
  return make("button.action.quiet-action", { ...data, ...name, ...state }, icon || label);
}
