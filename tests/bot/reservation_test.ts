/** Rows that are written as claimed by the process that works on them. */
import assert from "node:assert/strict";
import { postponeMessage, putMessage, putToSend } from "../../bot/outbox/messages.ts";
import { Metrics } from "../../bot/metrics.ts";
import { acceptUpdates } from "../../bot/queue/inbox.ts";
import { type QueueJob, Worker } from "../../bot/queue/worker.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { databaseUrl } from "../../bot/settings.ts";
import type { InboxTable, MessagesTable } from "../../bot/store/schema.ts";
import { HANG_MS } from "../eventually.ts";
import { createRecordedLog, createTestClock } from "../sandbox/stage.ts";
import { endOfTurn } from "../../clients/clock.ts";

/** The worker looks only when it is told. */
const UNASKED = 3_600_000;

interface Scene extends AsyncDisposable {
  readonly store: Store;
  /** What was begun and what it brought, in order. */
  readonly heard: string[];
  /** What other processes leave to be claimed. */
  readonly claimable: string[];
  /** Has claims, or work, last until that is called, or the scene ends. */
  hold(what: "claim" | "run"): () => void;
}

async function openScene(width = 2): Promise<Scene> {
  const clock = createTestClock();
  const store = await openStore(databaseUrl.parse("sqlite::memory:"), clock);
  const heard: string[] = [];
  const claimable: string[] = [];
  const gates = { claim: Promise.resolve(), run: Promise.resolve() };
  const held: (() => void)[] = [];
  const job = (name: "inbox" | "messages", wordOf: (row: never) => string): QueueJob<never> => ({
    name,
    width,
    leaseMs: 10_000,
    async claim(_most, busy) {
      if (name === "messages" || claimable.length === 0) return undefined;
      const taken = claimable.filter((row) => !busy.has(partitionOf(row)));
      claimable.splice(0, Infinity, ...claimable.filter((row) => !taken.includes(row)));
      await gates.claim;
      return taken as never[];
    },
    partition: (row) => partitionOf(wordOf(row)),
    async run(row) {
      heard.push(wordOf(row));
      await gates.run;
    },
    renew: () => Promise.resolve(),
    async release(rows) {
      await undefined;
      claimable.unshift(...rows.map(wordOf));
    },
  });
  const updates = job(
    "inbox",
    (row: InboxTable | string) => typeof row === "string" ? row : `${row.lane} ${row.update_id}`,
  );
  const messages = job(
    "messages",
    (row: MessagesTable) => `${row.chat_id} ${row.key}${row.message_id ? ` at ${row.message_id}` : ""}`,
  );
  const worker = new Worker(
    { store, holder: "me", log: createRecordedLog() },
    { queues: [updates, messages], periodic: [] },
    UNASKED,
  );
  worker.start();
  await settle();
  return {
    store,
    heard,
    claimable,
    hold(what) {
      const { promise, resolve } = Promise.withResolvers<void>();
      gates[what] = promise;
      held.push(resolve);
      return resolve;
    },
    async [Symbol.asyncDispose]() {
      for (const letGo of held) letGo();
      await worker.stop(AbortSignal.timeout(HANG_MS));
      await store.close();
    },
  };
}

function partitionOf(row: string): string {
  return row.split(" ")[0] ?? "";
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await endOfTurn();
}

/** Has a claim under way that brings this row once it is let go. */
async function claiming(scene: Scene, row: string): Promise<() => void> {
  const letGo = scene.hold("claim");
  scene.claimable.push(row);
  scene.store.notifier.local("inbox");
  await settle();
  return letGo;
}

const accept = ({ store }: Scene, ...arrivals: [id: number, lane: string][]) =>
  acceptUpdates(
    { store, metrics: new Metrics() },
    arrivals.map(([updateId, lane]) => ({ updateId, lane, body: "{}" })),
  );

const attemptsIn = async ({ store }: Scene) =>
  (await store.db.selectFrom("inbox").select("attempts").orderBy("update_id").execute())
    .map(({ attempts }) => attempts);

Deno.test("acceptUpdates has the update begun at once, and writes it as claimed", async () => {
  await using scene = await openScene();
  await accept(scene, [1, "a"], [2, "b"]);
  await settle();
  assert.deepEqual(scene.heard, ["a 1", "b 2"]);
  assert.deepEqual(await attemptsIn(scene), [1, 1]);
});

Deno.test("acceptUpdates leaves to be claimed what is behind another one, or finds no room", async () => {
  await using scene = await openScene();
  const letGo = scene.hold("run");
  await accept(scene, [1, "a"], [2, "a"], [3, "b"], [4, "c"]);
  await settle();
  assert.deepEqual(scene.heard, ["a 1", "b 3"]);
  assert.deepEqual(await attemptsIn(scene), [1, 0, 1, 0]);
  letGo();
});

Deno.test("acceptUpdates claims nothing in a lane where an earlier one waits for somebody", async () => {
  await using scene = await openScene();
  const row = { lane: "a", body: "{}", received_at: 0, state: "new", claimed_until: 0, attempts: 0 } as const;
  await scene.store.db.insertInto("inbox").values({ ...row, update_id: 1 }).execute();
  await accept(scene, [2, "a"]);
  await settle();
  assert.deepEqual([scene.heard, await attemptsIn(scene)], [[], [0, 0]]);
});

Deno.test("acceptUpdates begins nothing anew that is known", async () => {
  await using scene = await openScene();
  await accept(scene, [1, "a"]);
  await settle();
  await accept(scene, [1, "a"]);
  await settle();
  assert.deepEqual(scene.heard, ["a 1"]);
});

Deno.test("Worker runs what a claim brought of a partition that was kept meanwhile", async () => {
  await using scene = await openScene();
  const letGo = await claiming(scene, "a older");
  const kept = scene.store.reserve("inbox", "a");
  assert.ok(kept);
  letGo();
  await settle();
  assert.deepEqual(scene.heard, []);
  kept.cancel();
  await settle();
  assert.deepEqual(scene.heard, ["a older"]);
});

Deno.test("Worker runs what a claim brought of a partition, however close to its end that was kept", async () => {
  for (let steps = 0; steps < 12; steps++) {
    await using scene = await openScene();
    const letGo = await claiming(scene, "a older");
    const kept = scene.store.reserve("inbox", "a");
    letGo();
    for (let step = 0; step < steps; step++) await undefined;
    kept?.cancel();
    await settle();
    assert.deepEqual(scene.heard, ["a older"], `${steps} steps after the claim`);
  }
});

Deno.test("Worker gives back what a claim brought of a partition in which it has begun meanwhile", async () => {
  await using scene = await openScene();
  const letGo = scene.hold("claim");
  const finish = scene.hold("run");
  scene.claimable.push("a later");
  scene.store.notifier.local("inbox");
  await settle();
  await accept(scene, [1, "a"]);
  letGo();
  await settle();
  assert.deepEqual([scene.heard, scene.claimable], [["a 1"], ["a later"]]);
  finish();
  await settle();
  assert.deepEqual(scene.heard, ["a 1", "a later"]);
});

Deno.test("Worker looks again after a partition behind which something waits, or that was kept in vain", async () => {
  await using scene = await openScene();
  const letGo = scene.hold("run");
  await accept(scene, [1, "a"]);
  scene.claimable.push("a next");
  scene.store.notifier.local("inbox");
  await settle();
  assert.deepEqual(scene.heard, ["a 1"]);
  letGo();
  await settle();
  assert.deepEqual(scene.heard, ["a 1", "a next"]);
  const kept = scene.store.reserve("inbox", "b");
  scene.claimable.push("b 2");
  kept?.cancel();
  await settle();
  assert.deepEqual(scene.heard, ["a 1", "a next", "b 2"]);
});

Deno.test("Worker keeps no place once it is stopped", async () => {
  const scene = await openScene();
  await scene[Symbol.asyncDispose]();
  assert.equal(scene.store.reserve("inbox", "a"), undefined);
});

function message(key: string, chatId = -1) {
  return { key, chatId, priority: 2, reply: { mark: "info" as const, title: key } };
}

async function putAll({ store }: Scene, ...messages: ReturnType<typeof message>[]): Promise<void> {
  const sends = await store.transaction(async (db) => {
    const put = [];
    for (const one of messages) put.push(await putToSend(store, db, one));
    return put;
  });
  for (const send of sends) send.begin();
  await settle();
}

Deno.test("putToSend has a message sent as soon as it is committed, one of a chat", async () => {
  await using scene = await openScene();
  const letGo = scene.hold("run");
  await putAll(scene, message("one"), message("two"), message("elsewhere", -2));
  assert.deepEqual(scene.heard, ["-1 one", "-2 elsewhere"]);
  const rows = await scene.store.db.selectFrom("messages").select(["key", "claimed_until"])
    .where("claimed_until", ">", 0).orderBy("key").execute();
  assert.deepEqual(rows.map(({ key }) => key), ["elsewhere", "one"]);
  letGo();
});

Deno.test("putToSend does not overtake what waits in the chat, nor Telegram's own time for it", async () => {
  await using scene = await openScene();
  const { store } = scene;
  await putMessage(store, store.db, message("waits"));
  await putMessage(store, store.db, message("limited", -2));
  const limited = await store.db.selectFrom("messages").selectAll().where("key", "=", "limited")
    .executeTakeFirstOrThrow();
  await postponeMessage(store, limited, 60_000, true);
  await store.db.deleteFrom("messages").where("key", "=", "limited").execute();
  await putAll(scene, message("later"), message("also later", -2));
  await putAll(scene, message("waits"));
  assert.deepEqual(scene.heard, []);
});

Deno.test("putToSend has a message that was sent edited as soon as it is committed", async () => {
  await using scene = await openScene();
  const { store } = scene;
  await putMessage(store, store.db, message("one"));
  const shown = {
    state: "idle",
    message_id: 7,
    sent_version: 1,
    claimed_by: null,
    claimed_until: 0,
  } as const;
  await store.db.updateTable("messages").set(shown).execute();
  await putAll(scene, message("one"));
  assert.deepEqual(scene.heard, ["-1 one at 7"]);
});

Deno.test("putToSend leaves a message to be claimed that Telegram refused before", async () => {
  await using scene = await openScene();
  const { store } = scene;
  await putMessage(store, store.db, message("one"));
  await store.db.updateTable("messages").set({ state: "dead" }).execute();
  await putAll(scene, message("one"));
  const row = await store.db.selectFrom("messages").select("claimed_until").executeTakeFirstOrThrow();
  assert.deepEqual([scene.heard, row.claimed_until], [[], 0]);
});

Deno.test("putToSend leaves a message alone that another process sends", async () => {
  await using scene = await openScene();
  const { store } = scene;
  await putMessage(store, store.db, message("one"));
  await store.db.updateTable("messages").set({ claimed_by: "another", claimed_until: store.now() + 1000 })
    .execute();
  await putAll(scene, message("one"));
  assert.deepEqual(scene.heard, []);
});

Deno.test("putToSend sends nothing of a transaction that came to nothing", async () => {
  await using scene = await openScene();
  const { store } = scene;
  const failed = store.transaction(async (db) => {
    const send = await putToSend(store, db, message("one"));
    send.cancel();
    throw new Error("thought better of it");
  });
  await assert.rejects(failed, /thought better/);
  await settle();
  assert.deepEqual(scene.heard, []);
  await putAll(scene, message("two"));
  assert.deepEqual(scene.heard, ["-1 two"]);
});

Deno.test("putToSend keeps no place for a message that cannot be written", async () => {
  await using scene = await openScene();
  const { store } = scene;
  const unwritable = {
    mark: "info" as const,
    get title(): string {
      throw new Error("no words");
    },
  };
  await assert.rejects(
    store.transaction((db) => putToSend(store, db, { ...message("one"), reply: unwritable })),
    /no words/,
  );
  await putAll(scene, message("two"));
  assert.deepEqual(scene.heard, ["-1 two"]);
});

Deno.test("acceptUpdates notes the talk of one turn in one statement, each message once", async () => {
  await using scene = await openScene();
  const { store } = scene;
  const talk = (updateId: number) => ({ updateId, lane: "chat:-1", body: "secret words", isTalk: true });
  const kept: [accepted: number, repeated: number][] = [];
  const receiver = {
    store,
    metrics: { updatesKept: (...counts: [number, number]) => void kept.push(counts) },
  };
  const say = (...ids: number[]) => acceptUpdates(receiver, ids.map(talk));
  await Promise.all([say(1), say(2, 3), say(2), say(1)]);
  await Promise.all([say(3), say(4)]);
  assert.deepEqual(kept, [[3, 2], [1, 1]]);
  const rows = await store.db.selectFrom("inbox").select(["update_id", "lane", "state", "body"])
    .orderBy("update_id").execute();
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [1, 2, 3, 4].map((update_id) => ({ update_id, lane: "chat:-1", state: "done", body: "{}" })),
  );
  assert.deepEqual(scene.heard, []);
});
