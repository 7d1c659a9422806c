import assert from "node:assert/strict";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { Kysely, sql, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import { GroupCommitDriver, type WriteAheadLog } from "../../bot/store/group_commit.ts";
import { openStore } from "../../bot/store/database.ts";
import { systemClock } from "../../clients/clock.ts";

interface Tables {
  readonly note: { readonly text: string };
}

/** Counts its commits, and refuses the next one where told to. */
class WatchedDatabase extends DatabaseSync {
  commits = 0;
  refusal: Error | undefined;

  override prepare(text: string): StatementSync {
    const statement = super.prepare(text);
    if (text !== "commit") return statement;
    return Object.assign(Object.create(statement), {
      columns: () => [],
      run: () => {
        const { refusal } = this;
        this.refusal = undefined;
        if (refusal) throw refusal;
        this.commits++;
        return statement.run();
      },
    });
  }
}

class OwnQueue extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

interface Opened extends AsyncDisposable {
  readonly db: Kysely<Tables>;
  readonly database: WatchedDatabase;
  write(text: string): Promise<unknown>;
  texts(): Promise<string[]>;
}

async function open(log?: WriteAheadLog): Promise<Opened> {
  const database = new WatchedDatabase(":memory:");
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new OwnQueue(),
      createDriver: () => new GroupCommitDriver(database, log),
      createIntrospector: (one) => new SqliteIntrospector(one),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  await sql`create table note (text text unique)`.execute(db);
  database.commits = 0;
  return {
    db,
    database,
    write: (text) => db.insertInto("note").values({ text }).execute(),
    texts: async () =>
      (await db.selectFrom("note").select("text").orderBy("text").execute()).map(({ text }) => text),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

/** A disk whose every flush lasts until it is let go. */
class SlowDisk implements WriteAheadLog {
  readonly flushes: PromiseWithResolvers<void>[] = [];
  isOpen = true;
  private isSlow = false;

  flush(): Promise<void> {
    const flush = Promise.withResolvers<void>();
    this.flushes.push(flush);
    if (!this.isSlow) flush.resolve();
    return flush.promise;
  }

  becomeSlow(): void {
    this.flushes.length = 0;
    this.isSlow = true;
  }

  becomeFast(): void {
    this.isSlow = false;
    for (const { resolve } of this.flushes) resolve();
  }

  close(): void {
    this.isOpen = false;
  }
}

const MANY_TURNS = 20;

async function turns(): Promise<void> {
  for (let turn = 0; turn < MANY_TURNS; turn++) await nextTurn();
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("GroupCommitDriver commits with a writer what it wakes in the next turn", async () => {
  await using opened = await open();
  const { database, write } = opened;
  const woken = nextTurn().then(nextTurn).then(() => write("two"));
  await Promise.all([write("one"), woken]);
  assert.equal(database.commits, 1);
});

Deno.test("GroupCommitDriver lets nobody wait for writers without end", async () => {
  await using opened = await open();
  const { write } = opened;
  const crowd: Promise<unknown>[] = [];
  let isCommitted = false;
  const first = write("first").then(() => isCommitted = true);
  for (let turn = 0; turn < 20 && !isCommitted; turn++) {
    crowd.push(write(`turn ${turn}`));
    await nextTurn();
  }
  assert.equal(isCommitted, true);
  await Promise.all([first, ...crowd]);
});

Deno.test("GroupCommitDriver commits once what was written in one turn, statements and transactions alike", async () => {
  await using opened = await open();
  const { db, database, write, texts } = opened;
  const together = Array.from({ length: 30 }, (_, at) => write(`one ${at}`));
  const inTransaction = db.transaction().execute(async (transaction) => {
    await transaction.insertInto("note").values({ text: "two" }).execute();
    await transaction.insertInto("note").values({ text: "three" }).execute();
  });
  await Promise.all([...together, inTransaction]);
  assert.equal(database.commits, 1);
  assert.equal((await texts()).length, 32);
  await write("later");
  assert.equal(database.commits, 2);
});

Deno.test("GroupCommitDriver takes back alone what failed, and keeps what was written beside it", async () => {
  await using opened = await open();
  const { db, database, write, texts } = opened;
  await write("known");
  database.commits = 0;
  const failing = db.transaction().execute(async (transaction) => {
    await transaction.insertInto("note").values({ text: "half" }).execute();
    await transaction.insertInto("note").values({ text: "known" }).execute();
  });
  const results = await Promise.allSettled([write("before"), failing, write("known"), write("after")]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "rejected", "fulfilled"]);
  assert.equal(database.commits, 1);
  assert.deepEqual(await texts(), ["after", "before", "known"]);
});

Deno.test("GroupCommitDriver tells every writer of a commit that failed, and goes on with the next", async () => {
  await using opened = await open();
  const { db, database, write, texts } = opened;
  database.refusal = new Error("disk I/O error");
  const inTransaction = db.transaction().execute((transaction) =>
    transaction.insertInto("note").values({ text: "two" }).execute()
  );
  const results = await Promise.allSettled([write("one"), inTransaction]);
  assert.deepEqual(results.map((result) => result.status === "rejected" && String(result.reason)), [
    "Error: disk I/O error",
    "Error: disk I/O error",
  ]);
  assert.deepEqual(await texts(), []);
  await write("three");
  assert.deepEqual(await texts(), ["three"]);
});

Deno.test("GroupCommitDriver keeps the others waiting while a transaction is at work, and commits nothing of it", async () => {
  await using opened = await open();
  const { db, database, write, texts } = opened;
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = db.transaction().execute(async (transaction) => {
    await transaction.insertInto("note").values({ text: "slow" }).execute();
    begun.resolve();
    await held.promise;
    throw new Error("thought better of it");
  });
  await begun.promise;
  const quick = write("quick");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(database.commits, 0);
  held.resolve();
  await assert.rejects(slow, /thought better of it/);
  await quick;
  assert.deepEqual(await texts(), ["quick"]);
});

Deno.test("GroupCommitDriver runs outside of any transaction what cannot be part of one", async () => {
  await using opened = await open();
  const { db, write, texts } = opened;
  await Promise.all([
    write("one"),
    sql`vacuum`.execute(db),
    sql`pragma wal_checkpoint(truncate)`.execute(db),
  ]);
  assert.deepEqual(await texts(), ["one"]);
});

Deno.test("GroupCommitDriver tells nobody that it is written before the disk has it", async () => {
  const disk = new SlowDisk();
  await using opened = await open(disk);
  const { db, database, write, texts } = opened;
  disk.becomeSlow();
  const told: string[] = [];
  const first = write("one").then(() => told.push("one"));
  const second = db.transaction().execute((transaction) =>
    transaction.insertInto("note").values({ text: "two" }).execute()
  ).then(() => told.push("two"));
  await turns();
  assert.deepEqual(await texts(), ["one", "two"]);
  assert.deepEqual([database.commits, told], [1, []]);
  disk.flushes[0]?.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(told.sort(), ["one", "two"]);
  disk.becomeFast();
});

Deno.test("GroupCommitDriver flushes once for all that is committed while the disk is at work", async () => {
  const disk = new SlowDisk();
  await using opened = await open(disk);
  const { database, write } = opened;
  disk.becomeSlow();
  const told: string[] = [];
  const say = (text: string) => write(text).then(() => told.push(text));
  const first = say("one");
  await turns();
  const second = say("two");
  await turns();
  const third = say("three");
  await turns();
  assert.deepEqual(
    [database.commits, disk.flushes.length],
    [3, 1],
    "nobody else waits for the file meanwhile",
  );
  disk.flushes[0]?.resolve();
  await first;
  await turns();
  assert.deepEqual([disk.flushes.length, told], [2, ["one"]]);
  disk.flushes[1]?.resolve();
  await Promise.all([second, third]);
  disk.becomeFast();
});

Deno.test("GroupCommitDriver tells every writer of a flush that failed, and goes on with the next", async () => {
  const disk = new SlowDisk();
  await using opened = await open(disk);
  const { write } = opened;
  disk.becomeSlow();
  const failing = Promise.allSettled([write("one"), write("two")]);
  await turns();
  disk.flushes[0]?.reject(new Error("disk I/O error"));
  assert.deepEqual((await failing).map(({ status }) => status), ["rejected", "rejected"]);
  disk.becomeFast();
  await write("three");
});

Deno.test("GroupCommitDriver flushes what it has committed before it closes", async () => {
  const disk = new SlowDisk();
  const { db, write } = await open(disk);
  disk.becomeSlow();
  const written = write("one");
  await turns();
  const closed = db.destroy();
  await turns();
  assert.equal(disk.isOpen, true);
  disk.becomeFast();
  await Promise.all([written, closed]);
  assert.equal(disk.isOpen, false);
});

Deno.test("openStore has SQLite's log on the disk for each write of which somebody is told", async () => {
  const folder = await Deno.makeTempDir();
  const { syncData } = Deno.FsFile.prototype;
  let flushes = 0;
  Deno.FsFile.prototype.syncData = async function () {
    await syncData.call(this);
    flushes++;
  };
  try {
    const store = await openStore({ kind: "sqlite", path: `${folder}/bot.sqlite` }, systemClock);
    for (const until of [1, 2, 3]) {
      const before = flushes;
      await store.db.insertInto("leases").values({ name: `lease ${until}`, holder: "me", until }).execute();
      assert.equal(flushes, before + 1);
    }
    await store.close();
  } finally {
    Deno.FsFile.prototype.syncData = syncData;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("GroupCommitDriver keeps nothing of a transaction during which it closes", async () => {
  const folder = await Deno.makeTempDir();
  const config = { kind: "sqlite", path: `${folder}/bot.sqlite` } as const;
  const lease = (name: string) => ({ name, holder: "me", until: 1 });
  try {
    const store = await openStore(config, systemClock);
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const halfway = store.transaction(async (transaction) => {
      await transaction.insertInto("leases").values(lease("half")).execute();
      begun.resolve();
      await held.promise;
      await transaction.insertInto("leases").values(lease("whole")).execute();
    });
    await begun.promise;
    await store.close();
    held.resolve();
    await assert.rejects(halfway, /ended the transaction/);
    const again = await openStore(config, systemClock);
    const kept = await again.db.selectFrom("leases").select("name").execute();
    await again.close();
    assert.deepEqual(kept, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openStore believes no flush of SQLite's log after one that failed", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/bot.sqlite`;
  const { syncData } = Deno.FsFile.prototype;
  let flushes = 0;
  let isBroken = false;
  Deno.FsFile.prototype.syncData = () => {
    flushes++;
    return isBroken ? Promise.reject(new Error("disk I/O error")) : Promise.resolve();
  };
  try {
    const store = await openStore({ kind: "sqlite", path }, systemClock);
    const write = (name: string) =>
      store.db.insertInto("leases").values({ name, holder: "me", until: 1 }).execute();
    isBroken = true;
    await assert.rejects(write("one"), /disk I\/O error/);
    isBroken = false;
    flushes = 0;
    await write("two");
    await Deno.copyFile(path, `${path}.alone`);
    using alone = new DatabaseSync(`${path}.alone`);
    const names = alone.prepare("select name from leases order by name").all().map(({ name }) => name);
    assert.deepEqual(names, ["one", "two"], "they are where the log is not needed");
    await write("three");
    assert.equal(flushes, 1, "a new log is as good as any");
    await store.close();
  } finally {
    Deno.FsFile.prototype.syncData = syncData;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openStore waits for another process that writes, and holds up nothing else meanwhile", async () => {
  const folder = await Deno.makeTempDir();
  const openIt = () => openStore({ kind: "sqlite", path: `${folder}/bot.sqlite` }, systemClock);
  const one = await openIt();
  const other = await openIt();
  try {
    const letGo = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const lease = (name: string) => ({ name, holder: "me", until: 1 });
    const long = one.transaction(async (db) => {
      await db.insertInto("leases").values(lease("one")).execute();
      begun.resolve();
      await letGo.promise;
    });
    await begun.promise;
    const behind = other.db.insertInto("leases").values(lease("other")).execute();
    await turns();
    letGo.resolve();
    await Promise.all([long, behind]);
    const rows = await one.db.selectFrom("leases").select("name").orderBy("name").execute();
    assert.deepEqual(rows.map(({ name }) => name), ["one", "other"]);
  } finally {
    await Promise.all([one.close(), other.close()]);
    await Deno.remove(folder, { recursive: true });
  }
});
