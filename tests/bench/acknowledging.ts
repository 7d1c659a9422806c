import { type Child, deno } from "./child.ts";
import type { Load, LoadOptions } from "./load.ts";
import { PATH } from "./update.ts";
import { hasWrk, runWrk } from "./wrk.ts";

export const CONNECTIONS = 64;

/** Ids from here on are of updates under load. */
export const FIRST_LOAD_ID = 1_000_000_000;
const FIRST_MEASURED_ID = 2_000_000_000;

export interface Acknowledging extends Load {
  readonly perSecond: number;
  /** CPU time of the server's own process for each update. */
  readonly cpuUs: number;
}

export interface AcknowledgingOptions {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** How fast a server takes updates from a crowd. */
export async function acknowledge(child: Child, options: AcknowledgingOptions): Promise<Acknowledging> {
  const { warmUpSeconds, seconds } = options;
  const target = { port: child.port, path: PATH, connections: CONNECTIONS };
  await runLoad({ ...target, seconds: warmUpSeconds, firstId: FIRST_LOAD_ID });
  const cpuBefore = child.cpuMs() ?? NaN;
  const load = await runLoad({ ...target, seconds, firstId: FIRST_MEASURED_ID });
  if (load.refused > 0) throw new Error(`${load.refused} of ${load.requests} updates were refused`);
  return {
    ...load,
    perSecond: load.requests / load.seconds,
    cpuUs: ((child.cpuMs() ?? NaN) - cpuBefore) * 1000 / load.requests,
  };
}

/** The load generator, for a report. */
export const GENERATOR = await hasWrk() ? "wrk" : "a load generator in Deno (wrk is not installed)";

const runLoad = GENERATOR === "wrk" ? runWrk : runInDeno;

async function runInDeno(options: LoadOptions): Promise<Load> {
  const [program, ...args] = deno("load.ts", JSON.stringify(options));
  const { code, stdout } = await new Deno.Command(program, { args, stdout: "piped", stderr: "inherit" })
    .output();
  if (code !== 0) throw new Error("The load generator failed");
  return JSON.parse(new TextDecoder().decode(stdout)) as Load;
}
