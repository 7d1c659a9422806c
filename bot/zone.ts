/** Times of day as people say them, in a zone whose clocks may change. */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Whether there is a zone of this name, such as "Europe/Lisbon". */
export function isZone(name: string): boolean {
  return zoneNamed(name) !== undefined;
}

/** The zone as it is written, whatever case it is typed in; undefined where there is none of this name. */
export function zoneNamed(name: string): string | undefined {
  // Where no other is meant, nothing of ICU is loaded.
  if (name === "UTC") return name;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** "22:00" or "7:30" in minutes since midnight; undefined for what is no time of day. */
export function parseClock(text: string): number | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/** A day of the calendar, whatever the zone. */
export interface CalendarDay {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
}

/** "2026-12-01"; undefined for a day that no calendar has. */
export function parseDay(text: string): CalendarDay | undefined {
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(text.trim()) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? { year, month, day } : undefined;
}

/** The day that comes so many days after this one. */
export function addDays({ year, month, day }: CalendarDay, days: number): CalendarDay {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** What calendar and clock on a wall in this zone show at an instant. `weekday`: 0 is Sunday. */
export function wallTime(
  zone: string,
  at: number,
): { readonly day: CalendarDay; readonly minutes: number; readonly weekday: number } {
  const shown = new Date(at + offsetAt(zone, at));
  return {
    day: { year: shown.getUTCFullYear(), month: shown.getUTCMonth() + 1, day: shown.getUTCDate() },
    minutes: shown.getUTCHours() * 60 + shown.getUTCMinutes(),
    weekday: shown.getUTCDay(),
  };
}

/** "2026-12-01T22:00", as it is typed. */
export function wallText(zone: string, at: number): string {
  return new Date(at + offsetAt(zone, at)).toISOString().slice(0, 16);
}

/**
 * When a clock in this zone shows so many minutes since midnight on this day, epoch ms. `skipped`: the clocks jump over
 * it, and `at` is as long after midnight as it would have been. A time that comes twice is meant the first time.
 */
export function instantAt(
  zone: string,
  { year, month, day }: CalendarDay,
  minutes: number,
): { readonly at: number; readonly skipped: boolean } {
  const shown = Date.UTC(year, month - 1, day) + minutes * MINUTE_MS;
  const before = shown - offsetAt(zone, shown - DAY_MS);
  const after = shown - offsetAt(zone, shown + DAY_MS);
  const fitting = [before, after].filter((at) => at + offsetAt(zone, at) === shown);
  return { at: fitting.length > 0 ? Math.min(...fitting) : before, skipped: fitting.length === 0 };
}

/** The next time after `now` at which a clock in this zone shows so many minutes since midnight. */
export function nextClock(
  zone: string,
  minutes: number,
  now: number,
): { readonly at: number; readonly skipped: boolean } {
  const { day } = wallTime(zone, now);
  const today = instantAt(zone, day, minutes);
  return today.at > now ? today : instantAt(zone, addDays(day, 1), minutes);
}

/** By how much a clock in this zone is ahead of UTC, in ms. */
function offsetAt(zone: string, at: number): number {
  const parts = formatOf(zone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return shown - Math.floor(at / 1000) * 1000;
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  FORMATS.set(zone, format);
  return format;
}
