import { type Context, Hono, type HonoRequest } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import type { StatusCode } from "hono/utils/http-status";
import { errorFields, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Store } from "./store/database.ts";
import { acceptUpdates } from "./queue/inbox.ts";
import { readArrival } from "./telegram/update.ts";

const MOST_BODY_BYTES = 1024 * 1024;
/** Telegram takes secrets of up to 256 characters, each of which is one byte. */
const MOST_SECRET_BYTES = 256;
export const SECRET_HEADER = "x-telegram-bot-api-secret-token";

export interface HttpAppOptions {
  readonly webhookSecrets: readonly string[];
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Throws when the bot could not do its work just now. */
  readonly ready: () => Promise<void>;
  /** Pages for people, such as secret entry. */
  readonly pages: Hono;
}

/**
 * The HTTP side. A webhook is answered 200 once the update is on disk and before anyone looks at it: Telegram
 * re-sends what it got no answer to, and never what it got one for.
 */
export function createHttpApp({ webhookSecrets, store, metrics, log, ready, pages }: HttpAppOptions): Hono {
  const app = new Hono();
  const isSecret = secretCheck(webhookSecrets);
  const refuse = (context: Context, result: string, status: StatusCode) => {
    metrics.updates.inc({ result });
    return context.body(null, status);
  };
  const limit = bodyLimit({
    maxSize: MOST_BODY_BYTES,
    onError: (context) => refuse(context, "too_large", 413),
  });

  app.post("/telegram", async (context) => {
    if (!isSecret(context.req.header(SECRET_HEADER) ?? "")) return refuse(context, "unauthorised", 401);
    if (!isShort(context.req)) {
      const refused = await limit(context, () => Promise.resolve());
      if (refused) return refused;
    }
    const arrival = readArrival(await context.req.text());
    if (!arrival) return refuse(context, "malformed", 400);
    await acceptUpdates({ store, metrics }, [arrival]);
    return context.body(null, 200);
  });

  const onError = (error: Error, context: Context) => {
    log.error("request_failed", { path: context.req.routePath, ...errorFields(error) });
    return context.body(null, 503);
  };
  app.onError(onError);
  // An app of its own: middleware for all of them would match the webhook's route too, and slow it down.
  const readable = createReadable({ metrics, ready, pages });
  readable.onError(onError);
  app.notFound((context) => readable.fetch(context.req.raw));
  return app;
}

/** What is there to be looked at, by people and by what watches over the bot. */
function createReadable(
  { metrics, ready, pages }: Pick<HttpAppOptions, "metrics" | "ready" | "pages">,
): Hono {
  const app = new Hono();
  app.use(secureHeaders());
  app.get("/healthz", (context) => context.text("alive"));
  app.get("/readyz", async (context) => {
    try {
      await ready();
      return context.text("ready");
    } catch {
      return context.text("not ready", 503);
    }
  });
  app.get("/metrics", async (context) => {
    context.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return context.body(await metrics.text());
  });
  app.route("/", pages);
  app.notFound((context) => context.body(null, 404));
  return app;
}

/** A body whose length is announced cannot grow beyond it: looking into its stream, which is slow, is not needed. */
function isShort(request: HonoRequest): boolean {
  const length = request.header("content-length");
  return length !== undefined && /^\d+$/.test(length) && Number(length) <= MOST_BODY_BYTES &&
    request.header("transfer-encoding") === undefined;
}

/**
 * Compares with every secret in full, whatever the first one said and however long it is: the time tells nothing.
 * Node's `timingSafeEqual` is this loop too, behind checks that take longer than the rest of the route.
 */
export function secretCheck(secrets: readonly string[]): (given: string) => boolean {
  const encoder = new TextEncoder();
  const known = secrets.map((secret) => ({
    length: secret.length,
    bytes: encoder.encode(secret.padEnd(MOST_SECRET_BYTES, "\0")),
  }));
  const candidate = new Uint8Array(MOST_SECRET_BYTES);
  return (given) => {
    candidate.fill(0);
    encoder.encodeInto(given, candidate);
    let found = false;
    for (const { length, bytes } of known) {
      let difference = length ^ given.length;
      for (let at = 0; at < MOST_SECRET_BYTES; at++) difference |= (bytes[at] ?? 0) ^ (candidate[at] ?? 0);
      found = difference === 0 || found;
    }
    return found;
  };
}
