/** One message, as an element without any listener: `data-do` says what a click means. */

import { make } from "./element.js";
import { emoji } from "./emoji.js";
import { partNodes } from "./parts.js";

const AVATAR_COLORS = 8;

/** Show a Slack ts as the time of day. */
export function timeOf(ts) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Date(Number(ts) * 1000).toLocaleTimeString([], options);
}

/** Make the round sign of somebody. */
export function avatar(workspace, id, name) {
  const index = Math.max(0, [...workspace.people.keys()].indexOf(id));
  const initial = [...name][0].toUpperCase();
  return make(`span.avatar.color-${index % AVATAR_COLORS}`, { "aria-hidden": "true" }, initial);
}

/**
 * Make a message.
 *
 * @param {object} message as the server describes it
 * @param {object} view how it stands here: `me`, `isFollowing`, `isStreaming`, `replies`,
 *   `status`, `hasThreads`, and `chosen`, which tells the feedback that was given
 * @param {object} workspace
 */
export function article(message, view, workspace) {
  const { isFollowing } = view;
  const time = make("time", {}, timeOf(message.ts));
  const side = isFollowing ? time : sign(message, workspace);
  const head = isFollowing
    ? make("span.unseen", {}, message.name)
    : make("div.author", {}, make("strong", {}, message.name), ...badges(message, workspace), time);
  const element = make(
    `article.message.${isFollowing ? "following" : "leading"}`,
    { "data-ts": message.ts },
    side,
    make("div.content", {}, ...whisper(message), head, body(message, view), ...below(message, view, workspace)),
    ...toolbar(message, view),
  );
  element.classList.toggle("streaming", view.isStreaming);
  element.classList.toggle("ephemeral", Boolean(message.only_for));
  element.classList.toggle("tombstone", message.is_tombstone);
  return element;
}

function sign(message, workspace) {
  if (message.is_tombstone) return make("span.avatar.gone", { "aria-hidden": "true" }, "🗑");
  return avatar(workspace, message.user, message.name);
}

function badges({ user }, workspace) {
  return user === workspace.bot ? [make("span.badge", {}, "APP")] : [];
}

function whisper({ only_for }) {
  return only_for ? [make("p.whisper", {}, "👁 Only visible to you")] : [];
}

function body(message, view) {
  const content = partNodes(message.parts, view);
  const element = make("div.body", {}, ...content);
  if (message.is_edited) endOf(element).append(" ", make("small.edited", {}, "(edited)"));
  return element;
}

/** Where a mark goes behind a text: into its last paragraph, else below it. */
function endOf(element) {
  const texts = [...element.children].filter((child) => child.tagName === "P");
  const last = texts.at(-1);
  const isLast = last && !last.nextElementSibling?.matches(":not(.part)");
  return isLast ? last : element;
}

function below(message, view, workspace) {
  const files = message.files.map((file) => make("span.file", {}, `📎 ${file}`));
  const stop = view.isStreaming ? [make("button.stop", { "data-do": "stop" }, "Stop")] : [];
  return [...files, ...stop, ...reactions(message, view, workspace), ...thread(message, view, workspace)];
}

function reactions(message, { me }, workspace) {
  if (!message.reactions.length) return [];
  const chips = message.reactions.map(({ name, users }) => {
    const who = users.map((user) => workspace.name(user)).join(", ");
    const properties = {
      "data-do": "toggle",
      "data-emoji": name,
      "aria-pressed": String(users.includes(me)),
      "aria-label": `${name}, ${users.length}: ${who}`,
      title: `${who} reacted with :${name}:`,
    };
    return make("button.reaction", properties, emoji(name), make("span.count", {}, String(users.length)));
  });
  return [make("div.reactions", {}, ...chips)];
}

function thread(message, { replies, status, hasThreads }, workspace) {
  if (!hasThreads) return [];
  const links = [];
  if (replies.length) {
    const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
    const text = `${count}, last ${timeOf(replies.at(-1).ts)}`;
    links.push(make("button.replies", { "data-do": "thread" }, text));
  }
  if (status) links.push(make("p.status", {}, `${workspace.name(workspace.bot)} ${status}`));
  return links;
}

/** What only one person sees can be neither reacted nor replied to. */
function toolbar(message, { hasThreads }) {
  if (message.only_for) return [];
  const label = (text) => ({ title: text, "aria-label": text });
  const reply = make("button.reply", { "data-do": "thread", ...label("Reply in thread") }, "💬");
  const more = make("button.more-actions", { "data-do": "menu", ...label("React and more") }, "⋯");
  const isPlain = message.is_tombstone;
  return [make("div.toolbar", {}, ...(hasThreads ? [reply] : []), ...(isPlain ? [] : [more]))];
}
