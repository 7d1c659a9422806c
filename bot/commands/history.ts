import * as z from "zod";
import { vendors } from "../../handlers/registry.ts";
import {
  type Block,
  type Line,
  line,
  type Reply,
  type StatesPicture,
  textBlock,
} from "../../handlers/reply.ts";
import { spellDuration } from "../settings.ts";
import type { ItemState } from "../../handlers/sight.ts";
import {
  type Episode,
  episodesOf,
  historyOf,
  type ItemFilter,
  itemsOf,
  type StateSpan,
} from "../store/watch.ts";
import { addDays, instantAt, wallTime } from "../zone.ts";
import { type Builtin, builtin } from "./builtin.ts";

const DAY_MS = 86_400_000;
const MOST_DAYS = 90;
/** More rows than these cannot be told apart on a phone. */
const MOST_ROWS = 40;
const ON_ONE_SCREEN = 8;
const MOST_EPISODES = 40;

const TARGETS = [
  ...new Set(vendors.flatMap(({ name, targets, unwatched = [] }) => [
    name,
    ...Object.keys(targets).filter((target) => !unwatched.includes(target)),
  ])),
];

/** `/history`: how everything that is watched stood over time. */
export const history: Builtin = builtin({
  verb: "history",
  summary: "How each vendor did over time, as a picture and as text",
  example: `/history ${TARGETS.at(-1)} days=30`,
  need: "read",
  risk: "read",
  input: z.object({
    target: z.enum(TARGETS).optional().meta({ positional: true, placeholder: "target" }),
    days: z.coerce.number().int().min(1).max(MOST_DAYS).optional().meta({ placeholder: "7" }),
  }),
  async execute({ store, config }, ctx, { target, days = 7 }) {
    const until = store.now();
    const from = until - days * DAY_MS;
    const seen = await itemsOf(store, { ...filterOf(target), gone: true });
    const spans = await historyOf(store, seen, from, until);
    const courses = seen.map(({ key, name, company_name }) =>
      courseOf({ key, name, company: company_name }, spans.get(key) ?? [])
    ).filter(({ watchedMs }) => watchedMs > 0).sort(worstFirst);
    if (courses.length === 0) return ctx.answer(nothingSeen(target, days, config.watchEveryMs));
    const episodes = await episodesOf(store, courses.map(({ key }) => key), from, until);
    const told = episodes.filter(({ kind }) => kind !== "ends");
    ctx.answer(historyReply({ target, days, from, until, zone: config.zone }, courses, told));
  },
});

function filterOf(target: string | undefined): ItemFilter {
  if (target === undefined) return {};
  return vendors.some(({ name }) => name === target) ? { vendor: target } : { targets: [target] };
}

/** How one item stood; the shares are of the time in which it was watched. */
interface Course {
  readonly key: string;
  readonly name: string;
  readonly company: string | null;
  readonly spans: readonly StateSpan[];
  readonly watchedMs: number;
  readonly shares: Readonly<Record<ItemState, number>>;
}

function courseOf(item: Pick<Course, "key" | "name" | "company">, spans: readonly StateSpan[]): Course {
  const lasted = { fine: 0, attention: 0, down: 0, off: 0, unknown: 0 };
  for (const { state, from, until } of spans) lasted[state] += until - from;
  const watchedMs = Object.values(lasted).reduce((sum, each) => sum + each, 0);
  const share = (state: ItemState) => watchedMs === 0 ? 0 : lasted[state] / watchedMs;
  const shares = {
    fine: share("fine"),
    attention: share("attention"),
    down: share("down"),
    off: share("off"),
    unknown: share("unknown"),
  };
  return { ...item, spans, watchedMs, shares };
}

function worstFirst({ shares: one, name }: Course, { shares: other, name: others }: Course): number {
  return other.down - one.down || other.attention - one.attention || other.unknown - one.unknown ||
    name.localeCompare(others);
}

function hadTrouble({ shares }: Course): boolean {
  return shares.down + shares.attention > 0;
}

interface Asked {
  readonly target: string | undefined;
  readonly days: number;
  readonly from: number;
  readonly until: number;
  readonly zone: string;
}

function historyReply(asked: Asked, courses: readonly Course[], episodes: readonly Episode[]): Reply {
  const troubled = courses.filter(hadTrouble).length;
  const which = asked.target === undefined ? "" : ` of ${asked.target}`;
  const shown = courses.slice(0, MOST_ROWS);
  const rest = courses.length - shown.length;
  // A phone has no room for a column that says nothing.
  const someOff = shown.some(({ shares }) => shares.off > 0);
  const header = ["Item", "Fine", "Bad", "Unknown", ...(someOff ? ["Off"] : [])];
  const rows = shown.map((one) => [...rowOf(one), ...(someOff ? [percent(one.shares.off)] : [])]);
  return {
    mark: troubled > 0 ? "attention" : "fine",
    title: `${troubled} of ${courses.length}${which} had trouble in ${daysWord(asked.days)}`,
    blocks: [
      { kind: "table", header, rows: rows.slice(0, ON_ONE_SCREEN) },
      ...folded(rows.slice(ON_ONE_SCREEN), (more): Block => ({ kind: "table", header, rows: more })),
      ...(rest > 0 ? [textBlock(`${rest} more were no worse. To see one kind alone: name its target.`)] : []),
      ...episodeBlocks(episodes.toReversed()),
    ],
    footer: "Of the time watched. What the vendor did not say is unknown.",
    picture: pictureOf(asked, shown, courses.length),
  };
}

function rowOf({ name, company, shares }: Course): Line[] {
  const bad = shares.down + shares.attention;
  const whose: Line = company === null ? "" : [" · ", { data: company, max: 30 }];
  return [line({ data: name, max: 40 }, whose), percent(shares.fine), percent(bad), percent(shares.unknown)];
}

/** All of it, and nothing, are said only where that is exactly so. */
export function percent(share: number): string {
  if (share <= 0) return "0 %";
  if (share >= 1) return "100 %";
  return `${Math.min(99.9, Math.max(0.1, Math.round(share * 1000) / 10)).toFixed(1)} %`;
}

function folded<T>(more: readonly T[], block: (more: readonly T[]) => Block): Block[] {
  return more.length === 0
    ? []
    : [{ kind: "details", summary: `${more.length} more`, blocks: [block(more)] }];
}

function episodeBlocks(newestFirst: readonly Episode[]): Block[] {
  if (newestFirst.length === 0) return [textBlock("Nothing was wrong in this time.")];
  const items = newestFirst.slice(0, MOST_EPISODES).map(episodeLine);
  const left = newestFirst.length - items.length;
  return [
    textBlock({
      bold: newestFirst.length === 1 ? "1 episode" : `${newestFirst.length} episodes, the last first`,
    }),
    { kind: "list", items: items.slice(0, ON_ONE_SCREEN) },
    ...folded(items.slice(ON_ONE_SCREEN), (more): Block => ({ kind: "list", items: more })),
    ...(left > 0
      ? [textBlock(`${left} earlier ones are not listed. Ask for fewer days, or name a target.`)]
      : []),
  ];
}

/** "Sophos EU down 24 Nov 02:14, for 42 min · Ben acked · “The refresh token has expired.”" */
function episodeLine({ name, kind, worst, opened_at, closed_at, acked_name, words }: Episode): Line {
  const came = kind === "appeared" || kind === "vanished";
  return line(
    { data: name, max: 40 },
    ` ${came ? kind : worst} `,
    { time: opened_at, as: "date" },
    came ? "" : closed_at === null ? ", still so" : `, for ${spellDuration(closed_at - opened_at)}`,
    acked_name === null ? "" : [" · ", { data: acked_name, max: 30 }, " acked"],
    words === null || words === "" ? "" : [" · “", { data: words, max: 60 }, "”"],
  );
}

function pictureOf({ days, from, until, zone }: Asked, shown: readonly Course[], all: number): StatesPicture {
  return {
    kind: "states",
    title: `${capital(daysWord(days))} · ${all === 1 ? "1 item" : `${all} items`} · share of time fine`,
    from,
    until,
    ticks: ticksOf(from, until, zone),
    rows: shown.map(({ name, company, shares, spans }) => ({
      name: company === null ? name : `${name} · ${company}`,
      value: percent(shares.fine),
      spans: coarsely(spans, from, until),
    })),
    footer: `${zone} · blank: not watched${
      all > shown.length ? ` · the worst ${shown.length} of ${all}` : ""
    }`,
  };
}

/** So many steps a row is drawn in: what is shorter would not be seen. */
const STEPS = 172;
/** What shows of a step: the worst of it. */
const SHOWN_FIRST: readonly ItemState[] = ["down", "attention", "unknown", "off", "fine"];

/** The same in steps of the picture, each as bad as the worst in it: a minute down in ninety days is seen. */
export function coarsely(spans: readonly StateSpan[], from: number, until: number): StateSpan[] {
  const stepMs = (until - from) / STEPS;
  const worst: (ItemState | undefined)[] = Array.from({ length: STEPS }, () => undefined);
  for (const span of spans) {
    const first = Math.max(0, Math.floor((span.from - from) / stepMs));
    const last = Math.min(STEPS, Math.ceil((span.until - from) / stepMs));
    for (let step = first; step < last; step++) {
      const known = worst[step];
      if (!known || SHOWN_FIRST.indexOf(span.state) < SHOWN_FIRST.indexOf(known)) worst[step] = span.state;
    }
  }
  const drawn: StateSpan[] = [];
  worst.forEach((state, step) => {
    if (!state) return;
    const [begin, end] = [from + step * stepMs, from + (step + 1) * stepMs];
    const last = drawn.at(-1);
    if (last?.state === state && last.until === begin) drawn[drawn.length - 1] = { ...last, until: end };
    else drawn.push({ state, from: begin, until: end });
  });
  return drawn;
}

const MOST_TICKS = 4;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Beginnings of days on a wall in the zone, or of quarters of a day where it is one. */
function ticksOf(from: number, until: number, zone: string): StatesPicture["ticks"] {
  const isDay = until - from <= DAY_MS;
  const { day } = wallTime(zone, from);
  const hours = isDay ? [0, 6, 12, 18] : [0];
  const days = Array.from(
    { length: Math.ceil((until - from) / DAY_MS) + 2 },
    (_, index) => addDays(day, index),
  );
  const all = days.flatMap((one) => hours.map((hour) => instantAt(zone, one, hour * 60).at))
    .filter((at) => at >= from && at <= until);
  const step = Math.ceil(all.length / MOST_TICKS);
  return all.filter((_, index) => index % step === 0).map((at) => ({
    at,
    label: tickLabel(zone, at, isDay),
  }));
}

function tickLabel(zone: string, at: number, isDay: boolean): string {
  const { day, minutes, weekday } = wallTime(zone, at);
  if (isDay) return `${String(minutes / 60).padStart(2, "0")}:00`;
  return `${WEEKDAYS[weekday]} ${day.day}/${day.month}`;
}

function daysWord(days: number): string {
  return days === 1 ? "the last day" : `the last ${days} days`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function nothingSeen(target: string | undefined, days: number, everyMs: number): Reply {
  return {
    mark: "unknown",
    title: `Nothing${target ? ` of ${target}` : ""} was watched in ${daysWord(days)}`,
    blocks: [
      everyMs === 0
        ? textBlock(
          "WATCH_EVERY is 0, so no vendor is looked at. Someone with access to the bot: set it, then restart.",
        )
        : textBlock(["Two looks at a vendor have to come first. How it stands now: ", { code: "/status" }]),
    ],
  };
}
