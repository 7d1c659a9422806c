import { systemClock } from "../clients/clock.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import type { Countersign } from "./app.ts";
import { Entrance } from "./entrance.ts";
import { errorFields, type LineLog, logToStdout } from "./log.ts";
import { Redactor } from "./redact.ts";
import { StoreOpenError } from "./store/errors.ts";

/** SIGTERM to exit takes at most ten seconds; a little is left for the process to end. */
const DRAIN_MS = 8_000;
const LAST_MOMENT_MS = 9_500;
/** Nobody is heard while the rest is loaded. Updates that wait for the bot to be back are taken in before. */
const FIRST_UPDATE_MS = 250;
const NEXT_UPDATES_MS = 25;

await main();

async function main(): Promise<void> {
  const config = usableConfig();
  if (!config) return;
  const redactor = new Redactor(config.secrets);
  const log = logToStdout(config.logLevel, redactor);
  for (const doubt of config.doubts) log.warning("doubtful_configuration", { message: doubt });
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => stopping.abort());
  }
  // Before updates come in there is nothing to finish.
  let end = (): void => void exit(log, 0);
  stopping.signal.addEventListener("abort", () => end());
  const entrance = await Entrance.open({ config, clock: systemClock, log, redactor }).catch((error) => {
    log.error(
      "store_not_opened",
      error instanceof StoreOpenError ? { message: error.message } : errorFields(error),
    );
    return exit(log, 1);
  });
  const server = await listenOrExit(config, log, entrance.app.fetch);

  const loading = load(entrance, log);
  end = () => {
    setTimeout(() => Deno.exit(0), LAST_MOMENT_MS);
    const drain = async () => {
      await server.shutdown();
      await (await loading).stop(AbortSignal.timeout(DRAIN_MS));
    };
    drain().catch((error) => log.error("not_drained", errorFields(error))).finally(() => exit(log, 0));
  };
  const bot = await loading;
  // Who waits for this line waits for more than an open port.
  log.info("listening", { host: config.host, port: config.port });
  await bot.start().catch((error) => {
    if (stopping.signal.aborted) return;
    log.error("not_started", errorFields(error));
    return exit(log, 1);
  });
}

/** The rest of the bot. Exits where the policy is not usable, which is said. */
async function load(entrance: Entrance, log: LineLog): Promise<Countersign> {
  const { config } = entrance.deps;
  if (config.publicUrl) {
    await Promise.race([entrance.firstUpdate, systemClock.sleep(FIRST_UPDATE_MS)]);
    await systemClock.sleep(NEXT_UPDATES_MS);
  }
  try {
    const [{ Countersign }] = await Promise.all([import("./app.ts"), log.written()]);
    return await Countersign.behind(entrance);
  } catch (error) {
    if (error instanceof ConfigError) sayUnusable(error);
    else log.error("not_started", errorFields(error));
    return await exit(log, 1);
  }
}

async function listenOrExit(
  { host, port }: Config,
  log: LineLog,
  handler: Deno.ServeHandler,
): Promise<Deno.HttpServer> {
  try {
    return Deno.serve({ hostname: host, port, onListen: () => {} }, handler);
  } catch (error) {
    log.error("not_listening", { message: notListening(host, port, error) });
    return await exit(log, 1);
  }
}

async function exit(log: LineLog, code: number): Promise<never> {
  await log.written();
  Deno.exit(code);
}

function notListening(host: string, port: number, error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `Something else listens on port ${port}: stop it, or set PORT to another one.`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `This user may not listen on port ${port}: set PORT to 1024 or more.`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `Cannot listen on ${host}, port ${port} (${reason}): set HOST to an address of this machine.`;
}

/** Undefined when it is not usable, which is said; the process then ends by itself. */
function usableConfig(): Config | undefined {
  try {
    return readConfig(Deno.env.toObject());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    sayUnusable(error);
    // `Deno.exit` can wait for good for what it would send to a collector.
    Deno.exitCode = 1;
    return undefined;
  }
}

function sayUnusable(error: ConfigError): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
}
