/** The list of channels, and who is speaking. */

import { make } from "./element.js";
import { avatar } from "./article.js";

const byId = (id) => document.getElementById(id);

/** The left side; on a phone, a drawer. */
export class Sidebar {
  #workspace;
  #onChannel;
  #shown = "";

  constructor(workspace, { onChannel, onPerson }) {
    this.#workspace = workspace;
    this.#onChannel = onChannel;
    byId("me").addEventListener("change", (event) => onPerson(event.target.value));
    byId("open-sidebar").addEventListener("click", () => this.open(true));
    byId("shade").addEventListener("click", () => this.open(false));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.open(false);
    });
  }

  /** Open or shut the drawer. */
  open(isOpen) {
    byId("app").classList.toggle("drawer-open", isOpen);
    byId("shade").hidden = !isOpen;
    byId("open-sidebar").setAttribute("aria-expanded", String(isOpen));
  }

  show(me, current) {
    const channels = this.#workspace.channelsOf(me);
    const { people, unread } = this.#workspace;
    const shown = JSON.stringify([me, current, channels, [...people.values()], [...unread]]);
    // An open menu of speakers must stay open while messages come.
    if (shown === this.#shown) return;
    this.#shown = shown;
    const isDirect = ({ kind }) => kind === "im" || kind === "mpim";
    this.#fill(byId("channels"), channels.filter((channel) => !isDirect(channel)), current);
    this.#fill(byId("directs"), channels.filter(isDirect), current);
    const speakers = [...people.values()].filter((person) => !person.is_bot);
    const options = speakers.map(({ id, name }) => make("option", { value: id, selected: id === me }, name));
    byId("me").replaceChildren(...options);
  }

  #fill(list, channels, current) {
    const focused = document.activeElement?.dataset.channel;
    list.replaceChildren(...channels.map((channel) => make("li", {}, this.#button(channel, current))));
    list.querySelector(`[data-channel="${focused}"]`)?.focus();
  }

  #button(channel, current) {
    const isUnread = this.#workspace.unread.has(channel.id);
    const { bot } = this.#workspace;
    const isDirect = channel.kind === "im";
    const sign = isDirect ? avatar(this.#workspace, bot, this.#workspace.name(bot)) : make("span.hash", {}, "#");
    const name = make("span.name", {}, this.#workspace.title(channel));
    const button = make("button", { "data-channel": channel.id }, sign, name);
    if (isUnread) button.append(make("span.dot", { role: "img", "aria-label": "unread" }));
    button.classList.toggle("unread", isUnread);
    if (channel.id === current) button.setAttribute("aria-current", "page");
    button.addEventListener("click", () => {
      this.open(false);
      this.#onChannel(channel.id);
    });
    return button;
  }
}
