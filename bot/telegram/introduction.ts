import type { Api } from "grammy";
import type { UserFromGetMe } from "grammy/types";
import type { Clock } from "../../clients/clock.ts";
import type { Command } from "../command/command.ts";
import { menu } from "../command/menu.ts";
import type { Config } from "../config.ts";
import { errorFields, type Log } from "../log.ts";
import { HANDLED_UPDATES } from "../people/incoming.ts";
import { refusalOf } from "./api.ts";

const LONGEST_WAIT_MS = 30_000;

export interface IntroductionOptions {
  readonly api: Api;
  readonly config: Config;
  readonly commands: readonly Command[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Learns who the bot is; Telegram being away at start-up is waited out, a wrong token is not. */
export async function learnIdentity(
  { api, clock, log }: IntroductionOptions,
  signal: AbortSignal,
): Promise<UserFromGetMe> {
  for (let waitMs = 500;; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await api.getMe();
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal?.code === 401 || refusal?.code === 404) {
        throw new Error("Telegram does not know this bot: check TELEGRAM_BOT_TOKEN and TELEGRAM_API_ROOT");
      }
      log.warning("telegram_not_reachable", { waitMs, ...errorFields(error) });
      await clock.sleep(waitMs, signal);
    }
  }
}

/** Tells Telegram where updates go, which kinds, and what the menu shows in the admin chats. */
export async function introduce({ api, config, commands, log }: IntroductionOptions): Promise<void> {
  const attempt = async (what: string, call: () => Promise<unknown>) => {
    try {
      await call();
    } catch (error) {
      log.error(`${what}_failed`, errorFields(error));
    }
  };
  const [secret] = config.webhookSecrets;
  if (config.publicUrl === undefined) await attempt("delete_webhook", () => api.deleteWebhook());
  else {
    await attempt("set_webhook", () =>
      api.setWebhook(`${config.publicUrl}/telegram`, {
        allowed_updates: HANDLED_UPDATES,
        ...(secret === undefined ? {} : { secret_token: secret }),
      }));
  }
  const shown = menu(commands);
  await Promise.all(
    config.adminChats.map((chat_id) =>
      attempt("set_menu", () => api.setMyCommands(shown, { scope: { type: "chat", chat_id } }))
    ),
  );
}
