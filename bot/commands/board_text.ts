import { formatAge } from "../../handlers/format.ts";
import { type Block, type Line, line, type Mark, type Reply, textBlock } from "../../handlers/reply.ts";
import { loanLine, openLoans } from "../approvals/loan.ts";
import { freezeLine, frozenScope, holdLine } from "../approvals/view.ts";
import type { Deps } from "../deps.ts";
import { MARKS } from "../render/layout.ts";
import { activeFreezes, activeHolds, plannedFreezes } from "../store/changes.ts";
import { type Episode, itemsOf, lastLooks, openEpisodes } from "../store/watch.ts";
import { LASTING, MARKED } from "../watch/item_words.ts";

const MOST_PROBLEMS = 8;
/** So many looks that did not come are no chance. */
const MOST_MISSED = 5;

/** What the board says now. */
export async function boardReply(
  deps: Pick<Deps, "config" | "store" | "vendors">,
  { mayPin }: { readonly mayPin: boolean },
): Promise<Reply> {
  const seen = await seenNow(deps);
  const { problems, fine, asOf, now } = seen;
  const more = problems.length - MOST_PROBLEMS;
  return {
    mark: markOf(seen),
    title: titleOf(seen),
    blocks: [
      ...(seen.neverLooks ? [WATCH_OFF] : []),
      { kind: "table", rows: problems.slice(0, MOST_PROBLEMS).map((one) => problemRow(deps, one, now)) },
      textBlock(more > 0 ? `and ${more} more: /status` : ""),
      textBlock(fine.length > 0 ? `${MARKS.fine.emoji} Fine: ${fine.join(" · ")}` : ""),
      ...labelled("Frozen", seen.freezes.map(freezeLine)),
      ...labelled("Freeze planned", seen.planned.map(freezeLine)),
      ...labelled("Held", seen.holds.map(holdLine)),
      ...labelled("Borrowed", seen.loans.map((loan) => loanLine(loan, now))),
      textBlock(mayPin ? "" : "I may not pin messages here. Pin this one yourself."),
    ],
    ...(asOf !== undefined && {
      footer: line("as of ", { time: asOf, as: "clock" }, " · ", { time: asOf, as: "relative" }),
    }),
  };
}

const WATCH_OFF = textBlock([
  "No vendor is looked at. Someone with access to the bot: set ",
  { code: "WATCH_EVERY" },
  ", such as 60s, then restart it.",
]);

/** All that the board tells. */
async function seenNow({ config, store, vendors }: Pick<Deps, "config" | "store" | "vendors">) {
  const { db } = store;
  const now = store.now();
  const watched = vendors.all.filter(({ client }) => client !== undefined).map(({ vendor }) => vendor);
  const known = await lastLooks(store);
  // How a vendor stands is known once looks enough have said the same.
  const settled = await db.selectFrom("items").select("vendor").distinct().where("settled", "=", 1).execute();
  const looks = settled.flatMap(({ vendor }) => known.get(vendor) ?? []).filter(({ vendor, ended_at }) =>
    ended_at !== null && watched.some(({ name }) => name === vendor)
  );
  const items = (await itemsOf(store, { states: ["fine"] })).filter((item) =>
    item.item_id !== null && item.state === "fine"
  );
  const { waiting } = await db.selectFrom("changes").select(db.fn.countAll<number>().as("waiting"))
    .where("state", "=", "pending").where("expires_at", ">", now).executeTakeFirstOrThrow();
  const isStale = looks.length > 0 &&
    looks.every(({ answered_at, every_ms }) => now - (answered_at ?? 0) > MOST_MISSED * every_ms);
  return {
    now,
    problems: (await openEpisodes(store)).filter(({ kind }) => kind !== "appeared" && kind !== "ends"),
    freezes: await activeFreezes(store),
    planned: await plannedFreezes(store),
    holds: await activeHolds(store),
    loans: await openLoans(store),
    waiting: Number(waiting),
    isStale,
    neverLooks: config.watchEveryMs === 0 && (looks.length === 0 || isStale),
    asOf: looks.length === 0
      ? undefined
      : isStale
      ? Math.max(...looks.map(({ answered_at }) => answered_at ?? 0))
      : Math.min(...looks.map(({ ended_at }) => ended_at ?? 0)),
    fine: watched.flatMap(({ name, label }) => {
      const fine = items.filter(({ vendor }) => vendor === name).length;
      return fine === 0 ? [] : [`${label} ${fine}`];
    }),
  };
}

type Seen = Awaited<ReturnType<typeof seenNow>>;

function markOf({ problems, asOf, isStale }: Seen): Mark {
  if (asOf === undefined || isStale) return "unknown";
  if (problems.length === 0) return "fine";
  return problems.some(({ state }) => state === "down") ? "down" : "attention";
}

function titleOf({ problems, waiting, freezes, asOf, isStale, neverLooks }: Seen): Line {
  const [freeze, ...others] = freezes;
  const frozen: Line = freeze === undefined
    ? ""
    : line(" · ", others.length > 0 ? `${freezes.length} freezes` : line(frozenScope(freeze), " frozen"));
  return line(
    asOf !== undefined && isStale ? line("Stale since ", { time: asOf, as: "date" }, " · ") : "",
    asOf !== undefined
      ? problems.length === 1 ? "1 problem" : `${problems.length} problems`
      : neverLooks
      ? "The watch is off"
      : "Nothing is known yet",
    waiting === 0 ? "" : ` · ${waiting} ${waiting === 1 ? "change waits" : "changes wait"}`,
    frozen,
  );
}

function problemRow(
  { vendors }: Pick<Deps, "vendors">,
  { vendor, item_id, name, kind, state, opened_at, acked_name }: Episode,
  now: number,
): readonly Line[] {
  const what: Line = kind === "blind"
    ? "not looked at"
    : item_id === null
    ? "not reachable"
    : line({ data: name, max: 40 }, ` ${LASTING[state]}`);
  const acked: Line = acked_name === null ? "" : [" · ", { data: acked_name, max: 30 }];
  const began = { time: opened_at, as: "clock" } as const;
  return [
    MARKS[MARKED[state]].emoji,
    { bold: vendors.byName(vendor)?.vendor.label ?? vendor },
    line(what, " since ", began, ` (${formatAge(now - opened_at)})`, acked),
  ];
}

function labelled(label: string, lines: readonly Line[]): Block[] {
  return lines.map((one) => textBlock(line(`${label}: `, one)));
}
