import { type CalendarDay, parseClock, parseDay, wallTime } from "../zone.ts";

/** A part of every week in which votes count: some of its days (0 is Sunday), from and until minutes after midnight. */
export interface OpenHours {
  /** As it is written in the policy. */
  readonly text: string;
  readonly days: ReadonlySet<number>;
  readonly from: number;
  /** Before `from`: on the next day. */
  readonly until: number;
}

/** Days on which no vote counts, the last one included; as numbers such as 20261220. */
export interface ClosedDays {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MIDNIGHT = 24 * 60;

/** "mon-fri 08:00-18:00", "sat,sun 10:00-12:00", "daily 22:00-06:00"; undefined for anything else. */
export function parseHours(text: string): OpenHours | undefined {
  const [, dayWords, fromText = "", untilText = ""] =
    /^(\S+)\s+(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})$/.exec(text.trim().toLowerCase()) ?? [];
  const days = dayWords === undefined ? undefined : parseDays(dayWords);
  const from = parseClock(fromText);
  const until = untilText === "24:00" ? MIDNIGHT : parseClock(untilText);
  if (!days || from === undefined || until === undefined || from === until) return undefined;
  return { text: text.trim(), days, from, until };
}

/** "2026-12-20/2027-01-04" or one day; undefined for anything else. */
export function parseClosedDays(text: string): ClosedDays | undefined {
  const [first, last = first, ...more] = text.split("/").map((part) => parseDay(part));
  if (!first || !last || more.length > 0 || numberOf(first) > numberOf(last)) return undefined;
  return { text: text.trim(), first: numberOf(first), last: numberOf(last) };
}

/** Whether votes count at this instant (epoch ms). Without hours every hour is one. */
export function isOpenAt(
  { hours = [], closed = [] }: {
    readonly hours?: readonly OpenHours[];
    readonly closed?: readonly ClosedDays[];
  },
  zone: string,
  at: number,
): boolean {
  if (hours.length === 0 && closed.length === 0) return true;
  const { day, minutes, weekday } = wallTime(zone, at);
  const today = numberOf(day);
  if (closed.some(({ first, last }) => first <= today && today <= last)) return false;
  return hours.length === 0 || hours.some((one) => isWithin(one, weekday, minutes));
}

function isWithin({ days, from, until }: OpenHours, weekday: number, minutes: number): boolean {
  if (from < until) return days.has(weekday) && from <= minutes && minutes < until;
  const yesterday = (weekday + 6) % 7;
  return days.has(weekday) && minutes >= from || days.has(yesterday) && minutes < until;
}

function parseDays(text: string): ReadonlySet<number> | undefined {
  if (text === "daily") return new Set(DAYS.keys());
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const [first, last = first, ...more] = part.split("-").map((name) => DAYS.indexOf(name));
    if (first === undefined || last === undefined || first < 0 || last < 0 || more.length > 0) {
      return undefined;
    }
    for (let day = first;; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}

function numberOf({ year, month, day }: CalendarDay): number {
  return (year * 100 + month) * 100 + day;
}
