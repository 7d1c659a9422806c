/**
 * A vendor's ordinary things (integrations, monitors, rules), each kind described once: what is listed, shown,
 * switched and deleted, and the vendor's line in `/status`.
 *
 * To add a kind, write one `Resource` in the vendor's file: how the client lists and gets the items, their id and
 * name, how one stands, the columns of a list and the facts of one; `toggle` and `removal` where the vendor has
 * them. Then give `resourceOperations(it)` to the vendor's `operations` and `resourceHealth` to its `health`. What
 * is not said is derived; where a vendor's replies look otherwise, `reply` returns the parts that differ. What is no
 * list of things that come and go (a catalog, a secret, a mapping) is an operation of its own beside it.
 */

import type { CallOptions } from "../clients/http/contract.ts";
import type { Json, JsonObject, Rows } from "../clients/json.ts";
import type { FieldFacts } from "./form.ts";
import {
  BadInput,
  type Card,
  ChoiceNeeded,
  type Choices,
  type Context,
  type ReadOperation,
  type Target,
  type Undo,
} from "./operation.ts";
import { type Block, type Inline, joinLines, type Line, line, type Reply } from "./reply.ts";
import { inQuotes } from "./format.ts";
import { fold, ifFound, type Named, resolve } from "./resolve.ts";
import type { Ailing, End, ItemState, Remedy } from "./sight.ts";

/** One kind of thing that a vendor keeps. `Kept` is what is remembered of one that is deleted. */
export interface Resource<Client, Item, Kept extends Json = Json> {
  /** The vendor whose client reads it. */
  readonly vendor: string;
  /** The second word of its commands, and the start of what its changes are filed under. */
  readonly target: string;
  /** How people call the vendor or the product. */
  readonly label: string;
  /** One and many of them, where nobody named the vendor yet: "OpsRamp integration". */
  readonly noun: readonly [one: string, many: string];
  /** What one does that works, for counts: "7 of 9 working". */
  readonly working: string;
  list(client: Client, call: CallOptions): Promise<Rows<Item>>;
  /** Throws `not_found` for an unknown id. */
  get(client: Client, id: string, call: CallOptions): Promise<Item>;
  id(item: Item): string;
  name(item: Item): string;
  standing(item: Item, now: number): Standing;
  /** What tells one from its namesakes, the most telling first; its id is known besides. */
  about?(item: Item): readonly (string | null | undefined)[];
  /** How one is found by what a person types; by its name, if nothing else is said. */
  readonly lookup?: Lookup;
  /** The reply to both `/status` and `/list` when there is none. */
  readonly none?: Reply;
  /** How the three reads look; plainly, if nothing else is said. */
  readonly status?: StatusLook<Client, Item>;
  /** Or an operation of its own, where the vendor filters. */
  readonly listing?: ListLook<Item> | ReadOperation;
  readonly show?: ShowLook<Client, Item>;
  readonly toggle?: Toggle<Client, Item>;
  readonly removal?: Removal<Client, Item, Kept>;
  /** What a watch tells beside the standing. */
  readonly watch?: WatchLook<Item>;
}

/** What a watch tells of an item beside how it stands. */
export interface WatchLook<Item> {
  /** What the vendor says of one that does not stand well. */
  words?(item: Item): string | null | undefined;
  /** What of it is known to end. */
  ends?(item: Item): readonly End[];
  /** What may help, most likely first. */
  remedies?(ailing: Ailing): readonly Remedy[];
}

/** How one item stands. */
export interface Standing {
  readonly word: string;
  /** `off` was switched off on purpose; `unknown` is where the vendor does not say. */
  readonly is: "problem" | "busy" | "unknown" | "off" | "fine";
  /** Its place in a list that begins with the worst; by `is`, if nothing else is said. */
  readonly rank?: number;
  /** How a watch takes it; by `is`, if nothing else is said: a problem wants attention, what is busy is not known. */
  readonly watched?: ItemState;
}

/** An item as it was seen at one moment. */
export interface Sighting<Item> {
  /** `Target.key`. */
  readonly key: string;
  readonly item: Item;
  readonly name: string;
  readonly standing: Standing;
}

export interface Lookup {
  /** What the items are called when none fits; the resource's noun, if nothing else is said. */
  readonly noun?: readonly [one: string, many: string];
  /** What looks like an id: no part of a name is searched for by it. */
  readonly pattern: RegExp;
  /** The id that such words are, as the vendor writes it. */
  idIn(words: string): string | undefined;
  /** Whether no name looks like that either. */
  readonly isNoName?: boolean;
}

export interface Help {
  /** One line, for help. */
  readonly summary: string;
  /** A whole command that works; made from the verb and the target, if nothing else is said. */
  readonly example?: string;
}

export interface StatusLook<Client, Item> extends Help {
  /** What is said when there is none, such as "no integration is installed". */
  readonly none?: string;
  /** What is read for it, where that is more than the list. */
  survey?(client: Client, call: CallOptions): Promise<Survey<Item>>;
  /** One item in a table of the status: its name and its word, if nothing else is said. */
  row?(sighting: Sighting<Item>): readonly Line[];
  /** What differs from the usual reply. Worst first. */
  reply?(all: readonly Sighting<Item>[], now: number, notes: readonly Line[]): Partial<Reply>;
}

/** All items, and in sentences what the vendor left out. */
export interface Survey<Item> extends Rows<Item> {
  readonly notes: readonly Line[];
}

export interface ListLook<Item> extends Help {
  /** Whether `name=` picks those with that in their name. */
  readonly isFiltered?: boolean;
  readonly columns: readonly TableColumn<Sighting<Item>>[];
  /** What is said when there is none: "No OpsRamp integration", if nothing else is said. */
  readonly none?: string;
  /** What differs from the usual reply, whose title is the count of them. Worst first. */
  reply?(fits: readonly Sighting<Item>[], count: string): Partial<Reply>;
}

export interface TableColumn<Row> {
  readonly title: string;
  cell(row: Row): Line;
}

export interface ShowLook<Client, Item> extends Help {
  /** One with all that is known, where that is more than the resource's `get` reads. */
  get?(client: Client, id: string, call: CallOptions): Promise<Item>;
  facts(item: Item): readonly Fact[];
  /** What differs from the usual reply, which holds the facts alone. */
  reply?(sighting: Sighting<Item>, facts: Block): Partial<Reply>;
}

export type Fact = readonly [label: string, value: Line];

/** Switching one on and off. */
export interface Toggle<Client, Item> {
  readonly help: Readonly<Record<"enable" | "disable", Help & { readonly risk: "write" | "danger" }>>;
  /** The commands to switch it on and off, where they are not `/enable` and `/disable`. */
  readonly commands?: Readonly<
    Record<"enable" | "disable", { readonly verb: string; readonly target: string }>
  >;
  /** The words for on and off in rows and sentences. */
  readonly words: readonly [on: string, off: string];
  state(item: Item): ToggleState;
  set(client: Client, to: { id: string; field: string; on: boolean }, call: CallOptions): Promise<void>;
  /** What will be sent, for the card. */
  sends(to: { id: string; field: string; on: boolean }): Json;
  /** What else of it counts when it is switched on: once that has moved, what was approved does not run. */
  depends?(item: Item): JsonObject;
  /** What stops working when it is off, and what begins when it is on. */
  breaks(name: Inline, on: boolean, depends: JsonObject): readonly Line[];
  /** Whether switching it on is dangerous as it stands. */
  endangers?(depends: JsonObject): boolean;
  /** The sentences of the change, where they are not "Enable X in Y", "X is enabled in Y", "X is enabled already". */
  sentences?(name: string, on: boolean, now: ToggleState): { title: Line; done: Line; already: Line };
  /** What a read-back says, where it is not "X is read back as enabled"; no state where there is no item any more. */
  evidence?(state: ToggleState | undefined): Line;
  /** How it is taken back, where it is not "by disabling it again". */
  back?(on: boolean): Line;
  /** Why a state could not be asked for again. */
  noWayBack?(state: ToggleState): Line | undefined;
}

export type ToggleState = {
  /** Null where the vendor does not say, or says something that cannot be asked for. */
  readonly on: boolean | null;
  readonly word: string;
  /** What the vendor calls the property. */
  readonly field: string;
};

/** Deleting one. */
export interface Removal<Client, Item, Kept extends Json> extends Help {
  /** What is remembered of it, without secrets and without what moves by itself. */
  keep(item: Item): Kept;
  remove(client: Client, id: string, call: CallOptions): Promise<void>;
  card(kept: Kept, target: Target): Card;
  /** What a read-back of `id` says; `seen` is what is still there. */
  evidence(id: string, seen: Item | undefined): Line;
  /** What else the way back depends on, asked of the vendor when the change is planned. */
  outlook?(kept: Kept, context: Context<Client>): Promise<Json>;
  /** `outlook` is null where the resource has none. */
  undo(kept: Kept, outlook: Json): Undo;
}

/** What a field of an operation may name: every item, the worst first. */
export function itemChoices<Client, Item>(resource: Resource<Client, Item>): Choices<Client> {
  return async ({ client, call, now }) => {
    const { items } = await resource.list(client, call);
    return sightings(resource, items, now).map(({ item, name, standing: { is } }) => ({
      value: resource.id(item),
      name,
      about: aboutOf(resource, item),
      standing: is,
    }));
  };
}

export function aboutOf<Client, Item>({ about }: Resource<Client, Item>, item: Item): readonly string[] {
  return (about?.(item) ?? []).filter((said): said is string => Boolean(said));
}

/** The one item that `words` mean, read whole. Throws as `locateItem` does. */
export async function findItem<Client, Item>(
  resource: Resource<Client, Item>,
  context: Context<Client>,
  words: string,
): Promise<Item> {
  const { id, item } = await locateItem(resource, context, words);
  const found = item ?? await ifFound(resource.get(context.client, id, context.call));
  if (!found) throw noSuchId(resource, id);
  return found;
}

/**
 * Which item `words` mean: its id, its name, or a part of the name. What could be an id is never searched for as a
 * part of one. The item itself comes along where it was read on the way. Throws `BadInput` when none fits and
 * `ChoiceNeeded` when several do.
 */
export async function locateItem<Client, Item>(
  resource: Resource<Client, Item>,
  { client, call }: Context<Client>,
  words: string,
): Promise<Named & { readonly item?: Item }> {
  const { lookup, noun: [one, many], target } = resource;
  const wanted = words.trim();
  if (wanted === "") throw new BadInput("Which one? Type its name or its id.");
  const isId = lookup?.pattern.test(wanted) ?? false;
  const id = isId ? lookup?.idIn(wanted) : undefined;
  // "007" is nobody's id as it stands, and may be a name.
  const mayBeName = /^#?0\d+$/.test(wanted);
  const known = id === undefined || mayBeName ? undefined : await ifFound(resource.get(client, id, call));
  if (known) return { id: resource.id(known), name: resource.name(known), item: known };
  if (id !== undefined && lookup?.isNoName) throw noSuchId(resource, id);
  const [noun, plural] = lookup?.noun ?? [one, many];
  const found = await resource.list(client, call);
  const all = found.items
    .map((item) => ({ id: resource.id(item), name: resource.name(item), about: aboutOf(resource, item) }));
  const candidates = isId ? all.filter((one) => fold(one.name) === fold(wanted) || one.id === id) : all;
  const [field, find] = ["id", `/list ${target}`];
  const what = { noun, plural, field, find, unread: unseenIn(found) };
  if (candidates.length > 1 && isId) {
    throw new ChoiceNeeded(`${inQuotes(wanted)} is a name and an id. Which one?`, field, candidates);
  }
  const [only] = candidates;
  if (only && isId) return only;
  const byAddress = all.filter(({ about }) => about.some((said) => fold(said).includes(fold(wanted))));
  const isNamed = all.some(({ name }) => fold(name).includes(fold(wanted)));
  if (isNamed || isId || byAddress.length === 0) return resolve(wanted, candidates, { ...what, others: all });
  return resolve(wanted, byAddress.map((one) => ({ ...one, name: one.about.join(" ") })), what);
}

/** Which one a form is about, asked on the form: what has problems comes first. */
export async function itemField<Client, Item>(
  resource: Resource<Client, Item>,
  { client, call, now }: Context<Client>,
): Promise<FieldFacts> {
  const { items } = await resource.list(client, call);
  if (items.length === 0) {
    throw new BadInput(`There is no ${resource.noun[0]}. Type /help create ${resource.target} to add one.`);
  }
  return {
    path: ["id"],
    label: resource.noun[0],
    kind: "choice",
    required: true,
    choices: sightings(resource, items, now).map(({ item, name, standing: { word } }) => ({
      value: resource.id(item),
      label: `${name} · ${word} · ${resource.id(item)}`,
    })),
  };
}

function noSuchId<Client, Item>({ lookup, noun, target }: Resource<Client, Item>, id: string): BadInput {
  const [one] = lookup?.noun ?? noun;
  return new BadInput(`No ${one} has the id "${id}". Type /list ${target} to see what there is.`);
}

/** How the reads look of which nothing is said. */
export function plainLooks<Client, Item>({ noun: [one, many], id }: Resource<Client, Item>): {
  readonly status: StatusLook<Client, Item>;
  readonly listing: ListLook<Item>;
  readonly show: ShowLook<Client, Item>;
} {
  return {
    status: { summary: `${many}: which work, and which do not` },
    listing: {
      summary: `All ${many} with their ids`,
      columns: [
        { title: "Name", cell: ({ name }) => ({ data: name }) },
        { title: "State", cell: ({ standing }) => ({ data: standing.word }) },
        { title: "Id", cell: ({ item }) => ({ data: id(item) }) },
      ],
    },
    show: { summary: `One ${one}: how it stands`, facts: (item) => [["Id", { data: id(item) }]] },
  };
}

/** What changes to an item are filed under. */
export function targetOf<Client, Item>(
  resource: Resource<Client, Item>,
  item: Item,
): Target {
  const id = resource.id(item);
  return { key: `${resource.target}:${id}`, id, name: resource.name(item) };
}

/** Worst first. */
export function sightings<Client, Item>(
  resource: Resource<Client, Item>,
  items: readonly Item[],
  now: number,
): readonly Sighting<Item>[] {
  return items.map((item) => sightingOf(resource, item, now)).toSorted(worstFirst);
}

/** By `Standing.is`, or by the ranks that a vendor gives; then by name. */
export function worstFirst(a: Sighting<unknown>, b: Sighting<unknown>): number {
  const rank = ({ standing: { rank, is } }: Sighting<unknown>) => rank ?? STANDINGS.indexOf(is);
  return rank(a) - rank(b) || a.name.localeCompare(b.name, "en");
}

export function sightingOf<Client, Item>(
  resource: Resource<Client, Item>,
  item: Item,
  now: number,
): Sighting<Item> {
  const { key, name } = targetOf(resource, item);
  return { key, item, name, standing: resource.standing(item, now) };
}

/** Its name, where it is said how it stands. */
export function nameOfSeen({ key, name, standing }: Sighting<unknown>): Inline {
  return standing.is === "fine" ? { data: name } : { data: name, item: key };
}

/** Worst first. */
const STANDINGS: readonly Standing["is"][] = ["problem", "busy", "unknown", "off", "fine"];

/** How many there are besides the items: they could not be read, or the vendor counts them and does not return them. */
export function unseenIn({ unread, missing = 0 }: Omit<Rows<unknown>, "items">): number {
  return unread.length + missing;
}

/** What is said of them; nothing where there are none. */
export function unseenNotes(
  label: string,
  { unread, missing = 0 }: Omit<Rows<unknown>, "items">,
): readonly Line[] {
  return [
    ...(missing > 0
      ? [`${label} counts ${missing} more but did not return ${missing === 1 ? "it" : "them"}.`]
      : []),
    ...unreadNotes(unread),
  ];
}

const MOST_NAMED = 5;

/** What is said of rows that cannot be read, and so cannot be among the others; nothing where there are none. */
export function unreadNotes(unread: readonly string[]): readonly Line[] {
  if (unread.length === 0) return [];
  const names = unread.slice(0, MOST_NAMED).map((name): Line => ({ data: name, max: 60 }));
  const more = unread.length - names.length;
  return [line(
    `${unread.length} could not be read: `,
    joinLines(names, ", "),
    more > 0 ? ` and ${more} more` : "",
    ". Look in the vendor's console.",
  )];
}
