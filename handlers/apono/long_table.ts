import * as z from "zod";
import type { Listed } from "../../clients/apono/integration.ts";
import { countSeen, toCsv } from "../format.ts";
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

/** What `file=csv` asks for. */
export const fileWanted = z.enum(["csv"]).optional();

interface Screen<T> {
  /** Its columns on a screen, where they differ. */
  readonly seen?: readonly TableColumn<T>[];
  /** What names a row, with its id folded below the table. */
  readonly id?: (row: T) => readonly [name: string, id: string];
  /** The whole of it as a file, because it was asked for. */
  readonly file: boolean;
  /** The command that asks for the file. */
  readonly command: string;
}

/** More ids than these are in the file. */
const MOST_IDS = 30;

/** A table, and when it is asked for the whole of it as a CSV file. */
export function longTable<T>(
  { items, ...unseen }: Listed<T>,
  columns: readonly CsvColumn<T>[],
  fileName: string,
  { seen = columns.map(onScreen), id, file, command }: Screen<T>,
): Pick<Reply, "blocks" | "file" | "footer"> {
  const ids = id ? items.slice(0, MOST_IDS).map((row) => id(row)) : [];
  const blocks: readonly Block[] = [
    columnsOf(seen, items.slice(0, MOST_ROWS)),
    ...unseenNotes("Apono", unseen).map((text) => ({ kind: "text", text }) as const),
    {
      kind: "details",
      summary: "ids",
      blocks: [{ kind: "table", rows: ids.map(([name, code]) => [{ data: name }, { code }]) }],
    },
  ];
  const left = items.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${items.length}. ` : "";
  if (!file) {
    return items.length <= LONG
      ? { blocks }
      : { blocks, footer: [`${left}As a file: `, { code: `${command} file=csv` }] };
  }
  const header = columns.map(({ title }) => title);
  const content = toCsv(header, items.map((row) => columns.map((column) => column.text(row))));
  return {
    blocks,
    footer: `All ${items.length} are in ${fileName}.`,
    file: { name: fileName, mime: "text/csv", content },
  };
}

function onScreen<T>({ title, text, cell }: CsvColumn<T>): TableColumn<T> {
  return { title, cell: cell ?? ((row) => ({ data: text(row) })) };
}

/** "31 types", or "1 of 250 types" where not all of them are there. */
export function countListed({ items, ...unseen }: Listed<unknown>, noun: string): string {
  return countSeen(items.length, unseenIn(unseen), [noun, `${noun}s`]);
}
