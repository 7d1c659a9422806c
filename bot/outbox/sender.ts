import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import type { RunResult } from "../queue/worker.ts";
import type { MessagesTable } from "../store/schema.ts";
import { isFinal, type TelegramRefusal, telegramRefusal } from "../telegram/api.ts";
import { type Delivered, Delivery } from "./deliver.ts";
import { buryMessage, postponeMessage, settleMessage } from "./messages.ts";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** After this many attempts without any answer (about an hour) a message is given up. */
const MOST_ATTEMPTS = 64;

/**
 * Sends what the store says shall be shown, at once and paced only by Telegram's own 429. What fails stays in the
 * store and is tried again.
 */
export class OutboxSender {
  /** `onDead` is told of a message that Telegram will never take. */
  constructor(
    private readonly deps: Deps,
    private readonly onDead: (row: MessagesTable, refusal: TelegramRefusal) => Promise<void>,
  ) {}

  /** Sends or edits one claimed message. "hold": Telegram wants nothing more for this chat for a while. */
  async send(row: MessagesTable): Promise<RunResult> {
    const { store, log } = this.deps;
    const record = async (sent: Delivered) => {
      await store.db.updateTable("messages").set(sent).where("key", "=", row.key).execute();
    };
    let delivered: Delivered;
    try {
      delivered = await new Delivery(row, this.deps, record).run();
    } catch (error) {
      return await this.putOffOrBury(row, error);
    }
    await settleMessage(store, row, delivered);
    log.debug("message_sent", { key: row.key, trace: row.trace, format: delivered.format });
  }

  private async putOffOrBury(row: MessagesTable, error: unknown): Promise<RunResult> {
    const { store, log, clock } = this.deps;
    const refusal = telegramRefusal(error);
    const fields = {
      key: row.key,
      trace: row.trace,
      ...(refusal ? { code: refusal.code, description: refusal.description } : errorFields(error)),
    };
    if (refusal?.code === 429) {
      log.warning("telegram_slows_us_down", { ...fields, waitMs: refusal.retryAfterMs });
      await postponeMessage(store, row, refusal.retryAfterMs ?? FIRST_RETRY_MS, true);
      return "hold";
    }
    if ((refusal && isFinal(refusal)) || row.attempts >= MOST_ATTEMPTS) {
      log.error("message_given_up", fields);
      // Buried last: after a crash in between it is refused once more, and what follows from that is not lost.
      await this.onDead(row, refusal ?? { code: 0, description: "no answer from Telegram" });
      return await buryMessage(store.db, row);
    }
    const backOffMs = Math.min(FIRST_RETRY_MS * 2 ** row.attempts, LONGEST_RETRY_MS);
    const waitMs = Math.round(backOffMs * (0.5 + clock.random() / 2));
    log.warning("message_delayed", { ...fields, waitMs });
    await postponeMessage(store, row, waitMs, false);
  }
}
