import { z } from "zod";
import type { Json } from "../clients/json.ts";
import { asOf, countSummary } from "./format.ts";
import { fold, ifFound } from "./resolve.ts";
import {
  type ChangeOperation,
  type Context,
  type Health,
  type Nothing,
  operationsOf,
  type Plan,
  type ReadOperation,
  type Receipt,
  type Undo,
  type Verification,
} from "./operation.ts";
import type { Block, Inline, Line, Mark, Reply, Table } from "./reply.ts";
import {
  findItem,
  type Help,
  type ListLook,
  plainLooks,
  type Removal,
  type Resource,
  type Sighting,
  sightingOf,
  sightings,
  type Survey,
  type TableColumn,
  targetOf,
  type Toggle,
  type ToggleState,
} from "./resource.ts";

/** Every operation that a resource describes: `/status`, `/list`, `/show`, and the changes it has. */
export function resourceOperations<Client, Item>(
  resource: Resource<Client, Item>,
): readonly [ReadOperation, ReadOperation, ReadOperation, ...ChangeOperation[]] {
  const listing = resource.listing ?? plainLooks(resource).listing;
  return [
    statusOperation(resource),
    "read" in listing ? listing : listOperation(resource, listing),
    showOperation(resource),
    ...(resource.removal ? [deleteOperation(resource, resource.removal)] : []),
    ...(resource.toggle ? toggleOperations(resource, resource.toggle) : []),
  ];
}

/** `/status <target>`: how many work, and which need attention. */
function statusOperation<Client, Item>(
  resource: Resource<Client, Item>,
): ReadOperation {
  return operationsOf<Client>(resource.vendor).read({
    ...described(resource, "status", resource.status ?? plainLooks(resource).status),
    input: z.object({}),
    run: (context) => readAll(resource, context),
    render: ({ value: { items, notes }, at }, { now }) =>
      renderStatus(resource, sightings(resource, items, now), { notes, at, now }),
  });
}

/** `/list <target>`: each with its id. */
function listOperation<Client, Item>(
  resource: Resource<Client, Item>,
  listing: ListLook<Item>,
): ReadOperation {
  return operationsOf<Client>(resource.vendor).read<z.ZodObject, { all: readonly Item[]; name?: string }>({
    ...described(resource, "list", listing),
    input: z.object(listing.isFiltered ? { name: PART_OF_NAME } : {}),
    // Filtered here: whether a vendor's own filter takes parts of a name is seldom written anywhere.
    run: async ({ client, call }, { name }) => ({
      all: await resource.list(client, call),
      ...(typeof name === "string" && name !== "" && { name }),
    }),
    render: ({ all, name }, { now }) => renderList(resource, listing, sightings(resource, all, now), name),
  });
}

/** `/show <target> <id or name>`: all that is known of one. */
function showOperation<Client, Item>(
  resource: Resource<Client, Item>,
): ReadOperation {
  const show = resource.show ?? plainLooks(resource).show;
  return operationsOf<Client>(resource.vendor).read({
    ...described(resource, "show", show, "1"),
    input: z.object({ id: idInput }),
    run: (context, { id }) => findItem({ ...resource, get: show.get ?? resource.get }, context, id),
    render: (item, { now }): Reply => {
      const sighting = sightingOf(resource, item, now);
      const { name, standing } = sighting;
      const facts = { kind: "facts", facts: show.facts(item) } as const;
      return {
        mark: MARKS[standing.is],
        title: [{ data: name }, " is ", { data: standing.word }],
        blocks: [facts],
        ...show.reply?.(sighting, facts),
      };
    },
  });
}

type TogglePlan = Plan<ToggleState> & { readonly after: { readonly on: boolean } };

/** `/enable` and `/disable <target> <id or name>`, or the commands that the toggle has instead. */
export function toggleOperations<Client, Item>(
  resource: Resource<Client, Item>,
  toggle: Toggle<Client, Item>,
): readonly ChangeOperation[] {
  return [toggleOperation(resource, toggle, true), toggleOperation(resource, toggle, false)];
}

function toggleOperation<Client, Item>(
  resource: Resource<Client, Item>,
  toggle: Toggle<Client, Item>,
  on: boolean,
): ChangeOperation {
  const commandTo = (way: "enable" | "disable") =>
    toggle.commands?.[way] ?? { verb: way, target: resource.target };
  const [to, back] = on ? ["enable", "disable"] as const : ["disable", "enable"] as const;
  const { verb, target } = commandTo(to);
  const word = toggle.words[on ? 0 : 1];
  const sentences = (name: string, now: ToggleState) =>
    (toggle.sentences ?? usualSentences(resource.label, word))({ data: name }, on, now);
  return operationsOf<Client>(resource.vendor).change<typeof oneInput, TogglePlan>({
    ...described({ target }, verb, toggle.help[to], "1"),
    risk: toggle.help[to].risk,
    input: oneInput,
    async plan(context, { id }): Promise<TogglePlan | Nothing> {
      const item = await findItem(resource, context, id);
      const target = targetOf(resource, item);
      const before = toggle.state(item);
      if (before.on === on) return { nothing: sentences(target.name, before).already };
      return { input: { id: target.id }, target, before, after: { on } };
    },
    render({ target, before }) {
      const { title, done } = sentences(target.name, before);
      return {
        title,
        done,
        rows: [{ label: before.field, now: { data: before.word }, after: word }],
        breaks: on ? [] : [toggle.breaks({ data: target.name })],
        sends: toggle.sends({ id: target.id, field: before.field, on }),
      };
    },
    apply: ({ client, call }, { target: { id }, before: { field } }) =>
      toggle.set(client, { id, field, on }, call),
    async verify({ client, call }, { target, before }, receipt): Promise<Verification> {
      const seen = await ifFound(resource.get(client, target.id, call));
      const after = seen && toggle.state(seen);
      const evidence = toggle.evidence?.(after) ?? usualEvidence(target.name, after);
      if (!after) return { state: "not applied", evidence };
      return { state: toggled(on, before, after, receipt), evidence, after };
    },
    undo({ input, before }): Undo {
      const why = toggle.noWayBack?.(before);
      if (why !== undefined) return { possible: false, why };
      const how = toggle.back?.(on) ?? `by ${on ? "disabling" : "enabling"} it again`;
      return { possible: true, how, ...commandTo(back), input };
    },
  });
}

/** `/delete <target> <id or name>`. */
function deleteOperation<Client, Item>(
  resource: Resource<Client, Item>,
  removal: Removal<Client, Item, Json>,
): ChangeOperation {
  return operationsOf<Client>(resource.vendor).change<typeof oneInput, Plan>({
    ...described(resource, "delete", removal, "1"),
    risk: "danger",
    input: oneInput,
    async plan(context, { id }) {
      const item = await findItem(resource, context, id);
      const target = targetOf(resource, item);
      const before = removal.keep(item);
      const after = await removal.outlook?.(before, context) ?? null;
      return { input: { id: target.id }, target, before, after };
    },
    render: ({ target, before }) => removal.card(before, target),
    apply: ({ client, call }, { target }) => removal.remove(client, target.id, call),
    async verify({ client, call }, { target }) {
      const seen = await ifFound(resource.get(client, target.id, call));
      return { state: seen ? "not applied" : "applied", evidence: removal.evidence(target.id, seen) };
    },
    undo: ({ before, after }) => removal.undo(before, after),
  });
}

/** A vendor's line in the `/status` of all, where it has one resource. */
export async function resourceHealth<Client, Item>(
  resource: Resource<Client, Item>,
  context: Context<Client>,
): Promise<Health> {
  const { value: { items }, at } = await readAll(resource, context);
  const all = sightings(resource, items, context.now);
  const problems = all.filter(isProblem);
  return {
    mark: problems.length > 0 ? "attention" : "fine",
    summary: summaryOf(resource, all),
    problems: problems.map((one) => rowOf(resource, one)),
    at,
  };
}

/** How one is named in a command: the last words of the line. */
export const idInput = z.string().min(1).meta({ positional: true, rest: true, placeholder: "id or name" });
const oneInput = z.object({ id: idInput });
const PART_OF_NAME = z.string().optional().meta({ placeholder: "part of the name" });

function described<Verb extends string>(
  { target }: { readonly target: string },
  verb: Verb,
  { summary, example }: Help,
  operand = "",
): { verb: Verb; target: string; summary: string; example: string } {
  return { verb, target, summary, example: example ?? `/${verb} ${target} ${operand}`.trim() };
}

function readAll<Client, Item>(
  resource: Resource<Client, Item>,
  context: Context<Client>,
): Promise<{ value: Survey<Item>; at: number }> {
  const { client, call } = context;
  return context.cached(
    resource.target,
    async () =>
      await resource.status?.survey?.(client, call) ??
        { items: await resource.list(client, call), notes: [] },
  );
}

const MARKS: Readonly<Record<Sighting<unknown>["standing"]["is"], Mark>> = {
  problem: "attention",
  busy: "working",
  unknown: "unknown",
  off: "absent",
  fine: "fine",
};

export function isProblem({ standing }: Sighting<unknown>): boolean {
  return standing.is === "problem";
}

function isOff({ standing }: Sighting<unknown>): boolean {
  return standing.is === "off";
}

function summaryOf<Client, Item>(
  { working, noun, status }: Resource<Client, Item>,
  all: readonly Sighting<Item>[],
): string {
  return all.length > 0 ? countStandings(all, working) : status?.none ?? `no ${noun[1]}`;
}

/** "2 of 14 need attention", "7 of 9 working · 2 disabled". */
export function countStandings(all: readonly Sighting<unknown>[], working: string): string {
  return countSummary({
    all: all.length,
    problems: all.filter(isProblem).length,
    working: [all.filter(({ standing }) => standing.is === "fine").length, working],
    disabled: all.filter(isOff).length,
  });
}

function renderStatus<Client, Item>(
  resource: Resource<Client, Item>,
  all: readonly Sighting<Item>[],
  { notes, at, now }: { readonly notes: readonly string[]; readonly at: number; readonly now: number },
): Reply {
  if (all.length === 0 && resource.none) return resource.none;
  const problems = all.filter(isProblem);
  const working = all.filter((one) => !isProblem(one) && !isOff(one));
  const rows = (some: readonly Sighting<Item>[]) => some.map((one) => rowOf(resource, one));
  return {
    mark: all.length === 0 ? "absent" : problems.length > 0 ? "attention" : "fine",
    title: `${resource.label}: ${summaryOf(resource, all)}`,
    blocks: all.length === 0 ? [] : [
      { kind: "text", text: countsOf(all) },
      ...tableOf(rows(problems)),
      ...notes.map((text) => ({ kind: "text", text }) as const),
      ...folded(resource, "Disabled", rows(all.filter(isOff))),
      ...folded(resource, "Working", rows(working)),
    ],
    footer: asOf(at, now),
    buttons: [[{ label: "Refresh", action: { command: `/status ${resource.target}` } }]],
    ...(all.length > 0 && resource.status?.reply?.(all, now, notes)),
  };
}

function rowOf<Client, Item>(
  { status }: Resource<Client, Item>,
  one: Sighting<Item>,
): readonly Line[] {
  return status?.row?.(one) ?? [{ data: one.name }, { data: one.standing.word }];
}

/** Pages are turned of one table, and the problems need them most. */
const MOST_FOLDED = 30;

function folded(
  { target }: { readonly target: string },
  word: string,
  rows: readonly (readonly Line[])[],
): readonly Block[] {
  if (rows.length === 0) return [];
  const more = rows.length - MOST_FOLDED;
  return [{
    kind: "details",
    summary: `${word} (${rows.length})`,
    blocks: [
      ...tableOf(rows.slice(0, MOST_FOLDED)),
      ...(more > 0 ? [{ kind: "text", text: `and ${more} more: /list ${target}` } as const] : []),
    ],
  }];
}

/** A table, or nothing where it would have no rows. */
export function tableOf(rows: readonly (readonly Line[])[]): readonly Block[] {
  return rows.length === 0 ? [] : [{ kind: "table", rows }];
}

/** Counts by word, most frequent first: "7 enabled · 2 disabled". The words are the vendor's, the dots ours. */
function countsOf(all: readonly Sighting<unknown>[]): readonly Inline[] {
  const counts = new Map<string, number>();
  for (const { standing: { word } } of all) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([a, many], [b, more]) => more - many || a.localeCompare(b))
    .flatMap(([word, count], index) => [`${index > 0 ? " · " : ""}${count} `, { data: word, max: 40 }]);
}

/** A table with these columns. */
export function columnsOf<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): Table {
  return {
    kind: "table",
    header: columns.map(({ title }) => title),
    rows: rows.map((row) => columns.map(({ cell }) => cell(row))),
  };
}

function renderList<Client, Item>(
  { none, noun: [one, many] }: Resource<Client, Item>,
  listing: ListLook<Item>,
  all: readonly Sighting<Item>[],
  name: string | undefined,
): Reply {
  if (all.length === 0 && none) return none;
  const fits = name === undefined ? all : all.filter((seen) => fold(seen.name).includes(fold(name)));
  const which = name === undefined ? [] : [' with "', { data: name }, '" in the name'];
  const byName = fits.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
  return {
    mark: "info",
    title: all.length === 0
      ? listing.none ?? `No ${one}`
      : [fits.length === 0 ? `No ${one}` : `${fits.length} ${fits.length === 1 ? one : many}`, ...which],
    blocks: fits.length === 0 ? [] : [
      { kind: "text", text: countsOf(fits) },
      columnsOf(listing.columns, byName),
    ],
    ...listing.reply?.(fits),
  };
}

function usualSentences(label: string, word: string): NonNullable<Toggle<never, never>["sentences"]> {
  return (name, on) => ({
    title: [on ? "Enable " : "Disable ", name, ` in ${label}`],
    done: [name, ` is ${word} in ${label}`],
    already: [name, ` is ${word} already`],
  });
}

function usualEvidence(name: string, state: ToggleState | undefined): Line {
  return [
    { data: name },
    ...(state ? [" is read back as ", { data: state.word }] : [" is not there any more"]),
  ];
}

/** What cannot be read proves nothing: it stays at what the vendor answered. */
function toggled(
  on: boolean,
  before: ToggleState,
  after: ToggleState,
  receipt: Receipt | undefined,
): Verification["state"] {
  if (after.on === on) return "applied";
  if (after.on !== null && after.on === before.on) return "not applied";
  if (after.word !== before.word) return "unknown";
  return receipt ? "accepted" : "unknown";
}
