import { readConfig } from "../../bot/config.ts";
import { dataFolder, permissionFlags } from "../../bot/ops/permissions.ts";
import { createGravityZone } from "../sandbox/gravityzone.ts";
import { serve } from "../sandbox/serve.ts";
import { sandboxEnvironment } from "../sandbox/stage.ts";
import { createTelegram, type Telegram } from "../sandbox/telegram.ts";
import { HANG_MS } from "../eventually.ts";
import { freePort } from "../free_port.ts";

/** Telegram and a vendor, and what a bot in a process of its own has to be told to find them. */
export interface Surroundings extends AsyncDisposable {
  readonly telegram: Telegram;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the bot will listen. */
  readonly url: string;
}

export interface SurroundingsOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Where Telegram and people reach the bot; the bot itself where absent. */
  readonly publicUrl?: string;
}

export function openSurroundings({ environment, publicUrl }: SurroundingsOptions = {}): Surroundings {
  const stack = new AsyncDisposableStack();
  const telegram = stack.use(createTelegram());
  const telegramUrl = stack.use(serve((request) => telegram.app.fetch(request))).url;
  const gravityzone = stack.use(serve(createGravityZone().fetch)).url;
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const { DATABASE_URL: _, ...told } = sandboxEnvironment({
    url: publicUrl ?? url,
    telegramUrl,
    vendorUrls: [gravityzone],
    token: telegram.token,
  });
  return {
    telegram,
    url,
    environment: {
      ...Object.fromEntries(Object.entries(told).map(([name, value]) => [name, value ?? ""])),
      HOST: "127.0.0.1",
      PORT: String(port),
      ...environment,
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The flags that the start task gives the bot in these surroundings. */
export function leastPermissions(environment: Readonly<Record<string, string>>): string[] {
  const config = readConfig(environment);
  const folder = dataFolder(config);
  return [...permissionFlags(config), `--allow-read=${folder}`, `--allow-write=${folder}`];
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whose rights it has, where the test itself may choose. */
  readonly uid?: number;
}

/** A program that runs, and what it has written so far, both streams together. */
export interface Running extends AsyncDisposable {
  readonly output: () => string;
  /** Resolves once the output holds the words; rejects when the program ends without them, or has not said them in time. */
  says(words: string): Promise<void>;
  /** Unless it is over. */
  signal(signal: Deno.Signal): void;
  /** Asks it to end, and says how it did. */
  terminate(): Promise<Deno.CommandStatus>;
  /** The same by another signal. */
  end(signal: Deno.Signal): Promise<Deno.CommandStatus>;
  readonly ended: Promise<Deno.CommandStatus>;
}

/** Starts a program with these variables and no others, but for those that find programs and caches. */
export function start({ command, args, cwd, environment, uid }: Program): Running {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd,
    clearEnv: true,
    env: { ...ofThisMachine(), NO_COLOR: "1", ...environment },
    stdout: "piped",
    stderr: "piped",
    ...(uid === undefined ? {} : { uid, gid: uid }),
  }).spawn();
  let output = "";
  let changed = Promise.withResolvers<void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      changed.resolve();
      changed = Promise.withResolvers();
    }
  };
  let isOver = false;
  const ended = Promise.all([child.status, read(child.stdout), read(child.stderr)]).then(([status]) => {
    isOver = true;
    changed.resolve();
    return status;
  });
  return {
    output: () => output,
    async says(words) {
      let isLate = false;
      const patience = setTimeout(() => {
        isLate = true;
        changed.resolve();
      }, HANG_MS);
      while (!output.includes(words) && !isOver && !isLate) await changed.promise;
      clearTimeout(patience);
      if (!output.includes(words)) throw new Error(`It did not say ${words}:\n${output}`);
    },
    async terminate() {
      return await this.end("SIGTERM");
    },
    async end(signal) {
      this.signal(signal);
      return await ended;
    },
    signal(signal) {
      if (!isOver) child.kill(signal);
    },
    ended,
    async [Symbol.asyncDispose]() {
      if (!isOver) child.kill("SIGKILL");
      await ended;
    },
  };
}

/** What a program that ends by itself wrote, and how it ended; killed when it does not. */
export async function run(program: Program): Promise<{ readonly code: number; readonly output: string }> {
  await using running = start(program);
  const patience = setTimeout(() => void running.terminate(), HANG_MS);
  const { code } = await running.ended;
  clearTimeout(patience);
  return { code, output: running.output() };
}

const MACHINE =
  /^(PATH|HOME|DENO_DIR|npm_config_.*|NPM_CONFIG_.*|https?_proxy|no_proxy|SSL_CERT_.*|NODE_EXTRA_CA_CERTS)$/i;

function ofThisMachine(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => MACHINE.test(name)));
}
