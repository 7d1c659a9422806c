import { SECRET, talk } from "./update.ts";

export interface ChildOptions {
  readonly command: Command;
  readonly environment?: Readonly<Record<string, string>>;
}

type Command = readonly [program: string, ...words: string[]];

/** Runs a file of ours, named relative to this folder. */
export function deno(entry: string, ...words: readonly string[]): Command {
  return [Deno.execPath(), "run", "-q", "--frozen", "-A", new URL(entry, import.meta.url).href, ...words];
}

/** A server in a process of its own, started as its operator would. */
export interface Child extends AsyncDisposable {
  readonly port: number;
  /** From the start of the process to the first update answered 200, in ms. */
  readonly coldStartMs: number;
  /** Undefined where the system does not tell. */
  memoryMb(): number | undefined;
  /** CPU time used so far, in ms; undefined where the system does not tell. */
  cpuMs(): number | undefined;
}

const PATIENCE_MS = 15_000;
const LOOK_MS = 2;

/** Starts a bot's server and waits until it has acknowledged its first update. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const startedAt = performance.now();
  const process = startProcess(options);
  await Promise.race([firstAnswer(process.port), process.endedEarly]);
  const coldStartMs = performance.now() - startedAt;
  return {
    port: process.port,
    coldStartMs,
    memoryMb: () => residentMb(process.pid),
    cpuMs: () => cpuMs(process.pid),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** A process that was told a port to listen on; it may not listen yet. */
export interface Started extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Rejects when it ends before it was stopped. */
  readonly endedEarly: Promise<never>;
}

export function startProcess({ command, environment = {} }: ChildOptions): Started {
  const port = freePort();
  const [program, ...args] = command;
  const process = new Deno.Command(program, {
    args,
    env: { ...environment, HOST: "127.0.0.1", PORT: String(port), NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let stopped = false;
  const endedEarly = process.status.then(({ code }) => {
    if (!stopped) throw new Error(`${command.join(" ")} ended with code ${code} before it was stopped`);
    return new Promise<never>(() => {});
  });
  endedEarly.catch(() => {});
  return {
    pid: process.pid,
    port,
    endedEarly,
    async [Symbol.asyncDispose]() {
      stopped = true;
      process.kill("SIGTERM");
      await process.status;
    },
  };
}

export async function post(port: number, update: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/telegram`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET },
    body: update,
  });
  await answer.body?.cancel();
  return answer.status;
}

async function firstAnswer(port: number): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MS;
  while (performance.now() < endsAt) {
    const status = await post(port, talk(1)).catch(() => 0);
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`Nobody answered on port ${port} within ${PATIENCE_MS / 1000} s`);
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function residentMb(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(procFile(pid, "status") ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** Of all threads that have not ended, in nanoseconds to begin with: that of the whole process comes in steps of 10 ms. */
function cpuMs(pid: number): number | undefined {
  try {
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
    const times = threads.map((thread) =>
      Number(procFile(pid, `task/${thread}/schedstat`)?.split(" ")[0] ?? 0)
    );
    return times.reduce((one, other) => one + other) / 1_000_000;
  } catch {
    return undefined;
  }
}

function procFile(pid: number, name: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}
