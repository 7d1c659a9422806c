import { csvRow } from "../../handlers/csv.ts";
import { CONTENT } from "./audit.ts";
import type { AuditTable } from "./schema.ts";

const COLUMNS = [...CONTENT, "prev", "hash"] as const;

const CHUNK = 64 * 1024;

/** One JSON object a line, in chunks: a million rows never stand in memory together. */
export function jsonLines(rows: AsyncIterable<AuditTable>): AsyncGenerator<Uint8Array> {
  return chunks(
    "",
    rows,
    (row) => JSON.stringify(Object.fromEntries(COLUMNS.map((column) => [column, row[column]]))),
  );
}

/** CSV by RFC 4180; a cell that a spreadsheet would run as a formula is made text. */
export function csvLines(rows: AsyncIterable<AuditTable>): AsyncGenerator<Uint8Array> {
  return chunks(
    `${COLUMNS.join(",")}\n`,
    rows,
    (row) => csvRow(COLUMNS.map((column) => row[column])),
  );
}

async function* chunks(
  head: string,
  rows: AsyncIterable<AuditTable>,
  print: (row: AuditTable) => string,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = head;
  for await (const row of rows) {
    text += `${print(row)}\n`;
    if (text.length < CHUNK) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
}
