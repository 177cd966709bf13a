/** The page: brings the parts together, and keeps the place in the address. */

import { Composer } from "./composer.js";
import { connect } from "./connection.js";
import { Deeds } from "./deeds.js";
import { hint } from "./hint.js";
import { Home } from "./home.js";
import { MessageList } from "./messages.js";
import { plainText } from "./parts.js";
import { Sidebar } from "./sidebar.js";
import { toast } from "./toast.js";
import { Workspace, inOrder, isReply, streamsForMs } from "./workspace.js";

const ME = "linefeed-me";
const HOME = "home";

const byId = (id) => document.getElementById(id);

const workspace = new Workspace();
let me = sessionStorage.getItem(ME) ?? "";
let isDrawn = true;

const sidebar = new Sidebar(workspace, { onChannel: goTo, onPerson: speakAs });
const deeds = new Deeds(workspace, { send, openThread, person: () => me });
const channelList = new MessageList(document.querySelector("#channel .messages"), workspace, true, (...deed) =>
  deeds.take(channelList, ...deed),
);
const threadList = new MessageList(document.querySelector("#thread .messages"), workspace, false, (...deed) =>
  deeds.take(threadList, ...deed),
);
const home = new Home(workspace, {
  onTab: (isHome) => goTo(place().channel, "", isHome),
  onPress: (button) => deeds.press(button, { type: "press_home" }),
  onOpen: () => deeds.tell({ type: "open_home" }),
});
const connection = connect({
  onEvent: receive,
  onOnline: (isOnline) => (byId("offline").hidden = isOnline),
});
const channelComposer = new Composer(byId("channel"), { names, commands }, (text) => say(text, ""));
const threadComposer = new Composer(byId("thread"), { names, commands: () => [] }, (text) => say(text, place().thread));

addEventListener("hashchange", draw);
addEventListener("keydown", (event) => {
  // A menu or a question is closed by the same key, first.
  if (document.querySelector(":popover-open, dialog[open]")) return;
  if (event.key === "Escape" && place().thread) closeThread();
});
byId("close-thread").addEventListener("click", closeThread);
byId("back").addEventListener("click", closeThread);
byId("offline").hidden = false;

/** Where the reader is: the channel, the open thread's ts or "", or the Home tab. */
function place() {
  const [channel, rest = ""] = location.hash.slice(1).split("/");
  const visible = workspace.channelsOf(me);
  const known = visible.find(({ id }) => id === channel);
  if (!known) return { channel: visible[0]?.id ?? "", thread: "", isHome: false };
  const isHome = rest === HOME && known.kind === "im" && workspace.hasHomeTab;
  return { channel, thread: rest === HOME ? "" : rest, isHome };
}

function goTo(channel, thread = "", isHome = false) {
  const rest = isHome ? HOME : thread;
  location.hash = rest ? `${channel}/${rest}` : channel;
}

/** Do something as the person who is speaking. */
function send(deed) {
  return connection.send({ user: me, ...deed });
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

/** Which commands can be typed, without their slashes. */
function commands() {
  return workspace.commands.map((command) => command.slice(1));
}

/** Who can be mentioned here, the bot first. */
function names() {
  const { bot, people } = workspace;
  return [bot, ...[...people.keys()].filter((id) => id !== bot)].map((id) => workspace.name(id));
}

async function say(text, threadTs) {
  const { channel } = place();
  const said = await send({ type: "say", channel, text, thread_ts: threadTs });
  const mentionsBot = text.toLowerCase().includes(`@${workspace.name(workspace.bot)}`.toLowerCase());
  const isHere = place().channel === channel && !threadTs;
  // The answer comes in the thread: whoever asked should see its lines arrive.
  if (said.ts && mentionsBot && isHere && workspace.channels.get(channel).kind !== "im") openThread(said.ts);
}

function receive(event) {
  const { type, message } = event;
  if (type === "workspace") load(event);
  else if (type === "status") workspace.setStatus(event);
  else if (type === "home") workspace.homes.set(event.user, event.parts);
  else if (type === "failed") fail(event);
  else if (type === "deleted") workspace.remove(message);
  else if (type === "vanished") workspace.unwhisper(event);
  else if (type === "ephemeral") workspace.whisper(message);
  else workspace.put(message);
  const isForMe = type === "ephemeral" && message.only_for === me;
  if (type === "added" || isForMe) notice(message);
  // Nobody tells of a stream that Slack ended by itself.
  if (message && streamsForMs(message)) setTimeout(drawSoon, streamsForMs(message));
  drawSoon();
}

function load(event) {
  workspace.load(event);
  if (!workspace.people.has(me)) me = workspace.firstPerson;
}

function fail({ user, sentence }) {
  if (user === me) toast(sentence);
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
  byId("announcer").textContent = `${message.name}: ${plainText(message.parts)}`;
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
  const { channel, thread, isHome } = place();
  const shown = workspace.channels.get(channel);
  if (!shown) return;
  workspace.unread.delete(channel);
  sidebar.show(me, channel);
  // The open thread decides whether a narrow window shows the channel at all.
  drawThread(shown, thread);
  drawChannel(shown);
  home.show(shown, me, isHome);
}

function titleOf(channel) {
  const mark = channel.kind === "im" ? "" : "# ";
  return `${mark}${workspace.title(channel)}`;
}

function drawChannel(channel) {
  const title = titleOf(channel);
  const roots = inOrder(workspace.roots(channel.id), workspace.whispers(channel.id, me));
  const bot = workspace.name(workspace.bot);
  document.title = `${title} · Linefeed playground`;
  byId("channel-title").textContent = title;
  channelList.show(channel.id, roots, {
    me,
    hint: roots.length ? null : () => hint(channel, bot, (text) => channelComposer.fill(text)),
    status: workspace.status(channel.id, ""),
  });
  channelComposer.moveTo(channel.id, `Message ${title}`);
}

function drawThread(channel, ts) {
  byId("thread").hidden = !ts;
  byId("app").classList.toggle("thread-open", Boolean(ts));
  if (!ts) return;
  const parent = workspace.messages.get(channel.id).get(ts);
  const replies = inOrder(workspace.replies(channel.id, ts), workspace.whispers(channel.id, me, ts));
  byId("thread-place").textContent = titleOf(channel);
  threadList.show(`${channel.id}/${ts}`, parent ? [parent, ...replies] : replies, {
    me,
    status: workspace.status(channel.id, ts),
  });
  threadComposer.moveTo(`${channel.id}/${ts}`, "Reply…");
}
