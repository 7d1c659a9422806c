import { type Line, line } from "../../handlers/reply.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { type Outgoing, PRIORITY } from "../store/messages.ts";
import type { MessagesTable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Refusal } from "../telegram/api.ts";
import { cardMessage } from "./decisions.ts";
import { type Change, move } from "./machine.ts";

/**
 * What is done about a message that Telegram will never take: a card that nobody can see, or not all of it, must not
 * stay pending, and its requester learns why. Done again after a crash it changes nothing.
 */
export function unseenCard(
  store: Store,
  secrets: Secrets,
): (row: MessagesTable, refusal: Refusal) => Promise<void> {
  return async function endUnseen(row, { description }) {
    const [kind, code] = row.key.split(":");
    if (kind !== "card" || code === undefined) return;
    await move(store, {
      code,
      event: "withdraw",
      set: { decision_reason: description, evidence: JSON.stringify(whatTelegramSaid(description)) },
      audit: { reason_code: "card_refused", detail: description },
      // What was refused may be the card's file alone, and an earlier form of the card may stand.
      show: (change) => [cardMessage(change), whyItEnded(change, description)],
      also: (transaction, change) => secrets.wipe(transaction, change.handle),
    });
  };
}

function whyItEnded({ code, requester_id, trace }: Change, description: string): Outgoing {
  return {
    key: `dropped:${code}`,
    chatId: requester_id,
    reply: {
      mark: "refused",
      title: ["The group did not take the card of ", { code }, ", so nobody could approve it"],
      blocks: [{
        kind: "text",
        text: line(whatTelegramSaid(description), " Nothing is pending. /doctor shows the bot's rights."),
      }],
    },
    priority: PRIORITY.outcome,
    sound: true,
    trace: trace ?? undefined,
  };
}

function whatTelegramSaid(description: string): Line {
  return ["Telegram said: “", { data: description, max: 120 }, "”."];
}
