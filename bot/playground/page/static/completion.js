/** The list of names that opens behind an @, and of commands behind a /. */

import { make } from "./element.js";

let count = 0;

const PERSON = /(?:^|\s)@([^\s@]*)$/u;
/** A command is the beginning of a message. */
const COMMAND = /^\/(\S*)$/u;

/** Completes `@na` to a name and `/na` to a command, in one textarea. */
export class Completion {
  #input;
  #names;
  #commands;
  #list;
  #found = [];
  #chosen = 0;

  /**
   * @param {() => string[]} names who can be mentioned, the likeliest first
   * @param {() => string[]} commands what can be typed there, without the slash
   */
  constructor(input, names, commands) {
    this.#input = input;
    this.#names = names;
    this.#commands = commands;
    count += 1;
    const id = `completion-${count}`;
    this.#list = make("ul.completion", { id, hidden: true, role: "listbox", "aria-label": "Suggestions" });
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

  /** The mark, what is typed behind it up to the cursor, and what that may become; or null. */
  #typed() {
    const before = this.#input.value.slice(0, this.#input.selectionStart);
    const person = before.match(PERSON);
    if (person) return { mark: "@", text: person[1], all: this.#names() };
    const command = before.match(COMMAND);
    if (!command) return null;
    // One that is whole is to be sent.
    const longer = this.#commands().filter((name) => name !== command[1]);
    return { mark: "/", text: command[1], all: longer };
  }

  #search() {
    const typed = this.#typed();
    const text = typed?.text.toLowerCase();
    this.#found = typed?.all.filter((name) => name.toLowerCase().startsWith(text)) ?? [];
    if (this.#found.length === 0) {
      this.close();
      return;
    }
    const options = this.#found.map((name, index) => this.#option(name, index, typed.mark));
    this.#list.replaceChildren(...options);
    this.#list.hidden = false;
    this.#choose(0);
  }

  #option(name, index, mark) {
    const id = `${this.#list.id}-${index}`;
    const option = make("li", { id, role: "option" }, `${mark}${name}`);
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
    const start = end - this.#typed().text.length;
    this.#input.setRangeText(`${name} `, start, end, "end");
    this.close();
    this.#input.dispatchEvent(new Event("input"));
  }
}
