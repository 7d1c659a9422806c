import { lines } from "../crash/entry.ts";
import type { Order } from "./entry.ts";

/** One process of the bot. */
export interface Replica {
  /** The how-manieth process it is; names it towards Telegram. */
  readonly number: number;
  readonly url: string;
  /** Epoch ms; absent while it lives. */
  readonly diedAt: number | undefined;
  /** As `kill -9` does; resolves when the process has ended. */
  kill(): Promise<void>;
  /** Stops it where it is, as a machine that is put to sleep does; what it sends meanwhile is nothing. */
  pause(): void;
  goOn(): void;
  tell(line: string): Promise<void>;
}

export interface ReplicaOptions {
  readonly number: number;
  readonly order: Order;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What it warns of, one JSON line each. */
  readonly onLine: (line: string) => void;
  /** It ended although nobody killed it. */
  readonly onCollapse: () => void;
}

/** Starts a process; resolves once it listens, and `started` once it works. */
export async function startReplica(options: ReplicaOptions): Promise<Replica & { started: Promise<void> }> {
  const child = spawn(options);
  const stdin = child.stdin.getWriter();
  const listening = Promise.withResolvers<number>();
  const started = Promise.withResolvers<void>();
  let diedAt: number | undefined;
  const reading = (async () => {
    for await (const line of lines(child.stdout)) {
      const said = JSON.parse(line) as { listening?: number; started?: true };
      if (said.listening) listening.resolve(said.listening);
      else if (said.started) started.resolve();
      else options.onLine(line);
    }
  })();
  const ended = child.status.then(async () => {
    if (diedAt === undefined) options.onCollapse();
    diedAt ??= Date.now();
    await reading;
    await stdin.abort().catch(() => {});
    listening.reject(new Error(`Replica ${options.number} ended before it listened.`));
    started.resolve();
  });
  return {
    number: options.number,
    url: `http://127.0.0.1:${await listening.promise}`,
    started: started.promise,
    get diedAt() {
      return diedAt;
    },
    async kill() {
      diedAt ??= Date.now();
      child.kill("SIGKILL");
      await ended;
    },
    pause: () => child.kill("SIGSTOP"),
    goOn: () => child.kill("SIGCONT"),
    tell: (line) => stdin.write(new TextEncoder().encode(`${line}\n`)),
  };
}

function spawn({ order, environment }: ReplicaOptions): Deno.ChildProcess {
  const defined = Object.entries(environment).filter((entry): entry is [string, string] =>
    entry[1] !== undefined
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--frozen", "-A", new URL("entry.ts", import.meta.url).pathname],
    env: { ...Object.fromEntries(defined), FAULTS_ORDER: JSON.stringify(order), NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}
