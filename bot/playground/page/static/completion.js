/** The list of names that opens behind an @. */

import { make } from "./element.js";

let count = 0;

/** Completes `@na` to a name, in one textarea. */
export class Completion {
  #input;
  #names;
  #list;
  #found = [];
  #chosen = 0;

  /** @param {() => string[]} names who can be mentioned, the likeliest first */
  constructor(input, names) {
    this.#input = input;
    this.#names = names;
    count += 1;
    const id = `completion-${count}`;
    this.#list = make("ul.completion", { id, hidden: true, role: "listbox", "aria-label": "People" });
    input.before(this.#list);
    input.setAttribute("aria-controls", id);
    input.setAttribute("aria-autocomplete", "list");
    input.addEventListener("input", () => this.#search());
    input.addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  close() {
    this.#list.hidden = true;
    this.#input.removeAttribute("aria-activedescendant");
  }

  /** Use a key if the list is open; return whether it was used. */
  takeKey(event) {
    if (!this.isOpen || event.isComposing) return false;
    const size = this.#found.length;
    if (event.key === "ArrowDown") this.#choose((this.#chosen + 1) % size);
    else if (event.key === "ArrowUp") this.#choose((this.#chosen + size - 1) % size);
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#found[this.#chosen]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** The text between the last @ and the cursor, or null. */
  #typed() {
    const before = this.#input.value.slice(0, this.#input.selectionStart);
    return before.match(/(?:^|\s)@([^\s@]*)$/u)?.[1] ?? null;
  }

  #search() {
    const typed = this.#typed();
    const names = typed === null ? [] : this.#names();
    this.#found = names.filter((name) => name.toLowerCase().startsWith(typed.toLowerCase()));
    if (this.#found.length === 0) {
      this.close();
      return;
    }
    this.#list.replaceChildren(...this.#found.map((name, index) => this.#option(name, index)));
    this.#list.hidden = false;
    this.#choose(0);
  }

  #option(name, index) {
    const id = `${this.#list.id}-${index}`;
    const option = make("li", { id, role: "option" }, `@${name}`);
    // The textarea must not lose the focus, which would close the list.
    option.addEventListener("mousedown", (event) => event.preventDefault());
    option.addEventListener("click", () => this.#take(name));
    return option;
  }

  #choose(index) {
    this.#chosen = index;
    [...this.#list.children].forEach((option, position) => {
      option.setAttribute("aria-selected", String(position === index));
    });
    this.#input.setAttribute("aria-activedescendant", this.#list.children[index].id);
  }

  #take(name) {
    const end = this.#input.selectionStart;
    const start = end - this.#typed().length;
    this.#input.setRangeText(`${name} `, start, end, "end");
    this.close();
    this.#input.dispatchEvent(new Event("input"));
  }
}
