/** What can be done with a message: one menu for all of them. */

import { make } from "./element.js";
import { PICKED, emoji } from "./emoji.js";

const GAP_PX = 4;

/** A popover that opens beside a message's button. */
export class MessageMenu {
  #box = make("div.menu", { popover: "auto", role: "group", "aria-label": "Message actions" });

  constructor() {
    document.body.append(this.#box);
  }

  /**
   * Open the menu.
   *
   * @param {HTMLElement} anchor the button that was pressed
   * @param {(emoji: string) => void} onEmoji
   * @param {{label: string, style?: string, run: () => void}[]} items
   */
  open(anchor, onEmoji, items) {
    const row = PICKED.map((name) => {
      const label = { "aria-label": `React with ${name}`, title: `:${name}:` };
      return this.#button("button.emoji", label, emoji(name), () => onEmoji(name));
    });
    const rest = items.map(({ label, style = "plain", run }) =>
      this.#button(`button.item.${style}`, {}, label, run),
    );
    this.#box.replaceChildren(make("div.row", {}, ...row), ...rest);
    this.#box.showPopover({ source: anchor });
    this.#place(anchor.getBoundingClientRect());
    this.#box.querySelector("button").focus();
  }

  #button(tag, properties, text, run) {
    const button = make(tag, properties, text);
    button.addEventListener("click", () => {
      this.#box.hidePopover();
      run();
    });
    return button;
  }

  /** Below the button if there is room, else above; never outside the window. */
  #place({ top, bottom, right }) {
    const { offsetWidth, offsetHeight } = this.#box;
    const below = bottom + GAP_PX;
    const fits = below + offsetHeight <= innerHeight - GAP_PX;
    this.#box.style.top = `${Math.max(GAP_PX, fits ? below : top - GAP_PX - offsetHeight)}px`;
    this.#box.style.left = `${Math.max(GAP_PX, right - offsetWidth)}px`;
  }
}
