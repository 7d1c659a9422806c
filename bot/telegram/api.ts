import { Bot, GrammyError } from "grammy";
import type { Clock } from "../../clients/clock.ts";
import { dateOf } from "../../clients/http/attempt.ts";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { Intake, Metrics } from "../metrics.ts";
import type { Store } from "../store/database.ts";
import type { TelegramHttp } from "./socket_client.ts";

/** What it takes to meet Telegram: at the start, and where updates are fetched. */
export interface Connection {
  readonly bot: Bot;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly intake: Intake;
}

const TOKEN_REVOKED =
  "Telegram no longer takes the bot's token. Put the new one into TELEGRAM_BOT_TOKEN and restart.";

/** One call is given up after this long; grammY's own default is over eight minutes. */
const TIMEOUT_SECONDS = 25;

/** Deno's own way to Telegram, which knows how to go through a proxy. */
export const fetchClient: TelegramHttp = { fetch, close: () => {} };

/** The grammY bot. Calls are counted; nothing is retried here, because what must arrive waits in the store. */
export function makeBot(
  { token, apiRoot }: Config,
  { metrics, intake, store }: {
    readonly metrics: Metrics;
    readonly intake: Intake;
    readonly store: Pick<Store, "now">;
  },
  send: typeof fetch,
): Bot {
  const timed: typeof fetch = async (...request) => {
    const answer = await send(...request);
    metrics.compareClock("Telegram", dateOf(answer.headers), store.now());
    return answer;
  };
  const bot = new Bot(token, { client: { apiRoot, timeoutSeconds: TIMEOUT_SECONDS, fetch: timed } });
  bot.api.config.use(async function count(previous, method, payload, signal) {
    try {
      const result = await previous(method, payload, signal);
      metrics.telegramCalls.inc({ method, outcome: result.ok ? "ok" : String(result.error_code) });
      intake.report("token", !result.ok && result.error_code === 401 ? TOKEN_REVOKED : undefined);
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
export interface TelegramRefusal {
  readonly code: number;
  readonly description: string;
  readonly retryAfterMs?: number;
  readonly migratedTo?: number;
}

/** A refusal of the form, not of the message: an old server, or a block it does not take. Else it is thrown on. */
export function refusalOfRich(error: unknown): TelegramRefusal {
  const refusal = telegramRefusal(error);
  if (refusal?.code === 404 || refusal?.code === NOT_IMPLEMENTED) return refusal;
  // What would be refused in any form is not the form's fault.
  const inAnyForm = /chat not found|not enough rights|TOPIC_CLOSED|need administrator/i;
  if (refusal?.code === 400 && refusal.migratedTo === undefined && !inAnyForm.test(refusal.description)) {
    return refusal;
  }
  throw error;
}

/** A refusal that no repetition changes. */
export function isFinal({ code }: TelegramRefusal): boolean {
  return code < 500 && code !== 401 && code !== 429;
}

export function telegramRefusal(error: unknown): TelegramRefusal | undefined {
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

/** What this server understands, learnt from what it takes and refuses; undefined is not known yet. */
export interface Capabilities {
  /** True once a rich message was taken. */
  rich: boolean | undefined;
  /** How many messages were refused as rich and taken as plain. */
  takenAsPlain: number;
  /** Date-time entities in plain messages. */
  dateTimes: boolean;
  /** True once a private answer in a group was seen to be private; until then nothing secret relies on it. */
  ephemeral: boolean | undefined;
  /** The same of files; undefined until the first one for a person alone. */
  ephemeralFiles: boolean | undefined;
}

/** `render` "plain": whatever the server takes, people's clients show plain messages only. */
export function unknownCapabilities({ render }: Pick<Config, "render">): Capabilities {
  return {
    rich: render === "plain" ? false : undefined,
    takenAsPlain: 0,
    dateTimes: true,
    ephemeral: undefined,
    ephemeralFiles: undefined,
  };
}

/** One odd message may be refused by any server; so many, with none ever taken, are refused by this one. */
const NOT_BY_CHANCE = 3;

/** A message was refused as rich and then taken as plain: is it the server, or only this message? */
export function learnFromPlain(capabilities: Capabilities, { code, description }: TelegramRefusal): void {
  const isMethodMissing = code === 404 || code === NOT_IMPLEMENTED;
  if (!isMethodMissing && capabilities.rich) return;
  capabilities.takenAsPlain += 1;
  const isServer = isMethodMissing || NAMES_THE_FORM.test(description) ||
    capabilities.takenAsPlain >= NOT_BY_CHANCE;
  if (isServer) capabilities.rich = false;
}

/** An old server reads an edit with `rich_message` as one without a text. */
const NAMES_THE_FORM = /rich|unsupported|not supported|message text is empty/i;

/** A message was refused as one person's own and then taken as everyone's. */
export function learnFromPublic(capabilities: Capabilities, { description }: TelegramRefusal): void {
  // Where it worked before, or names whom it is for, another one may still be taken.
  if (capabilities.ephemeral || NAMES_THE_RECEIVER.test(description)) return;
  capabilities.ephemeral = false;
}

const NAMES_THE_RECEIVER =
  /PARTICIPANT|(USER|PEER|QUERY)_ID_INVALID|(user|member) not found|query is too old/i;

/** In reply to a message, wherever that is by now. */
export function below(
  messageId: number | null,
): { reply_parameters?: { message_id: number; allow_sending_without_reply: true } } {
  if (messageId === null) return {};
  return { reply_parameters: { message_id: messageId, allow_sending_without_reply: true } };
}

/** In its topic, or beside it where that is gone. */
export async function inTopic<Where extends { readonly message_thread_id?: number }, Sent>(
  where: Where,
  send: (where: Where | Omit<Where, "message_thread_id">) => Promise<Sent>,
): Promise<Sent> {
  try {
    return await send(where);
  } catch (error) {
    if (!/thread not found/i.test(telegramRefusal(error)?.description ?? "")) throw error;
    const { message_thread_id: _, ...elsewhere } = where;
    return await send(elsewhere);
  }
}

/** Nobody shall wait longer than this for one call, however busy Telegram says it is. */
const LONGEST_WAIT_MS = 60_000;
const MOST_WAITS = 3;

/** A call that must be answered now: when Telegram asks to wait, it is made again after that. */
export async function pacedByTelegram<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (let waits = 0;; waits++) {
    try {
      return await call();
    } catch (error) {
      const waitMs = telegramRefusal(error)?.retryAfterMs;
      if (waitMs === undefined || waitMs > LONGEST_WAIT_MS || waits >= MOST_WAITS) throw error;
      await clock.sleep(waitMs);
    }
  }
}
