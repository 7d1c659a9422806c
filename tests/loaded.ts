/**
 * `deno task test:loaded [--runs 3] [--loops 2]`: runs the tests again and again beside loops that keep the machine
 * busy, and says how long each run took. No test may be red for want of speed.
 */
import { parseArgs } from "node:util";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(given: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: { runs: { type: "string" }, loops: { type: "string" } },
  });
  const loops = Array.from({ length: Number(values.loops ?? 2) }, () => deno("eval", "while (true);"));
  try {
    for (let run = 1; run <= Number(values.runs ?? 3); run++) {
      const began = performance.now();
      const { success } = await deno("task", "-q", "test").status;
      const took = Math.round((performance.now() - began) / 1000);
      await print(
        `run ${run} beside ${loops.length} busy loops: ${success ? "green" : "RED"} after ${took} s\n`,
      );
      if (!success) return 1;
    }
    return 0;
  } finally {
    for (const loop of loops) loop.kill("SIGKILL");
    await Promise.all(loops.map(({ status }) => status));
  }
}

function deno(...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), { args: [...args] }).spawn();
}

async function print(text: string): Promise<void> {
  await new Blob([text]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
}
