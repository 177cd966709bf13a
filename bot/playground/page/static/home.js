/** The bot's Home tab, beside the messages with it. */

import { make } from "./element.js";
import { buttonOf, nodes, partNodes } from "./parts.js";

const EMPTY = "<p>There is nothing here yet.</p>";

const byId = (id) => document.getElementById(id);

/** The tabs of a direct message, and what stands on Home. */
export class Home {
  #workspace;
  #onOpen;
  #openedBy = "";
  #shown = "";

  constructor(workspace, { onTab, onPress, onOpen }) {
    this.#workspace = workspace;
    this.#onOpen = onOpen;
    byId("messages-tab").addEventListener("click", () => onTab(false));
    byId("home-tab").addEventListener("click", () => onTab(true));
    byId("home").addEventListener("click", (event) => {
      const element = event.target.closest("[data-do]");
      if (element) onPress(buttonOf(this.#parts(this.#openedBy), element));
    });
  }

  /** Show the tabs where there are some, and Home if it is open. */
  show(channel, me, isHome) {
    byId("tabs").hidden = channel.kind !== "im" || !this.#workspace.hasHomeTab;
    byId("home").hidden = !isHome;
    byId("channel").classList.toggle("at-home", isHome);
    byId("home-tab").setAttribute("aria-pressed", String(isHome));
    byId("messages-tab").setAttribute("aria-pressed", String(!isHome));
    if (isHome && this.#openedBy !== me) this.#onOpen();
    this.#openedBy = isHome ? me : "";
    if (isHome) this.#draw(me);
  }

  #draw(me) {
    const parts = this.#parts(me);
    const shown = JSON.stringify([me, parts]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const content = parts.length ? partNodes(parts, { me }) : nodes(EMPTY);
    byId("home").replaceChildren(make("div.body", {}, ...content));
  }

  #parts(person) {
    return this.#workspace.homes.get(person) ?? [];
  }
}
