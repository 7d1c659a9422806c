import * as z from "zod";
import { ClientError } from "../../clients/errors.ts";
import type { HaloClient } from "../../clients/halo.ts";
import type { Product } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import type { Rows } from "../../clients/json.ts";
import { asOf, showButtons } from "../format.ts";
import { type Context, type Health, operationsOf, type Proof, type ReadOperation } from "../operation.ts";
import { type Line, line, type Reply } from "../reply.ts";
import { ifFound } from "../resolve.ts";
import { nameOfSeen, type Sighting, sightings, unreadNotes, worstFirst } from "../resource.ts";
import { countStandings, isProblem, markOf, seenItems } from "../resource_operations.ts";
import type { VendorSight } from "../sight.ts";
import { andNoRight, withoutRight } from "../vendor.ts";
import { integrationsOf, listOf, withoutProblems } from "./integration.ts";
import { lastSyncOf, reasonOf } from "./sync.ts";

/** What one product said; `failure` when it said nothing usable. */
interface Reading {
  readonly product: Product;
  readonly records: Rows<HaloIntegration>;
  readonly failure?: ClientError;
}

interface Seen extends Sighting<HaloIntegration> {
  readonly product: Product;
}

/** `/status halo`: all products, asked side by side. */
export function overviewOf(products: readonly Product[]): ReadOperation {
  return operationsOf<HaloClient>("halo").read({
    verb: "status",
    target: "halo",
    summary: "All HaloPSA products: who syncs, who does not",
    example: "/status halo",
    input: z.object({}),
    run: (context) => readAll(context, products),
    render: ({ value, at }, { now }) => renderAll(value, { at, now }),
  });
}

/** HaloPSA in one line of the status of all vendors. */
export async function healthOf(context: Context<HaloClient>, products: readonly Product[]): Promise<Health> {
  const { value, at } = await readAll(context, products);
  const found = findingsIn(value, context.now);
  const { all, problems, failed, unread } = found;
  const rows = problems.map((one): readonly Line[] => [
    nameOfSeen(one),
    one.standing.word,
    one.product.label,
    reasonOf(one.product, one.item, one.standing),
  ]);
  return {
    mark: markOf(all, failed.length + unread.length),
    summary: summaryOf(found),
    problems: [
      ...failed.map((reading): readonly Line[] => [reading.product.label, failureOf(reading)]),
      ...rows,
      ...unread.map(([product, names]): readonly Line[] => [product.label, ...unreadNotes(names)]),
    ],
    at,
  };
}

/** Every integration of every product; those of a product that cannot be read are not known. */
export async function sightOf(
  context: Context<HaloClient>,
  products: readonly Product[],
): Promise<VendorSight> {
  const { value, at } = await readAll(context, products);
  const isUnread = ({ failure, records }: Reading) =>
    records.unread.length > 0 || (failure && failure.kind !== "not_found");
  return {
    items: value.flatMap(({ product, records }) =>
      seenItems(integrationsOf(product), records.items, context.now)
    ),
    partial: value.filter(isUnread).map(({ product }) => product.target),
    at,
  };
}

/** One product that cannot be read does not hide the others; when none can be read, the first failure is thrown. */
function readAll(
  context: Context<HaloClient>,
  products: readonly Product[],
): Promise<{ value: readonly Reading[]; at: number }> {
  return context.cached("halo", async () => {
    const readings = await Promise.all(products.map((product) => attempt(context, product)));
    const failures = readings.map(({ failure }) => failure);
    const [first] = failures;
    if (first && failures.every(Boolean)) {
      throw failures.find((failure) => failure?.kind !== "not_found") ?? first;
    }
    return readings;
  });
}

async function attempt({ client, call }: Context<HaloClient>, product: Product): Promise<Reading> {
  try {
    return { product, records: await client.list(product, call) };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { product, records: { items: [], unread: [] }, failure: error };
  }
}

interface Findings {
  readonly all: readonly Seen[];
  readonly problems: readonly Seen[];
  /** A tenant without a product's module answers 404 for it: that is "not set up", not a failure. */
  readonly absent: readonly Reading[];
  readonly failed: readonly Reading[];
  /** Rows of an answer that cannot be read, by product. */
  readonly unread: readonly (readonly [product: Product, names: readonly string[]])[];
}

function findingsIn(readings: readonly Reading[], now: number): Findings {
  const all = readings.flatMap(({ product, records: { items } }) =>
    sightings(integrationsOf(product), items, now).map((one): Seen => ({ ...one, product }))
  ).toSorted(worstFirst);
  const unread = readings.filter(({ records }) => records.unread.length > 0)
    .map(({ product, records }) => [product, records.unread] as const);
  const failed = readings.filter(({ failure }) => failure && failure.kind !== "not_found");
  const absent = readings.filter((reading) =>
    reading.records.items.length + reading.records.unread.length === 0 && !failed.includes(reading)
  );
  return { all, problems: all.filter(isProblem), absent, failed, unread };
}

function summaryOf({ all, absent, failed, unread }: Findings): string {
  const odd = unread.flatMap(([, names]) => names).length;
  return [
    ...(all.length > 0
      ? [countStandings(all, "syncing")]
      : failed.length + odd > 0
      ? []
      : ["nothing set up"]),
    ...(odd > 0 ? [`${odd} could not be read`] : []),
    ...(failed.length > 0 ? [`${failed.length} not read`] : []),
    ...(absent.length > 0 && all.length > 0 ? [`${absent.length} not set up`] : []),
  ].join(" · ");
}

function renderAll(
  readings: readonly Reading[],
  { at, now }: { readonly at: number; readonly now: number },
): Reply {
  const found = findingsIn(readings, now);
  const { all, problems, absent, failed, unread } = found;
  const fine = all.filter((one) => !isProblem(one));
  return {
    mark: markOf(all, failed.length + unread.length),
    title: `HaloPSA: ${summaryOf(found)}`,
    blocks: [
      ...listOf(
        failed.map((reading) => [{ bold: reading.product.label }, ": not read · ", failureOf(reading)]),
      ),
      ...listOf(problems.map((one) => [
        { bold: nameOfSeen(one) },
        ` · ${one.product.label}: ${one.standing.word} · `,
        ...reasonOf(one.product, one.item, one.standing),
      ])),
      ...listOf(unread.map(([product, names]) => [
        { bold: product.label },
        ": ",
        ...line(...unreadNotes(names)),
      ])),
      ...withoutProblems(
        fine,
        fine.map((one) => [
          [nameOfSeen(one), ` · ${one.product.label}`],
          [one.standing.word, " · ", ...lastSyncOf(one.product, one.item)],
        ]),
      ),
      ...(absent.length === 0 ? [] : [{
        kind: "text" as const,
        text: `Not set up: ${absent.map(({ product }) => product.label).join(", ")}`,
      }]),
    ],
    footer: asOf(at, now),
    buttons: [
      ...showButtons(
        problems.map(({ product, item, name }) => ({ name, command: `/show ${product.target} ${item.id}` })),
      ),
      [{ label: "Refresh", action: { command: "/status halo" } }],
    ],
  };
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

/** Each product is asked for, because the right to read is given by product; a tenant without a module proves the rest too. */
export async function probe(
  client: HaloClient,
  products: readonly Product[],
  call: Context<HaloClient>["call"],
): Promise<Proof> {
  const answers = products.map((product) => ({
    product,
    answer: ifFound(client.list(product, call)),
  }));
  const settled = await Promise.allSettled(answers.map(({ answer }) => answer));
  const said = settled.filter((one) => one.status === "fulfilled").map(({ value }) => value);
  const [first] = answers;
  // Nothing at all was answered: that is no matter of a right for one of them.
  if (said.length === 0 && first) await first.answer;
  const refused = await withoutRight(
    Object.fromEntries(answers.map(({ product: { label }, answer }) => [label, () => answer])),
  );
  const there = said.filter((records) => records !== undefined).length;
  return {
    ok: refused.length === 0,
    says: `accepted; ${there} of ${products.length} products can be read${andNoRight(refused)}`,
  };
}
