/** What a click on a message does. */

import { ask } from "./dialog.js";
import { MessageMenu } from "./menu.js";
import { buttonOf } from "./parts.js";
import { toast } from "./toast.js";

const DELETION = {
  title: "Delete message",
  html: "<p>Are you sure you want to delete this message? This cannot be undone.</p>",
  confirm: "Delete",
  deny: "Cancel",
  style: "danger",
};

/** Does what a person asks for with a pointer or a key. */
export class Deeds {
  #workspace;
  #send;
  #openThread;
  #person;
  #menu = new MessageMenu();
  #isPressing = false;

  /**
   * @param {object} workspace
   * @param {{send: (deed: object) => Promise<object>, openThread: (ts: string) => void,
   *   person: () => string}} page
   */
  constructor(workspace, { send, openThread, person }) {
    this.#workspace = workspace;
    this.#send = send;
    this.#openThread = openThread;
    this.#person = person;
  }

  /** Do what a click in a list of messages means. */
  take(list, deed, message, element) {
    if (deed === "thread") this.#openThread(message.ts);
    else if (deed === "menu") this.#open(list, message, element);
    else if (deed === "toggle") this.#toggle(message, element.dataset.emoji);
    else if (deed === "stop") this.tell({ type: "stop", ...placeOf(message) });
    else if (deed === "press") this.#press(message, element);
  }

  /** Tell the server; what it refuses is shown. Returns whether it was done. */
  async tell(deed) {
    try {
      await this.#send(deed);
      return true;
    } catch (refused) {
      toast(refused.message);
      return false;
    }
  }

  /** Press a button, once it is confirmed; returns whether it was. */
  async press(button, deed) {
    // A second click while the first is on its way is none.
    if (!button || this.#isPressing) return false;
    this.#isPressing = true;
    try {
      if (button.confirm && !(await ask(button.confirm))) return false;
      const { action_id, value, url } = button;
      if (button.confirm && url) open(url, "_blank", "noopener");
      return await this.tell({ ...deed, action_id, value });
    } finally {
      this.#isPressing = false;
    }
  }

  async #press(message, element) {
    const button = buttonOf(message.parts, element);
    const isDone = await this.press(button, { type: "press", ...placeOf(message) });
    if (!isDone || button.kind !== "feedback") return;
    this.#workspace.choose(message, button);
    element.parentElement.querySelectorAll("[aria-pressed]").forEach((each) => {
      each.setAttribute("aria-pressed", String(each === element));
    });
  }

  #toggle(message, emoji) {
    const shown = message.reactions.find(({ name }) => name === emoji);
    const type = shown?.users.includes(this.#person()) ? "unreact" : "react";
    this.tell({ type, emoji, ...placeOf(message) });
  }

  #open(list, message, element) {
    const items = [];
    const isInChannel = element.parentElement.querySelector(".reply");
    if (isInChannel) items.push({ label: "Reply in thread", run: () => this.#openThread(message.ts) });
    if (message.user === this.#person()) {
      items.push({ label: "Edit message", run: () => this.#edit(list, message) });
      items.push({ label: "Delete message…", style: "danger", run: () => this.#delete(message) });
    }
    this.#menu.open(element, (emoji) => this.#toggle(message, emoji), items);
  }

  #edit(list, message) {
    list.edit(message, (text) => this.#send({ type: "edit", text, ...placeOf(message) }));
  }

  async #delete(message) {
    if (await ask(DELETION)) this.tell({ type: "delete", ...placeOf(message) });
  }
}

function placeOf({ channel, ts }) {
  return { channel, ts };
}
