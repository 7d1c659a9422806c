import { createApono } from "../sandbox/apono.ts";
import { createGravityZone, type GravityZone } from "../sandbox/gravityzone.ts";
import { createHalo, type Halo } from "../sandbox/halo.ts";
import { createOpsRamp } from "../sandbox/opsramp.ts";
import { serve } from "../sandbox/serve.ts";
import { OPSRAMP_SECRET, sandboxEnvironment } from "../sandbox/stage.ts";
import { createTelegram, type Telegram } from "../sandbox/telegram.ts";
import { systemClock } from "../../clients/clock.ts";
import { eventually } from "../eventually.ts";
import { begin, type Instance, Lines } from "./instance.ts";
import type { SimulatedTime } from "./time.ts";

/**
 * What the platform does about processes that have nothing to do: it ends the only one, or has it stand still until it
 * is needed again; or there are two, of which now and then one stands still while the other works.
 */
export type Manner = "kill" | "freeze" | "two";
export const MANNERS: readonly Manner[] = ["kill", "freeze", "two"];

/**
 * Deno Deploy as far as an application notices it: a front door that starts a process when a request comes, a clock
 * that does so too, an end at any time, and a collector of every trace. Spoken to through the doors that the runtime
 * itself has for it. https://docs.deno.com/deploy/reference/runtime/
 */
export interface Platform extends AsyncDisposable {
  readonly telegram: Telegram;
  readonly gravityzone: GravityZone;
  readonly halo: Halo;
  /** The front door. */
  readonly url: string;
  /** How many processes have been started. */
  readonly starts: number;
  /** One minute's tick, over when the application says so; false when it failed, or ended before that. */
  tick(): Promise<boolean>;
  /**
   * Nobody asks for anything for so long, ten seconds where nothing is said; the platform notices, and does what its
   * manner is. Time passes as `SimulatedTime` has it.
   */
  rest(ms?: number, how?: "asleep"): Promise<void>;
  /** The same at any moment, whatever is under way. */
  strike(): Promise<void>;
  /** At rest, so much time passes, in which nobody asks for anything, and then the clock ticks. */
  pass(ms: number): Promise<boolean>;
  /** The clock ticks by itself, each minute in six seconds, until this is disposed of. */
  keepTime(): AsyncDisposable;
  /** Ends what lives: at once, or as the platform ends what is idle. Of the first it says how that went. */
  end(how?: "SIGKILL" | "SIGINT"): Promise<Deno.CommandStatus | undefined>;
  /** From here on nothing stands still, nor is anything put to rest. */
  wakeAll(): void;
  /** From here on requests go to a process of a new revision, with these variables changed. */
  deploy(revision: string, changed?: Readonly<Record<string, string>>): Promise<void>;
  /** All that was sent to the collector, byte by byte. */
  traced(): string;
  /** What all processes have written, the oldest first. */
  output(): string;
}

export interface PlatformOptions {
  /** Changes and additions; undefined takes a variable away. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file that is started; the product's own where absent. */
  readonly entrypoint?: string;
  /** "kill" where absent. */
  readonly manner?: Manner;
  /** The system's where absent, which does not pass by itself. */
  readonly time?: SimulatedTime;
}

/** The variables that say where a process connects to by lines of its own. */
const LINES: ReadonlySet<string> = new Set(["TELEGRAM_API_ROOT", "DATABASE_URL"]);
const IDLE_MS = 10_000;
export const MINUTE_MS = 60_000;
const SHORT_MINUTE_MS = 6_000;

export function openPlatform(
  { environment, entrypoint = "bot/deploy.ts", manner = "kill", time }: PlatformOptions,
): Platform {
  const stack = new AsyncDisposableStack();
  const now = time?.now ?? Date.now;
  const telegram = stack.use(createTelegram({ now }));
  const gravityzone = createGravityZone({ now });
  const halo = createHalo({ now });
  const vendors = [
    gravityzone.fetch,
    createApono({ now }).fetch,
    createOpsRamp({ now, clientSecret: OPSRAMP_SECRET }).fetch,
    halo.fetch,
  ];
  const telegramUrl = stack.use(serve((request) => telegram.app.fetch(request))).url;
  // Where a vendor is belongs to what is approved, so all processes reach it by one line.
  const shared = stack.use(new Lines());
  const vendorUrls = vendors.map((handler) => stack.use(serve(handler)).url)
    .map((url) => manner === "freeze" ? shared.to(url) : url);
  let traces = "";
  const collector = stack.use(serve(async (request) => {
    traces += new TextDecoder("latin1").decode(await request.arrayBuffer());
    return new Response();
  })).url;
  let underWay = 0;
  const door: string = stack.use(serve(async (request) => {
    underWay++;
    const response = await (await processes.forRequest()).passOn(request);
    underWay--;
    return response;
  })).url;
  // The platform says where the database is; all else the team has told it.
  const told = given({
    ...sandboxEnvironment({ url: door, telegramUrl, vendorUrls, token: telegram.token }),
    DATABASE_URL: undefined,
    ...environment,
  });
  let revision = "first";
  let changes: Readonly<Record<string, string>> = {};
  const processes: Processes = stack.use(
    new Processes(manner, () => {
      const own = stack.use(new Lines());
      const near = Object.entries(told).filter(([name]) => manner !== "kill" && LINES.has(name))
        .map(([name, address]) => [name, own.to(address)]);
      return begin({
        entrypoint,
        flags: time?.flags ?? [],
        environment: {
          DENO_DEPLOY: "1",
          DENO_TIMELINE: "production",
          DENO_DEPLOYMENT_ID: revision,
          OTEL_DENO: "true",
          OTEL_EXPORTER_OTLP_ENDPOINT: collector,
          OTEL_BSP_SCHEDULE_DELAY: "100",
          PGSSLMODE: "disable",
          ...time?.environment,
          ...told,
          ...changes,
          ...Object.fromEntries(near),
        },
        lines: [own, shared],
      });
    }),
  );
  stack.defer(() => gravityzone.release());

  const tick = async () => await (await processes.forTick()).ring().catch(() => false);
  const strike = async (ms: number, how?: "asleep") => {
    await processes.rest();
    await time?.pass(ms, how);
  };
  const rest: Platform["rest"] = async (ms = IDLE_MS, how) => {
    await eventually(() => underWay === 0, "the requests to be answered");
    await strike(ms, how);
  };
  return {
    telegram,
    gravityzone,
    halo,
    url: door,
    get starts() {
      return processes.starts;
    },
    tick,
    rest,
    strike: () => strike(IDLE_MS),
    keepTime() {
      const end = new AbortController();
      const ticking = (async () => {
        for (;;) {
          await systemClock.sleep(SHORT_MINUTE_MS, end.signal);
          await time?.pass(MINUTE_MS - SHORT_MINUTE_MS);
          await tick();
        }
      })().catch((error) => {
        if (!end.signal.aborted) throw error;
      });
      return {
        async [Symbol.asyncDispose]() {
          end.abort();
          await ticking;
        },
      };
    },
    async pass(ms) {
      await rest(ms);
      return await tick();
    },
    end: (how) => processes.end(how),
    wakeAll: () => processes.wakeAll(),
    async deploy(next, changed = {}) {
      revision = next;
      changes = changed;
      await processes.end("SIGINT");
    },
    traced: () => traces,
    output: () => processes.output(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Those that live, each in its place. */
class Processes implements AsyncDisposable {
  starts = 0;
  private readonly begun: Instance[] = [];
  private readonly places: (Promise<Instance> | undefined)[];
  /** The place that worked last. */
  private turn = 0;
  private restless = false;

  constructor(private readonly manner: Manner, private readonly begin: () => Promise<Instance>) {
    this.places = manner === "two" ? [undefined, undefined] : [undefined];
  }

  /** Requests go to all that are awake in turn; where none is, one is woken. */
  async forRequest(): Promise<Instance> {
    const order = this.places.map((_, index) => (this.turn + 1 + index) % this.places.length);
    return await this.first(order);
  }

  /** The clock ticks in one of them only. */
  async forTick(): Promise<Instance> {
    return await this.first([...this.places.keys()]);
  }

  async rest(): Promise<void> {
    if (this.restless) return;
    if (this.manner === "kill") return void await this.end();
    const begun = await Promise.all(this.places);
    const frozen = begun.find((one) => one?.isFrozen);
    if (frozen) {
      if (this.manner === "two") frozen.thaw();
    } else begun[this.turn]?.freeze();
  }

  async end(how: "SIGKILL" | "SIGINT" = "SIGKILL"): Promise<Deno.CommandStatus | undefined> {
    const living = await Promise.all(
      this.places.splice(0, this.places.length, ...this.places.map(() => undefined)),
    );
    const ends = living.map(async (one) => {
      if (how === "SIGINT") one?.thaw();
      return await one?.running.end(how);
    });
    return (await Promise.all(ends)).find((status) => status !== undefined);
  }

  wakeAll(): void {
    this.restless = true;
    for (const one of this.begun) one.thaw();
  }

  output(): string {
    return this.begun.map(({ running }) => running.output()).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.places);
    for (const one of this.begun) await one[Symbol.asyncDispose]();
  }

  private async first(order: readonly number[]): Promise<Instance> {
    const begun = await Promise.all(this.places);
    const place = order.find((index) => !begun[index]?.isFrozen) ?? order[0] ?? 0;
    this.turn = place;
    const instance = await (this.places[place] ??= this.start());
    instance.thaw();
    return instance;
  }

  private async start(): Promise<Instance> {
    this.starts++;
    const instance = await this.begin();
    this.begun.push(instance);
    return instance;
  }
}

function given(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
