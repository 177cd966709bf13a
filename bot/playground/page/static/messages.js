/** The list of messages in a pane. */

import { make } from "./element.js";

const SAME_GROUP_S = 300;
const AVATAR_COLORS = 8;
const NEAR_BOTTOM_PX = 40;

/** Show a Slack ts as the time of day. */
export function timeOf(ts) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Date(Number(ts) * 1000).toLocaleTimeString([], options);
}

/** Make the round sign of a person. */
export function avatar(workspace, id) {
  const index = [...workspace.people.keys()].indexOf(id);
  const initial = [...workspace.name(id)][0].toUpperCase();
  return make(`span.avatar.color-${index % AVATAR_COLORS}`, { "aria-hidden": "true" }, initial);
}

/** One pane's messages; follows the newest one while the reader is at the bottom. */
export class MessageList {
  #workspace;
  #list;
  #more;
  #onThread;
  #shown = new Map();
  #place = "";

  /** @param onThread called with a ts when its thread is wanted, or null without threads */
  constructor(element, workspace, onThread) {
    this.#workspace = workspace;
    this.#list = element;
    this.#onThread = onThread;
    this.#more = make("button.more", { hidden: true }, "new messages ↓");
    this.#more.addEventListener("click", () => this.#toBottom());
    element.after(this.#more);
    element.addEventListener("scroll", () => {
      if (this.#isAtBottom()) this.#more.hidden = true;
    });
  }

  /** Show messages; elements of unchanged ones stay as they are. */
  show(place, messages, { hint = null, status = "" } = {}) {
    const isNewPlace = place !== this.#place;
    const follows = isNewPlace || this.#isAtBottom();
    if (isNewPlace) this.#shown.clear();
    this.#place = place;
    const before = this.#shown;
    this.#shown = new Map();
    const elements = messages.map((message, index) =>
      this.#element(message, messages[index - 1], before),
    );
    if (hint) elements.push(hint);
    if (status) elements.push(make("p.status", {}, `${this.#workspace.name(this.#workspace.bot)} ${status}`));
    this.#list.replaceChildren(...elements);
    if (follows) this.#toBottom();
    else if (messages.some(({ ts }) => !before.has(ts))) this.#more.hidden = false;
  }

  #element(message, previous, before) {
    const isFollowing =
      previous?.user === message.user &&
      Number(message.ts) - Number(previous.ts) < SAME_GROUP_S &&
      !this.#replies(previous).length;
    const replies = this.#replies(message);
    const status = this.#onThread ? this.#workspace.status(message.channel, message.ts) : "";
    const key = JSON.stringify([message, isFollowing, replies.length, replies.at(-1)?.ts, status]);
    const known = before.get(message.ts);
    const element = known?.key === key ? known.element : this.#make(message, isFollowing, replies, status);
    this.#shown.set(message.ts, { key, element });
    return element;
  }

  #make(message, isFollowing, replies, status) {
    const name = this.#workspace.name(message.user);
    const body = make("div.body", { innerHTML: message.html });
    const content = make("div.content", {}, body);
    const time = make("time", {}, timeOf(message.ts));
    if (isFollowing) content.append(make("span.unseen", {}, name));
    else content.prepend(make("div.author", {}, make("strong", {}, name), this.#badge(message), time));
    for (const file of message.files) content.append(make("span.file", {}, `📎 ${file}`));
    if (message.is_edited) body.append(make("small.edited", {}, "(edited)"));
    if (this.#onThread) content.append(...this.#threadLinks(message, replies, status));
    const side = isFollowing ? time : avatar(this.#workspace, message.user);
    const group = isFollowing ? "following" : "leading";
    const article = make(`article.message.${group}`, { "data-ts": message.ts }, side, content);
    if (this.#onThread) article.append(this.#replyButton(message));
    return article;
  }

  #badge({ user }) {
    return user === this.#workspace.bot ? make("span.badge", {}, "APP") : "";
  }

  #threadLinks(message, replies, status) {
    const links = [];
    if (replies.length) {
      const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
      const text = `${count}, last ${timeOf(replies.at(-1).ts)}`;
      links.push(this.#threadButton("button.replies", message, {}, text));
    }
    if (status) links.push(make("p.status", {}, `${this.#workspace.name(this.#workspace.bot)} ${status}`));
    return links;
  }

  #replyButton(message) {
    const label = { title: "Reply in thread", "aria-label": "Reply in thread" };
    return this.#threadButton("button.reply", message, label, "💬");
  }

  #threadButton(tag, message, properties, text) {
    const button = make(tag, properties, text);
    button.addEventListener("click", () => this.#onThread(message.ts));
    return button;
  }

  #replies(message) {
    return this.#onThread ? this.#workspace.replies(message.channel, message.ts) : [];
  }

  #isAtBottom() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
  }

  #toBottom() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#more.hidden = true;
  }
}
