import { createLanes } from "./lanes.ts";
import { badRequest } from "./refusal.ts";
import type { Queued, Updates } from "./updates.ts";

const SECRET_HEADER = "x-telegram-bot-api-secret-token";
const RETRY_AFTER_MS = [250, 1000, 5000, 15_000];

export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
  readonly maxConnections: number;
}

export interface Webhook {
  settings: WebhookSettings | undefined;
  readonly lastError: { readonly date: number; readonly message: string } | undefined;
  /**
   * Tries every waiting update once, in order within a chat, chats side by side; what fails stays queued and
   * holds back the later ones of its chat. Resolves when nothing more can be delivered now.
   */
  flush(): Promise<void>;
  close(): void;
}

/**
 * Posts updates to the bot as Telegram does: the secret in its header, the next update of a chat only after the
 * last was answered with a 2xx. `automatic` delivers by itself and tries again after a pause; otherwise nothing
 * moves until `flush()`.
 */
export function createWebhook(options: {
  updates: Updates;
  automatic: boolean;
  now: () => number;
  changed: () => void;
}): Webhook {
  const { updates, automatic, now, changed } = options;
  const lanes = createLanes(deliverInOrder);
  const retries = createRetries((lane) => void lanes.run(lane));
  const end = new AbortController();
  let settings: WebhookSettings | undefined;
  let lastError: Webhook["lastError"];

  updates.onPush(({ lane }) => {
    if (automatic) void lanes.run(lane);
  });

  async function deliverInOrder(lane: string): Promise<void> {
    for (;;) {
      const head = end.signal.aborted ? undefined : updates.pending().find((queued) => queued.lane === lane);
      if (!head || !settings) break;
      const problem = await post(head, settings, end.signal);
      if (problem !== undefined) {
        lastError = { date: Math.floor(now() / 1000), message: problem };
        if (automatic && !end.signal.aborted) retries.later(lane);
        break;
      }
      retries.forget(lane);
      updates.acknowledge(head);
    }
    lanes.leave(lane);
    changed();
  }

  return {
    get settings() {
      return settings;
    },
    set settings(value) {
      settings = value;
      lastError = undefined;
      if (automatic) { for (const { lane } of updates.pending()) void lanes.run(lane); }
    },
    get lastError() {
      return lastError;
    },
    async flush() {
      const tried = new Set<string>();
      for (;;) {
        const fresh = updates.pending().map(({ lane }) => lane).filter((lane) => !tried.has(lane));
        for (const lane of fresh) {
          tried.add(lane);
          void lanes.run(lane);
        }
        if (lanes.running().length === 0) return;
        await Promise.all(lanes.running());
      }
    },
    close() {
      end.abort();
      retries.close();
    },
  };
}

/** Reads what setWebhook is given: https://core.telegram.org/bots/api#setwebhook */
export function webhookSettings(given: {
  url: string;
  secret: string;
  maxConnections: number;
}): WebhookSettings {
  const { url, secret, maxConnections } = given;
  const parsed = URL.parse(url);
  const isLoopback = parsed !== null && ["127.0.0.1", "localhost", "[::1]"].includes(parsed.hostname);
  if (!parsed) throw badRequest("bad webhook: invalid webhook URL specified");
  if (parsed.protocol !== "https:" && !(isLoopback && parsed.protocol === "http:")) {
    throw badRequest("bad webhook: An HTTPS URL must be provided for webhook");
  }
  if (!isLoopback && !["", "443", "80", "88", "8443"].includes(parsed.port)) {
    throw badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
  }
  if (secret.length > 256) throw badRequest("secret token is too long");
  if (!/^[A-Za-z0-9_-]*$/.test(secret)) throw badRequest("secret token contains unallowed characters");
  return { url, secret, maxConnections: Math.min(Math.max(maxConnections, 1), 100) };
}

/** Undefined when the bot took the update, otherwise what getWebhookInfo will say. */
async function post(
  { update }: Queued,
  { url, secret }: WebhookSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(secret && { [SECRET_HEADER]: secret }) },
      body: JSON.stringify(update),
      signal,
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    return `Wrong response from the webhook: ${response.status} ${response.statusText}`.trim();
  } catch {
    return "Connection refused";
  }
}

/** Pauses that grow with every failure of a lane. */
function createRetries(again: (lane: string) => void) {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const failures = new Map<string, number>();
  return {
    later(lane: string): void {
      const failed = failures.get(lane) ?? 0;
      failures.set(lane, failed + 1);
      const timer = setTimeout(() => {
        timers.delete(timer);
        again(lane);
      }, RETRY_AFTER_MS[Math.min(failed, RETRY_AFTER_MS.length - 1)]);
      timers.add(timer);
    },
    forget: (lane: string) => void failures.delete(lane),
    close(): void {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
