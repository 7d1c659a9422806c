import { fileURLToPath } from "node:url";
import { type Running, start } from "../deploy/process.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free_port.ts";
import { createApono } from "../sandbox/apono.ts";
import { createGravityZone, type GravityZone } from "../sandbox/gravityzone.ts";
import { createHalo } from "../sandbox/halo.ts";
import { createOpsRamp } from "../sandbox/opsramp.ts";
import { serve } from "../sandbox/serve.ts";
import { sandboxEnvironment } from "../sandbox/stage.ts";
import { createTelegram, type Telegram } from "../sandbox/telegram.ts";

/**
 * Deno Deploy as far as an application notices it: a front door that starts a process when a request comes, a clock
 * that does so too, an end at any time, and a collector of every trace. Spoken to through the doors that the runtime
 * itself has for it. https://docs.deno.com/deploy/reference/runtime/
 */
export interface Platform extends AsyncDisposable {
  readonly telegram: Telegram;
  readonly gravityzone: GravityZone;
  /** The front door. */
  readonly url: string;
  /** How many processes have been started. */
  readonly starts: number;
  /** One minute's tick, over when the application says so; false when it failed. */
  tick(): Promise<boolean>;
  /** Ends the process that lives, if one does: at once, or as the platform ends one that is idle. */
  end(how?: "SIGKILL" | "SIGINT"): Promise<Deno.CommandStatus | undefined>;
  /** From here on requests go to a process of a new revision. */
  deploy(revision: string): Promise<void>;
  /** All that was sent to the collector, byte by byte. */
  traced(): string;
  /** What the newest process has written. */
  output(): string;
}

export interface PlatformOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** The file that is started; the product's own where absent. */
  readonly entrypoint?: string;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A process, and the line through which its clock is rung. */
interface Instance {
  readonly running: Running;
  readonly url: string;
  ring(): Promise<boolean>;
}

export function openPlatform({ environment, entrypoint = "bot/deploy.ts" }: PlatformOptions): Platform {
  const stack = new AsyncDisposableStack();
  const telegram = stack.use(createTelegram());
  const gravityzone = createGravityZone();
  const vendors = [gravityzone.fetch, createApono().fetch, createOpsRamp().fetch, createHalo().fetch];
  const telegramUrl = stack.use(serve((request) => telegram.app.fetch(request))).url;
  const vendorUrls = vendors.map((handler) => stack.use(serve(handler)).url);
  let traces = "";
  const collector = stack.use(serve(async (request) => {
    traces += new TextDecoder("latin1").decode(await request.arrayBuffer());
    return new Response();
  })).url;
  const door = stack.use(serve(async (request) => await passOn(request, await alive()))).url;
  stack.defer(() => gravityzone.release());

  let revision = "first";
  let starts = 0;
  let output = () => "";
  let living: Promise<Instance> | undefined;
  const alive = () => living ??= begin();

  async function begin(): Promise<Instance> {
    starts++;
    const port = freePort();
    const clock = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const running = stack.use(start({
      command: Deno.execPath(),
      args: ["run", "-q", "--frozen", "-A", "--unstable-cron", entrypoint],
      cwd: ROOT,
      environment: {
        ...toldBy(sandboxEnvironment({ url: door, telegramUrl, vendorUrls, token: telegram.token })),
        DENO_DEPLOY: "1",
        DENO_TIMELINE: "production",
        DENO_DEPLOYMENT_ID: revision,
        DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
        DENO_UNSTABLE_CRON_SOCK: `tcp:127.0.0.1:${clock.addr.port}`,
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_ENDPOINT: collector,
        OTEL_BSP_SCHEDULE_DELAY: "100",
        PGSSLMODE: "disable",
        ...environment,
      },
    }));
    output = running.output;
    void running.ended.then(() => clock.close());
    const bell = await openBell(await clock.accept());
    await eventually(() => listens(port), "the application to listen");
    return { running, url: `http://127.0.0.1:${port}`, ring: bell };
  }

  return {
    telegram,
    gravityzone,
    url: door,
    get starts() {
      return starts;
    },
    tick: async () => await (await alive()).ring(),
    async end(how = "SIGKILL") {
      const instance = await living;
      living = undefined;
      if (!instance) return undefined;
      return await instance.running.end(how);
    },
    async deploy(next) {
      revision = next;
      await this.end("SIGINT");
    },
    traced: () => traces,
    output: () => output(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

async function passOn(request: Request, { url }: Instance): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = request.body ? await request.arrayBuffer() : undefined;
  try {
    return await fetch(`${url}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      redirect: "manual",
      ...(body ? { body } : {}),
    });
  } catch {
    return new Response("The application ended", { status: 502 });
  }
}

/** The runtime's own protocol, a line of JSON a message: it registers, is invoked, and says how it went. */
async function openBell(line: Deno.TcpConn): Promise<() => Promise<boolean>> {
  const reader = line.readable.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (kind: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const end = text.indexOf("\n");
      if (end < 0) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`The process ended before it said ${kind}`);
        text += value;
        continue;
      }
      const message = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
      text = text.slice(end + 1);
      if (message["kind"] === kind) return message;
    }
  };
  const { crons } = await next("register") as { crons: { name: string; schedule: string }[] };
  const [cron] = crons;
  if (cron?.schedule !== "* * * * *") throw new Error(`It registered ${JSON.stringify(crons)}`);
  return async () => {
    const writer = line.writable.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify({ kind: "invoke", name: cron.name })}\n`));
    writer.releaseLock();
    return (await next("result"))["success"] === true;
  };
}

/** The platform says where the database is; all else the team has told it. */
function toldBy(
  { DATABASE_URL: _, ...environment }: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value ?? ""]));
}
