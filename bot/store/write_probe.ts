import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** As long as a statement of the bot waits for another process that writes. */
const BUSY_MS = 5000;
const LOOK_MS = 50;
/** More than most updates and answers take together. */
const ROOM_BYTES = 256 * 1024;

/** Finds out whether an SQLite file takes writes. */
export interface WriteProbe {
  /** Throws when it does not. */
  check(): Promise<void>;
  /** May be called again. */
  close(): void;
}

/**
 * On a connection of its own, so that long work on the other one keeps nobody waiting. While someone else writes it
 * waits without holding up the process, which may be the very one that writes.
 */
export function createWriteProbe(path: string): WriteProbe {
  const database = new DatabaseSync(path, { timeout: 0 });
  // A lock alone would be had on a full disk too. What does not fit into this cache goes to the file before its time,
  // and is taken back.
  database.exec("pragma cache_size = 1");

  function write(): void {
    database.exec("begin immediate");
    try {
      database.exec(`create table probe (room); insert into probe values (zeroblob(${ROOM_BYTES}))`);
    } finally {
      if (database.isTransaction) database.exec("rollback");
    }
  }

  return {
    async check() {
      for (let waited = 0;; waited += LOOK_MS) {
        try {
          return write();
        } catch (error) {
          if (!isBusy(error) || waited >= BUSY_MS) throw error;
        }
        await sleep(LOOK_MS);
      }
    },
    close() {
      if (database.isOpen) database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message.includes("database is locked");
}
