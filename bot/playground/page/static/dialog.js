/** A question that has to be answered before anything else. */

import { make } from "./element.js";
import { nodes } from "./parts.js";

/**
 * Ask, and resolve with whether the answer was yes.
 *
 * @param {{title: string, html: string, confirm: string, deny: string, style: string}}
 *   question as Slack's confirmation dialog object has it; its `html` is safe
 */
export function ask({ title, html, confirm, deny, style }) {
  const heading = make("h2", { id: "question" }, title);
  const yes = make(`button.action.${style === "danger" ? "danger" : "primary"}`, {}, confirm);
  const no = make("button.action", {}, deny);
  const dialog = make(
    "dialog.question",
    { "aria-labelledby": "question" },
    heading,
    make("div.body", {}, ...nodes(html)),
    make("div.answers", {}, no, yes),
  );
  yes.addEventListener("click", () => dialog.close("yes"));
  no.addEventListener("click", () => dialog.close("no"));
  document.body.append(dialog);
  dialog.showModal();
  (style === "danger" ? no : yes).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
