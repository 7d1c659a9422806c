import * as z from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import type { ExportStatus } from "../../clients/halo/export.ts";
import type { Product } from "../../clients/halo/product.ts";
import type { JsonObject } from "../../clients/json.ts";
import {
  type ChangeOperation,
  type Nothing,
  type Operation,
  operationsOf,
  type Plan,
  type ReadOperation,
  type Receipt,
  type Target,
  type Verification,
} from "../operation.ts";
import type { Inline, Mark, Reply } from "../reply.ts";
import { jsonFacts } from "./live.ts";
import { ofModule } from "./integration.ts";

const { read, change } = operationsOf<HaloClient>("halo");

/** Without progress: it moves while people decide. */
type Before = { readonly state: ExportStatus["state"]; readonly id: string | null };
type ExportPlan = Plan<Before>;

const TARGET: Target = { key: "tenable:export", id: "export", name: "Tenable export" };

/** `/export tenable start`, `cancel` and `status`. There is one export for the whole of HaloPSA. */
export function exportOperations(product: Product): readonly Operation[] {
  return [statusOperation(product), startOperation(product), cancelOperation(product)];
}

function statusOperation(product: Product): ReadOperation {
  return read({
    verb: "export",
    target: "tenable status",
    summary: "How the Tenable export stands",
    example: "/export tenable status",
    input: z.object({}),
    run: ({ client, call }) => ofModule(product, client.exportStatus(call)),
    render: renderStatus,
  });
}

function startOperation(product: Product): ChangeOperation {
  return change({
    verb: "export",
    target: "tenable start",
    summary: "Start an export of assets and vulnerabilities from Tenable",
    example: "/export tenable start chunk=1000",
    risk: "write",
    input: z.object({
      chunk: z.coerce.number({ error: CHUNK }).int({ error: CHUNK }).min(1, { error: CHUNK })
        .max(100_000, { error: CHUNK }).optional().meta({ placeholder: "n" }),
    }),
    async plan(context, { chunk }): Promise<ExportPlan | Nothing> {
      const now = await ofModule(product, context.client.exportStatus(context.call));
      if (now.state === "running") {
        return {
          nothing: ["A Tenable export is already running", now.id === null ? "" : ":", ...idOf(now), "."],
        };
      }
      const size: JsonObject = chunk === undefined ? {} : { chunk };
      return { input: size, target: TARGET, before: beforeOf(now), after: size };
    },
    render: ({ before, input }: ExportPlan) => ({
      title: "Start an export from Tenable",
      done: "an export from Tenable is running",
      rows: [
        { label: "Export", now: stateLine(before.state), after: "running" },
        {
          label: "Records per chunk",
          now: "none",
          after: input.chunk ? String(input.chunk) : "HaloPSA's default",
        },
      ],
      breaks: ["What HaloPSA will import from it is not known."],
      sends: input.chunk === undefined ? {} : { chunk_size: input.chunk },
    }),
    apply: ({ client, call }, { input }) =>
      client.startExport(typeof input.chunk === "number" ? input.chunk : undefined, call),
    async verify({ client, call }, { before }, receipt) {
      const now = await client.exportStatus(call);
      const isStarted = now.state === "running" || (now.id !== null && now.id !== before.id);
      return verdict(now, receipt, isStarted ? "applied" : receipt ? "unknown" : "not applied");
    },
    undo: () => ({
      possible: true,
      how: "by cancelling it, while it runs",
      verb: "export",
      target: "tenable cancel",
      input: {},
    }),
  });
}

const CHUNK = "type a whole number from 1 to 100000, the records per chunk";

function cancelOperation(product: Product): ChangeOperation {
  return change({
    verb: "export",
    target: "tenable cancel",
    summary: "Cancel the running Tenable export",
    example: "/export tenable cancel",
    risk: "write",
    input: z.object({}),
    async plan(context): Promise<ExportPlan | Nothing> {
      const now = await ofModule(product, context.client.exportStatus(context.call));
      if (now.state !== "running" && now.state !== "unclear") {
        const last = now.state === "none" ? "" : ` The last one is ${now.state}.`;
        return { nothing: `No Tenable export is running.${last}` };
      }
      return { input: {}, target: TARGET, before: beforeOf(now), after: { state: "cancelled" } };
    },
    render: ({ before }: ExportPlan) => ({
      title: "Cancel the Tenable export",
      done: "the Tenable export is cancelled",
      rows: [{
        label: before.id ? `Export ${before.id}` : "Export",
        now: stateLine(before.state),
        after: "cancelled",
      }],
      breaks: ["What was exported so far is not imported into HaloPSA."],
      sends: {},
    }),
    apply: ({ client, call }) => client.cancelExport(call),
    async verify({ client, call }, _plan, receipt) {
      const now = await client.exportStatus(call);
      const isGone = now.state === "cancelled" || now.state === "none";
      return verdict(now, receipt, isGone ? "applied" : "not applied");
    },
    undo: () => ({
      possible: false,
      why: "a cancelled export cannot go on. Start another with /export tenable start",
    }),
  });
}

/** What is seen now; `state` is what that says, unless it is unclear. */
function verdict(
  now: ExportStatus,
  receipt: Receipt | undefined,
  state: Verification["state"],
): Verification {
  const words: readonly Inline[] = now.words ? [" (", { data: now.words }, ")"] : [];
  return {
    state: now.state !== "unclear" ? state : receipt ? "accepted" : "unknown",
    evidence: ["Read back: export", ...idOf(now), " ", stateLine(now.state), ...words, "."],
    after: beforeOf(now),
  };
}

function beforeOf({ state, id }: ExportStatus): Before {
  return { state, id };
}

function idOf({ id }: ExportStatus): readonly Inline[] {
  return id === null ? [] : [" ", { code: id }];
}

function stateLine(state: ExportStatus["state"]): string {
  return state === "unclear" ? "in a state we cannot read" : state;
}

const MARKS: Readonly<Record<ExportStatus["state"], Mark>> = {
  none: "absent",
  running: "working",
  finished: "fine",
  cancelled: "info",
  failed: "down",
  unclear: "unknown",
};

function renderStatus(status: ExportStatus): Reply {
  return {
    mark: MARKS[status.state],
    title: status.state === "none"
      ? "No Tenable export was started"
      : `Tenable export: ${stateLine(status.state)}`,
    blocks: [
      ...(status.error ? [{ kind: "text" as const, text: { data: status.error, max: 300 } }] : []),
      {
        kind: "facts",
        facts: [
          ...(status.count > 1 ? [["exports", `${status.count}, this is the newest`] as const] : []),
          ...(status.count > 0 ? jsonFacts(status.data) : []),
        ],
      },
    ],
    buttons: [[{ label: "Refresh", action: { command: "/export tenable status" } }]],
  };
}
