import type { SettingRow } from "./settings_rows.ts";
import type { Card } from "../operation.ts";
import type { Inline } from "../reply.ts";

const LONGEST_VALUE = 160;

/** The rows of a plan card. */
export function cardRows(rows: readonly SettingRow[]): Card["rows"] {
  return rows.map(({ label, now, after }) => ({
    label,
    now: valueOr(now, "none"),
    after: valueOr(after, "removed"),
  }));
}

/** What the rows came to be, in words. */
export function listed(rows: readonly SettingRow[]): readonly Inline[] {
  return rows.flatMap(({ label, after }, index): Inline[] => [
    index > 0 ? ", " : "",
    `${label} `,
    valueOr(after, "removed"),
  ]);
}

export function named(name: string): Inline {
  return { data: name };
}

export function valueOr(text: string | null, nothing: string): Inline {
  return text === null || text === "" ? nothing : { data: text, max: LONGEST_VALUE };
}
