/** The list of messages in a pane. */

import { article } from "./article.js";
import { editor } from "./editor.js";
import { make } from "./element.js";
import { arrange, morph } from "./morph.js";
import { streamsForMs } from "./workspace.js";

const SAME_GROUP_S = 300;
const NEAR_BOTTOM_PX = 40;

/** One pane's messages; follows the newest one while the reader is at the bottom. */
export class MessageList {
  #workspace;
  #list;
  #more;
  #hasThreads;
  #onDeed;
  #shown = new Map();
  #place = "";
  #me = "";
  #hint = null;
  #status = make("p.status");
  #isFollowing = true;
  #editing = null;

  /**
   * @param {HTMLElement} element
   * @param {object} workspace
   * @param {boolean} hasThreads whether threads open from here
   * @param {(deed: string, message: object, element: HTMLElement) => void} onDeed told
   *   of a click and what it means
   */
  constructor(element, workspace, hasThreads, onDeed) {
    this.#workspace = workspace;
    this.#list = element;
    this.#hasThreads = hasThreads;
    this.#onDeed = onDeed;
    this.#more = make("button.more", { hidden: true }, "new messages ↓");
    this.#more.addEventListener("click", () => this.#toBottom());
    element.after(this.#more);
    element.addEventListener("scroll", () => this.#noteScroll());
    element.addEventListener("click", (event) => this.#noteClick(event));
    // The composer grows and the keyboard of a phone opens: the end stays in sight.
    new ResizeObserver(() => this.#isFollowing && this.#toBottom()).observe(element);
  }

  /**
   * Show messages; what stays the same is not touched.
   *
   * @param {string} place
   * @param {object[]} messages oldest first
   * @param {{me: string, hint?: (() => HTMLElement) | null, status?: string}} view
   */
  show(place, messages, { me, hint = null, status = "" }) {
    const isNewPlace = place !== this.#place;
    if (isNewPlace) this.#enter(place);
    this.#me = me;
    const before = this.#shown;
    const anchor = this.#isFollowing ? null : this.#anchor();
    this.#shown = new Map();
    const elements = messages.map((message, index) =>
      this.#element(message, messages[index - 1], before),
    );
    arrange(this.#list, [...elements, ...this.#rest(hint, status)]);
    if (this.#isFollowing) this.#toBottom();
    else {
      this.#restore(anchor);
      if (messages.some(({ ts }) => !before.has(ts))) this.#more.hidden = false;
    }
  }

  /** Let a message be written anew; `onSave` takes the text. */
  edit(message, onSave) {
    this.#endEdit();
    const element = this.#shown.get(message.ts)?.element;
    if (!element) return;
    const { form, begin } = editor(message.typed, onSave, () => this.#endEdit());
    element.classList.add("editing");
    element.querySelector(".body").after(form);
    this.#editing = { ts: message.ts, element, form };
    begin();
  }

  #enter(place) {
    this.#endEdit();
    this.#shown.clear();
    this.#hint = null;
    this.#isFollowing = true;
    this.#more.hidden = true;
    this.#place = place;
  }

  #endEdit() {
    if (!this.#editing) return;
    const { ts, element, form } = this.#editing;
    this.#editing = null;
    form.remove();
    element.classList.remove("editing");
    // It may have changed meanwhile.
    const shown = this.#shown.get(ts);
    if (shown?.message) morph(element, this.#make(shown));
  }

  #element(message, previous, before) {
    const isFollowing =
      previous?.user === message.user &&
      previous.only_for === message.only_for &&
      !previous.is_tombstone &&
      Number(message.ts) - Number(previous.ts) < SAME_GROUP_S &&
      !this.#replies(previous).length;
    const replies = this.#replies(message);
    const status = this.#hasThreads ? this.#workspace.status(message.channel, message.ts) : "";
    const chosen = this.#workspace.chosen(message);
    const known = before.get(message.ts);
    const isStreaming = streamsForMs(message) > 0;
    const shown = { message, isFollowing, isStreaming, replies, status, chosen, me: this.#me };
    shown.count = replies.length;
    shown.last = replies.at(-1);
    shown.element = this.#drawn(shown, known);
    this.#shown.set(message.ts, shown);
    return shown.element;
  }

  /** Return the element of a message, changed if anything about it has. */
  #drawn(shown, known) {
    if (!known) return this.#make(shown);
    const names = ["message", "isFollowing", "isStreaming", "count", "last", "status", "chosen", "me"];
    const isSame = names.every((name) => shown[name] === known[name]);
    const isEdited = this.#editing?.ts === shown.message.ts;
    if (!isSame && !isEdited) morph(known.element, this.#make(shown));
    return known.element;
  }

  #make(shown) {
    const chosen = ({ action_id, value }) => shown.chosen === `${action_id}/${value}`;
    return article(shown.message, { ...shown, hasThreads: this.#hasThreads, chosen }, this.#workspace);
  }

  #rest(hint, status) {
    const rest = [];
    if (hint) rest.push((this.#hint ??= hint()));
    else this.#hint = null;
    const text = `${this.#workspace.name(this.#workspace.bot)} ${status}`;
    if (this.#status.textContent !== text) this.#status.textContent = text;
    if (status) rest.push(this.#status);
    return rest;
  }

  #replies(message) {
    return this.#hasThreads ? this.#workspace.replies(message.channel, message.ts) : [];
  }

  #noteClick(event) {
    const element = event.target.closest("[data-do]");
    const ts = element?.closest("[data-ts]")?.dataset.ts;
    const message = this.#shown.get(ts)?.message;
    if (message) this.#onDeed(element.dataset.do, message, element);
  }

  #noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    // A hidden pane has no height, and its reader has not moved.
    if (!clientHeight) return;
    this.#isFollowing = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    if (this.#isFollowing) this.#more.hidden = true;
  }

  /** The first message that the reader sees, and where. */
  #anchor() {
    const top = this.#list.getBoundingClientRect().top;
    const isSeen = (element) => element.getBoundingClientRect().bottom > top;
    const element = [...this.#list.children].find(isSeen);
    return element ? { element, top: element.getBoundingClientRect().top } : null;
  }

  /** Leave the reader where they were, whatever came or went above. */
  #restore(anchor) {
    if (!anchor?.element.isConnected) return;
    const movedPx = anchor.element.getBoundingClientRect().top - anchor.top;
    if (movedPx) this.#list.scrollTop += movedPx;
  }

  #toBottom() {
    this.#isFollowing = true;
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#more.hidden = true;
  }
}
