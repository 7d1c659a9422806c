import type { Listed } from "../../clients/apono/integration.ts";
import { countOf, toCsv } from "../format.ts";
import type { Block, Line, Reply } from "../reply.ts";
import type { TableColumn } from "../resource.ts";
import { columnsOf } from "../resource_operations.ts";

/** More than a few swipes through pages. */
const LONG = 30;
/** What can be leafed through at all; beyond it only the file helps. */
const MOST_ROWS = 100;

/** A column of a table that may be a file, too. */
export interface CsvColumn<T> {
  readonly title: string;
  text(row: T): string;
  /** On a screen, where that is not just the text. */
  cell?(row: T): Line;
}

/** A table, and when it is long the whole of it as a CSV file; `seen` are its columns on a screen, where they differ. */
export function longTable<T>(
  { items, ...others }: Listed<T>,
  columns: readonly CsvColumn<T>[],
  fileName: string,
  seen: readonly TableColumn<T>[] = columns.map(onScreen),
): Pick<Reply, "blocks" | "file" | "footer"> {
  const blocks: readonly Block[] = [
    columnsOf(seen, items.slice(0, MOST_ROWS)),
    ...leftOut(others).map((text) => ({ kind: "text", text }) as const),
  ];
  if (items.length <= LONG) return { blocks };
  const header = columns.map(({ title }) => title);
  const content = toCsv(header, items.map((row) => columns.map((column) => column.text(row))));
  const footer = items.length <= MOST_ROWS
    ? `All ${items.length} are in ${fileName}, too.`
    : `The first ${MOST_ROWS} of ${items.length}; all of them are in ${fileName}.`;
  return { blocks, footer, file: { name: fileName, mime: "text/csv", content } };
}

function onScreen<T>({ title, text, cell }: CsvColumn<T>): TableColumn<T> {
  return { title, cell: cell ?? ((row) => ({ data: text(row) })) };
}

/** Whether the vendor returned all that it counts, and all of it could be read. */
export function isWhole({ missing, unread }: Omit<Listed<unknown>, "items">): boolean {
  return missing === 0 && unread.length === 0;
}

/** "31 types", or "1 of 250 types" where not all of them are there. */
export function countListed({ items, missing, unread }: Listed<unknown>, noun: string): string {
  const all = items.length + missing + unread.length;
  return all === items.length ? countOf(all, noun) : `${items.length} of ${countOf(all, noun)}`;
}

/** What is said of what is not among the entries. */
export function leftOut({ missing, unread }: Omit<Listed<unknown>, "items">): readonly Line[] {
  return [...missingNotes(missing), ...unreadNotes("Apono", unread)];
}

/** What is said of entries that the vendor counts and does not return. */
export function missingNotes(missing: number): readonly string[] {
  return missing > 0 ? [`Apono counts ${missing} more but did not return them.`] : [];
}

function unreadNotes(label: string, unread: readonly string[]): readonly Line[] {
  if (unread.length === 0) return [];
  return [[`${unread.length} more could not be read, look at them in ${label}: `, {
    data: unread.join(", "),
    max: 200,
  }]];
}
