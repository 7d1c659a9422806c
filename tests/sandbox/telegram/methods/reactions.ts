import { asObject, Malformed } from "../json_fields.ts";
import { badRequest } from "../refusal.ts";
import { type Call, messageOf, roomToWriteTo } from "./call.ts";

/** https://core.telegram.org/bots/api#reactiontypeemoji */
const EMOJI: ReadonlySet<string> = new Set(
  ("❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 " +
    "🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡")
    .split(" "),
);

/** https://core.telegram.org/bots/api#setmessagereaction */
export function setMessageReaction(call: Call): true {
  const room = roomToWriteTo(call);
  const { message_id } = messageOf(call, room, "react");
  const wanted = reactionsIn(call);
  if (wanted.length > 1) throw badRequest("REACTIONS_TOO_MANY");
  const [emoji] = wanted;
  if (emoji !== undefined && (!EMOJI.has(emoji) || !room.reactions)) throw badRequest("REACTION_INVALID");
  if (emoji === undefined) room.reactions?.delete(message_id);
  else room.reactions?.set(message_id, emoji);
  return true;
}

function reactionsIn({ parameters }: Call): readonly string[] {
  const given = parameters.json("reaction");
  if (given === undefined) return [];
  try {
    if (!Array.isArray(given)) throw new Malformed("expected an Array");
    return given.map((one: unknown) => {
      const { type, emoji } = asObject(one);
      if (type !== "emoji" || typeof emoji !== "string") {
        throw new Malformed("reaction type is not supported");
      }
      return emoji;
    });
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw badRequest(`Can't parse reactions: ${error.message}`);
  }
}
