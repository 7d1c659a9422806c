/** `deno task fuzz`: attacks every door for a while and prints what came of it. */
import { parseArgs } from "node:util";
import { databases } from "../approvals/database.ts";
import { freshSeed } from "../faults/chance.ts";
import { type Result, run, type Target } from "./campaign.ts";
import { targets } from "./targets.ts";

interface Order {
  readonly seconds: number;
  readonly seed: number;
  readonly chosen: readonly Target[];
  readonly postgres: boolean;
}

if (import.meta.main) await main(readOrder(Deno.args));

async function main(order: Order): Promise<void> {
  let crashes = 0;
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    crashes++;
    print(`unhandled: ${event.reason instanceof Error ? event.reason.stack : String(event.reason)}`);
  });
  const database = databases.find(({ name }) => name === (order.postgres ? "Postgres" : "SQLite"))!;
  const { chosen } = order;
  const results: Result[] = [];
  print(`seed ${order.seed} · ${order.seconds} s · ${database.name}`);
  for (const target of chosen) {
    const seconds = order.seconds / chosen.length;
    results.push(await run(target, { seed: order.seed, seconds, database, onFound: print }));
  }
  print(tableOf(results, crashes));
  if (crashes > 0 || results.some(({ finding }) => finding)) Deno.exit(1);
}

/** Throws for an option that is none, and for an `--only` that names no door. */
export function readOrder(given: readonly string[]): Order {
  const { values } = parseArgs({
    args: [...given],
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(freshSeed()) },
      only: { type: "string", default: "" },
      postgres: { type: "boolean", default: false },
    },
  });
  const chosen = targets.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0) {
    const names = targets.map(({ name }) => `“${name}”`).join(", ");
    throw new RangeError(`No door is called “${values.only}”. The doors are ${names}.`);
  }
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  if (!(seconds > 0) || !Number.isInteger(seed)) {
    throw new RangeError("--seconds takes a number above 0, --seed a whole number");
  }
  return { seconds, seed, chosen, postgres: values.postgres };
}

/** One line a target, then what was found, with the input that led to it. */
export function tableOf(results: readonly Result[], crashes: number): string {
  const count = (result: Result, kind: string) => (result.finding?.kind === kind ? 1 : 0);
  const rows = results.map((result) => [
    result.name,
    String(result.cases),
    String(Math.round(result.perSecond)),
    String(count(result, "crash")),
    String(count(result, "5xx")),
    result.finding && !["crash", "5xx"].includes(result.finding.kind) ? result.finding.kind : "none",
  ]);
  const total = results.reduce((sum, { cases }) => sum + cases, 0);
  const all = (kind: string) => results.reduce((sum, result) => sum + count(result, kind), 0);
  const sum = ["all", String(total), "", String(all("crash") + crashes), String(all("5xx")), ""];
  const lines = [["target", "cases", "per s", "crashes", "5xx", "other findings"], ...rows, sum];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const table = lines.map((line) =>
    line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  );
  const findings = results.flatMap(({ name, finding }) =>
    finding ? [`\n${name}: ${finding.sentence}\ninput: ${finding.input}\nseed: ${finding.seed}`] : []
  );
  return [...table, ...findings].join("\n");
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
