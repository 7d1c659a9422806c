import { type DatabaseKind, databases as usual, openFile } from "../changes/database.ts";

/** Databases that outlive a process: an SQLite file, and Postgres where a server answers. */
export const databases: readonly DatabaseKind[] = [
  { name: "SQLite", open: openFile },
  ...usual.filter(({ name }) => name === "Postgres"),
];

/** Registers a test for one kind of database; its name says why when it cannot run here. */
export function testOn({ name, missing }: DatabaseKind, sentence: string, fn: () => Promise<void>): void {
  const why = missing === undefined ? "" : `: skipped, ${missing}`;
  Deno.test({ name: `${sentence} (${name})${why}`, ignore: missing !== undefined, fn });
}
