import type { UserFromGetMe } from "grammy/types";
import { errorFields } from "../log.ts";
import type { Command } from "../parser/command.ts";
import type { Store } from "../store/database.ts";
import { type Connection, NOT_IMPLEMENTED, telegramRefusal } from "./api.ts";
import { type Lists, menusFor, renewMenus } from "./menus.ts";
import { HANDLED_UPDATES } from "./update.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const MOST_FOR_MENU = 3;

/** Learns who the bot is; Telegram being away at start-up is waited out, a wrong token is not. */
export async function learnIdentity(telegram: Connection, signal: AbortSignal): Promise<UserFromGetMe> {
  try {
    return await retryWhileAway(telegram, signal, () => telegram.bot.api.getMe());
  } catch (error) {
    const refusal = telegramRefusal(error);
    if (refusal?.code !== 401 && refusal?.code !== 404) throw error;
    throw new Error("Telegram does not know this bot: check TELEGRAM_BOT_TOKEN and TELEGRAM_API_ROOT");
  }
}

/**
 * Tells Telegram where updates go, and which kinds. False when Telegram refused the webhook: then `insistOnWebhook`.
 * Rejects only when the signal aborts.
 */
export async function introduce(telegram: Connection, signal: AbortSignal): Promise<boolean> {
  const { bot: { api }, config } = telegram;
  if (config.publicUrl !== undefined) return await setWebhook(telegram, signal);
  await attempt(
    telegram,
    signal,
    "delete_webhook",
    () => retryWhileAway(telegram, signal, () => api.deleteWebhook()),
  );
  return true;
}

/**
 * What the menu shows in the admin chats. Telegram may have it wait for minutes, so nothing shall wait for it; what it
 * refuses is logged, since without a menu the bot still works. Rejects only when the signal aborts.
 */
export async function setMenus(
  telegram: Connection & { readonly store: Store },
  commands: readonly Command[],
  lists: Lists,
  signal: AbortSignal,
): Promise<void> {
  const menus = menusFor(commands, telegram.config.adminChats, lists);
  await attempt(
    telegram,
    signal,
    "set_menu",
    () => renewMenus(telegram, menus, (call) => retryWhileAway(telegram, signal, call, MOST_FOR_MENU)),
  );
}

async function attempt(
  { log }: Connection,
  signal: AbortSignal,
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (signal.aborted) throw error;
    log.error(`${what}_failed`, errorFields(error));
  }
}

/** Asks again until Telegram takes the webhook: its address may not be known everywhere yet. */
export async function insistOnWebhook(telegram: Connection, signal: AbortSignal): Promise<void> {
  for (let pauseMs = FIRST_WAIT_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_WAIT_MS)) {
    await telegram.clock.sleep(pauseMs, signal).catch(() => {});
    if (signal.aborted || await setWebhook(telegram, signal)) return;
  }
}

/**
 * Looks whether updates still come here: a copy of the bot that polls with the same token takes the webhook away, and
 * nobody would notice. It is set again; where another address has taken its place, that is only made known, since the
 * bot there may be the one that is wanted. Throws what keeps Telegram from saying.
 */
export async function keepWebhook(telegram: Connection): Promise<void> {
  const { bot: { api }, config, log, intake } = telegram;
  const { url } = await api.getWebhookInfo();
  if (isWebhookOf(config, url)) return intake.report("webhook", undefined);
  if (!url) {
    log.warning("webhook_was_removed");
    return void await setWebhook(telegram, new AbortController().signal, 1);
  }
  log.error("webhook_is_elsewhere", { host: URL.parse(url)?.host });
  intake.report("webhook", ELSEWHERE);
}

/** For `/doctor` as well. */
export const ELSEWHERE =
  "Telegram has another webhook address. Restart the bot. If that does not help, another bot uses the token.";

/** Telegram may spell an address differently than it was told. */
export function isWebhookOf(config: Connection["config"], url: string | undefined): boolean {
  return url !== undefined && URL.parse(url)?.href === URL.parse(webhookOf(config))?.href;
}

function webhookOf({ publicUrl }: Connection["config"]): string {
  return `${publicUrl}/telegram`;
}

/** False when Telegram refused it, or was asked often enough; which is then known. */
async function setWebhook(telegram: Connection, signal: AbortSignal, most = Infinity): Promise<boolean> {
  const { bot: { api }, config, log, intake } = telegram;
  const [secret] = config.webhookSecrets;
  const options = {
    allowed_updates: HANDLED_UPDATES,
    ...(secret === undefined ? {} : { secret_token: secret }),
  };
  try {
    await retryWhileAway(telegram, signal, () => api.setWebhook(webhookOf(config), options), most);
    intake.report("webhook", undefined);
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    log.error("set_webhook_failed", errorFields(error));
    const said = telegramRefusal(error)?.description ?? "no answer";
    intake.report("webhook", `Telegram refused the webhook (${said}). Check PUBLIC_URL; it is tried again.`);
    return false;
  }
}

/** Telegram being away, or asking us to wait, is waited out; its refusals are not. */
async function retryWhileAway<T>(
  { clock, log }: Connection,
  signal: AbortSignal,
  call: () => Promise<T>,
  most = Infinity,
): Promise<T> {
  let pauseMs = FIRST_WAIT_MS;
  for (let left = most;; pauseMs = Math.min(pauseMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await call();
    } catch (error) {
      const refusal = telegramRefusal(error);
      const passing = !refusal || refusal.code === 429 ||
        (refusal.code >= 500 && refusal.code !== NOT_IMPLEMENTED);
      if (!passing || --left <= 0) throw error;
      const waitMs = refusal?.retryAfterMs ?? pauseMs;
      const what = refusal?.code === 429 ? "telegram_slows_us_down" : "telegram_not_reachable";
      log.warning(what, { waitMs, ...errorFields(error) });
      await clock.sleep(waitMs, signal);
    }
  }
}
