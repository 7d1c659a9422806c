import { z } from "zod";
import type { Installed, OpsRamp } from "../../clients/opsramp.ts";
import { asOf } from "../age.ts";
import { type Context, type Health, operationsOf } from "../operation.ts";
import type { Block, Inline, Line, Reply } from "../reply.ts";
import { appOf, countsOf, nameOf, statusOf, works, worstFirst } from "./installation.ts";

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
  const stopped = worstFirst(all.filter((one) => !works(one)));
  return {
    mark: stopped.length > 0 ? "attention" : "fine",
    summary: summaryOf(all),
    problems: stopped.map(rowOf),
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
  const stopped = sorted.filter((one) => !works(one));
  const working = sorted.filter(works);
  const blocks: readonly Block[] = [
    { kind: "text", text: countsOf(all) },
    { kind: "table", rows: stopped.map(rowOf) },
    {
      kind: "details",
      summary: `Working (${working.length})`,
      blocks: [{ kind: "table", rows: working.map(rowOf) }],
    },
  ];
  return {
    mark: all.length === 0 ? "absent" : stopped.length > 0 ? "attention" : "fine",
    title: ["OpsRamp: ", ...summaryOf(all)],
    blocks: blocks.filter((_, which) => [all, stopped, working][which]?.length),
    footer: asOf(at, now),
    buttons: [[{ label: "Refresh", action: { command: "/status opsramp" } }]],
  };
}

function summaryOf(all: readonly Installed[]): readonly Inline[] {
  if (all.length === 0) return ["no integration is installed"];
  const stopped = all.filter((one) => !works(one));
  if (stopped.length === 0) return [`${all.length} of ${all.length} working`];
  const kinds = new Set(stopped.map(statusOf));
  const how: Inline = kinds.size === 1 ? { data: [...kinds].join() } : "not working";
  return [`${stopped.length} of ${all.length} `, how];
}

function rowOf(one: Installed): readonly Line[] {
  return [{ data: nameOf(one) }, { data: statusOf(one) }, { data: appOf(one) }];
}
