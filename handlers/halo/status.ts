import { z } from "zod";
import { ClientError } from "../../clients/errors.ts";
import type { HaloClient } from "../../clients/halo.ts";
import type { Product } from "../../clients/halo/product.ts";
import { andDisabled, asOf, countSummary } from "../format.ts";
import { type Context, type Health, operationsOf, type Proof, type ReadOperation } from "../operation.ts";
import type { Block, Line, Reply } from "../reply.ts";
import { ifFound } from "../resolve.ts";
import { ofModule } from "./module.ts";
import {
  isOff,
  isProblem,
  isSyncing,
  lastSyncOf,
  reasonOf,
  type Sync,
  SYNC_STATES,
  syncOf,
  worstFirst,
} from "./sync.ts";

const { read } = operationsOf<HaloClient>("halo");

/** What one product said; `failure` when it said nothing usable. */
interface Reading {
  readonly product: Product;
  readonly syncs: readonly Sync[];
  readonly failure?: ClientError;
}

/** `/status halo`: all products, asked side by side. */
export function statusOfAll(products: readonly Product[]): ReadOperation {
  return read({
    verb: "status",
    target: "halo",
    summary: "All HaloPSA products: who syncs, who does not",
    example: "/status halo",
    input: z.object({}),
    run: (context) => context.cached("halo", () => readAll(context, products)),
    render: ({ value, at }, { now }) => renderAll(value, asOf(at, now)),
  });
}

/** `/status <product>`: counts by state, problems first. */
export function statusOfOne(product: Product): ReadOperation {
  return read({
    verb: "status",
    target: product.target,
    summary: `${product.label}: sync state, last sync, last error`,
    example: `/status ${product.target}`,
    input: z.object({}),
    run: (context) =>
      context.cached(`halo ${product.target}`, () => ofModule(product, readOne(context, product))),
    render: ({ value, at }, { now }) => renderOne(value, asOf(at, now)),
  });
}

/** `/list <product>`: every integration with its id. */
export function listOperation(product: Product): ReadOperation {
  return read({
    verb: "list",
    target: product.target,
    summary: `All ${product.label} integrations with their ids`,
    example: `/list ${product.target}`,
    input: z.object({}),
    run: (context) => ofModule(product, readOne(context, product)),
    render: ({ syncs }) => renderList(product, syncs),
  });
}

/** HaloPSA in one line of the status of all vendors. */
export async function healthOf(context: Context<HaloClient>, products: readonly Product[]): Promise<Health> {
  const { value, at } = await context.cached("halo", () => readAll(context, products));
  const { problems, failed } = countOf(value);
  const rows = problems.map(({ product, sync }): readonly Line[] => [
    { data: sync.name },
    sync.state,
    product.label,
    reasonOf(sync),
  ]);
  return {
    mark: rows.length + failed.length > 0 ? "attention" : "fine",
    summary: summaryOf(value),
    problems: [
      ...failed.map((reading): readonly Line[] => [reading.product.label, failureOf(reading)]),
      ...rows,
    ],
    at,
  };
}

/** One product that cannot be read does not hide the others; when none can be read, the first failure is thrown. */
async function readAll(
  context: Context<HaloClient>,
  products: readonly Product[],
): Promise<readonly Reading[]> {
  const readings = await Promise.all(products.map((product) => attempt(context, product)));
  const failures = readings.map(({ failure }) => failure);
  const [first] = failures;
  if (first && failures.every(Boolean)) {
    throw failures.find((failure) => failure?.kind !== "not_found") ?? first;
  }
  return readings;
}

async function attempt(context: Context<HaloClient>, product: Product): Promise<Reading> {
  try {
    return await readOne(context, product);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { product, syncs: [], failure: error };
  }
}

async function readOne({ client, call, now }: Context<HaloClient>, product: Product): Promise<Reading> {
  const records = await client.list(product, call);
  return { product, syncs: records.map((record) => syncOf(product, record, now)).toSorted(worstFirst) };
}

/** A tenant without a product's module answers 404 for it: that is "not set up", not a failure. */
function countOf(readings: readonly Reading[]): {
  readonly all: readonly { product: Product; sync: Sync }[];
  readonly problems: readonly { product: Product; sync: Sync }[];
  readonly absent: readonly Reading[];
  readonly failed: readonly Reading[];
} {
  const all = readings.flatMap(({ product, syncs }) => syncs.map((sync) => ({ product, sync })))
    .toSorted((a, b) => worstFirst(a.sync, b.sync));
  const failed = readings.filter(({ failure }) => failure && failure.kind !== "not_found");
  return {
    all,
    failed,
    problems: all.filter(({ sync }) => isProblem(sync)),
    absent: readings.filter((reading) => reading.syncs.length === 0 && !failed.includes(reading)),
  };
}

function summaryOf(readings: readonly Reading[]): string {
  const { all, problems, absent, failed } = countOf(readings);
  return [
    all.length === 0 ? "nothing set up" : tallyOf(all.map(({ sync }) => sync), problems.length),
    ...(failed.length > 0 ? [`${failed.length} not read`] : []),
    ...(absent.length > 0 && all.length > 0 ? [`${absent.length} not set up`] : []),
  ].join(" · ");
}

function tallyOf(syncs: readonly Sync[], problems: number): string {
  return countSummary({
    all: syncs.length,
    problems,
    working: [syncs.filter(isSyncing).length, "syncing"],
    disabled: syncs.filter(isOff).length,
  });
}

function renderAll(readings: readonly Reading[], age: Line): Reply {
  const { all, problems, absent, failed } = countOf(readings);
  const fine = all.filter(({ sync }) => !isProblem(sync));
  return {
    mark: problems.length + failed.length > 0 ? "attention" : all.length === 0 ? "absent" : "fine",
    title: `HaloPSA: ${summaryOf(readings)}`,
    blocks: [
      ...listOf(
        failed.map((reading) => [{ bold: reading.product.label }, ": not read · ", failureOf(reading)]),
      ),
      ...listOf(problems.map(({ product, sync }) => [
        { bold: { data: sync.name } },
        ` · ${product.label}: ${sync.state} · `,
        ...reasonOf(sync),
      ])),
      ...foldedOf(
        withoutProblems(fine.map(({ sync }) => sync)),
        fine.map(({ product, sync }) => [
          [{ data: sync.name }, ` · ${product.label}`],
          [sync.state, " · ", lastSyncOf(sync)].flat(),
        ]),
      ),
      ...(absent.length === 0 ? [] : [{
        kind: "text" as const,
        text: `Not set up: ${absent.map(({ product }) => product.label).join(", ")}`,
      }]),
    ],
    footer: age,
    buttons: [[{ label: "Refresh", action: { command: "/status halo" } }]],
  };
}

function renderOne({ product, syncs }: Reading, age: Line): Reply {
  const problems = syncs.filter(isProblem);
  const others = syncs.filter((sync) => !isProblem(sync));
  if (syncs.length === 0) return notSetUp(product);
  return {
    mark: problems.length > 0 ? "attention" : "fine",
    title: `${product.label}: ${tallyOf(syncs, problems.length)}`,
    blocks: [
      { kind: "facts", facts: countsOf(syncs) },
      ...tableOf(problems.map((sync) => [{ data: sync.name }, sync.state, lastSyncOf(sync)])),
      ...errorsOf(problems),
      ...foldedOf(
        withoutProblems(others),
        others.map((sync) => [{ data: sync.name }, sync.state, lastSyncOf(sync)]),
      ),
    ],
    footer: age,
    buttons: [[{ label: "Refresh", action: { command: `/status ${product.target}` } }]],
  };
}

function renderList(product: Product, syncs: readonly Sync[]): Reply {
  if (syncs.length === 0) return notSetUp(product);
  const noun = syncs.length === 1 ? "integration" : "integrations";
  return {
    mark: "info",
    title: `${syncs.length} ${product.label} ${noun} in HaloPSA`,
    blocks: [{
      kind: "table",
      header: ["Name", "Id", "Sync", "Last sync"],
      rows: syncs.map((
        sync,
      ) => [{ data: sync.name }, { code: String(sync.id) }, sync.state, lastSyncOf(sync)]),
    }],
  };
}

function notSetUp(product: Product): Reply {
  return {
    mark: "absent",
    title: `${product.label} is not set up in HaloPSA`,
    blocks: [{ kind: "text", text: `Type /help create ${product.target} to see how to add it.` }],
  };
}

function countsOf(syncs: readonly Sync[]): readonly (readonly [string, Line])[] {
  return SYNC_STATES.map((state) => [state, syncs.filter((sync) => sync.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => [state, String(count)] as const);
}

function errorsOf(problems: readonly Sync[]): readonly Block[] {
  return listOf(problems.map((sync) => [{ data: sync.name }, ": ", ...reasonOf(sync)]));
}

function listOf(items: readonly Line[]): readonly Block[] {
  return items.length === 0 ? [] : [{ kind: "list", items }];
}

function tableOf(rows: readonly (readonly Line[])[]): readonly Block[] {
  return rows.length === 0 ? [] : [{ kind: "table", rows }];
}

function withoutProblems(syncs: readonly Sync[]): string {
  const off = syncs.filter(isOff).length;
  return `${syncs.length - off} without problems${andDisabled(off)}`;
}

function foldedOf(summary: string, rows: readonly (readonly Line[])[]): readonly Block[] {
  return rows.length === 0 ? [] : [{ kind: "details", summary, blocks: tableOf(rows) }];
}

const FAILURES: Partial<Readonly<Record<ClientError["kind"], string>>> = {
  rights_refused: "HaloPSA does not let our application read it",
  rate_limited: "HaloPSA's limit of requests is used up",
  timed_out: "no answer in time",
  unreachable: "not reachable",
};

function failureOf({ failure }: Reading): string {
  return failure ? FAILURES[failure.kind] ?? "an answer that cannot be read" : "";
}

/** The cheapest call that proves the credentials; a tenant without the module proves them too. */
export async function probe(
  client: HaloClient,
  [product]: readonly Product[],
  call: Context<HaloClient>["call"],
): Promise<Proof> {
  if (!product) return { ok: false, says: "no product is described" };
  const records = await ifFound(client.list(product, call));
  const says = records
    ? `accepted; ${product.label} can be read (${records.length} set up)`
    : `accepted; this tenant has no ${product.label}`;
  return { ok: true, says };
}
