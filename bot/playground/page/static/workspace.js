/** What the page knows: people, channels, messages, and where the reader is. */

/** The workspace as the server told it, kept up to date by its events. */
export class Workspace {
  people = new Map();
  channels = new Map();
  /** By channel id, then by ts, oldest first. */
  messages = new Map();
  /** What the bot is doing, by `channel/thread_ts`. */
  statuses = new Map();
  unread = new Set();
  bot = "";
  firstPerson = "";

  /** Take over a whole workspace, in place of what was known. */
  load(event) {
    this.bot = event.bot;
    this.firstPerson = event.me;
    this.people = new Map(event.people.map((person) => [person.id, person]));
    this.channels = new Map(event.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map(event.channels.map((channel) => [channel.id, new Map()]));
    this.statuses = new Map();
    event.messages.forEach((message) => this.put(message));
    event.statuses.forEach((status) => this.setStatus(status));
  }

  /** Store a new or changed message. */
  put(message) {
    this.messages.get(message.channel)?.set(message.ts, message);
  }

  remove(message) {
    this.messages.get(message.channel)?.delete(message.ts);
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
    const all = this.messages.get(channel)?.values() ?? [];
    return [...all].filter((message) => isReply(message) && message.thread_ts === ts);
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
}

/** Whether a message stands in a thread, below its parent. */
export function isReply({ ts, thread_ts }) {
  return Boolean(thread_ts) && thread_ts !== ts;
}
