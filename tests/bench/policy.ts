import { rulesOf } from "../../bot/access/policy_check.ts";
import { vendors } from "../../handlers/registry.ts";
import { deno, startChild } from "./child.ts";
import { median } from "./figures.ts";
import type { BenchOptions } from "./options.ts";
import { ourEnvironment } from "./ours.ts";
import { aim, print, table } from "./print.ts";
import { sqlite } from "./stores.ts";
import { serveTelegram } from "./telegram.ts";

const PEOPLE = 500;
const RULES = 200;
const RULINGS = 2_000;
const TEAMS = 10;
/** After this long whatever a start leaves to be done is done: the rules too are read once the bot listens. */
const IDLE_MS = 1_000;
const WHAT = ["disable *", "enable ec2", "update sophos", "* apono", "*"];
const FITS = ["{}", '{ risk = "danger" }', '{ targets = ["ec2"] }', '{ vendors = ["halo", "bitdefender"] }'];

/** What a policy costs: one ruling by 200 rules over 500 people, and the start with it. */
export async function measurePolicy({ rounds, folder }: BenchOptions): Promise<void> {
  const text = policyText();
  const rulingMs = timeRulings(text);
  const path = `${folder}/policy.toml`;
  await Deno.writeTextFile(path, text);
  await using telegram = serveTelegram();
  await using store = await sqlite.open(folder);
  const { OPERATORS, APPROVERS, ...bare } = ourEnvironment({
    telegramUrl: telegram.url,
    database: store.url,
  });
  const lists = { OPERATORS: OPERATORS ?? "", APPROVERS: APPROVERS ?? "" };
  const starts = [
    { ...bare, ...lists },
    { ...bare, POLICY: path },
  ].map((environment) => ({
    environment,
    times: [] as number[],
    cpuMs: [] as number[],
    idleCpuMs: [] as number[],
  }));
  // The first start of all creates the tables.
  for (let round = -1; round < rounds; round++) {
    for (const { environment, times, cpuMs, idleCpuMs } of starts) {
      await using child = await startChild({ command: deno("../../bot/main.ts"), environment });
      if (round < 0) continue;
      times.push(child.coldStartMs);
      cpuMs.push(child.cpuMs() ?? NaN);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      idleCpuMs.push(child.cpuMs() ?? NaN);
    }
  }
  const [without = [], withIt = []] = starts.map((start) =>
    [start.times, start.cpuMs, start.idleCpuMs].map(median)
  );
  const row = (label: string, figures: readonly number[]) => [label, ...figures.map((one) => one.toFixed(0))];
  const longer = (withIt[1] ?? NaN) - (without[1] ?? NaN);
  await print(
    `\n## A policy of ${RULES} rules over ${PEOPLE} people\n\n` +
      `One ruling takes ${rulingMs.toFixed(3)} ms (median of ${RULINGS}).\n\n` +
      table(["start", "ms", "CPU ms", "CPU ms when idle"], [
        row("two lists", without),
        row("the policy", withIt),
      ]) + "\n" +
      aim(`a ruling under 1 ms: ${rulingMs.toFixed(3)} ms`, rulingMs < 1) +
      aim(`the start at most 20 ms longer by CPU: ${longer.toFixed(0)} ms`, longer <= 20),
  );
}

function policyText(): string {
  const names = Array.from({ length: PEOPLE }, (_, at) => `p${at}`);
  const each = (line: (at: number) => string) => Array.from({ length: RULES / 2 }, (_, at) => line(at));
  const teams = Array.from({ length: TEAMS }, (_, team) => names.filter((_, at) => at % TEAMS === team));
  const oneOf = (list: readonly string[], at: number) => list[at % list.length];
  return [
    `version = 1\n[people]`,
    ...names.map((name, at) => `${name} = ${1_000 + at}`),
    `[groups]\nall = ${JSON.stringify(names)}`,
    ...teams.map((team, at) => `team${at} = ${JSON.stringify(team)}`),
    ...each((at) =>
      `[[allow]]\nname = "allow ${at}"\nwho = ["all", "team${at % TEAMS}"]\nwhat = ["${oneOf(WHAT, at)}"]`
    ),
    ...each((at) =>
      `[[need]]\nname = "need ${at}"\nfits = ${oneOf(FITS, at)}\n` +
      `approve = [{ of = ["all"], count = 1 }, { of = ["team${at % TEAMS}"], count = 1 }]`
    ),
  ].join("\n");
}

function timeRulings(text: string): number {
  const rules = rulesOf(text, "policy", {
    vendors,
    botId: 1,
    zone: "UTC",
    approvalTtlMs: 900_000,
  });
  const change = {
    verb: "disable",
    target: "ec2",
    vendor: "bitdefender",
    risk: "danger",
    company: null,
    plan: JSON.stringify({ input: {} }),
  } as const;
  return median(Array.from({ length: RULINGS }, (_, at) => {
    const startedAt = performance.now();
    rules.rulingOf({ ...change, target_key: `ec2:${at}` });
    return performance.now() - startedAt;
  }));
}
