import type { Load, LoadOptions } from "./load.ts";
import { SECRET, talk } from "./update.ts";

const PLACEHOLDER_ID = 1_000_000_000;

/** Whether wrk is installed. On few cores it leaves the server more of them than a load generator in Deno. */
export async function hasWrk(): Promise<boolean> {
  try {
    await new Deno.Command("wrk", { args: ["--version"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What `load.ts` does, done by wrk. */
export async function runWrk(options: LoadOptions): Promise<Load> {
  const script = await Deno.makeTempFile({ prefix: "countersign-bench-", suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, luaScript(options));
    const { code, stdout } = await new Deno.Command("wrk", {
      args: [
        "--threads=1",
        `--connections=${options.connections}`,
        // Whole seconds only.
        `--duration=${Math.ceil(options.seconds)}s`,
        `--script=${script}`,
        `http://127.0.0.1:${options.port}`,
      ],
      stdout: "piped",
      stderr: "inherit",
    }).output();
    if (code !== 0) throw new Error("wrk failed");
    const figures = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
    return JSON.parse(figures) as Load;
  } finally {
    await Deno.remove(script);
  }
}

/** Gives each update an id of its own, and prints a `Load` as the last line. */
function luaScript({ path, firstId }: LoadOptions): string {
  const update = talk(PLACEHOLDER_ID);
  const idAt = update.indexOf(String(PLACEHOLDER_ID));
  const before = update.slice(0, idAt);
  const after = update.slice(idAt + String(PLACEHOLDER_ID).length);
  return `
local id = ${firstId}
local headers = { ["content-type"] = "application/json", ["x-telegram-bot-api-secret-token"] = "${SECRET}" }
function request()
  id = id + 1
  return wrk.format("POST", "${path}", headers, [==[${before}]==] .. id .. [==[${after}]==])
end
function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('\\n{"requests":%d,"refused":%d,"seconds":%f,"p50":%f,"p99":%f}\\n', summary.requests,
    summary.errors.status + failed, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
`;
}
