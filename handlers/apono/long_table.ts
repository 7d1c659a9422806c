import { toCsv } from "../format.ts";
import type { Reply } from "../reply.ts";
import type { TableColumn } from "../resource.ts";
import { columnsOf } from "../resource_operations.ts";

/** More than a few swipes through pages. */
const LONG = 30;
/** What can be leafed through at all; beyond it only the file helps. */
const MOST_ROWS = 100;

export interface CsvColumn<T> extends TableColumn<T> {
  /** For the file that holds what does not fit. */
  text(row: T): string;
}

/** A table, and when it is long the whole of it as a CSV file; `seen` are its columns on a screen, where they differ. */
export function longTable<T>(
  rows: readonly T[],
  columns: readonly CsvColumn<T>[],
  fileName: string,
  seen: readonly TableColumn<T>[] = columns,
): Pick<Reply, "blocks" | "file" | "footer"> {
  const table = columnsOf(seen, rows.slice(0, MOST_ROWS));
  if (rows.length <= LONG) return { blocks: [table] };
  const file = { name: fileName, mime: "text/csv", content: fileOf(rows, columns) };
  const footer = rows.length <= MOST_ROWS
    ? `All ${rows.length} are in ${fileName}, too.`
    : `The first ${MOST_ROWS} of ${rows.length}; all of them are in ${fileName}.`;
  return { blocks: [table], footer, file };
}

function fileOf<T>(rows: readonly T[], columns: readonly CsvColumn<T>[]): string {
  return toCsv(
    columns.map(({ title }) => title),
    rows.map((row) => columns.map((column) => column.text(row))),
  );
}
