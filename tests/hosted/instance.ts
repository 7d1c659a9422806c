import { fileURLToPath } from "node:url";
import { type Running, start } from "../deploy/process.ts";
import { eventually } from "../eventually.ts";
import { createFaultySocket, type FaultySocket } from "../faults/faulty_socket.ts";
import { freePort } from "../free_port.ts";

/** A process of the application, and what the platform can do with it. */
export interface Instance extends AsyncDisposable {
  readonly running: Running;
  readonly isFrozen: boolean;
  /** Has its clock ticked; resolves to whether it says that all went well. */
  ring(): Promise<boolean>;
  passOn(request: Request): Promise<Response>;
  /** It stands still, what it was asked is answered for it, and whatever it was connected to hangs up. */
  freeze(): void;
  thaw(): void;
}

export interface InstanceOptions {
  readonly entrypoint: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it is connected by. */
  readonly lines: readonly Lines[];
}

/** Connections to servers, which can be cut. */
export class Lines implements AsyncDisposable {
  private readonly sockets: FaultySocket[] = [];

  /** The same address, by way of a line. */
  to(address: string): string {
    const url = new URL(address);
    const socket = createFaultySocket(`${url.protocol}//${url.host}`);
    this.sockets.push(socket);
    url.host = new URL(socket.url).host;
    return url.href.replace(/\/$/, "");
  }

  cut(): void {
    for (const socket of this.sockets) socket.pull();
  }

  mend(): void {
    for (const socket of this.sockets) socket.plugIn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) await socket[Symbol.asyncDispose]();
  }
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Starts a process; resolves once it listens, as the platform waits for it. */
export async function begin({ entrypoint, flags, environment, lines }: InstanceOptions): Promise<Instance> {
  await using stack = new AsyncDisposableStack();
  const port = freePort();
  const clock = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const running = stack.use(start({
    command: Deno.execPath(),
    args: ["run", "-q", "--frozen", "-A", "--unstable-cron", ...flags, entrypoint],
    cwd: ROOT,
    environment: {
      ...environment,
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      DENO_UNSTABLE_CRON_SOCK: `tcp:127.0.0.1:${clock.addr.port}`,
    },
  }));
  void running.ended.then(() => clock.close());
  const ring = await openBell(await clock.accept());
  await eventually(() => listens(port), "the application to listen");
  let stillness: AbortController | undefined;
  let awake = new AbortController();
  const held = stack.move();
  return {
    running,
    get isFrozen() {
      return stillness !== undefined;
    },
    ring,
    passOn: (request) => passOn(request, `http://127.0.0.1:${port}`, awake.signal),
    freeze() {
      running.signal("SIGSTOP");
      stillness = awake;
      for (const one of lines) one.cut();
      stillness.abort();
    },
    thaw() {
      if (!stillness) return;
      stillness = undefined;
      awake = new AbortController();
      for (const one of lines) one.mend();
      running.signal("SIGCONT");
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
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

async function passOn(request: Request, url: string, signal: AbortSignal): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = request.body ? await request.arrayBuffer() : undefined;
  try {
    return await fetch(`${url}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      redirect: "manual",
      signal,
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
