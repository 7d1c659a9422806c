import assert from "node:assert/strict";
// @ts-types="@types/pg"
import pg from "pg";
import {
  acceptUpdates,
  claimUpdates,
  finishUpdate,
  forgetBlanked,
  pruneInbox,
  releaseUpdates,
  UPDATE_LEASE_MS,
} from "../../bot/queue/inbox.ts";
import { appendAudit, auditRows, verifyAudit } from "../../bot/store/audit.ts";
import { takeLease } from "../../bot/queue/timetable.ts";
import {
  CLAIM_MS,
  claimMessages,
  findMessage,
  postponeMessage,
  putMessage,
  releaseMessages,
  renewMessages,
  settleMessage,
} from "../../bot/outbox/messages.ts";
import { Metrics } from "../../bot/metrics.ts";
import { migrations } from "../../bot/store/migrations.ts";
import type { Queryable } from "../../bot/store/schema.ts";
import { findPrompt, prunePrompts, putPrompt } from "../../bot/store/kept_values.ts";
import { HANG_MS } from "../eventually.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { databaseUrl } from "../../bot/settings.ts";
import { type Database, databases, lasting, openFile, testOn, testWithEmpty } from "../approvals/database.ts";
import { createTestClock, type TestClock } from "../sandbox/stage.ts";

const metrics = new Metrics();

interface Opened extends AsyncDisposable {
  readonly store: Store;
  readonly clock: TestClock;
}

async function open(url: string, clock = createTestClock()): Promise<Opened> {
  const store = await openStore(databaseUrl.parse(url), clock, { timeoutMs: HANG_MS });
  return { store, clock, [Symbol.asyncDispose]: () => store.close() };
}

const TABLES = ["inbox", "messages", "audit", "chain_head", "prompts", "leases", "memory"] as const;

/** One Postgres database for all tests here: making one takes longer than any of them. */
let shared: Database | undefined;

Deno.test.afterAll(async () => {
  await shared?.[Symbol.asyncDispose]();
});

/** Registers a test of an empty store on each kind of database. */
function storeTest(name: string, test: (opened: Opened, url: string) => Promise<void>): void {
  for (const kind of databases) {
    testOn(kind, name, async () => {
      const url = kind.name === "Postgres" ? (shared ??= await kind.open()).url : "sqlite::memory:";
      await using opened = await open(url);
      for (const table of TABLES) await opened.store.db.deleteFrom(table).execute();
      await test(opened, url);
    });
  }
}

/** Resolves to how many were new and how many known. */
async function accept(
  store: Store,
  updates: readonly [id: number, lane: string][],
): Promise<[number, number]> {
  const kept = countKept();
  await Promise.all(
    updates.map(([updateId, lane]) =>
      acceptUpdates({ store, metrics: kept }, [{ updateId, lane, body: "{}" }])
    ),
  );
  return [kept.accepted, kept.repeated];
}

/** What the metrics are told of what was accepted. */
function countKept(): Pick<Metrics, "updatesKept"> & { accepted: number; repeated: number } {
  return {
    accepted: 0,
    repeated: 0,
    updatesKept(accepted, repeated) {
      this.accepted += accepted;
      this.repeated += repeated;
    },
  };
}

function acceptOne(store: Store, updateId: number, lane = "a", body = "{}"): Promise<void> {
  return acceptUpdates({ store, metrics }, [{ updateId, lane, body }]);
}

async function claimed(store: Store, holder: string, most = 100): Promise<number[]> {
  return (await claimUpdates({ store, holder }, most) ?? []).map(({ update_id }) => update_id);
}

storeTest("acceptUpdates keeps each update once, also of those that come together", async ({ store }) => {
  assert.deepEqual(await accept(store, [[1, "a"], [2, "a"], [1, "a"], [2, "a"]]), [2, 2]);
  assert.deepEqual(await accept(store, [[2, "a"], [3, "c"]]), [1, 1]);
  const rows = await store.db.selectFrom("inbox").select(["update_id", "lane"]).orderBy("update_id")
    .execute();
  assert.deepEqual(rows.map((row) => ({ ...row })), [
    { update_id: 1, lane: "a" },
    { update_id: 2, lane: "a" },
    { update_id: 3, lane: "c" },
  ]);
});

storeTest("acceptUpdates takes many at the same time", async ({ store }) => {
  const many = Array.from({ length: 1234 }, (_, index): [number, string] => [index + 1, `chat:${index % 7}`]);
  assert.deepEqual(await accept(store, many), [1234, 0]);
  const { count } = await store.db.selectFrom("inbox").select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  assert.equal(Number(count), 1234);
});

/** The first turn at an update that was claimed once. */
function first(updateId: number) {
  return { update_id: updateId, attempts: 1 };
}

/** A turn at an update that nobody has claimed. */
function unclaimed(updateId: number) {
  return { update_id: updateId, attempts: 0 };
}

storeTest("what comes for a transaction that has ended is not taken into another one", async ({ store }) => {
  await acceptOne(store, 1);
  let ended: Queryable | undefined;
  const failing = store.transaction((transaction) => {
    ended = transaction;
    return Promise.reject(new Error("taken back"));
  });
  await assert.rejects(failing, /taken back/);
  await store.transaction(async () => {
    await assert.rejects(finishUpdate(store, ended!, unclaimed(1), false));
  });
  assert.deepEqual(await claimed(store, "me"), [1]);
});

storeTest("acceptUpdates keeps what came in one batch, each once", async ({ store }) => {
  const arrivals = [1, 2, 3, 2].map((updateId) => ({ updateId, lane: "a", body: "{}" }));
  const kept = countKept();
  const deps = { store, metrics: kept };
  await acceptUpdates(deps, arrivals);
  assert.deepEqual([kept.accepted, kept.repeated], [3, 1]);
  await acceptUpdates(deps, [...arrivals, { updateId: 4, lane: "a", body: "{}" }]);
  assert.deepEqual([kept.accepted, kept.repeated], [4, 5]);
  await acceptUpdates(deps, []);
  assert.deepEqual([kept.accepted, kept.repeated], [4, 5]);
});

storeTest(
  "claimUpdates takes the oldest of each lane, and the next only when it is done",
  async ({ store }) => {
    await accept(store, [[4, "b"], [1, "a"], [2, "a"], [3, "b"], [5, "c"]]);
    assert.deepEqual(await claimed(store, "me", 2), [1, 3]);
    assert.deepEqual(await claimed(store, "other"), [5]);
    assert.deepEqual(await claimed(store, "me"), []);
    await finishUpdate(store, store.db, first(1), false);
    assert.deepEqual(await claimed(store, "other"), [2]);
  },
);

storeTest("claimUpdates takes over when the lease of the one who died runs out", async ({ store, clock }) => {
  await accept(store, [[1, "a"], [2, "a"]]);
  assert.deepEqual(await claimed(store, "dead"), [1]);
  clock.advance(UPDATE_LEASE_MS - 1000);
  assert.deepEqual(await claimed(store, "other"), []);
  clock.advance(1001);
  const [row] = await claimUpdates({ store, holder: "other" }, 9) ?? [];
  assert.deepEqual([row?.update_id, row?.claimed_by, row?.attempts], [1, "other", 2]);
});

storeTest("releaseUpdates gives back only what is one's own and unfinished", async ({ store }) => {
  await accept(store, [[1, "a"], [2, "b"], [3, "c"]]);
  assert.deepEqual(await claimed(store, "me", 2), [1, 2]);
  assert.deepEqual(await claimed(store, "other"), [3]);
  await finishUpdate(store, store.db, first(1), false);
  await releaseUpdates({ store, holder: "me" }, [1, 2, 3]);
  assert.deepEqual(await claimed(store, "other"), [2]);
});

storeTest("finishUpdate counts once, and what came of the second is undone", async ({ store }) => {
  await accept(store, [[1, "a"]]);
  const commit = () =>
    store.transaction(async (transaction) => {
      await appendAudit(store, transaction, [{ event: "tested" }]);
      await finishUpdate(store, transaction, unclaimed(1), false);
    });
  const results = await Promise.allSettled([commit(), commit()]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.deepEqual(await verifyAudit(store.db), { intact: true, rows: 1 });
});

storeTest("finishUpdate blanks the copy of a message that held a secret", async ({ store }) => {
  await acceptOne(store, 1, "a", '{"text":"hunter2"}');
  await finishUpdate(store, store.db, unclaimed(1), true);
  const { body } = await store.db.selectFrom("inbox").select("body").executeTakeFirstOrThrow();
  assert.equal(body, "{}");
});

Deno.test("forgetBlanked leaves nothing of the message in SQLite's files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/store.db`;
    await using opened = await open(`sqlite:${path}`);
    const { store } = opened;
    await acceptOne(store, 1, "a", '{"text":"hunter2"}');
    const files = async () =>
      await Promise.all([path, `${path}-wal`].map(async (file) => (await Deno.readFile(file)).toString()));
    const secret = new TextEncoder().encode("hunter2").toString();
    assert.ok((await files()).some((bytes) => bytes.includes(secret)));
    await finishUpdate(store, store.db, unclaimed(1), true);
    await forgetBlanked(store);
    assert.ok(!(await files()).some((bytes) => bytes.includes(secret)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

storeTest(
  "pruneInbox forgets what was finished long ago, and nothing that waits",
  async ({ store, clock }) => {
    await accept(store, [[1, "a"], [2, "b"]]);
    await finishUpdate(store, store.db, unclaimed(1), false);
    clock.advance(60_000);
    await pruneInbox(store, 61_000);
    assert.deepEqual(await accept(store, [[1, "a"]]), [0, 1]);
    await pruneInbox(store, 59_000);
    assert.deepEqual(await accept(store, [[1, "a"], [2, "b"]]), [1, 1]);
  },
);

function outgoing(key: string, title: string, chatId = -1001) {
  return { key, chatId, priority: 2, reply: { mark: "info" as const, title } };
}

storeTest(
  "putMessage under a known key changes what shall be shown, also while it is sent",
  async ({ store }) => {
    await putMessage(store, store.db, outgoing("one", "first"));
    const [row] = await claimMessages({ store, holder: "me" }, 20) ?? [];
    await putMessage(store, store.db, outgoing("one", "second"));
    await settleMessage(store, row!, { ...row!, message_id: 7, format: "rich" });
    const after = await findMessage(store.db, "one");
    assert.deepEqual([after?.state, after?.message_id, after?.sent_version], ["due", 7, 1]);
    const [again] = await claimMessages({ store, holder: "me" }, 20) ?? [];
    assert.equal(JSON.parse(again?.reply ?? "{}").title, "second");
    await settleMessage(store, again!, again!);
    assert.equal((await findMessage(store.db, "one"))?.state, "idle");
  },
);

storeTest("claimMessages leaves chats alone that are busy, and messages that are to wait", async (opened) => {
  const { store, clock } = opened;
  for (const [key, chat] of [["a", 1], ["b", 2], ["c", 3]] as const) {
    await putMessage(store, store.db, outgoing(key, key, chat));
  }
  const [late] = await claimMessages({ store, holder: "me" }, 20, new Set([1, 2])) ?? [];
  assert.equal(late?.key, "c");
  await postponeMessage(store, late!, 5000, false);
  const keys = async () =>
    (await claimMessages({ store, holder: "me" }, 20, new Set([1])) ?? []).map(({ key }) => key);
  assert.deepEqual([await keys(), await keys()], [["b"], []]);
  clock.advance(5001);
  assert.deepEqual(await keys(), ["c"]);
});

storeTest("renewMessages keeps a claim alive, and releaseMessages ends it", async ({ store, clock }) => {
  for (const [key, chat] of [["a", 1], ["b", 2]] as const) {
    await putMessage(store, store.db, outgoing(key, key, chat));
  }
  const claim = async (holder: string) => {
    const rows = await claimMessages({ store, holder }, 20) ?? [];
    return rows.map(({ key }) => key).sort();
  };
  assert.deepEqual(await claim("me"), ["a", "b"]);
  clock.advance(CLAIM_MS - 1000);
  await renewMessages({ store, holder: "me" }, ["a"]);
  await renewMessages({ store, holder: "another" }, ["b"]);
  clock.advance(2000);
  assert.deepEqual(await claim("other"), ["b"]);
  await releaseMessages({ store, holder: "me" }, ["a"]);
  assert.deepEqual(await claim("other"), ["a"]);
});

storeTest("takeLease lets one holder at a time do the job", async ({ store, clock }) => {
  const at = (holder: string) => takeLease(store, "prune", holder, 1000);
  const first = await Promise.all(["a", "b", "c", "d"].map(at));
  assert.equal(first.filter(Boolean).length, 1);
  const winner = ["a", "b", "c", "d"][first.indexOf(true)]!;
  assert.equal(await at(winner), true, "the holder may go on");
  clock.advance(1001);
  assert.equal(await at("other"), true);
  assert.equal(await at(winner), false);
});

storeTest(
  "findPrompt finds a question until it expires, and prunePrompts forgets it later",
  async (opened) => {
    const { store, clock } = opened;
    await putPrompt(store, store.db, {
      handle: "h",
      kind: "choice",
      person_id: 1,
      chat_id: 2,
      body: { a: 1 },
      ttlMs: 1000,
    });
    assert.equal((await findPrompt(store, "h"))?.body, '{"a":1}');
    clock.advance(1001);
    assert.equal(await findPrompt(store, "h"), undefined);
    clock.advance(8 * 86_400_000);
    await prunePrompts(store);
    assert.deepEqual(await store.db.selectFrom("prompts").selectAll().execute(), []);
  },
);

storeTest("appendAudit makes one chain of what is appended side by side", async ({ store }) => {
  await Promise.all(
    Array.from(
      { length: 25 },
      (_, index) =>
        store.transaction((transaction) =>
          appendAudit(store, transaction, [{ event: "one", detail: String(index) }, { event: "two" }])
        ),
    ),
  );
  assert.deepEqual(await verifyAudit(store.db), { intact: true, rows: 50 });
});

storeTest("appendAudit stays intact whatever is said", async ({ store }) => {
  const odd = [
    "\0",
    "\ud800",
    "a\udc00b",
    "\u202e",
    "'; drop table audit; --",
    "x".repeat(100_000),
    "😀",
    "",
  ];
  await store.transaction((transaction) =>
    appendAudit(store, transaction, odd.map((detail) => ({ event: "odd", detail, person_name: detail })))
  );
  assert.deepEqual(await verifyAudit(store.db), { intact: true, rows: odd.length });
});

storeTest("verifyAudit names the first row that was changed, removed or put in", async ({ store }) => {
  const entries = Array.from({ length: 6 }, (_, index) => ({ event: "e", detail: String(index) }));
  await store.transaction((transaction) => appendAudit(store, transaction, entries));
  const rows = await Array.fromAsync(auditRows(store.db, {}), (row) => ({ ...row }));
  const restore = async () => {
    await store.db.deleteFrom("audit").execute();
    await store.db.insertInto("audit").values(rows).execute();
  };
  await store.db.updateTable("audit").set({ detail: "forged" }).where("seq", "=", 3).execute();
  assert.deepEqual(await verifyAudit(store.db), { intact: false, row: 3, why: "its content was changed" });
  await restore();
  await store.db.deleteFrom("audit").where("seq", "=", 4).execute();
  assert.deepEqual(await verifyAudit(store.db), { intact: false, row: 4, why: "row 4 is missing" });
  await restore();
  await store.db.updateTable("audit").set({ prev: "0".repeat(64) }).where("seq", "=", 5).execute();
  assert.deepEqual(await verifyAudit(store.db), {
    intact: false,
    row: 5,
    why: "it does not follow the row before",
  });
});

storeTest("openStore finds again what was stored before", async ({ store }, url) => {
  await using file = await openFile();
  const where = store.kind === "sqlite" ? file.url : url;
  const [first, second] = [await open(where), await open(where)];
  await accept(first.store, [[1, "a"]]);
  assert.deepEqual(await accept(second.store, [[1, "a"]]), [0, 1]);
  for (const one of [first, second]) await one[Symbol.asyncDispose]();
  await using again = await open(where);
  assert.deepEqual(await claimed(again.store, "me"), [1]);
});

for (const kind of lasting) {
  testWithEmpty(
    kind,
    "openStore brings up the schema once when several processes start together",
    async (url) => {
      const processes = Array.from({ length: 4 }, () =>
        new Deno.Command(Deno.execPath(), {
          args: ["run", "-q", "--frozen", "-A", "bot/ops/migrate.ts"],
          env: { TELEGRAM_BOT_TOKEN: "7:a", ADMIN_CHATS: "-1001", DATABASE_URL: url },
          clearEnv: false,
        }).output());
      const said = (await Promise.all(processes)).map(({ stdout }) =>
        new TextDecoder().decode(stdout).trim()
      );
      const latest = `up to date: ${Object.keys(migrations).at(-1)}`;
      assert.deepEqual(said, Array.from({ length: 4 }, () => latest));
    },
  );
}

storeTest("openStore survives that the server cuts connections, those in use too", async ({ store }, url) => {
  if (store.kind === "sqlite") return await store.check();
  const broken = store.transaction(async (transaction) => {
    await appendAudit(store, transaction, [{ event: "lost" }]);
    await cutConnections(url);
    await new Promise((resolve) => setImmediate(resolve));
    await appendAudit(store, transaction, [{ event: "lost" }]);
  });
  await assert.rejects(broken);
  await store.check();
  assert.deepEqual(await verifyAudit(store.db), { intact: true, rows: 0 });
});

async function cutConnections(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await client.end();
}
