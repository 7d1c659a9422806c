import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import type { StatusCode } from "hono/utils/http-status";
import type { EntranceDeps } from "./deps.ts";
import { errorFields, type Log } from "./log.ts";
import { acceptUpdates, readArrival } from "./queue/inbox.ts";

/** Anyone may ask whether the bot is ready, and finding out writes to the disk. */
const PROBE_MS = 1_000;
const MOST_BODY_BYTES = 1024 * 1024;
export const SECRET_HEADER = "x-telegram-bot-api-secret-token";

/** What stands behind the HTTP side, and is loaded once that listens. */
export interface Interior {
  /** Whether what came in is worked on. */
  readonly worker: { readonly running: boolean };
  readonly pages: Hono;
}

/**
 * The HTTP side: the webhook, what watches over the bot, and pages for people, who wait for the interior. A webhook is
 * answered 200 once the update is on disk, which `onKept` is told, and before anyone looks at it: Telegram re-sends what
 * it got no answer to, and never what it got one for.
 */
export function httpApp(deps: EntranceDeps, interior: Promise<Interior>, onKept: () => void): Hono {
  const { config, store, metrics, log } = deps;
  const app = withoutWords(new Hono(), log);
  const isSecret = secretCheck(config.webhookSecrets);
  const pages = interior.then(({ pages }) => withoutWords(pages, log));
  let isRunning = () => false;
  void interior.then(({ worker }) => isRunning = () => worker.running);
  const secure = secureHeaders();
  const refuse = async (context: Context, result: string, status: StatusCode) => {
    metrics.updates.inc({ result });
    context.res = context.body(null, status);
    await secure(context, () => Promise.resolve());
    return context.res;
  };

  const limitCounted = bodyLimit({
    maxSize: MOST_BODY_BYTES,
    onError: (context) => refuse(context, "too_large", 413),
  });
  const accept = async (context: Context) => {
    const arrival = readArrival(await context.req.text());
    if (!arrival) return await refuse(context, "malformed", 400);
    await acceptUpdates(deps, [arrival]);
    onKept();
    // Without headers for browsers: Telegram reads nothing but the status, and each takes time.
    return context.body(null, 200);
  };
  const acceptCounted = async (context: Context) =>
    await limitCounted(context, async () => void (context.res = await accept(context))) ?? context.res;
  app.post("/telegram", (context) => {
    if (!isSecret(context.req.header(SECRET_HEADER) ?? "")) return refuse(context, "unauthorised", 401);
    const bytes = statedLength(context);
    // Nobody counts what says how long it is: it is read in one piece.
    if (bytes === undefined) return acceptCounted(context);
    return bytes <= MOST_BODY_BYTES ? accept(context) : refuse(context, "too_large", 413);
  });
  // An app of its own: an update does not pass by what is for the others.
  const others = withoutWords(new Hono(), log);
  app.notFound(({ req }) => others.fetch(req.raw));
  others.use(secure);
  const storeAnswers = atMostEvery(PROBE_MS, () => store.check().then(() => true, () => false));
  others.get("/healthz", (context) => context.text("alive"));
  others.get("/readyz", async (context) => {
    const isReady = isRunning() && await storeAnswers();
    if (!isReady) return context.text("not ready", 503);
    const { problem } = deps.intake;
    return problem === undefined ? context.text("ready") : context.text(`not ready: ${problem}`, 503);
  });
  others.get("/metrics", async (context) => {
    context.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return context.body(await metrics.text(store.now()));
  });
  others.all("*", async ({ req }) => await (await pages).fetch(req.raw));
  return app;
}

/** What it does not know, and what goes wrong, it answers by a status alone. */
function withoutWords(app: Hono, log: Log): Hono {
  app.notFound((context) => context.body(null, 404));
  app.onError((error, context) => {
    log.error("request_failed", { path: context.req.routePath, ...errorFields(error) });
    return context.body(null, 503);
  });
  return app;
}

/** In bytes; undefined where the end of the body is told by the body itself. */
function statedLength({ req }: Context): number | undefined {
  const stated = req.header("content-length");
  return stated === undefined ? undefined : Number(stated);
}

/** Compares with every secret, whatever the first one said. */
export function secretCheck(secrets: readonly string[]): (given: string) => boolean {
  const encoder = new TextEncoder();
  const bytesOf = (text: string) => encoder.encode(text);
  const known = secrets.map(bytesOf);
  return (given) => {
    const candidate = bytesOf(given);
    return known.map((secret) => isSame(secret, candidate)).includes(true);
  };
}

/**
 * Looks at every byte of the candidate, wherever it differs: the time tells only how long that is. What Node has for
 * this brings all its cryptography along, a fifth of what it takes to listen.
 */
function isSame(secret: Uint8Array, candidate: Uint8Array): boolean {
  let difference = secret.length ^ candidate.length;
  for (let at = 0; at < candidate.length; at++) {
    difference |= (candidate[at] ?? 0) ^ (secret[at % secret.length] ?? 0);
  }
  return difference === 0;
}

/** The same answer for everyone who asks within `ms` of the first, measured by the process's own time. */
function atMostEvery<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let askedAt = -Infinity;
  let answer: Promise<T> | undefined;
  return () => {
    if (answer && performance.now() - askedAt < ms) return answer;
    askedAt = performance.now();
    return answer = ask();
  };
}
