/** The emoji of reactions, by the names that Slack gives them. */

const KNOWN = new Map([
  ["+1", "👍"],
  ["thumbsup", "👍"],
  ["-1", "👎"],
  ["thumbsdown", "👎"],
  ["eyes", "👀"],
  ["octagonal_sign", "🛑"],
  ["x", "❌"],
  ["hourglass", "⌛"],
  ["hourglass_flowing_sand", "⏳"],
  ["thinking_face", "🤔"],
  ["speech_balloon", "💬"],
  ["white_check_mark", "✅"],
  ["heavy_check_mark", "✔️"],
  ["warning", "⚠️"],
  ["arrows_counterclockwise", "🔄"],
  ["heart", "❤️"],
  ["tada", "🎉"],
]);

/** The names that a person chooses from. */
export const PICKED = ["+1", "-1", "eyes", "octagonal_sign", "x"];

/** Show an emoji by its name; one that is not known here as `:name:`. */
export function emoji(name) {
  return KNOWN.get(name) ?? `:${name}:`;
}
