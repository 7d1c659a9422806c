import * as z from "zod";
import { formatAge } from "../../handlers/format.ts";
import { type Block, type Line, line, type Mark, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import {
  activeFreezes,
  activeHolds,
  type Change,
  changeTitle,
  plannedFreezes,
  waitsForItsTime,
} from "../store/changes.ts";
import { newHandle, recall, remember } from "../store/kept_values.ts";
import { type Episode, itemsOf, openEpisodes, type WatchedItem } from "../store/watch.ts";
import { LASTING, placeOf, type VendorNamed } from "../watch/item_words.ts";
import { type Builtin, builtin } from "./builtin.ts";
import { openEmergencies } from "../approvals/emergency.ts";
import { loanLine, openLoans } from "../approvals/loan.ts";
import { emergencyLine } from "./changes.ts";
import { freezeLine, holdLine } from "../approvals/view.ts";

/** What changed is told from the last hand-over on; where there was none, of a day. */
const FIRST_TIME_MS = 86_400_000;
const MOST_OF_A_KIND = 8;

/** `/handover`: all that whoever comes next has to know, and a button to take it over. */
export const handover: Builtin = builtin({
  verb: "handover",
  summary: "What is open, for the next person on call, and a button to take over",
  example: "/handover",
  need: "read",
  risk: "read",
  input: z.object({}),
  async execute(parts, ctx) {
    const state = await stateOf(parts, ctx.chat.id);
    const button = { label: "I have it", action: { handle: newHandle(), do: "have" } } as const;
    ctx.answer({ ...stateReply(state), buttons: [[button]] });
  },
});

/** Somebody pressed "I have it": who may ask for changes or approve them takes over, once for each hand-over. */
export async function takeOver(
  { store, vendors, members }: Known & { readonly members: Members },
  ctx: UpdateContext,
): Promise<void> {
  if (!ctx.press?.replaces) return ctx.refuse("unknown_button");
  const asking = await members.judge("request", ctx.person.id, ctx.chat);
  const mayTake = asking.allowed || (await members.judge("approve", ctx.person.id, ctx.chat)).allowed;
  if (!asking.allowed && !mayTake) return ctx.refuse(asking.reason, { operation: "/handover" });
  const { blocks, ...state } = stateReply(await stateOf({ store, vendors }, ctx.chat.id));
  const taken: Taken = { at: store.now(), id: ctx.person.id, name: ctx.person.name };
  ctx.onCommit((transaction) =>
    remember(store, transaction, { [keyOf(ctx.chat.id)]: JSON.stringify(taken) })
  );
  ctx.audit({ event: "handed_over" });
  ctx.answer({ ...state, title: line(state.title, " · ", takenLine(taken)), blocks: blocks ?? [] });
}

const takenShape = z.object({ at: z.number(), id: z.number(), name: z.string() });
type Taken = z.output<typeof takenShape>;

function keyOf(chatId: number): string {
  return `handover:${chatId}`;
}

function takenLine({ at, name }: Taken): Line {
  return line({ data: name || "someone", max: 30 }, " has it since ", { time: at });
}

interface State {
  readonly last: Taken | undefined;
  readonly isDown: boolean;
  /** What is open, by its kind. */
  readonly open: readonly (readonly [kind: string, lines: readonly Line[]])[];
  readonly changed: readonly Line[];
}

type Known = Pick<Deps, "store" | "vendors">;

async function stateOf({ store, vendors }: Known, chatId: number): Promise<State> {
  const { db } = store;
  const now = store.now();
  const known = await recall(store, keyOf(chatId));
  const last = known === undefined ? undefined : takenShape.parse(JSON.parse(known));
  const since = last?.at ?? now - FIRST_TIME_MS;
  const changes = await db.selectFrom("changes").selectAll().where((is) =>
    is.or([
      is("state", "in", ["pending", "approved", "executing", "unknown"]),
      is("finished_at", ">", since),
    ])
  ).orderBy("created_at").execute();
  const episodes = (await openEpisodes(store, chatId)).filter(({ kind }) => FAILING.has(kind));
  const items = (await itemsOf(store)).filter(({ state }) => state !== "fine");
  const away = new Set(items.filter(({ item_id }) => item_id === null).map(({ vendor }) => vendor));
  // That nothing is known of a vendor that is away as a whole is told once, among what fails.
  const silent = items.filter(({ state, vendor }) => state === "unknown" && !away.has(vendor));
  const waits = changes.filter(({ state, expires_at }) => state === "pending" && expires_at > now);
  const runs = changes.filter(({ state }) => state === "approved" || state === "executing");
  const unknown = changes.filter(({ state }) => state === "unknown");
  const vendor: VendorNamed = (name) => vendors.byName(name)?.vendor;
  const isOpen = new Set([...waits, ...runs, ...unknown].map(({ code }) => code));
  return {
    last,
    isDown: episodes.some(({ state }) => state === "down"),
    open: [
      ["Failing", episodes.map((one) => episodeLine(vendor, one, now))],
      ["Unknown", [
        ...unknown.map(changeLine),
        ...silent.map((one) => quietLine(vendor, one, now)),
      ]],
      ["Waits for approval", waits.map(changeLine)],
      ["To be looked into", (await openEmergencies(db)).map((one) => emergencyLine(one, now))],
      ["Scheduled", runs.filter(waitsForItsTime).map(changeLine)],
      ["Runs", runs.filter((change) => !waitsForItsTime(change)).map(changeLine)],
      ["Borrowed", (await openLoans(store)).map((loan) => loanLine(loan, now))],
      ["Held", (await activeHolds(store)).map(holdLine)],
      ["Frozen", [...await activeFreezes(store), ...await plannedFreezes(store)].map(freezeLine)],
    ],
    changed: changes.filter(({ code, state }) => !isOpen.has(code) && state !== "pending").map(changeLine),
  };
}

const FAILING: ReadonlySet<Episode["kind"]> = new Set(["alert", "start", "ours", "blind"]);

function stateReply({ last, isDown, open, changed }: State): Reply & { readonly title: Line } {
  const count = open.reduce((sum, [, lines]) => sum + lines.length, 0);
  const mark: Mark = isDown ? "down" : count > 0 ? "attention" : "fine";
  const since: Line = last
    ? line("since ", { data: last.name || "someone", max: 30 }, " took over ", { time: last.at, as: "date" })
    : "in the last day";
  return {
    mark,
    title: count === 0 ? "Nothing is open" : count === 1 ? "1 thing is open" : `${count} things are open`,
    blocks: [
      ...open.flatMap(([kind, lines]) => kindBlocks(kind, lines)),
      ...(changed.length === 0
        ? [textBlock(line("Nothing was changed here ", since, "."))]
        : kindBlocks(line("Changed ", since), changed.toReversed())),
    ],
  };
}

/** So many are seen, the others folded. */
function kindBlocks(kind: Line, lines: readonly Line[]): Block[] {
  if (lines.length === 0) return [];
  const more = lines.slice(MOST_OF_A_KIND);
  return [
    textBlock({ bold: line(kind, ` (${lines.length})`) }),
    { kind: "list", items: lines.slice(0, MOST_OF_A_KIND) },
    ...(more.length === 0 ? [] : [
      { kind: "details", summary: `${more.length} more`, blocks: [{ kind: "list", items: more }] } as const,
    ]),
  ];
}

function changeLine(change: Change): Line {
  const asker: Line = { data: change.requester_name || "someone", max: 30 };
  const { title } = changeTitle(change);
  const when: Line = change.state === "pending"
    ? [" · expires ", { time: change.expires_at, as: "relative" }]
    : waitsForItsTime(change)
    ? [" · runs ", { time: change.starts_at ?? 0, as: "date" }]
    : "";
  return line({ code: change.code }, " ", title, " · asked by ", asker, when);
}

function episodeLine(vendor: VendorNamed, one: Episode, now: number): Line {
  const { kind, state, opened_at, acked_name } = one;
  const acked: Line = acked_name === null
    ? " · nobody acked"
    : [" · ", { data: acked_name, max: 30 }, " acked"];
  const how = kind === "blind" ? "not looked at" : LASTING[state];
  return line(whichLine(vendor, one), ` ${how} for ${formatAge(now - opened_at)}`, acked);
}

function quietLine(vendor: VendorNamed, item: WatchedItem, now: number): Line {
  return line(whichLine(vendor, item), ` unknown for ${formatAge(now - item.since)}`);
}

/** "Central EU (Sophos in HaloPSA)"; a vendor as a whole by its name alone. */
function whichLine(vendor: VendorNamed, one: Pick<Episode, "name" | "vendor" | "target">): Line {
  const place = placeOf(vendor, one);
  return line({ data: one.name, max: 40 }, place === "" ? "" : ` (${place})`);
}
