import { toCsv } from "../csv.ts";
import type { Line, Reply, Table } from "../reply.ts";

/** What one screen and a few swipes hold. */
const SHOWN_ROWS = 30;

export interface Column<T> {
  readonly title: string;
  cell(row: T): Line;
  /** For the file that holds what does not fit. */
  text(row: T): string;
}

/** A table, and when it is long the whole of it as a CSV file. */
export function longTable<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  fileName: string,
): Pick<Reply, "blocks" | "file" | "footer"> {
  const table: Table = {
    kind: "table",
    header: columns.map(({ title }) => title),
    rows: rows.slice(0, SHOWN_ROWS).map((row) => columns.map((column) => column.cell(row))),
  };
  if (rows.length <= SHOWN_ROWS) return { blocks: [table] };
  return {
    blocks: [table],
    footer: `The first ${SHOWN_ROWS} of ${rows.length}; all of them are in ${fileName}.`,
    file: { name: fileName, mime: "text/csv", content: fileOf(rows, columns) },
  };
}

function fileOf<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  return toCsv(
    columns.map(({ title }) => title),
    rows.map((row) => columns.map((column) => column.text(row))),
  );
}
