import { Countersign, type CountersignOptions } from "../../bot/app.ts";
import { type Environment, readConfig } from "../../bot/config.ts";
import { type Fields, Log } from "../../bot/log.ts";
import { type Clock, systemClock } from "../../clients/clock.ts";
import type { CallEvent } from "../../clients/http/contract.ts";
import { vendors } from "../../handlers/registry.ts";
import type { Vendor } from "../../handlers/vendor.ts";
import { openStore } from "../../bot/store/database.ts";
import { SpecJudge } from "../specs/spec.ts";
import { createApono } from "./apono.ts";
import { createGravityZone, type GravityZoneOptions } from "./gravityzone.ts";
import { createHalo } from "./halo.ts";
import { createOpsRamp } from "./opsramp.ts";
import { serve, type Served } from "./serve.ts";
import { createTelegram, type Telegram, type TelegramOptions } from "./telegram.ts";
import { HANG_MS } from "../eventually.ts";
import { fewConnections } from "../few_connections.ts";

export const GROUP = -1001;
export const ANA = 101;
export const BEN = 102;
export const OSKAR = 666;

export interface StageOptions {
  /** Changes and additions to the environment; undefined takes a variable away. */
  readonly environment?: Environment;
  /** Those of the product unless given. */
  readonly vendors?: readonly Vendor[];
  readonly telegram?: TelegramOptions;
  readonly gravityzone?: GravityZoneOptions;
  readonly clock?: TestClock;
  /** Fetch updates instead of being sent them. */
  readonly polling?: boolean;
  readonly onVendorCall?: (event: CallEvent) => void;
  /** By how much the clocks of Telegram and the vendors are ahead of the bot's. */
  readonly theirsAheadMs?: number;
  /** Stands in the way of every call to a vendor: passes it on, or lets it go wrong. */
  readonly onTheWay?: (
    vendor: VendorName,
    request: Request,
    passOn: () => Response | Promise<Response>,
  ) => Promise<Response>;
  readonly log?: Log;
  readonly openStore?: CountersignOptions["openStore"];
  readonly timing?: CountersignOptions["timing"];
  /** The bot is not started: it answers HTTP, and works only for as long as it is told to. */
  readonly asleep?: true;
}

/** As people say it. */
export type VendorName = "GravityZone" | "Apono" | "OpsRamp" | "HaloPSA";

/** The bot, Telegram and the four vendors, all over loopback. */
export interface Stage extends AsyncDisposable {
  readonly bot: Countersign;
  /** Where the bot's HTTP side is. */
  readonly url: string;
  readonly telegram: Telegram;
  readonly telegramUrl: string;
  readonly gravityzone: ReturnType<typeof createGravityZone>;
  readonly apono: ReturnType<typeof createApono>;
  readonly opsramp: ReturnType<typeof createOpsRamp>;
  readonly halo: ReturnType<typeof createHalo>;
  /** Where requests to the vendors, or the emulators' answers, are not what the vendors' documents say. */
  specFaults(): readonly string[];
  readonly clock: TestClock;
  readonly log: RecordedLog;
  readonly environment: Environment;
}

/** The system's clock, moved forward at will; a sleep whose time is jumped over ends at once. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** Who sleeps so long waits for an answer that does not come; shorter sleeps are pauses between two attempts. */
const LONG_MS = 1_000;

/** A long sleep ends only when time is moved on: no time-out may pass by itself because the machine is slow. */
export function createTestClock(longMs = LONG_MS): TestClock {
  return movable((ms, signal) => systemClock.sleep(ms < longMs ? ms : HANG_MS, signal));
}

/** Time that goes on only when it is moved on: for tests that count seconds, and set off nothing that needs a pause. */
export function createStillClock(): TestClock {
  const still = Date.now();
  return movable((ms, signal) => systemClock.sleep(ms < LONG_MS ? ms : HANG_MS, signal), () => still);
}

/** For people who watch: every sleep takes its time, unless it is jumped over. */
export function createRealClock(): TestClock {
  return movable(systemClock.sleep);
}

function movable(sleep: Clock["sleep"], passing: () => number = Date.now): TestClock {
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  let ahead = 0;
  const now = () => passing() + ahead;
  return {
    now,
    monotonic: now,
    random: systemClock.random,
    advance(ms) {
      ahead += ms;
      for (const { until, wake } of [...sleepers]) if (until <= now()) wake();
    },
    async sleep(ms, signal) {
      const woken = new AbortController();
      const sleeper = { until: now() + ms, wake: () => woken.abort() };
      sleepers.add(sleeper);
      try {
        await sleep(ms, AbortSignal.any([woken.signal, ...(signal ? [signal] : [])]));
      } catch (error) {
        if (!woken.signal.aborted || signal?.aborted) throw error;
      } finally {
        sleepers.delete(sleeper);
      }
    },
  };
}

export interface LogLine {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly event: string;
  readonly fields: Fields;
}

export interface RecordedLog extends Log {
  readonly lines: LogLine[];
}

export function createRecordedLog(): RecordedLog {
  const lines: LogLine[] = [];
  const log = new Log((level, event, fields) => void lines.push({ level, event, fields }));
  return Object.assign(log, { lines });
}

/** More than any test moves its clock by. */
const NEVER_MS = 100 * 365 * 86_400_000;
/** What has expired is noticed by whoever comes upon it, and not by itself in the middle of a test. */
const BY_HAND = { expireMs: NEVER_MS };
/** Measured again, the store's clock would go back to the server's after a test has moved the bot's. */
export const MEASURED_ONCE = { measureMs: NEVER_MS };
/** What has expired is noticed soon. */
export const SOON = { lookMs: 20, expireMs: 20 };

/** 32 bytes that are nobody's key. */
export const SANDBOX_SECRET_KEY = btoa("sandbox-key-sandbox-key-sandbox-");
export const SANDBOX_WEBHOOK_SECRET = "sandbox-webhook-secret-0123456789abcdef";

/** No word that a reply may hold: whatever is a secret of ours is taken out of every reply. */
export const OPSRAMP_SECRET = "sandbox-opsramp-secret";

/** As whom the emulators know the bot: each vendor's settings besides its addresses. */
const ACCOUNTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bitdefender: { apiKey: "sandbox-gravityzone-key" },
  apono: { token: "aup_sandbox" },
  opsramp: { tenantId: "client_8", clientId: "key", clientSecret: OPSRAMP_SECRET },
  halo: { clientId: "client", clientSecret: "client-secret" },
};

/** How many vendors the sandbox has. */
export const EMULATED = Object.keys(ACCOUNTS).length;

/** A database on a busy machine is slow, not silent. */
const openPatiently: typeof openStore = (config, clock, options) =>
  openStore(fewConnections(config), clock, { ...options, timeoutMs: HANG_MS });

/** Starts everything; the bot is told of it by its environment, as in production. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const clock = options.clock ?? createTestClock();
  const now = clock.now;
  const log = createRecordedLog();
  const telegram = createTelegram({ now, ...options.telegram });
  const gravityzone = createGravityZone({ now, ...options.gravityzone });
  const opsramp = createOpsRamp({ now, clientSecret: OPSRAMP_SECRET });
  const [apono, halo] = [createApono({ now }), createHalo({ now })];
  const specs = {
    apono: new SpecJudge("apono"),
    opsramp: new SpecJudge("opsramp"),
    halo: new SpecJudge("halo"),
  };
  const reach = options.onTheWay ?? ((_vendor, _request, passOn) => passOn());
  let bot: Countersign | undefined = undefined;
  const onTime = (handler: Parameters<typeof serve>[0]) =>
    serve((request) => dated(handler(request), options, now));
  const served: Served[] = [
    serve((request) => bot?.app.fetch(request) ?? new Response(null, { status: 503 })),
    onTime((request) => telegram.app.fetch(request)),
    onTime((request) => reach("GravityZone", request, () => gravityzone.fetch(request))),
    onTime((request) => reach("Apono", request, () => specs.apono.fetch(request, apono.fetch))),
    onTime((request) => reach("OpsRamp", request, () => specs.opsramp.fetch(request, opsramp.fetch))),
    onTime((request) => reach("HaloPSA", request, () => specs.halo.fetch(request, halo.fetch))),
  ];
  const [url, telegramUrl, ...vendorUrls] = served.map((one) => one.url) as [string, string, ...string[]];
  const environment = {
    ...sandboxEnvironment({ url, telegramUrl, vendorUrls, token: telegram.token }),
    ...(options.polling ? { PUBLIC_URL: undefined } : {}),
    ...options.environment,
  };
  const config = readConfig(environment, options.vendors);
  bot = await Countersign.open({
    config,
    clock,
    log: options.log ?? log,
    ...(options.vendors ? { vendors: options.vendors } : {}),
    ...(options.onVendorCall ? { onVendorCall: options.onVendorCall } : {}),
    openStore: options.openStore ?? openPatiently,
    timing: { ...MEASURED_ONCE, ...(options.timing ?? BY_HAND) },
  });
  if (!options.asleep) await bot.start();
  await bot.menus;
  const running = bot;
  return {
    bot: running,
    url,
    telegram,
    telegramUrl,
    gravityzone,
    apono,
    opsramp,
    halo,
    specFaults: () => Object.values(specs).flatMap(({ faults }) => faults),
    clock,
    log,
    environment,
    async [Symbol.asyncDispose]() {
      gravityzone.release();
      await running.stop(AbortSignal.timeout(HANG_MS));
      await telegram[Symbol.asyncDispose]();
      for (const one of served) await one[Symbol.asyncDispose]();
    },
  };
}

/** The same answer, with the time that it is for who answers. */
async function dated(
  answering: Response | Promise<Response>,
  { theirsAheadMs = 0 }: StageOptions,
  now: () => number,
): Promise<Response> {
  const answer = await answering;
  const headers = new Headers(answer.headers);
  headers.set("date", new Date(now() + theirsAheadMs).toUTCString());
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

/** What an operator would put into `.env`, pointing at the emulators; their addresses in the order of `ACCOUNTS`. */
export function sandboxEnvironment(
  { url, telegramUrl, vendorUrls, token }: {
    url: string;
    telegramUrl: string;
    vendorUrls: readonly string[];
    token: string;
  },
): Environment {
  return {
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_API_ROOT: telegramUrl,
    TELEGRAM_WEBHOOK_SECRET: SANDBOX_WEBHOOK_SECRET,
    PUBLIC_URL: url,
    ADMIN_CHATS: String(GROUP),
    OPERATORS: `${ANA},${BEN}`,
    APPROVERS: `${ANA},${BEN}`,
    DATABASE_URL: "sqlite::memory:",
    SECRET_KEY: SANDBOX_SECRET_KEY,
    // Whoever counts calls counts those of people.
    WATCH_EVERY: "0",
    // Where it is not about the time in which a change can be stopped, nobody waits for it to pass.
    GRACE: "0",
    ...Object.fromEntries(vendorUrls.flatMap(vendorEnvironment)),
  };
}

/** Of one emulated vendor, by its place among the accounts. */
function vendorEnvironment(url: string, index: number): [name: string, value: string][] {
  const [name, account = {}] = Object.entries(ACCOUNTS)[index] ?? [];
  const variables = vendors.find((vendor) => vendor.name === name)?.variables ?? {};
  return Object.entries(variables).flatMap(([setting, { name, addressesIn, path = "" }]) => {
    const value = addressesIn ? `${url}${path}` : account[setting];
    return value === undefined ? [] : [[name, value]];
  });
}
