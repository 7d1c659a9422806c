import { withTimeout } from "../../clients/clock.ts";
import { ClientError } from "../../clients/errors.ts";
import { asOf, countSummary, inQuotes } from "../../handlers/format.ts";
import { BadInput, ChoiceNeeded } from "../../handlers/operation.ts";
import { type Block, type Button, type Line, line, type Mark, type Reply } from "../../handlers/reply.ts";
import { fold, NothingFits } from "../../handlers/resolve.ts";
import type { ItemState, SeenItem, VendorSight } from "../../handlers/sight.ts";
import { choiceReply } from "../clarify.ts";
import type { UpdateContext } from "../context.ts";
import { unreachable } from "../error_reply.ts";
import { targetNamed } from "../parser/command.ts";
import { closest } from "../parser/suggest.ts";
import { MARKS } from "../render/layout.ts";
import type { Connected } from "../vendors.ts";
import { asWatched } from "../watch/sinces.ts";
import type { CommandParts } from "./builtin.ts";

/** All of it is over after this long, as `/status` alone is. */
const DEADLINE_MS = 10_000;
/** So many of what is fine stand below the problems of a vendor. */
const MOST_SHOWN = 30;

/** The company that is meant; without an id where no vendor knows it by one. */
interface Meant {
  readonly id?: string;
  readonly name: string;
  /** Why it is known by its name alone. */
  readonly unknown?: BadInput;
}

/** What one vendor has of it. */
interface Part {
  readonly connected: Connected;
  readonly items: readonly SeenItem[];
  readonly at?: number;
  /** In words, where it could not be read whole. */
  readonly fault?: string;
}

/** `/status <company>`: what each vendor has of one company, problems first. */
export async function companyStatus(parts: CommandParts, ctx: UpdateContext, words: string): Promise<void> {
  const working: Reply = { mark: "working", title: ["Asking all vendors about ", { data: words }, " …"] };
  const reply = await ctx.withProgress(working, parts.clock, () => answerTo(parts, ctx, words));
  ctx.answer(reply, { paged: true });
}

async function answerTo(parts: CommandParts, ctx: UpdateContext, words: string): Promise<Reply> {
  const { vendors, store, clock } = parts;
  const set = vendors.all.filter(({ client }) => client);
  return await withTimeout(DEADLINE_MS, clock, async (signal) => {
    const contextOf = (one: Connected) => vendors.context(one, { signal, trace: ctx.trace });
    try {
      const company = await companyMeant(set, contextOf, words);
      const isSlip = company.id === undefined && targetsLike(parts, words).length > 0;
      if (isSlip) return nothingReply(parts, ctx, words, company.unknown, []);
      const found = await Promise.all(set.map((one) => partOf(one, contextOf(one), company)));
      const isSomewhere = found.some(({ items }) => items.length > 0);
      if (isSomewhere || company.id !== undefined) {
        return await asWatched(parts, { verb: "status" }, companyReply(company, found, store.now()));
      }
      return nothingReply(parts, ctx, words, company.unknown, found);
    } catch (error) {
      if (error instanceof ChoiceNeeded) return choiceReply(ctx, invocationOf(words), choosing(error));
      throw error;
    }
  });
}

/** Several that fit are thrown as a choice; a vendor that cannot be asked now leaves the words as they are. */
async function companyMeant(
  set: readonly Connected[],
  contextOf: (one: Connected) => Parameters<NonNullable<Connected["vendor"]["company"]>>[0],
  words: string,
): Promise<Meant> {
  let unknown: BadInput | undefined;
  for (const one of set) {
    try {
      const known = await one.vendor.company?.(contextOf(one), words);
      if (known) return { id: known.id, name: known.name };
    } catch (error) {
      if (error instanceof BadInput) unknown = error;
      else if (!(error instanceof ClientError)) throw error;
    }
  }
  return { name: words, ...(unknown && { unknown }) };
}

async function partOf(
  connected: Connected,
  context: Parameters<Connected["vendor"]["sight"]>[0],
  { id, name }: Meant,
): Promise<Part> {
  const { vendor } = connected;
  try {
    const isById = id !== undefined && vendor.companySight !== undefined;
    const sight: VendorSight = isById ? await vendor.companySight!(context, id) : await vendor.sight(context);
    const items = isById ? sight.items : sight.items.filter((item) => beginsWith(item.name, name));
    const fault = sight.partial.length > 0 ? "not all could be read" : undefined;
    return { connected, items, at: sight.at, ...(fault !== undefined && { fault }) };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { connected, items: [], fault: unreachable(error.failure) };
  }
}

/** "Acme Corp" begins "Acme Corp – CRM", and not "Acme Corporation". */
function beginsWith(item: string, company: string): boolean {
  const [whole, beginning] = [fold(item), fold(company)];
  return whole.startsWith(beginning) && !/^[\p{L}\p{N}]/u.test(whole.slice(beginning.length));
}

const WORST_FIRST: readonly ItemState[] = ["down", "attention", "unknown", "off", "fine"];
const MARK_OF: Readonly<Record<ItemState, Mark>> = {
  down: "down",
  attention: "attention",
  unknown: "unknown",
  off: "absent",
  fine: "fine",
};

function companyReply({ id, name }: Meant, parts: readonly Part[], now: number): Reply {
  const all = parts.flatMap(({ items }) => items);
  const having = parts.filter(({ items, fault }) => items.length > 0 || fault !== undefined);
  const none = parts.filter((part) => !having.includes(part)).map(({ connected }) => connected.vendor.label);
  const faults = having.some(({ fault }) => fault !== undefined);
  const count = all.length > 0 ? countOf(all) : faults ? "nothing seen" : "no vendor has anything of it";
  const oldest = Math.min(now, ...parts.flatMap(({ at }) => at ?? []));
  return {
    mark: all.length > 0 ? worstOf(all) : faults ? "unknown" : "absent",
    title: [{ data: name, max: 60 }, `: ${count}`],
    blocks: [
      {
        kind: "table",
        rows: having.map(({ connected, items, fault }) => [
          MARKS[items.length > 0 ? worstOf(items) : "down"].emoji,
          { bold: connected.vendor.label },
          [items.length > 0 ? countOf(items) : "", fault].filter(Boolean).join(" · "),
        ]),
      },
      { kind: "text", text: none.length > 0 && having.length > 0 ? `Nothing of it: ${none.join(", ")}` : "" },
      ...having.flatMap(({ connected, items }) => itemBlocks(connected, items)),
    ],
    footer: asOf(oldest, now),
    buttons: [
      [{ label: "Refresh", action: { command: `/status ${id ?? name}` } }],
      ...(id === undefined ? [] : [moreOf(parts, id)]),
    ],
  };
}

function moreOf(parts: readonly Part[], companyId: string): readonly Button[] {
  return parts.filter(({ connected: { vendor } }) => vendor.companySight).flatMap((
    { connected: { vendor } },
  ) =>
    vendor.operations
      .filter(({ verb, target, input }) => verb === "status" && target !== null && "company" in input.shape)
      .map(({ target }) => ({
        label: target === vendor.name ? vendor.label : target ?? "",
        action: { command: `/status ${target} ${companyId}` },
      }))
  );
}

function countOf(items: readonly SeenItem[]): string {
  const count = (...states: readonly ItemState[]) =>
    items.filter(({ state }) => states.includes(state)).length;
  return countSummary({
    all: items.length,
    problems: count("down", "attention"),
    working: [count("fine"), "fine"],
    disabled: count("off"),
    unknown: count("unknown"),
  });
}

function worstOf(items: readonly SeenItem[]): Mark {
  const worst = WORST_FIRST.find((state) => items.some((item) => item.state === state));
  return worst === undefined ? "absent" : MARK_OF[worst];
}

function itemBlocks({ vendor }: Connected, items: readonly SeenItem[]): readonly Block[] {
  if (items.length === 0) return [];
  const sorted = items.toSorted((one, other) =>
    WORST_FIRST.indexOf(one.state) - WORST_FIRST.indexOf(other.state) ||
    one.name.localeCompare(other.name, "en")
  );
  const rows = sorted.slice(0, MOST_SHOWN).map(({ key, state, name, word, target }): readonly Line[] => [
    line(`${MARKS[MARK_OF[state]].emoji} `, {
      data: name,
      max: 40,
      ...(state !== "fine" && { item: key }),
    }),
    line({ data: word, max: 40 }, vendor.labels?.[target] ? ` · ${vendor.labels[target]}` : ""),
  ]);
  const more = sorted.length - rows.length;
  return [
    { kind: "text", text: { bold: vendor.label } },
    { kind: "table", rows },
    { kind: "text", text: more > 0 ? `and ${more} more` : "" },
  ];
}

/** No vendor knows it: what is spelt most like it, companies and targets alike. */
function nothingReply(
  commandParts: CommandParts,
  ctx: UpdateContext,
  words: string,
  unknown: BadInput | undefined,
  parts: readonly Part[],
): Reply {
  const near = unknown instanceof NothingFits ? unknown.near : [];
  const targets = targetsLike(commandParts, words);
  const question = `No company or target is called ${inQuotes(words)}.` +
    (near.length + targets.length > 0 ? " Did you mean one of these?" : "");
  const offered = choiceReply(ctx, invocationOf(words), new ChoiceNeeded(question, "company", near));
  const faults = parts.flatMap(({ connected, fault }) =>
    fault === undefined ? [] : [`${connected.vendor.label}: ${fault}.`]
  );
  const isOffered = near.length + targets.length > 0;
  return {
    ...offered,
    mark: isOffered ? "question" : "refused",
    blocks: [
      // Why nothing was looked for, where that is not that nothing fits.
      { kind: "text", text: unknown && !(unknown instanceof NothingFits) ? unknown.message : "" },
      ...faults.map((text): Block => ({ kind: "text", text })),
      {
        kind: "text",
        text: isOffered ? "" : [
          ...commandParts.vendors.all.some(({ vendor, client }) => vendor.company && client)
            ? ["Type ", { code: "/find" }, " and a part of its name, or "]
            : ["None of the vendors that are set up knows companies. Type "],
          { code: "/status" },
          " for all vendors.",
        ],
      },
    ],
    buttons: [
      ...targets.map((target) => [{ label: `/status ${target}`, action: { command: `/status ${target}` } }]),
      ...offered.buttons ?? [],
    ],
  };
}

/** The targets of /status that the words may be a slip of. */
function targetsLike({ vendors, commandSet }: CommandParts, words: string): readonly string[] {
  const statuses = commandSet.commands.flatMap(({ verb, target }) => verb === "status" ? target ?? [] : []);
  const spellings = statuses.flatMap((target) => [target, ...vendors.aliases[target] ?? []]);
  return [...new Set(closest(words, spellings).map((name) => targetNamed(name, vendors.aliases)))];
}

function invocationOf(company: string) {
  return { verb: "status", target: null, input: { company }, asked: [] };
}

function choosing({ question, options }: ChoiceNeeded): ChoiceNeeded {
  return new ChoiceNeeded(question, "company", options);
}
