import * as z from "zod";
import type { Rows } from "../clients/json.ts";
import { asOf, countSeen, countSummary, showButtons } from "./format.ts";
import { narrowed, narrowingWords, nothingLeft, thatFit } from "./narrow.ts";
import { fold } from "./resolve.ts";
import {
  type ChangeOperation,
  type Context,
  type Health,
  operationsOf,
  type ReadOperation,
} from "./operation.ts";
import type { Block, Inline, Line, Mark, Reply, Table } from "./reply.ts";
import { deleteOperation, described, idInput, toggleOperations } from "./resource_changes.ts";
import {
  aboutOf,
  findItem,
  itemChoices,
  type ListLook,
  nameOfSeen,
  plainLooks,
  type Resource,
  type Sighting,
  sightingOf,
  sightings,
  type Survey,
  type TableColumn,
  targetOf,
  unseenIn,
  unseenNotes,
} from "./resource.ts";
import { type ItemState, keptWords, type SeenItem, type VendorSight } from "./sight.ts";

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
    render: ({ value, at }, { now }) => renderStatus(resource, value, { at, now }),
  });
}

/** What of a list is asked for. */
interface Wanted {
  readonly name?: string;
  readonly words?: string;
}

/** `/list <target>`: each with its id. */
function listOperation<Client, Item>(
  resource: Resource<Client, Item>,
  listing: ListLook<Item>,
): ReadOperation {
  return operationsOf<Client>(resource.vendor).read<z.ZodObject, { found: Rows<Item> } & Wanted>({
    ...described(resource, "list", listing),
    input: z.object({ words: narrowingWords, ...(listing.isFiltered && { name: PART_OF_NAME }) }),
    // Filtered here: whether a vendor's own filter takes parts of a name is seldom written anywhere.
    run: async ({ client, call }, { name, words }) => ({
      found: await resource.list(client, call),
      ...(typeof name === "string" && name !== "" && { name }),
      ...(typeof words === "string" && { words }),
    }),
    render({ found, ...wanted }, { now }): Reply {
      const reply = renderList(resource, listing, sightings(resource, found.items, now), {
        ...wanted,
        unseen: unseenIn(found),
      });
      return unseenIn(found) === 0 ? reply : withNotes(reply, unseenNotes(resource.label, found));
    },
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
    choices: { id: itemChoices(resource) },
    run: (context, { id }) => findItem({ ...resource, get: show.get ?? resource.get }, context, id),
    render: (item, { now }): Reply => {
      const sighting = sightingOf(resource, item, now);
      const { standing } = sighting;
      const facts = { kind: "facts", facts: show.facts(item) } as const;
      return {
        mark: MARKS[standing.is],
        title: [nameOfSeen(sighting), " is ", { data: standing.word }],
        blocks: [facts],
        ...show.reply?.(sighting, facts),
      };
    },
  });
}

/** A vendor's line in the `/status` of all, where it has one resource. */
export async function resourceHealth<Client, Item>(
  resource: Resource<Client, Item>,
  context: Context<Client>,
): Promise<Health> {
  const { value, at } = await readAll(resource, context);
  const all = sightings(resource, value.items, context.now);
  return {
    mark: markOf(all, unseenIn(value)),
    summary: summaryOf(resource, all, value),
    problems: [
      ...all.filter(isProblem).map((one) => rowOf(resource, one)),
      ...unseenNotes(resource.label, value).map((note) => [note]),
    ],
    at,
  };
}

/** What a watch sees of a vendor that has one resource. */
export async function resourceSight<Client, Item>(
  resource: Resource<Client, Item>,
  context: Context<Client>,
): Promise<VendorSight> {
  const { value, at } = await readAll(resource, context);
  return {
    items: seenItems(resource, value.items, context.now),
    partial: unseenIn(value) > 0 ? [resource.target] : [],
    at,
  };
}

/** Each item of a resource as a watch sees it. */
export function seenItems<Client, Item>(
  resource: Resource<Client, Item>,
  items: readonly Item[],
  now: number,
): readonly SeenItem[] {
  return items.map((item) => {
    const { watched, is, word } = resource.standing(item, now);
    const words = keptWords(resource.watch?.words?.(item));
    const ends = resource.watch?.ends?.(item) ?? [];
    return {
      key: targetOf(resource, item).key,
      target: resource.target,
      id: resource.id(item),
      name: resource.name(item),
      state: watched ?? WATCHED[is],
      word,
      ...(words !== undefined && { words }),
      ...(ends.length > 0 && { ends }),
    };
  });
}

const WATCHED: Readonly<Record<Sighting<unknown>["standing"]["is"], ItemState>> = {
  problem: "attention",
  busy: "unknown",
  unknown: "unknown",
  off: "off",
  fine: "fine",
};

const PART_OF_NAME = z.string().optional().meta({ placeholder: "part of the name" });

function readAll<Client, Item>(
  resource: Resource<Client, Item>,
  context: Context<Client>,
): Promise<{ value: Survey<Item>; at: number }> {
  const { client, call } = context;
  return context.cached(
    resource.target,
    async () =>
      await resource.status?.survey?.(client, call) ??
        { ...await resource.list(client, call), notes: [] },
  );
}

/** As a list says what is not in it. */
function withNotes(reply: Reply, notes: readonly Line[]): Reply {
  const { mark, blocks = [] } = reply;
  return {
    ...reply,
    mark: mark === "absent" ? "attention" : mark,
    blocks: [...blocks, ...notes.map((text) => ({ kind: "text", text }) as const)],
  };
}

const MARKS: Readonly<Record<Sighting<unknown>["standing"]["is"], Mark>> = {
  problem: "attention",
  busy: "working",
  unknown: "unknown",
  off: "absent",
  fine: "fine",
};

/** How all of them stand together: fine is only what was seen to be. */
export function markOf(all: readonly Sighting<unknown>[], unseen: number): Health["mark"] {
  const some = (is: Sighting<unknown>["standing"]["is"]) => all.some(({ standing }) => standing.is === is);
  if (unseen > 0 || some("problem")) return "attention";
  if (some("unknown")) return "unknown";
  if (some("fine")) return "fine";
  return some("busy") ? "unknown" : "absent";
}

export function isProblem({ standing }: Sighting<unknown>): boolean {
  return standing.is === "problem";
}

function isUnknown({ standing }: Sighting<unknown>): boolean {
  return standing.is === "unknown";
}

function isOff({ standing }: Sighting<unknown>): boolean {
  return standing.is === "off";
}

function summaryOf<Client, Item>(
  { working, noun, status }: Resource<Client, Item>,
  all: readonly Sighting<Item>[],
  { unread, missing = 0 }: Omit<Rows<unknown>, "items">,
): string {
  const none = unread.length + missing > 0 ? "" : status?.none ?? `no ${noun[1]}`;
  return [
    all.length > 0 ? countStandings(all, working) : none,
    unread.length > 0 ? `${unread.length} could not be read` : "",
    missing > 0 ? `${missing} not returned` : "",
  ]
    .filter(Boolean).join(" · ");
}

/** "2 of 14 need attention", "7 of 9 working · 2 disabled". */
export function countStandings(all: readonly Sighting<unknown>[], working: string): string {
  return countSummary({
    all: all.length,
    problems: all.filter(isProblem).length,
    working: [all.filter(({ standing }) => standing.is === "fine").length, working],
    disabled: all.filter(isOff).length,
    unknown: all.filter(isUnknown).length,
  });
}

function renderStatus<Client, Item>(
  resource: Resource<Client, Item>,
  { items, notes: left, ...unseen }: Survey<Item>,
  { at, now }: { readonly at: number; readonly now: number },
): Reply {
  const all = sightings(resource, items, now);
  if (all.length + unseenIn(unseen) === 0 && resource.none) return resource.none;
  const notes = [...left, ...unseenNotes(resource.label, unseen)];
  const problems = all.filter(isProblem);
  const working = all.filter((one) => !isProblem(one) && !isOff(one) && !isUnknown(one));
  const rows = (some: readonly Sighting<Item>[]) => some.map((one) => rowOf(resource, one));
  return {
    mark: markOf(all, unseenIn(unseen)),
    title: `${resource.label}: ${summaryOf(resource, all, unseen)}`,
    blocks: [
      ...(all.length === 0 ? [] : [{ kind: "text", text: countsOf(all) } as const]),
      ...tableOf(rows(problems)),
      ...notes.map((text) => ({ kind: "text", text }) as const),
      ...folded(resource, "Not known", rows(all.filter(isUnknown))),
      ...folded(resource, "Disabled", rows(all.filter(isOff))),
      ...folded(resource, "Working", rows(working)),
    ],
    footer: asOf(at, now),
    narrows: `/list ${resource.target}`,
    buttons: [
      ...showButtons(
        problems.map(({ item, name }) => ({
          name,
          command: `/show ${resource.target} ${resource.id(item)}`,
        })),
      ),
      [{ label: "Refresh", action: { command: `/status ${resource.target}` } }],
    ],
    ...(all.length > 0 && resource.status?.reply?.(all, now, notes)),
  };
}

function rowOf<Client, Item>(
  { status }: Resource<Client, Item>,
  one: Sighting<Item>,
): readonly Line[] {
  return status?.row?.(one) ?? [nameOfSeen(one), { data: one.standing.word }];
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

/** A phone has no room for it beside the others, and whoever needs ids unfolds them. */
const ID_COLUMN = "Id";

function renderList<Client, Item>(
  resource: Resource<Client, Item>,
  listing: ListLook<Item>,
  all: readonly Sighting<Item>[],
  { name, words, unseen }: Wanted & { readonly unseen: number },
): Reply {
  const { none, target, noun: [one, many] } = resource;
  if (all.length + unseen === 0 && none) return none;
  const named = name === undefined ? all : all.filter((seen) => fold(seen.name).includes(fold(name)));
  const { fits, near } = narrowed(words, named, (seen) => sayingsOf(resource, seen));
  const command = `/list ${target}`;
  if (words !== undefined && fits.length === 0 && all.length > 0) {
    return nothingLeft(one, words, near, command);
  }
  const isWhole = name === undefined && words === undefined;
  const which = name === undefined ? [] : [' with "', { data: name }, '" in the name'];
  const byName = fits.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
  // Of what could not be read nobody knows whether it fits.
  const count = countSeen(fits.length, isWhole ? unseen : 0, [one, many]) + thatFit(words, fits.length);
  return {
    mark: "info",
    title: all.length + unseen === 0
      ? listing.none ?? `No ${one}`
      : [fits.length + unseen === 0 ? `No ${one}` : count, ...which],
    blocks: fits.length === 0 ? [] : [
      { kind: "text", text: countsOf(fits) },
      columnsOf(listing.columns.filter(({ title }) => title !== ID_COLUMN), byName),
      ...folded(
        { target },
        "ids",
        listing.columns.filter(({ title }) => title === ID_COLUMN).flatMap(({ cell }) =>
          byName.map((one) => [{ data: one.name }, cell(one)])
        ),
      ),
    ],
    narrows: command,
    ...listing.reply?.(fits, count),
  };
}

function sayingsOf<Client, Item>(
  resource: Resource<Client, Item>,
  { item, name, standing }: Sighting<Item>,
): readonly string[] {
  return [name, standing.word, ...aboutOf(resource, item)];
}
