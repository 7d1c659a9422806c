import { z } from "zod";

const DAY = z.iso.date();
const MOMENT = z.iso.datetime({ local: true, offset: true });

/**
 * A date in HaloPSA's own form, UTC to the second without saying so: the same instant is always the same text. What
 * names no zone means UTC, a day means its first second. Null for what is no date.
 */
export function haloTime(text: string): string | null {
  const written = text.trim().toUpperCase().replace(/^(\S+) +(?=\d)/, "$1T");
  const moment = DAY.safeParse(written).success ? `${written}T00:00:00` : written;
  if (!MOMENT.safeParse(moment).success) return null;
  const utc = new Date(/(Z|[+-]\d\d:\d\d)$/.test(moment) ? moment : `${moment}Z`).toISOString();
  // Beyond the year 9999 it is written otherwise, and no database keeps it.
  return utc.length === "2027-01-31T09:00:00.000Z".length ? utc.slice(0, 19) : null;
}
