import { systemClock, untilAborted } from "../clients/clock.ts";
import { Countersign } from "./app.ts";
import { ConfigError, type Environment, hostedConfig, PRODUCTION } from "./config.ts";
import { errorFields, type Log, logToConsole } from "./log.ts";
import { Redactor } from "./redact.ts";
import { StoreOpenError } from "./store/errors.ts";
import type { TelegramHttp } from "./telegram/socket_client.ts";

/** Telegram keeps the chat's next update until it has an answer to this one. */
const BEFORE_ANSWER_MS = 4_000;
/** A tick comes each minute, and never while one goes on. */
const TICK_MS = 45_000;
/** A call that is under way then may take half a minute more. */
const INTRODUCTION_MS = 25_000;
/** Nothing of what went wrong itself: an error may hold an address with the token in it, and the log takes that out. */
const NOT_DONE = "What is due could not be done: the application's log says why.";
/** Who heard nothing for so long may have stood still. */
const LONG_MS = 5_000;

/**
 * The bot where a process lives only while requests come in: made for the first of them, it works a little after
 * each, and whenever the platform's clock ticks. What one process leaves behind, the next one does.
 */
export class HostedBot {
  private opening: Promise<Opened> | undefined;
  private usedAt = 0;

  constructor(private readonly environment: Environment, private readonly telegramHttp?: TelegramHttp) {}

  /** 503 with the reason while the bot cannot be made: the platform deploys only what answers. */
  async fetch(request: Request): Promise<Response> {
    let opened: Opened;
    try {
      opened = await this.opened();
    } catch (error) {
      return new Response(`${reasonOf(error)}\n`, { status: 503, headers: { "retry-after": "10" } });
    }
    const response = await opened.bot.app.fetch(request);
    if (request.method === "POST" && response.ok) {
      await workUntil(opened.bot, AbortSignal.timeout(BEFORE_ANSWER_MS))
        .catch((error) => opened.log.error("not_worked", errorFields(error)));
    }
    return response;
  }

  /** Does what is due although nobody asked. Throws what keeps it from it, or updates from it, for the platform to show. */
  async tick(): Promise<void> {
    // The clock ticks on the timelines of branches too, where there is nothing to do.
    if (this.environment["DENO_TIMELINE"] !== PRODUCTION) return;
    const revision = this.environment["DENO_DEPLOYMENT_ID"] ?? "";
    const { bot, log } = await this.opened();
    // Only the revision that is live has ticks; a request may also reach one that was live before.
    const done = await Promise.allSettled([
      bot.beKnown(revision, AbortSignal.timeout(INTRODUCTION_MS)),
      workUntil(bot, AbortSignal.timeout(TICK_MS)),
    ]);
    const failed = done.filter((one) => one.status === "rejected");
    for (const { reason } of failed) log.error("not_worked", errorFields(reason));
    const problem = bot.problem ?? (failed.length > 0 ? NOT_DONE : undefined);
    if (problem !== undefined) throw new Error(problem);
  }

  /** Takes nothing new, gives back what is under way, and closes the store. */
  async stop(deadline: AbortSignal): Promise<void> {
    const opened = await this.opening?.catch(() => undefined);
    await opened?.bot.stop(deadline);
  }

  private async opened(): Promise<Opened> {
    const known = this.opening;
    this.opening ??= open(this.environment, this.telegramHttp);
    try {
      const opened = await this.opening;
      if (known && Date.now() - this.usedAt > LONG_MS) await refresh(opened);
      this.usedAt = Date.now();
      return opened;
    } catch (error) {
      // A database that was away may be there for the next request.
      this.opening = undefined;
      throw error;
    }
  }
}

interface Opened {
  readonly bot: Countersign;
  readonly log: Log;
}

/** Resolves when nothing is left to do or time is up; what is under way then goes on while the process lives. */
async function workUntil(bot: Countersign, end: AbortSignal): Promise<void> {
  await untilAborted(bot.workFor(end), end).catch((error) => {
    if (!end.aborted) throw error;
  });
}

/** Meanwhile its clock may have stood still too, and the connections to the database may have been cut. */
async function refresh({ bot: { store } }: Opened): Promise<void> {
  // What fails once was an old connection; what fails twice is told by whoever needs the database.
  await store.check().catch(() => store.check()).catch(() => {});
}

async function open(environment: Environment, telegramHttp?: TelegramHttp): Promise<Opened> {
  const config = hostedConfig(environment);
  const redactor = new Redactor(config.secrets);
  const log = logToConsole(config.logLevel, redactor);
  for (const doubt of config.doubts) log.warning("doubtful_configuration", { message: doubt });
  // Between two requests the process may stand still, and with it whatever waits.
  await log.written();
  try {
    const bot = await Countersign.open({
      config,
      clock: systemClock,
      log,
      redactor,
      ...(telegramHttp ? { telegramHttp } : {}),
    });
    return { bot, log };
  } catch (error) {
    const isStore = error instanceof StoreOpenError;
    const isSaid = isStore || error instanceof ConfigError;
    log.error(
      isStore ? "store_not_opened" : "not_opened",
      isSaid ? { message: error.message } : errorFields(error),
    );
    throw error;
  }
}

/** For everyone who knows the address: no secret, and of the database not even its name. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  return "The bot could not be started: the application's log says why.";
}
