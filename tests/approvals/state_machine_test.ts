import assert from "node:assert/strict";
import { readConfig } from "../../bot/config.ts";
import {
  type ChangeEvent,
  startOf,
  transition,
  type TransitionStep,
} from "../../bot/approvals/state_machine.ts";
import { type Change, findChange, isTargetBusy, TOOK_EFFECT } from "../../bot/store/changes.ts";
import type { AuditTable, ChangeState, LoansTable } from "../../bot/store/schema.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import { storeWith, testOnEach } from "./database.ts";

/** Where every event leads from every state; a state that is not listed is a place the event must not leave. */
const WAYS: Readonly<Record<ChangeEvent, Partial<Record<ChangeState, ChangeState>>>> = {
  vote: { pending: "pending" },
  take_back: { pending: "pending" },
  emergency: { pending: "pending" },
  approve: { pending: "approved" },
  reject: { pending: "rejected" },
  explain: { rejected: "rejected" },
  withdraw: { pending: "withdrawn" },
  expire: { pending: "expired" },
  supersede: { pending: "superseded", approved: "superseded", executing: "superseded" },
  stop: { approved: "stopped" },
  claim: { approved: "executing" },
  take_over: { executing: "executing" },
  send: { executing: "executing" },
  apply: { executing: "applied", unknown: "applied" },
  apply_partly: { executing: "partly applied", unknown: "partly applied" },
  accept: { executing: "accepted", unknown: "accepted" },
  fail: { executing: "not applied", unknown: "not applied" },
  mark_unknown: { executing: "unknown", unknown: "unknown" },
  applied_late: { "not applied": "applied", "partly applied": "applied" },
  partly_late: { "not applied": "partly applied" },
  still_not_applied: { "not applied": "not applied" },
  still_partly_applied: { "partly applied": "partly applied" },
  settle_applied: { unknown: "applied" },
  settle_not_applied: { unknown: "not applied" },
};

const EVENTS = Object.keys(WAYS) as ChangeEvent[];
const STATES: readonly ChangeState[] = [
  "pending",
  "approved",
  "executing",
  "applied",
  "partly applied",
  "accepted",
  "not applied",
  "unknown",
  "rejected",
  "withdrawn",
  "stopped",
  "expired",
  "superseded",
];
const FINAL = new Set([
  "applied",
  "partly applied",
  "accepted",
  "not applied",
  "rejected",
  "withdrawn",
  "stopped",
  "expired",
  "superseded",
]);

const START = Date.UTC(2026, 10, 21, 3, 12);
const CODE = "K7Q2X";
const LENT = "LENT2";
const LASTS_MS = 7_200_000;

testOnEach("transition: every event goes from the states it may leave, and from no other", async (url) => {
  await using fixture = await openMachine(url);
  for (const event of EVENTS) {
    for (const state of STATES) {
      await fixture.put({ state });
      await fixture.expect(`${event} from ${state}`, { event }, WAYS[event][state]);
    }
  }
});

testOnEach(
  "transition: what may have been sent can no longer be superseded, stopped or sent",
  async (url) => {
    await using fixture = await openMachine(url);
    for (const event of EVENTS) {
      const barred = ["supersede", "stop", "send"].includes(event);
      await fixture.put({ state: "executing", sent_at: START });
      await fixture.expect(`${event} once sent`, { event }, barred ? undefined : WAYS[event].executing);
    }
  },
);

testOnEach(
  "transition: a decision counts until the very moment of expiry, and the sweeper only from then on",
  async (url) => {
    await using fixture = await openMachine(url);
    for (const event of ["vote", "take_back", "emergency", "approve", "reject", "withdraw"] as const) {
      for (const [now, allowed] of [[START - 1, true], [START, false], [START + 1, false]] as const) {
        await fixture.put({ state: "pending", expires_at: START });
        const to = allowed ? WAYS[event].pending : undefined;
        await fixture.expect(`${event} at ${now - START} ms`, { event, only: { expiresAfter: now } }, to);
      }
    }
    for (const [now, allowed] of [[START - 1, false], [START, true]] as const) {
      await fixture.put({ state: "pending", expires_at: START });
      const to = allowed ? "expired" : undefined;
      await fixture.expect(
        `expire at ${now - START} ms`,
        { event: "expire", only: { expiresUntil: now } },
        to,
      );
    }
  },
);

testOnEach(
  "transition: only the holder of the claim goes on, and only a lease that has ended is taken over",
  async (url) => {
    await using fixture = await openMachine(url);
    for (const event of ["send", "apply", "accept", "fail", "mark_unknown", "supersede"] as const) {
      for (const [holder, allowed] of [["mine", true], ["other", false]] as const) {
        await fixture.put({ state: "executing", claimed_by: holder });
        const to = allowed ? WAYS[event].executing : undefined;
        await fixture.expect(`${event} of ${holder}`, { event, only: { claimedBy: "mine" } }, to);
      }
    }
    for (const [until, allowed] of [[START - 1, true], [START, true], [START + 1, false]] as const) {
      await fixture.put({ state: "executing", claimed_until: until });
      const to = allowed ? "executing" : undefined;
      await fixture.expect("take_over", { event: "take_over", only: { leaseEndedBefore: START } }, to);
    }
  },
);

testOnEach("transition: what stands or falls with it is undone when any of it fails", async (url) => {
  await using fixture = await openMachine(url);
  await fixture.put({ state: "pending" });
  await assert.rejects(
    fixture.move({ event: "approve", also: () => Promise.reject(new Error("disk full")) }),
    /disk full/,
  );
  assert.equal((await findChange(fixture.store, CODE))?.state, "pending");
  assert.deepEqual(await fixture.rows(), []);
});

testOnEach("transition: a final state says when it was reached and is held by nobody", async (url) => {
  await using fixture = await openMachine(url);
  for (const event of EVENTS) {
    for (const [from, to] of Object.entries(WAYS[event]) as [ChangeState, ChangeState][]) {
      await fixture.put({ state: from, claimed_by: "mine" });
      const moved = await fixture.move({ event });
      assert.equal(moved?.finished_at, FINAL.has(to) ? START : null, `${event} from ${from}`);
      if (FINAL.has(to)) assert.equal(moved?.claimed_by, null);
    }
  }
});

testOnEach("transition: of two changes of one target the database lets one run", async (url) => {
  await using fixture = await openMachine(url);
  const { store } = fixture;
  await fixture.put({ state: "executing" });
  const twin = { ...CHANGE, code: "TWIN2", handle: "other", state: "approved" } as const;
  await store.db.insertInto("changes").values(twin).execute();
  const busy = await fixture.move({ code: "TWIN2", event: "claim" }).catch((error) => error);
  assert.equal(isTargetBusy(busy), true);
  assert.equal((await findChange(store, "TWIN2"))?.state, "approved");
  const taken = await store.db.insertInto("changes").values(CHANGE).execute().catch((error) => error);
  assert.equal(isTargetBusy(taken), false, "a code that is taken is something else");
});

testOnEach(
  "transition: a change for a time becomes a loan with whatever shows that it took effect",
  async (url) => {
    await using fixture = await openMachine(url);
    for (const [event, from, to] of everyWay()) {
      await fixture.lend({ state: from, lasts_ms: LASTS_MS, undo_of: null }, undefined);
      await fixture.move({ event });
      const loan = await fixture.loan();
      assert.equal(
        loan?.ends_at,
        TOOK_EFFECT.has(to) ? START + LASTS_MS : undefined,
        `${event} from ${from}`,
      );
    }
  },
);

/** What becomes of a loan with each state that its way back comes to; a state that is not listed leaves it as it is. */
const BACK: Readonly<Record<"by itself" | "by hand", Partial<Record<ChangeState, string>>>> = {
  "by itself": {
    applied: "returned",
    accepted: "returned",
    "partly applied": "open again",
    "not applied": "open again",
    superseded: "open again",
    stopped: "open again",
  },
  "by hand": { applied: "undone", accepted: "undone" },
};

testOnEach(
  "transition: every way of what takes a loan back ends it, opens it again or leaves it",
  async (url) => {
    await using fixture = await openMachine(url);
    for (const how of ["by itself", "by hand"] as const) {
      for (const [event, from, to] of everyWay()) {
        const back = how === "by itself" ? CODE : null;
        const loan_of = back && LENT;
        await fixture.lend({ state: from, undo_of: LENT, loan_of }, { back });
        await fixture.move({ event });
        const loan = await fixture.loan();
        const became = loan?.outcome ?? (loan?.back === back ? undefined : "open again");
        assert.equal(became, BACK[how][to], `${event} from ${from}, ${how}`);
        assert.equal(loan?.ended_at, loan?.outcome ? START : null);
        if (became === "open again") assert.equal(loan?.next_at !== null, to === "not applied");
      }
    }
    await fixture.lend({ state: "approved", undo_of: LENT, loan_of: LENT }, {
      back: CODE,
    });
    await fixture.move({ event: "supersede", audit: { reason_code: "target_moved" } });
    assert.equal((await fixture.loan())?.outcome, "moved");
  },
);

Deno.test("a change begins at its time, and one that is dangerous not before it can be stopped", () => {
  for (
    const [risk, scheduled, begins] of [
      ["write", null, 0],
      ["write", 60_000, 60_000],
      ["danger", null, 10_000],
      ["danger", 5_000, 10_000],
      ["danger", 60_000, 60_000],
    ] as const
  ) {
    const change = { risk, scheduled_at: scheduled === null ? null : START + scheduled };
    assert.equal(startOf(change, START, 10_000) - START, begins, `${risk} at ${scheduled}`);
  }
});

interface Machine extends AsyncDisposable {
  readonly store: Store;
  readonly clock: FakeClock;
  put(fields: Partial<Change>): Promise<void>;
  move(step: Partial<TransitionStep> & Pick<TransitionStep, "event">): Promise<Change | undefined>;
  rows(): Promise<AuditTable[]>;
  /** Puts a change beside a loan, if there is one. */
  lend(fields: Partial<Change>, loan: Partial<LoansTable> | undefined): Promise<void>;
  loan(): Promise<LoansTable | undefined>;
  /** Moves, and sees either the new state and one audit row, or nothing changed at all. */
  expect(
    what: string,
    step: Partial<TransitionStep> & Pick<TransitionStep, "event">,
    to: ChangeState | undefined,
  ): Promise<void>;
}

async function openMachine(url: string): Promise<Machine> {
  const clock = createFakeClock({ start: START });
  const store = await openStore(databaseOf(url), clock);
  // Postgres has a clock of its own, which the store follows; here time stands still.
  const still: Store = storeWith(store, { now: clock.now });
  const rows = () => store.db.selectFrom("audit").selectAll().orderBy("seq").execute();
  const put: Machine["put"] = async (fields) => {
    await store.db.deleteFrom("changes").execute();
    await store.db.insertInto("changes").values({ ...CHANGE, ...fields }).execute();
  };
  const attempt: Machine["move"] = (step) =>
    transition(still, { code: CODE, audit: { person_id: 102 }, ...step });
  return {
    store,
    clock,
    rows,
    move: attempt,
    put,
    async lend(fields, loan) {
      await store.db.deleteFrom("loans").execute();
      await put(fields);
      if (!loan) return;
      const lent = { ...CHANGE, code: LENT, handle: "lent", state: "applied" } as const;
      await store.db.insertInto("changes").values(lent).execute();
      await store.db.insertInto("loans").values({ ...LOAN, ...loan }).execute();
    },
    loan: () => store.db.selectFrom("loans").selectAll().executeTakeFirst(),
    async expect(what, step, to) {
      const before = await findChange(store, CODE);
      const known = (await rows()).length;
      const moved = await attempt(step);
      const added = (await rows()).slice(known);
      if (to === undefined) {
        assert.equal(moved, undefined, what);
        assert.deepEqual(await findChange(store, CODE), before, what);
        return assert.deepEqual(added, [], what);
      }
      assert.equal(moved?.state, to, what);
      assert.equal((await findChange(store, CODE))?.state, to, what);
      assert.deepEqual(
        added.map((row) => [row.event, row.code, row.state, row.person_id, row.target]),
        [[step.event, CODE, to, 102, "ec2:55115935b1a43dcc4a7b23c6 Acme Corp"]],
        what,
      );
    },
    async [Symbol.asyncDispose]() {
      await store.close();
    },
  };
}

function everyWay(): [ChangeEvent, ChangeState, ChangeState][] {
  return EVENTS.flatMap((event) =>
    (Object.entries(WAYS[event]) as [ChangeState, ChangeState][]).map(([from, to]) =>
      [event, from, to] as [ChangeEvent, ChangeState, ChangeState]
    )
  );
}

/** As the environment names it. */
function databaseOf(url: string) {
  const environment = { TELEGRAM_BOT_TOKEN: "123456:sandbox", ADMIN_CHATS: "-1001", DATABASE_URL: url };
  return readConfig(environment).database;
}

const LOAN: LoansTable = {
  code: LENT,
  ends_at: START - 1,
  next_at: null,
  reminders: 1,
  extended_id: null,
  extended_name: null,
  back: null,
  trouble: null,
  ended_at: null,
  outcome: null,
};

const CHANGE: Change = {
  code: CODE,
  state: "pending",
  verb: "disable",
  target: "ec2",
  vendor: "bitdefender",
  risk: "danger",
  plan: JSON.stringify({ target: { name: "Acme Corp" } }),
  hash: "h",
  policy: "p",
  account: null,
  target_key: "ec2:55115935b1a43dcc4a7b23c6",
  company: "55115935b1a43dcc4a7b23c6",
  card: JSON.stringify({ title: "Disable it", done: "it is disabled", rows: [], breaks: [], sends: {} }),
  undo: "{}",
  undo_of: null,
  reason: null,
  ticket: null,
  requester_id: 101,
  requester_name: "Ana",
  origin_chat: -1001,
  origin_thread: null,
  origin_message: null,
  chat_id: -1001,
  thread_id: null,
  handle: "handle",
  created_at: START - 1000,
  expires_at: START + 1000,
  decided_at: null,
  decider_id: null,
  decider_name: null,
  decision_reason: null,
  emergency: null,
  settled_id: null,
  settled_name: null,
  claimed_by: null,
  claimed_until: 0,
  take_overs: 0,
  sent_at: null,
  receipt: null,
  evidence: null,
  after_state: null,
  finished_at: null,
  next_check_at: null,
  checks: 0,
  trace: null,
  scheduled_at: null,
  lasts_ms: null,
  loan_of: null,
  starts_at: null,
  shown: null,
};
