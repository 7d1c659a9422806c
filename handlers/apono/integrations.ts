import type { AponoClient } from "../../clients/apono.ts";
import { type AponoIntegration, isReference } from "../../clients/apono/integration.ts";
import { v4Body } from "../../clients/apono/versions.ts";
import { ClientError } from "../../clients/errors.ts";
import type { CallOptions } from "../../clients/http/contract.ts";
import { type Json, plainJson } from "../../clients/json.ts";
import { countOthers, showButtons } from "../format.ts";
import { BadInput, type Card, type Context, type Undo } from "../operation.ts";
import type { Block, Inline, Line, Reply, Table } from "../reply.ts";
import { fold, ifFound, type Named } from "../resolve.ts";
import { type Fact, nameOfSeen, type Resource, type Sighting, type Survey } from "../resource.ts";
import { isProblem } from "../resource_operations.ts";
import { objections } from "./catalog.ts";
import { listIntegrations } from "./list.ts";
import { type Image, imageOf, lostBetween, sentFor } from "./settings.ts";
import { cardRows, parameterFacts, settingFacts } from "./settings_diff.ts";
import { standingOf } from "./status_word.ts";

/** `withoutDetails`: v2, which alone says in words how the last load went, did not, and why. */
interface Seen extends AponoIntegration {
  readonly withoutDetails?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Apono's integrations: their status, listed, shown and deleted. */
export const integrations: Resource<AponoClient, Seen, Image> = {
  vendor: "apono",
  target: "apono",
  label: "Apono",
  noun: ["Apono integration", "Apono integrations"],
  working: "active",
  list: (client, call) => client.integrations.list({}, call),
  get: (client, id, call) => client.integrations.get(id, call),
  id: ({ id }) => id,
  name: ({ name }) => name,
  standing: ({ status }) => standingOf(status),
  about: ({ type }) => [type],
  lookup: { pattern: UUID, idIn: (words) => words },
  status: {
    summary: "Show whether the Apono integrations work",
    none: "no integrations",
    survey,
    row: (one) => [
      nameOfSeen(one),
      { data: one.standing.word },
      ...(one.item.details ? [{ data: one.item.details }] : []),
    ],
    reply: statusReply,
  },
  listing: listIntegrations,
  show: {
    summary: "Show all fields of an Apono integration",
    example: "/show apono Orders DB",
    get: getWithDetails,
    facts: factsOf,
    reply: showReply,
  },
  removal: {
    summary: "Delete an Apono integration",
    example: "/delete apono Orders DB reason=decommissioned",
    keep: imageOf,
    remove: (client, id, call) => client.integrations.delete(id, call),
    card: deletionCard,
    evidence: (id, seen) =>
      seen
        ? ["Read back: ", { data: seen.name }, " is still there."]
        : ["Read back: Apono no longer knows ", { code: id }, "."],
    outlook: whyLost,
    undo: undoDeletion,
  },
  watch: {
    words: ({ details }) => details,
    remedies: ({ id }) => id === null ? [] : [{ label: "Reload it", command: `/refresh apono ${id}` }],
  },
};

/** The integration of exactly this name, letter case aside, if there is one. */
export async function byName(
  { client, call }: Context<AponoClient>,
  name: string,
): Promise<AponoIntegration | undefined> {
  const { items } = await client.integrations.list({ name }, call);
  return items.find((one) => fold(one.name) === fold(name));
}

export function nameTaken({ name }: Named): BadInput {
  return new BadInput(
    `Apono has an integration named "${name}" already, and names are unique. Choose another.`,
  );
}

/** v4 has the states, only v2 has the words for them; both are asked at once, and v2 may fail. */
async function survey({ integrations, v2, api }: AponoClient, call: CallOptions): Promise<Survey<Seen>> {
  const [{ items, ...unseen }, worded] = await Promise.all([
    integrations.list({}, call),
    api === "v2" ? undefined : orFailure(v2.list({}, call)),
  ]);
  const failure = worded instanceof ClientError ? worded : undefined;
  const reasons = worded instanceof ClientError ? [] : worded?.items ?? [];
  const details = new Map(reasons.map((one) => [one.id, one.details]));
  const isUnexplained = failure && items.some(({ status }) => standingOf(status).is === "problem");
  return {
    items: items.map((one) => ({ ...one, details: one.details ?? details.get(one.id) ?? null })),
    ...unseen,
    notes: isUnexplained ? [`${missing("Apono's v2 API", failure)}, so the reasons are missing.`] : [],
  };
}

async function getWithDetails(
  { integrations, v2, api }: AponoClient,
  id: string,
  call: CallOptions,
): Promise<Seen> {
  if (api === "v2") return await integrations.get(id, call);
  const [integration, worded] = await Promise.all([
    integrations.get(id, call),
    orFailure(v2.get(id, call)),
  ]);
  if (worded instanceof ClientError) {
    return { ...integration, withoutDetails: missing("Apono's v2 API", worded) };
  }
  return { ...integration, details: worded.details, connection: worded.connection };
}

/** For what is worth having and not worth failing for: the failure when the vendor would not say. */
export async function orFailure<T>(answer: Promise<T>): Promise<T | ClientError> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}

/** Why something is not known, as the beginning of a sentence. */
export function missing(what: string, { kind }: ClientError): string {
  const isRefused = kind === "rights_refused" || kind === "credentials_refused";
  return isRefused ? `Our token may not read ${what}` : `${what} did not answer`;
}

/** What one screen holds; the rest is folded, in pages. */
const MOST_PROBLEMS = 8;

function statusReply(all: readonly Sighting<Seen>[], _now: number, notes: readonly Line[]): Partial<Reply> {
  const problems = all.filter(isProblem);
  const lines = problems.map(problemLine);
  const [seen, more] = [lines.slice(0, MOST_PROBLEMS), lines.slice(MOST_PROBLEMS)];
  return {
    blocks: [
      { kind: "text", text: countsOf(all) },
      ...seen.length > 0 ? [{ kind: "list", items: seen } as const] : [],
      ...folded(`${more.length} more need attention`, more.map((one) => [one])),
      ...notes.map((text) => ({ kind: "text", text }) as const),
      ...withoutProblems(all.filter((one) => !isProblem(one))),
    ],
    buttons: [
      [{ label: "Refresh", action: { command: "/status apono" } }],
      ...showButtons(problems.map(({ item: { id }, name }) => ({ name, command: `/show apono ${id}` }))),
    ],
  };
}

function problemLine(one: Sighting<Seen>): Line {
  const { item: { details, lastSyncAt }, standing: { word } } = one;
  return [
    { bold: nameOfSeen(one) },
    ": ",
    { data: word },
    ...(details ? [" · ", { data: details.replace(/\.$/, ""), max: 200 }] : []),
    ...(lastSyncAt ? [" · last sync ", { time: lastSyncAt, as: "relative" } as const] : []),
  ];
}

/** "Error 2 · Active 25", worst first. */
function countsOf(all: readonly Sighting<Seen>[]): readonly Inline[] {
  const words = Map.groupBy(all, ({ standing }) => standing.word);
  return [...words].flatMap((
    [word, { length }],
    index,
  ) => [index > 0 ? " · " : "", { data: word, max: 40 }, ` ${length}`]);
}

function withoutProblems(others: readonly Sighting<Seen>[]): readonly Block[] {
  const [disabled, unknown] = (["off", "unknown"] as const)
    .map((is) => others.filter(({ standing }) => standing.is === is).length) as [number, number];
  const rows = others.map((one): readonly Line[] => [
    nameOfSeen(one),
    { data: one.standing.word },
    one.item.lastSyncAt ? { time: one.item.lastSyncAt, as: "relative" } : "none",
  ]);
  const summary = countOthers(others.length - disabled - unknown, disabled, unknown);
  return folded(summary, rows, ["Name", "Status", "Last sync"]);
}

/** A table that is folded until it is asked for; none where it would have no rows. */
function folded(summary: string, rows: Table["rows"], header?: readonly string[]): readonly Block[] {
  if (rows.length === 0) return [];
  return [{ kind: "details", summary, blocks: [{ kind: "table", rows, ...header && { header } }] }];
}

function showReply(one: Sighting<Seen>, facts: Block): Partial<Reply> {
  const { id, details, withoutDetails } = one.item;
  return {
    title: [nameOfSeen(one), ": ", { data: one.standing.word }],
    blocks: [
      ...details ? [{ kind: "text", text: { data: details, max: 300 } } as const] : [],
      facts,
      ...withoutDetails
        ? [{ kind: "text", text: `${withoutDetails}: how the last load went is not known.` } as const]
        : [],
    ],
    buttons: [[
      { label: "Resources", action: { command: `/resources ${id}` } },
      { label: "Permissions", action: { command: `/permissions ${id}` } },
    ]],
  };
}

function factsOf(integration: AponoIntegration): readonly Fact[] {
  const { id, type, category, lastSyncAt, connection } = integration;
  return [
    ["Id", { code: id }],
    ["Type", { data: type }],
    ...category ? [["Category", { data: category }] as const] : [],
    ["Last sync", lastSyncAt ? { time: lastSyncAt } : "none"],
    ...settingFacts(integration).filter(([label]) => label !== "Name"),
    ...parameterFacts("connection", connection ?? {}),
  ];
}

function deletionCard(kept: Image): Card {
  return {
    title: ["Delete the Apono integration ", { data: kept.name }],
    done: ["the Apono integration ", { data: kept.name }, " is deleted"],
    rows: [{ label: "Type", now: { code: kept.type }, after: "removed" }, ...cardRows(kept, null)],
    breaks: [
      "Nobody gets access to its resources through Apono any more, and flows that name them stop working.",
    ],
    sends: { delete: kept.id },
  };
}

/** Why it could not be created again, as far as Apono tells; null if it could. */
async function whyLost(kept: Image, { client, call }: Context<AponoClient>): Promise<string | null> {
  const { type, secretStore, config } = kept;
  if (secretStore && !isReference(secretStore)) return "Apono keeps its secret and never shows it";
  const parameters = lostBetween(config, {}).map((name) => `config.${name}`);
  if (parameters.length > 0) return `${parameters.join(", ")} is a secret and not kept here`;
  const entry = await ifFound(client.catalogType(type, call));
  if (!entry) return `Apono's catalog no longer lists ${type}`;
  if (!secretStore && entry.requiresSecret) return "it needs a secret, and Apono shows none";
  return objections(entry, kept).length > 0 ? "Apono's catalog does not allow its settings any more" : null;
}

function undoDeletion(kept: Image, lost: Json): Undo {
  if (typeof lost === "string") return { possible: false, why: `${lost}, so it cannot be created again` };
  return {
    possible: true,
    how: "it is created again with the same settings, under a new id; what used the old id stays broken",
    verb: "create",
    target: "apono",
    input: { document: plainJson({ type: kept.type, ...v4Body(sentFor(kept, null)) }) },
  };
}
