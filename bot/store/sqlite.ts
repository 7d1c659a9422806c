import { type Dialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import { DatabaseSync } from "node:sqlite";
import { BUSY_MS, GroupCommitDriver, onceFree, type WriteAheadLog } from "./group_commit.ts";

/** Kysely over Deno's own SQLite, durable: whoever writes waits until the write-ahead log is on the disk. */
export function sqliteDialect(path: string): Dialect & { readonly driver: GroupCommitDriver } {
  const database = openDatabase(path);
  const driver = new GroupCommitDriver(database, path === ":memory:" ? undefined : new LogFile(path));
  return {
    driver,
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * Runs `work` while no other process does: Kysely takes no migration lock on SQLite, so two processes that start
 * together would both create the tables.
 */
export async function exclusively(path: string, work: () => Promise<void>): Promise<void> {
  if (path === ":memory:") return await work();
  makePrivateFile(`${path}.lock`);
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 4 * BUSY_MS });
  try {
    lock.exec("begin exclusive");
    await work();
    lock.exec("commit");
  } finally {
    lock.close();
  }
}

/**
 * Makes an empty file that only this user may read, true when it was not there before. Plans and the audit concern
 * nobody else on the machine; SQLite gives the files beside it the same mode. One that is
 * there already is not even opened: closing it would take away the locks that SQLite holds on it.
 */
export function makePrivateFile(path: string): boolean {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Of 4 KiB: a log of 16 MiB, in which what was blanked can be read until it is written over. */
const PAGES_UNTIL_CHECKPOINT = 4_000;

function openDatabase(path: string): DatabaseSync {
  if (path !== ":memory:") {
    Deno.mkdirSync(folderOf(path), { recursive: true, mode: 0o700 });
    makePrivateFile(path);
  }
  // The time-out must be there before the first pragma: processes that start together otherwise find it locked.
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  // What is committed is flushed by `LogFile`. What is blanked or wiped is overwritten in the file as well.
  database.exec(
    "pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on; pragma secure_delete = on",
  );
  // Everything waits for a checkpoint, and most pages change again before the next.
  database.exec(`pragma wal_autocheckpoint = ${PAGES_UNTIL_CHECKPOINT}`);
  // From here on whoever waits for another process lets this one go on.
  database.exec("pragma busy_timeout = 0");
  return database;
}

/** Loading `node:path` for it would take a process 3 ms at each start. */
function folderOf(path: string): string {
  return path.replace(/[^/\\]*$/, "") || ".";
}

/** SQLite deletes its log only with the last connection, and holds no lock on it that closing it here would end. */
class LogFile implements WriteAheadLog {
  private file: Deno.FsFile | undefined;
  /** A flush has failed: the next one need not mean that all before it is on the disk. */
  private isDoubtful = false;

  constructor(private readonly path: string) {}

  async flush(): Promise<void> {
    if (this.isDoubtful) return this.doWithout();
    try {
      // Some systems flush only what may be written.
      this.file ??= await Deno.open(`${this.path}-wal`, { read: true, write: true });
      await this.file.syncData();
    } catch (error) {
      this.isDoubtful = true;
      throw error;
    }
  }

  close(): void {
    this.file?.close();
  }

  /**
   * Has all that is committed written and flushed into the database itself, and the log begun anew. Throws where that is
   * not all of it.
   */
  private doWithout(): void {
    const database = new DatabaseSync(this.path, { timeout: 0 });
    try {
      const result = database.prepare("pragma wal_checkpoint(truncate)").get();
      if (result?.["log"] !== result?.["checkpointed"]) throw new Error("Somebody reads from SQLite's log");
      // Somebody may go on with the old one.
      this.isDoubtful = result?.["busy"] !== 0;
    } finally {
      database.close();
    }
  }
}

class TransactionalAdapter extends SqliteAdapter {
  /** The driver itself sees to it that one at a time is at work, and whose turn is next. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  /** SQLite can take back what was done to tables, so a migration takes place as a whole or not at all. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** More than most updates and answers take together. */
const ROOM_BYTES = 256 * 1024;

/**
 * Finds out whether an SQLite file takes writes, on a connection of its own, so that long work on the other one keeps
 * nobody waiting. While someone else writes it waits without holding up the process, which may be the very one that
 * writes.
 */
export class WriteProbe {
  private readonly database: DatabaseSync;

  constructor(path: string) {
    this.database = new DatabaseSync(path, { timeout: 0 });
    // A lock alone would be had on a full disk too. What does not fit into this cache goes to the file before its
    // time, and is taken back.
    this.database.exec("pragma cache_size = 1");
  }

  /** Throws when it does not. */
  async check(): Promise<void> {
    await onceFree(() => this.write());
  }

  /** May be called again. */
  close(): void {
    if (this.database.isOpen) this.database.close();
  }

  private write(): void {
    const { database } = this;
    database.exec("begin immediate");
    try {
      database.exec(`create table probe (room); insert into probe values (zeroblob(${ROOM_BYTES}))`);
    } finally {
      if (database.isTransaction) database.exec("rollback");
    }
  }
}
