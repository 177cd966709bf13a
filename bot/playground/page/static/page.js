/** The page: brings the parts together, and keeps the place in the address. */

import { Composer } from "./composer.js";
import { connect } from "./connection.js";
import { hint } from "./hint.js";
import { MessageList } from "./messages.js";
import { Sidebar } from "./sidebar.js";
import { Workspace, isReply } from "./workspace.js";

const ME = "linefeed-me";

const byId = (id) => document.getElementById(id);

const workspace = new Workspace();
let me = sessionStorage.getItem(ME) ?? "";
let isDrawn = true;

const sidebar = new Sidebar(workspace, { onChannel: goTo, onPerson: speakAs });
const channelList = new MessageList(document.querySelector("#channel .messages"), workspace, openThread);
const threadList = new MessageList(document.querySelector("#thread .messages"), workspace, null);
const connection = connect({
  onEvent: receive,
  onOnline: (isOnline) => (byId("offline").hidden = isOnline),
});
const channelComposer = new Composer(byId("channel"), names, (text) => say(text, ""));
const threadComposer = new Composer(byId("thread"), names, (text) => say(text, place().thread));

addEventListener("hashchange", draw);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && place().thread) closeThread();
});
byId("close-thread").addEventListener("click", closeThread);
byId("back").addEventListener("click", closeThread);
byId("offline").hidden = false;

/** Where the reader is: the channel, and the open thread's ts or "". */
function place() {
  const [channel, thread = ""] = location.hash.slice(1).split("/");
  const visible = workspace.channelsOf(me);
  const known = visible.some(({ id }) => id === channel);
  return known ? { channel, thread } : { channel: visible[0]?.id ?? "", thread: "" };
}

function goTo(channel, thread = "") {
  location.hash = thread ? `${channel}/${thread}` : channel;
}

function openThread(ts) {
  goTo(place().channel, ts);
  draw();
  threadComposer.focus();
}

function closeThread() {
  goTo(place().channel);
  draw();
  channelComposer.focus();
}

function speakAs(person) {
  me = person;
  sessionStorage.setItem(ME, person);
  draw();
}

/** Who can be mentioned here, the bot first. */
function names() {
  const { bot, people } = workspace;
  return [bot, ...[...people.keys()].filter((id) => id !== bot)].map((id) => workspace.name(id));
}

async function say(text, threadTs) {
  const { channel } = place();
  const said = await connection.say({ user: me, channel, text, thread_ts: threadTs });
  const mentionsBot = text.toLowerCase().includes(`@${workspace.name(workspace.bot)}`.toLowerCase());
  const isHere = place().channel === channel && !threadTs;
  // The answer comes in the thread: whoever asked should see its lines arrive.
  if (mentionsBot && isHere && workspace.channels.get(channel).kind !== "im") openThread(said.ts);
}

function receive(event) {
  if (event.type === "workspace") load(event);
  else if (event.type === "status") workspace.setStatus(event);
  else if (event.type === "deleted") workspace.remove(event.message);
  else {
    workspace.put(event.message);
    if (event.type === "added") notice(event.message);
  }
  drawSoon();
}

function load(event) {
  workspace.load(event);
  if (!workspace.people.has(me)) me = workspace.firstPerson;
}

/** Tell the reader of a new message: by a dot elsewhere, by voice here. */
function notice(message) {
  const { channel, thread } = place();
  if (message.user === me) return;
  if (message.channel !== channel) {
    workspace.unread.add(message.channel);
    return;
  }
  if (isReply(message) && message.thread_ts !== thread) return;
  const text = new DOMParser().parseFromString(message.html, "text/html").body.textContent;
  byId("announcer").textContent = `${workspace.name(message.user)}: ${text}`;
}

/** Draw once per frame, however many events arrive in it. */
function drawSoon() {
  if (!isDrawn) return;
  isDrawn = false;
  // A hidden window gets no frames, and must not gather events for ever.
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

function draw() {
  isDrawn = true;
  const { channel, thread } = place();
  const shown = workspace.channels.get(channel);
  if (!shown) return;
  workspace.unread.delete(channel);
  sidebar.show(me, channel);
  // The open thread decides whether a narrow window shows the channel at all.
  drawThread(shown, thread);
  drawChannel(shown);
}

function titleOf(channel) {
  const mark = channel.kind === "im" ? "" : "# ";
  return `${mark}${workspace.title(channel)}`;
}

function drawChannel(channel) {
  const title = titleOf(channel);
  const roots = workspace.roots(channel.id);
  const bot = workspace.name(workspace.bot);
  document.title = `${title} · Linefeed playground`;
  byId("channel-title").textContent = title;
  channelList.show(channel.id, roots, {
    hint: roots.length ? null : hint(channel, bot, (text) => channelComposer.fill(text)),
    status: workspace.status(channel.id, ""),
  });
  channelComposer.moveTo(channel.id, `Message ${title}`);
}

function drawThread(channel, ts) {
  byId("thread").hidden = !ts;
  byId("app").classList.toggle("thread-open", Boolean(ts));
  if (!ts) return;
  const parent = workspace.messages.get(channel.id).get(ts);
  const replies = workspace.replies(channel.id, ts);
  byId("thread-place").textContent = titleOf(channel);
  threadList.show(`${channel.id}/${ts}`, parent ? [parent, ...replies] : replies, {
    status: workspace.status(channel.id, ts),
  });
  threadComposer.moveTo(`${channel.id}/${ts}`, "Reply…");
}
