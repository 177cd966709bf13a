/** What the page knows: people, channels, messages, and where the reader is. */

/** The workspace as the server told it, kept up to date by its events. */
export class Workspace {
  people = new Map();
  channels = new Map();
  /** By channel id, then by ts, oldest first. */
  messages = new Map();
  /** Messages for one person each, by channel id, then by ts. */
  ephemerals = new Map();
  /** Home tabs as parts, by person. */
  homes = new Map();
  hasHomeTab = false;
  /** What the bot is doing, by `channel/thread_ts`. */
  statuses = new Map();
  unread = new Set();
  #threads = new Map();
  /** The feedback that was given in this window, by `channel/ts`. */
  #chosen = new Map();
  bot = "";
  firstPerson = "";
  /** With their slashes; in threads Slack knows none. */
  commands = [];

  /** Take over a whole workspace, in place of what was known. */
  load(event) {
    this.bot = event.bot;
    this.firstPerson = event.me;
    this.people = new Map(event.people.map((person) => [person.id, person]));
    this.channels = new Map(event.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map(event.channels.map((channel) => [channel.id, new Map()]));
    this.ephemerals = new Map(event.channels.map((channel) => [channel.id, new Map()]));
    this.homes = new Map(event.homes.map((home) => [home.user, home.parts]));
    this.hasHomeTab = event.has_home_tab;
    this.commands = event.commands;
    this.#threads = new Map();
    this.statuses = new Map();
    event.messages.forEach((message) => this.put(message));
    event.statuses.forEach((status) => this.setStatus(status));
  }

  /** Store a new or changed message. */
  put(message) {
    this.messages.get(message.channel)?.set(message.ts, message);
    if (isReply(message)) this.#thread(message.channel, message.thread_ts).set(message.ts, message);
  }

  remove(message) {
    this.messages.get(message.channel)?.delete(message.ts);
    this.#thread(message.channel, message.thread_ts).delete(message.ts);
  }

  /** Store a new or changed message for one person. */
  whisper(message) {
    this.ephemerals.get(message.channel)?.set(message.ts, message);
  }

  unwhisper({ channel, ts }) {
    this.ephemerals.get(channel)?.delete(ts);
  }

  /** Remember the feedback that was given to a message. */
  choose({ channel, ts }, { action_id, value }) {
    this.#chosen.set(`${channel}/${ts}`, `${action_id}/${value}`);
  }

  chosen({ channel, ts }) {
    return this.#chosen.get(`${channel}/${ts}`) ?? "";
  }

  setStatus({ channel, thread_ts, text }) {
    if (text) this.statuses.set(`${channel}/${thread_ts}`, text);
    else this.statuses.delete(`${channel}/${thread_ts}`);
  }

  status(channel, threadTs) {
    return this.statuses.get(`${channel}/${threadTs}`) ?? "";
  }

  /** The messages of a channel that stand in no thread, oldest first. */
  roots(channel) {
    const all = this.messages.get(channel);
    return [...(all?.values() ?? [])].filter((message) => !isReply(message));
  }

  /** The replies below a message, oldest first. */
  replies(channel, ts) {
    return [...this.#thread(channel, ts).values()];
  }

  /** What only a person sees in a channel, or in the thread of a ts. */
  whispers(channel, person, ts = "") {
    const all = [...(this.ephemerals.get(channel)?.values() ?? [])];
    const isHere = (message) => (isReply(message) ? message.thread_ts : "") === ts;
    return all.filter((message) => message.only_for === person && isHere(message));
  }

  /** The channels that a person can see. */
  channelsOf(person) {
    return [...this.channels.values()].filter(({ members }) => members.includes(person));
  }

  name(id) {
    return this.people.get(id)?.name ?? id;
  }

  /** What a channel is called where `me` reads it. */
  title({ kind, name }) {
    return kind === "im" ? this.name(this.bot) : name;
  }

  #thread(channel, ts) {
    const key = `${channel}/${ts}`;
    if (!this.#threads.has(key)) this.#threads.set(key, new Map());
    return this.#threads.get(key);
  }
}

/** Whether a message stands in a thread, below its parent. */
export function isReply({ ts, thread_ts }) {
  return Boolean(thread_ts) && thread_ts !== ts;
}

/** How long a message will still stream, if it is not ended before; 0 if it does not. */
export function streamsForMs({ streams_until_s }) {
  return Math.max(0, streams_until_s * 1000 - Date.now());
}

/** Messages and what only one person sees, in the order of their ts. */
export function inOrder(...lists) {
  return lists.flat().sort((one, other) => Number(one.ts) - Number(other.ts) || (one.ts < other.ts ? -1 : 1));
}
