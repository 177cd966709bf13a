/** Where a message is written. */

import { Completion } from "./completion.js";
import { make } from "./element.js";

/** A textarea that grows, and what is typed in each place. */
export class Composer {
  #input;
  #error;
  #send;
  #onSay;
  #drafts = new Map();
  #place = "";
  #isSending = false;

  /**
   * @param {HTMLElement} pane gets the composer at its end
   * @param {{names: () => string[], commands: () => string[]}} known who can be
   *   mentioned, and which commands can be typed
   * @param {(text: string) => Promise<void>} onSay rejects with a sentence
   */
  constructor(pane, { names, commands }, onSay) {
    this.#onSay = onSay;
    this.#input = make("textarea", { rows: 1 });
    this.#error = make("p.error", { hidden: true, role: "alert" });
    this.#send = make("button.send", { type: "submit", title: "Send (Enter)", "aria-label": "Send" }, "➤");
    const form = make("form.composer", {}, this.#error, make("div.field", {}, this.#input, this.#send));
    pane.append(form);
    const completion = new Completion(this.#input, names, commands);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    this.#input.addEventListener("input", () => this.#fit());
    this.#input.addEventListener("keydown", (event) => {
      if (!completion.takeKey(event)) this.#takeKey(event);
    });
    this.#fit();
  }

  /** Write for another place; what was begun in each place is kept. */
  moveTo(place, label) {
    this.#input.placeholder = label;
    this.#input.setAttribute("aria-label", label);
    if (place === this.#place) return;
    this.#drafts.set(this.#place, this.#input.value);
    this.#place = place;
    this.#write(this.#drafts.get(place) ?? "");
    this.#error.hidden = true;
  }

  /** Put a text in place of what is written, ready to be sent. */
  fill(text) {
    this.#write(text);
    this.focus();
  }

  focus() {
    this.#input.focus();
  }

  #takeKey(event) {
    // In an input method, Enter takes the word; it does not send the message.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#say();
  }

  async #say() {
    const text = this.#input.value;
    const place = this.#place;
    if (!text.trim() || this.#isSending) return;
    this.#isSending = true;
    this.#error.hidden = true;
    try {
      await this.#onSay(text);
      this.#drafts.delete(place);
      if (this.#place === place && this.#input.value === text) this.#write("");
    } catch (refused) {
      this.#error.textContent = refused.message;
      this.#error.hidden = false;
    } finally {
      this.#isSending = false;
    }
  }

  #write(text) {
    this.#input.value = text;
    this.#fit();
  }

  #fit() {
    this.#send.disabled = !this.#input.value.trim();
    // Style set by script is no inline style to a Content-Security-Policy.
    this.#input.style.height = "auto";
    const heightPx = this.#input.scrollHeight;
    // In a hidden pane nothing has a height.
    if (heightPx) this.#input.style.height = `${heightPx}px`;
  }
}
