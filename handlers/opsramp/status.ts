import { z } from "zod";
import type { Installed, OpsRamp } from "../../clients/opsramp.ts";
import { asOf } from "../age.ts";
import { type Context, type Health, operationsOf } from "../operation.ts";
import type { Block, Line, Reply } from "../reply.ts";
import { tally } from "../tally.ts";
import {
  appOf,
  countsOf,
  isDisabled,
  isProblem,
  nameOf,
  statusOf,
  works,
  worstFirst,
} from "./installation.ts";

const { read } = operationsOf<OpsRamp>("opsramp");

interface Seen {
  readonly all: readonly Installed[];
  readonly at: number;
}

export const status = read({
  verb: "status",
  target: "opsramp",
  summary: "Show which OpsRamp integrations are enabled, and which are not",
  example: "/status opsramp",
  input: z.object({}),
  run: look,
  render: (seen, { now }) => renderStatus(seen, now),
});

/** OpsRamp's line in `/status`. */
export async function health(context: Context<OpsRamp>): Promise<Health> {
  const { all, at } = await look(context);
  const problems = worstFirst(all.filter(isProblem));
  return {
    mark: problems.length > 0 ? "attention" : "fine",
    summary: summaryOf(all),
    problems: problems.map(rowOf),
    at,
  };
}

async function look(context: Context<OpsRamp>): Promise<Seen> {
  const { value, at } = await context.cached(
    "opsramp:installed",
    () => context.client.listInstalled(context.call),
  );
  return { all: value, at };
}

function renderStatus({ all, at }: Seen, now: number): Reply {
  const sorted = worstFirst(all);
  const problems = sorted.filter(isProblem);
  const blocks: readonly Block[] = [
    { kind: "text", text: countsOf(all) },
    ...(problems.length > 0 ? [{ kind: "table", rows: problems.map(rowOf) } as const] : []),
    ...folded("Disabled", sorted.filter(isDisabled)),
    ...folded("Working", sorted.filter(works)),
  ];
  return {
    mark: all.length === 0 ? "absent" : problems.length > 0 ? "attention" : "fine",
    title: ["OpsRamp: ", summaryOf(all)],
    blocks: all.length === 0 ? [] : blocks,
    footer: asOf(at, now),
    buttons: [[{ label: "Refresh", action: { command: "/status opsramp" } }]],
  };
}

/** Pages are turned of one table, and the problems need them most. */
const MOST_FOLDED = 30;

function folded(word: string, some: readonly Installed[]): readonly Block[] {
  if (some.length === 0) return [];
  return [{
    kind: "details",
    summary: `${word} (${some.length})`,
    blocks: [
      { kind: "table", rows: some.slice(0, MOST_FOLDED).map(rowOf) },
      ...(some.length > MOST_FOLDED
        ? [{ kind: "text", text: `and ${some.length - MOST_FOLDED} more: /list opsramp` } as const]
        : []),
    ],
  }];
}

function summaryOf(all: readonly Installed[]): string {
  if (all.length === 0) return "no integration is installed";
  return tally({
    all: all.length,
    problems: all.filter(isProblem).length,
    working: [all.filter(works).length, "working"],
    disabled: all.filter(isDisabled).length,
  });
}

function rowOf(one: Installed): readonly Line[] {
  return [{ data: nameOf(one) }, { data: statusOf(one) }, { data: appOf(one) }];
}
