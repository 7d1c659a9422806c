import { PRIORITY, putMessage } from "../store/messages.ts";
import type { MessagesTable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Refusal } from "../telegram/api.ts";
import type { Decisions } from "./decisions.ts";

/**
 * What is done about a message that Telegram will never take: a card that nobody can see must not stay pending, and
 * its requester learns why.
 */
export function unseenCard(
  store: Store,
  decisions: Decisions,
): (row: MessagesTable, refusal: Refusal) => Promise<void> {
  return async function endUnseen(row, refusal) {
    const [kind, code] = row.key.split(":");
    if (kind !== "card" || code === undefined) return;
    const dropped = await decisions.dropUnseen(code, refusal.description);
    if (!dropped) return;
    await putMessage(store, store.db, {
      key: `dropped:${code}`,
      chatId: dropped.requester_id,
      reply: {
        mark: "refused",
        title: ["The group did not take the card of ", { code }, ", so nobody could approve it"],
        blocks: [{
          kind: "text",
          text: [
            "Telegram said: ",
            { data: refusal.description, max: 120 },
            ". Nothing is pending. /doctor shows the bot's rights.",
          ],
        }],
      },
      priority: PRIORITY.outcome,
    });
    store.wakeUp.everyone("messages");
  };
}
