import { Bot, GrammyError } from "grammy";
import type { Metrics } from "../metrics.ts";

/** One call is given up after this long; grammY's own default is over eight minutes. */
const TIMEOUT_SECONDS = 25;

export interface BotOptions {
  readonly token: string;
  readonly apiRoot: string;
  readonly metrics: Metrics;
}

/** The grammY bot. Calls are counted; nothing is retried here, because what must arrive waits in the store. */
export function createBot({ token, apiRoot, metrics }: BotOptions): Bot {
  const bot = new Bot(token, { client: { apiRoot, timeoutSeconds: TIMEOUT_SECONDS } });
  bot.api.config.use(async function count(previous, method, payload, signal) {
    try {
      const result = await previous(method, payload, signal);
      metrics.telegramCalls.inc({ method, outcome: result.ok ? "ok" : String(result.error_code) });
      return result;
    } catch (error) {
      metrics.telegramCalls.inc({ method, outcome: "no_answer" });
      throw error;
    }
  });
  return bot;
}

export const NOT_IMPLEMENTED = 501;

/** What Telegram's refusal of a call means for us; undefined when there was no refusal but no answer at all. */
export interface Refusal {
  readonly code: number;
  readonly description: string;
  readonly retryAfterMs?: number;
  readonly migratedTo?: number;
}

/** A refusal that no repetition changes. */
export function isFinal({ code }: Refusal): boolean {
  return code < 500 && code !== 401 && code !== 429;
}

export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof GrammyError)) return undefined;
  const { retry_after, migrate_to_chat_id } = error.parameters;
  return {
    // Servers that only resemble the Bot API refuse a method they lack in a form of their own.
    code: error.error_code ?? NOT_IMPLEMENTED,
    description: error.description ?? "",
    ...(retry_after === undefined ? {} : { retryAfterMs: retry_after * 1000 }),
    ...(migrate_to_chat_id === undefined ? {} : { migratedTo: migrate_to_chat_id }),
  };
}
