import type { Api } from "grammy";
import type { Update } from "grammy/types";
import { errorFields, type Log } from "../log.ts";
import { type Connection, telegramRefusal } from "../telegram/api.ts";
import { HANDLED_UPDATES } from "../telegram/update.ts";
import { type Arrival, readArrival } from "./inbox.ts";

const POLL_SECONDS = 20;
const PAUSE_MS = 1_000;
const SHORT_PAUSE_MS = 100;
const CONFLICT = 409;
const FETCHED_ELSEWHERE =
  "Another process fetches this bot's updates, or they go to a webhook. Stop it, or give this bot a token of its own.";

/**
 * Fetches updates where there is no public address, into the same inbox. An update is confirmed to Telegram by
 * asking for the next one, which happens only after `accept` has put it on disk.
 */
export async function poll(
  { bot: { api }, clock, log, intake }: Connection,
  accept: (arrivals: readonly Arrival[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let offset = 0;
  while (!signal.aborted) {
    const askedAt = clock.now();
    try {
      const options = { offset, timeout: POLL_SECONDS, allowed_updates: HANDLED_UPDATES };
      const updates = await api.getUpdates(options, signal as Parameters<Api["getUpdates"]>[1]);
      intake.report("polling", undefined);
      await accept(updates.flatMap((update) => arrivalOf(update, log)));
      const last = updates.at(-1);
      if (last) offset = last.update_id + 1;
      // A server that does not wait when there is nothing would be asked without a pause.
      else if (clock.now() - askedAt < PAUSE_MS) await clock.sleep(SHORT_PAUSE_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      const refusal = telegramRefusal(error);
      if (refusal?.code === CONFLICT) intake.report("polling", FETCHED_ELSEWHERE);
      const waitMs = refusal?.retryAfterMs ?? PAUSE_MS;
      log.warning("poll_failed", { waitMs, ...errorFields(error) });
      await clock.sleep(waitMs, signal).catch(() => {});
    }
  }
}

function arrivalOf(update: Update, log: Log): Arrival[] {
  const arrival = readArrival(JSON.stringify(update));
  if (arrival) return [arrival];
  log.error("update_unreadable", { update: update.update_id });
  return [];
}
