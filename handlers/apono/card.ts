import type { SettingRow } from "./settings_rows.ts";
import type { Card } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";

const LONGEST_VALUE = 160;

/** The rows of a plan card. */
export function cardRows(rows: readonly SettingRow[]): Card["rows"] {
  return rows.map(({ label, now, after }) => ({
    label,
    now: valueOr(now, "none"),
    after: valueOr(after, "removed"),
  }));
}

/** How the rows read back, in words: which took effect and which did not. */
export function listed(rows: readonly SettingRow[]): Line {
  return rows.flatMap(({ label, after }, index): Inline[] => [
    index > 0 ? ", " : "",
    `${label} `,
    valueOr(after, "removed"),
  ]);
}

export function named(name: string): Inline {
  return { data: name };
}

function valueOr(text: string | null, nothing: string): Inline {
  return text === null || text === "" ? nothing : { data: text, max: LONGEST_VALUE };
}
