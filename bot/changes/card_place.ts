import type { Transaction } from "kysely";
import { adoptMessage, findMessage, type Outgoing, putMessage } from "../store/messages.ts";
import type { Schema } from "../store/schema.ts";
import type { Store } from "../store/store.ts";

/**
 * Shows a card for the first time: in place of what was shown while its vendor was asked, if that was, so that a
 * request stays one message.
 */
export async function placeCard(
  store: Store,
  transaction: Transaction<Schema>,
  card: Outgoing,
  { meanwhile, code }: { readonly meanwhile: string; readonly code: string },
): Promise<void> {
  const shown = await findMessage(transaction, meanwhile);
  if (shown?.state === "idle" && shown.message_id !== null && shown.chat_id === card.chatId) {
    await adoptMessage(store, transaction, card, shown.message_id);
    await transaction.deleteFrom("messages").where("key", "=", meanwhile).execute();
    return;
  }
  await putMessage(store, transaction, card);
  if (!shown) return;
  // It is on its way to Telegram at this moment, so nobody knows yet where it will stand.
  const reply = { mark: "info", title: ["Asked for: ", { code }] } as const;
  await putMessage(store, transaction, { ...card, key: meanwhile, reply, sound: false });
}
