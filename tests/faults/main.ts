/** `deno task faults [--seconds 60] [--seed N]`: lets everything go wrong for a while and prints what came of it. */
import { parseArgs } from "node:util";
import { postgres } from "../approvals/database.ts";
import { wage } from "./campaign.ts";
import { report } from "./table.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(given: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: { seconds: { type: "string" }, seed: { type: "string" }, log: { type: "boolean" } },
  });
  const seconds = Number(values.seconds ?? 60);
  const seed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  if (!(seconds > 0) || !Number.isInteger(seed)) {
    print("Type --seconds with how long it shall last, and --seed with a whole number.");
    return 2;
  }
  if (postgres.missing !== undefined) {
    print(`Several replicas share one Postgres, but ${postgres.missing}.`);
    return 2;
  }
  print(`three replicas on one Postgres, ${seconds} s, seed ${seed}`);
  await using database = await postgres.open();
  const campaign = await wage({
    database,
    seconds,
    seed,
    killEveryMs: [3_000, 6_000],
    pauseMs: [11_000, 16_000],
  });
  const { text, broken } = report(campaign);
  print(text);
  if (values.log || broken.length > 0) print(campaign.log.join("\n"));
  return broken.length > 0 ? 1 : 0;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
