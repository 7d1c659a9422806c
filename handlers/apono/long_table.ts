import type { Listed } from "../../clients/apono/integration.ts";
import { countOf, toCsv } from "../format.ts";
import type { Block, Line, Reply } from "../reply.ts";
import { type TableColumn, unseenIn, unseenNotes } from "../resource.ts";
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
  { items, ...unseen }: Listed<T>,
  columns: readonly CsvColumn<T>[],
  fileName: string,
  seen: readonly TableColumn<T>[] = columns.map(onScreen),
): Pick<Reply, "blocks" | "file" | "footer"> {
  const blocks: readonly Block[] = [
    columnsOf(seen, items.slice(0, MOST_ROWS)),
    ...unseenNotes("Apono", unseen).map((text) => ({ kind: "text", text }) as const),
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

/** "31 types", or "1 of 250 types" where not all of them are there. */
export function countListed({ items, ...unseen }: Listed<unknown>, noun: string): string {
  const all = items.length + unseenIn(unseen);
  return all === items.length ? countOf(all, noun) : `${items.length} of ${countOf(all, noun)}`;
}
