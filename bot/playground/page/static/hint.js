/** What an empty channel says to somebody who is new. */

import { make } from "./element.js";

const SUGGESTIONS = ["show me a table", "write some code", "日本語で話して", "count to 20"];

/**
 * Make the hint of an empty channel.
 *
 * @param {{kind: string, name: string}} channel
 * @param {string} bot the bot's name
 * @param {(text: string) => void} onChoice called with the text of a suggestion
 */
export function hint({ kind, name }, bot, onChoice) {
  const isDirect = kind === "im";
  const title = isDirect ? `This is between you and ${bot}.` : `Welcome to #${name}.`;
  const sentence = isDirect
    ? "No mention is needed here: every message is answered. Try:"
    : `${bot} answers in a thread when it is mentioned. Try:`;
  const choices = SUGGESTIONS.map((suggestion) => {
    const text = isDirect ? suggestion : `@${bot} ${suggestion}`;
    const button = make("button.suggestion", {}, text);
    button.addEventListener("click", () => onChoice(text));
    return button;
  });
  return make("section.hint", {}, make("h3", {}, title), make("p", {}, sentence), ...choices);
}
