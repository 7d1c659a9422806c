import { countOf, formatAge, formatNumber } from "../../handlers/format.ts";
import { type Block, type Button, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Remedy } from "../../handlers/sight.ts";
import type { ItemState } from "../../handlers/sight.ts";
import type { AlertsTable, EpisodesTable } from "../store/watch_tables.ts";
import {
  MANY,
  MARKED,
  nameOf,
  placeOf,
  SAID,
  systemOf,
  targetLabel,
  type VendorNamed,
  WAS,
  wasBefore,
} from "./item_words.ts";

/** What a message of the watch is made from. */
export interface AlertView {
  readonly alert: Pick<
    AlertsTable,
    "id" | "acked_at" | "acked_name" | "muted_until" | "reminders"
  >;
  /** At least one, all of one kind or of the kinds that share a message. */
  readonly episodes: readonly EpisodesTable[];
  /** How many items a vendor has. */
  readonly totals: ReadonlyMap<string, number>;
  readonly vendor: VendorNamed;
  /** What is frozen of what the message is about, and what of it is changed for a time. */
  readonly frozen?: Line | undefined;
  readonly borrowed?: Line | undefined;
  /** Buttons for what may help. */
  readonly offers: readonly Button[];
  readonly now: number;
}

/** What an alert says: worst first while it lasts, and how long it lasted once it is over. Pure. */
export function alertReply(view: AlertView): Reply {
  const open = view.episodes.filter(({ closed_at }) => closed_at === null).toSorted(worstFirst);
  if (open.length === 0) return recoveredReply(view);
  const [only, ...others] = open;
  return {
    ...(only && others.length === 0 ? oneBad(view, only) : manyBad(view, open)),
    buttons: [
      [showButton(open), ...ackButton(view), {
        label: "Mute 1 h",
        action: { handle: view.alert.id, do: "mute" },
      }],
      ...view.offers.map((offer) => [offer]),
    ],
  };
}

/** Nobody has acked it: the same in short, with a sound. */
export function reminderReply(view: AlertView, most: number): Reply {
  const { blocks = [], title, ...rest } = alertReply({ ...view, offers: [] });
  const count = `Nobody has acked it. Reminder ${view.alert.reminders} of ${most}.`;
  return { ...rest, title: line("Still: ", title), blocks: [...blocks.slice(0, 1), textBlock(count)] };
}

/** What is new, what is gone: nobody need do anything. */
export function newsReply({ episodes, vendor }: AlertView): Reply {
  const [first] = episodes;
  const appeared = episodes.filter(({ kind }) => kind === "appeared");
  const gone = episodes.filter(({ kind }) => kind === "vanished");
  const where = systemOf(vendor, first?.vendor ?? "");
  const counts = [
    appeared.length > 0 ? `${appeared.length} new` : "",
    gone.length > 0 ? `${gone.length} gone` : "",
  ].filter(Boolean).join(", ");
  const title = episodes.length === 1 && first
    ? line(`${first.kind === "appeared" ? "New in" : "Gone from"} ${where}: `, nameOf(first))
    : `${counts} in ${[...new Set(episodes.map((one) => systemOf(vendor, one.vendor)))].join(", ")}`;
  return {
    mark: "info",
    title,
    blocks: listed(episodes, (one) =>
      line(
        episodes.length === 1 ? "" : line(one.kind === "appeared" ? "new: " : "gone: ", nameOf(one), " · "),
        before(placeOf(vendor, one, where)),
        one.kind === "appeared"
          ? { data: one.word, max: 60 }
          : line("last seen ", { time: one.opened_at, as: "relative" }),
      )),
  };
}

/** What ends soon, while there is time to do something. */
export function endsReply({ episodes, vendor }: AlertView): Reply {
  const soonest = episodes.toSorted((one, other) => one.opened_at - other.opened_at);
  const [first] = soonest;
  const remedies = soonest.length === 1 && first ? remediesOf(vendor, first, "token ends soon") : [];
  return {
    mark: "attention",
    title: soonest.length === 1 && first
      ? line("The ", first.word, " of ", nameOf(first), " ends ", { time: first.opened_at, as: "relative" })
      : `${soonest.length} of what is watched end soon`,
    blocks: [
      ...listed(soonest, (one) =>
        line(
          soonest.length === 1 ? "" : line(nameOf(one), " · ", one.word, " · "),
          before(placeOf(vendor, one)),
          "ends ",
          { time: one.opened_at, as: "date" },
        )),
      ...typedRemedies(remedies),
    ],
    buttons: [[showButton(soonest)]],
  };
}

/** Those that can be pressed. */
export function pressedRemedies(view: Pick<AlertView, "vendor" | "episodes">): readonly Remedy[] {
  const open = view.episodes.filter(({ closed_at }) => closed_at === null);
  const [only] = open;
  if (!only || open.length > 1 || only.kind === "blind") return [];
  return remediesOf(view.vendor, only).filter(({ typed }) => !typed);
}

const WORST: readonly ItemState[] = ["down", "attention", "unknown", "off", "fine"];

function worstFirst(one: EpisodesTable, other: EpisodesTable): number {
  return WORST.indexOf(one.state) - WORST.indexOf(other.state) || one.opened_at - other.opened_at ||
    one.name.localeCompare(other.name, "en");
}

function oneBad(view: AlertView, one: EpisodesTable): Reply {
  const { vendor, now } = view;
  const isWhole = one.item_id === null;
  return {
    mark: MARKED[one.state],
    title: isWhole
      ? wholeTitle(view, one)
      : line(nameOf(one), ` ${SAID[one.state]}: `, { data: one.word, max: 60 }),
    blocks: [
      textBlock(line(
        before(placeOf(vendor, one)),
        isStart([one]) ? "since at least " : "since ",
        { time: one.opened_at, as: "clock" },
        ` (${formatAge(now - one.opened_at)})`,
        wasBefore(one),
      )),
      ...wordsOf(view, one),
      ...typedRemedies(remediesOf(vendor, one)),
      ...aftermath(view),
    ],
  };
}

function wholeTitle({ vendor, now }: AlertView, one: EpisodesTable): Line {
  if (one.kind !== "blind") return { data: one.word, max: 100 };
  return `Nobody has looked at ${systemOf(vendor, one.vendor)} for ${formatAge(now - one.opened_at)}`;
}

function wordsOf({ vendor, totals }: AlertView, one: EpisodesTable): Block[] {
  if (one.kind === "blind") return [BLIND];
  const says = one.words === null
    ? []
    : [textBlock(line(one.item_id === null ? "Cause" : `${systemOf(vendor, one.vendor)} says`, ": “", {
      data: one.words,
      max: 200,
    }, "”"))];
  const total = totals.get(one.vendor) ?? 0;
  if (one.item_id !== null || total === 0) return says;
  const whose = total === 1 ? "Its one integration is" : `Its ${formatNumber(total)} integrations are`;
  return [...says, textBlock(`${whose} not known until it answers.`)];
}

const BLIND = textBlock([
  "The bot's own watch stands still, so nothing is told of what happens there. Look at ",
  { code: "/doctor" },
  ".",
]);

function manyBad(view: AlertView, open: readonly EpisodesTable[]): Reply {
  const { vendor, totals, episodes, now } = view;
  const states = new Set(open.map(({ state }) => state));
  const names = new Set(open.map((one) => one.vendor));
  const [first] = open;
  const [only] = names.size === 1 ? names : [];
  const what = states.size === 1 && first ? MANY[first.state] : "are not fine";
  const total = only === undefined ? 0 : totals.get(only) ?? 0;
  const noun = only === undefined
    ? `items of ${names.size} vendors`
    : `${targetLabel(vendor, only)} integrations`;
  const count = total > open.length
    ? `${formatNumber(open.length)} of ${formatNumber(total)}`
    : formatNumber(open.length);
  const since = Math.min(...open.map(({ opened_at }) => opened_at));
  const words = new Set(open.map((one) => one.words));
  const [same] = words.size === 1 ? words : [];
  const recovered = episodes.length - open.length;
  return {
    mark: first ? MARKED[first.state] : "unknown",
    title: open.every(({ kind }) => kind === "blind")
      ? `Nobody has looked at ${open.length} vendors for ${formatAge(now - since)}`
      : `${count} ${noun} ${what}`,
    blocks: [
      ...open.some(({ kind }) => kind === "blind") ? [BLIND] : [],
      textBlock(line(
        new Set(open.map(({ target }) => target)).size > 1 ? `${countsBy(vendor, open)} · ` : "",
        isStart(episodes) ? "since at least " : "since ",
        { time: since, as: "clock" },
        ` (${formatAge(now - since)})`,
        open.every(({ was }) => was !== null && was === first?.was)
          ? ` · were ${WAS[first?.was ?? "fine"]}`
          : "",
        recovered > 0 ? ` · ${formatNumber(recovered)} recovered` : "",
      )),
      ...(same ? [textBlock(line("All say: “", { data: same, max: 200 }, "”"))] : []),
      ...listed(
        open,
        (one) =>
          line(
            nameOf(one),
            " · ",
            { data: one.word, max: 60 },
            ...(same || one.words === null ? [] : [
              " · ",
              {
                data: one.words,
                max: 80,
              } as const,
            ]),
          ),
      ),
      ...aftermath(view),
    ],
  };
}

/** It was so when the watch began, and nobody knows for how long. */
function isStart(episodes: readonly EpisodesTable[]): boolean {
  return episodes.every(({ kind }) => kind === "start");
}

/** "N-central 4 · Sophos 3", most first. */
function countsBy(vendor: VendorNamed, open: readonly EpisodesTable[]): string {
  const counts = [...Map.groupBy(open, (one) => targetLabel(vendor, one.vendor, one.target))]
    .map(([label, { length }]) => [label, length] as const)
    .toSorted(([, one], [, other]) => other - one);
  return counts.map(([label, count]) => `${label} ${formatNumber(count)}`).join(" · ");
}

function recoveredReply(view: AlertView): Reply {
  const { episodes, vendor, alert } = view;
  const [only, ...others] = episodes;
  const from = Math.min(...episodes.map(({ opened_at }) => opened_at));
  const until = Math.max(...episodes.map(({ closed_at, opened_at }) => closed_at ?? opened_at));
  const isGone = episodes.every(({ closed_because }) => closed_because !== null);
  const names = [...new Set(episodes.map((one) => targetLabel(vendor, one.vendor)))].join(", ");
  const title = only === undefined || others.length > 0
    ? `All ${formatNumber(episodes.length)} are ${overWord(episodes, isGone)}: ${names}`
    : backTitle(vendor, only, isGone);
  const state = episodes.some(({ worst }) => worst === "down") ? "down" : "not fine";
  const acked: Line = alert.acked_name === null
    ? ""
    : line(" · ", { data: alert.acked_name, max: 40 }, " acked ", {
      time: alert.acked_at ?? until,
      as: "clock",
    });
  return {
    mark: isGone ? "info" : "fine",
    title,
    blocks: [
      textBlock(line(
        only && others.length === 0 ? before(placeOf(vendor, only)) : "",
        `${isGone ? "Was so for" : "Recovered after"} ${formatAge(until - from)} · ${state} `,
        { time: from, as: "clock" },
        " to ",
        { time: until, as: "clock" },
        acked,
      )),
    ],
  };
}

function overWord(episodes: readonly EpisodesTable[], isGone: boolean): string {
  if (isGone) return "gone";
  return episodes.every(({ kind }) => kind === "blind") ? "looked at again" : "fine again";
}

function backTitle(vendor: VendorNamed, only: EpisodesTable, isGone: boolean): Line {
  const system = systemOf(vendor, only.vendor);
  if (only.kind === "blind") return `${system} is looked at again`;
  if (only.item_id === null) return `${system} answers again`;
  return isGone
    ? line(nameOf(only), ` is gone: ${system} lists it no more`)
    : line(nameOf(only), " is fine again");
}

/** What people have done about it, and what stands in the way. */
function aftermath({ alert, frozen, borrowed, now }: AlertView): Block[] {
  const { acked_at, acked_name, muted_until } = alert;
  return [
    textBlock(frozen ? line("🟡 Frozen: ", frozen) : ""),
    textBlock(borrowed ? line("⏳ Borrowed: ", borrowed) : ""),
    textBlock(
      acked_at === null
        ? ""
        : line({ data: acked_name || "someone", max: 40 }, " acked ", { time: acked_at, as: "clock" }),
    ),
    textBlock(
      muted_until === null || muted_until <= now
        ? ""
        : line("Muted until ", { time: muted_until, as: "clock" }),
    ),
  ];
}

function ackButton({ alert: { id, acked_at, acked_name } }: AlertView): Button[] {
  if (acked_at === null) return [{ label: "Ack", action: { handle: id, do: "ack" } }];
  return [{ label: `Acked by ${acked_name || "someone"}`, action: { dead: true } }];
}

function showButton(open: readonly EpisodesTable[]): Button {
  const [only, ...others] = open;
  const vendors = new Set(open.map(({ vendor }) => vendor));
  const targets = new Set(open.map(({ target }) => target));
  const command = only === undefined || vendors.size > 1
    ? "/status"
    : others.length === 0 && only.item_id !== null
    ? `/show ${only.target} ${only.item_id}`
    : `/status ${targets.size === 1 ? only.target : only.vendor}`;
  return { label: "Show", action: { command } };
}

/** Before what follows, if there is something to say. */
function before(words: string): string {
  return words === "" ? "" : `${words} · `;
}

function remediesOf(vendor: VendorNamed, one: EpisodesTable, word = one.word): readonly Remedy[] {
  const { target, item_id: id, words } = one;
  return vendor(one.vendor)?.remedies?.({ target, id, word, words }) ?? [];
}

function typedRemedies(remedies: readonly Remedy[]): Block[] {
  return remedies.filter(({ typed }) => typed).map(({ label, command }) =>
    textBlock(line(`${label}: `, { code: command }))
  );
}

/** What one screen holds; the others are folded. */
const SHOWN = 5;
const FOLDED = 25;

function listed(all: readonly EpisodesTable[], row: (one: EpisodesTable) => Line): Block[] {
  const rows = all.slice(0, SHOWN + FOLDED).map(row);
  const left = all.length - SHOWN;
  const beyond = all.length - rows.length;
  return [
    { kind: "list", items: rows.slice(0, SHOWN) },
    {
      kind: "details",
      summary: `${formatNumber(left)} more`,
      blocks: left <= 0 ? [] : [
        { kind: "list", items: rows.slice(SHOWN) },
        textBlock(beyond > 0 ? `and ${countOf(beyond, "other")}` : ""),
      ],
    },
  ];
}
