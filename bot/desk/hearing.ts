import type { Api } from "grammy";
import type { Message } from "grammy/types";
import type { Config } from "../config.ts";
import { textOf } from "../people/incoming.ts";
import type { People } from "../people/people.ts";
import type { Turn } from "../turn.ts";
import { documentOf, NOT_TAKEN } from "./document.ts";
import type { Interpreter } from "./interpreter.ts";
import type { Strangers } from "./strangers.ts";

export interface HearingOptions {
  readonly config: Config;
  readonly api: Api;
  readonly people: People;
  readonly interpreter: Interpreter;
  readonly strangers: Pick<Strangers, "mayBeTold">;
}

/** Messages that a person typed. */
export interface Hearing {
  hear(turn: Turn, message: Message): Promise<void>;
}

export function createHearing({ config, api, people, interpreter, strangers }: HearingOptions): Hearing {
  /** Talk among people is none of our business; someone who talks to the bot alone is told how. */
  async function chat(turn: Turn): Promise<void> {
    turn.overhear();
    if (turn.chat.type !== "private") return;
    const decision = await people.judge("read", turn.person.id, turn.chat);
    if (!decision.allowed) return;
    turn.answer({
      mark: "info",
      title: ["Commands begin with a slash. ", { code: "/help" }, " lists them."],
    });
  }

  return {
    async hear(turn, message) {
      const text = textOf(message);
      const first = interpreter.understand(text);
      if (first.kind === "not_a_command") return await chat(turn);
      const asksWho = first.kind === "command" && interpreter.needOf(first) === "identify";
      if (asksWho && strangers.mayBeTold(turn)) return await interpreter.obey(turn, first);
      // Who may not even read learns nothing, and nothing is fetched for them; what more it takes is judged later.
      if (!await interpreter.allows(turn, "read", text)) return;
      if (first.kind === "for_other_bot") {
        turn.overhear();
        return turn.refuse("other_bot_command");
      }
      await people.meet(turn.person);
      const told = message.document ?? message.reply_to_message?.document;
      if (!told) return await interpreter.obey(turn, first);
      if (!await interpreter.allows(turn, interpreter.needOf(first), text)) return;
      const came = interpreter.takesDocument(first)
        ? await documentOf(told, api, `${config.apiRoot}/file/bot${config.token}`)
        : NOT_TAKEN;
      const documentAt = message.document || first.kind === "literal_secret"
        ? undefined
        : message.reply_to_message?.message_id;
      await interpreter.obey(turn, interpreter.understand(text, came), documentAt);
    },
  };
}
