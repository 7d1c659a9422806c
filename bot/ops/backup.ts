import { Kysely, sql } from "kysely";
import { backup, DatabaseSync } from "node:sqlite";
import { basename, dirname, extname, join } from "node:path";
import type { Config } from "../config.ts";
import { verdictOf, verifyAudit } from "../store/audit.ts";
import type { Schema } from "../store/schema.ts";
import { type Result, runProgram } from "./program.ts";
import { makePrivateFile, sqliteDialect } from "../store/sqlite.ts";

/**
 * `deno task backup [name]`: copies the SQLite database into a file beside it, while the bot runs, and checks the
 * copy: that it is whole, and that its audit is what was written.
 */

/** Why there is no copy, as a sentence. */
export class BackupError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BackupError";
  }
}

/** Copies as of one moment, whatever is written meanwhile. Resolves to what the copy's audit proves to be. */
export async function backUp(source: string, target: string): Promise<string> {
  if (!await exists(source)) throw new BackupError(`There is no database at ${source}: check DATABASE_URL.`);
  if (!makePrivateFile(target)) throw new BackupError(`${target} is there already: choose another name.`);
  const database = new DatabaseSync(source, { readOnly: true });
  try {
    await backup(database, target);
  } finally {
    database.close();
  }
  return await checked(target);
}

/** "countersign.db" becomes "countersign-20261121T235800Z.db", in the same folder: the bot may write in no other. */
export function backupPath(source: string, at: Date, name?: string): string {
  if (name !== undefined && (name === "" || name !== basename(name))) {
    throw new BackupError(`${name || "Nothing"} is not a file's name: the copy is put beside the database.`);
  }
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, "");
  const extension = extname(source);
  const usual = `${basename(source, extension)}-${stamp}${extension}`;
  return join(dirname(source), name ?? usual);
}

async function checked(path: string): Promise<string> {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(path) });
  try {
    const { rows: [first] } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db);
    if (first?.integrity_check !== "ok") {
      throw new BackupError(`The copy ${path} is damaged: ${first?.integrity_check}.`);
    }
    const proof = await verifyAudit(db);
    if (!proof.intact) throw new BackupError(`The audit in the copy ${path} is ${verdictOf(proof)}.`);
    return verdictOf(proof);
  } finally {
    await db.destroy();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function main({ database }: Config, name: string | undefined): Promise<Result> {
  if (database.kind === "postgres" || database.path === ":memory:") {
    throw new BackupError("DATABASE_URL names no SQLite file. For Postgres use pg_dump.");
  }
  const target = backupPath(database.path, new Date(), name);
  return { says: `${target}: audit ${await backUp(database.path, target)}`, code: 0 };
}

if (import.meta.main) await runProgram((config) => main(config, Deno.args[0]), 1);
