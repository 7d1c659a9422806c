import { sql } from "kysely";
import { literal } from "./literal.ts";
import type { Queryable } from "./schema.ts";
import type { Store } from "./store.ts";

export interface Arrival {
  readonly updateId: number;
  readonly lane: string;
  readonly body: string;
}

/** Puts updates on disk before anyone is told that they arrived. */
export interface Inbox {
  /** Resolves when the update is committed, now or before. */
  accept(arrival: Arrival): Promise<void>;
  /**
   * Resolves after a moment in which nobody came or, in a crowd, after a while all the same. Who handles updates
   * waits for it between two of them: whoever knocks goes first.
   */
  lull(): Promise<void>;
}

interface Waiting {
  readonly arrival: Arrival;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** As many connections as Telegram opens to a webhook, so that one insert serves them all. */
const MOST_PER_INSERT = 100;
/** So many arrivals in one insert are a crowd: chats do not come to that on a bad day. */
const CROWD = 16;
/** How long the next of a crowd are waited for. */
const GATHERING_MS = 1;
/** A crowd that comes again sooner than this has not gone. */
const SOON_MS = 20;
/** Even in a crowd the work inside goes on so often. */
const LONGEST_CROWD_MS = 100;

/**
 * Arrivals that wait at the same time share one insert, because a commit costs about the same for one row as for a
 * hundred: those of one turn of the event loop, of the turns after it that bring more, and those that came while the
 * database was busy. After a crowd as many are expected to come again, because whoever was let in sends the next; they
 * are waited for, but not for long. `onLetIn` is told how many of them were new and how many known.
 */
export function createInbox(
  store: Store,
  onLetIn: (accepted: number, repeated: number) => void = () => {},
): Inbox {
  const waiting: Waiting[] = [];
  const insert = createInsert(store);
  let letting = false;
  let crowdedUntil = 0;
  let expected = 0;
  let onExpected: (() => void) | undefined;

  async function letIn(): Promise<void> {
    while (waiting.length > 0) {
      await allHere();
      const size = await letInTogether();
      const isCrowd = size >= CROWD;
      if (isCrowd) crowdedUntil = performance.now() + SOON_MS;
      expected = isCrowd ? size : 0;
    }
    letting = false;
  }

  async function allHere(): Promise<void> {
    if (waiting.length < expected) await gathering();
    for (let here = 0; here < waiting.length && here < MOST_PER_INSERT;) {
      here = waiting.length;
      await nextTurn();
    }
  }

  async function gathering(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      onExpected = resolve;
      timer = setTimeout(resolve, GATHERING_MS);
    });
    clearTimeout(timer);
    onExpected = undefined;
  }

  /** Resolves to how many there were. */
  async function letInTogether(): Promise<number> {
    let together: Waiting[] | undefined;
    try {
      await store.db.connection().execute(async (connection) => {
        // Those who came while others had the database are here too.
        together = waiting.splice(0, MOST_PER_INSERT);
        const accepted = await insert(connection, together.map(({ arrival }) => arrival));
        if (accepted > 0) store.wakeUp.everyone("inbox");
        for (const { resolve } of together) resolve();
        onLetIn(accepted, together.length - accepted);
      });
    } catch (error) {
      together ??= waiting.splice(0);
      for (const { reject } of together) reject(error);
    }
    return together?.length ?? 0;
  }

  return {
    accept: (arrival) =>
      new Promise((resolve, reject) => {
        waiting.push({ arrival, resolve, reject });
        if (waiting.length === expected) onExpected?.();
        if (letting) return;
        letting = true;
        void letIn();
      }),
    async lull() {
      const latest = performance.now() + LONGEST_CROWD_MS;
      const isCrowded = () => letting || performance.now() < crowdedUntil;
      await pause(1);
      while (isCrowded() && performance.now() < latest) await pause(SOON_MS);
    },
  };
}

/** While turn follows turn, Deno looks at its sockets once in sixty turns; only a timer makes it wait for them. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Ends a turn of the event loop; a zero timer would cost a millisecond. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Resolves to how many were not known; which they were is not asked for, because telling takes SQLite half as long
 * again. Kysely takes longer to compile an insert of many rows than SQLite to run it, so each size is compiled once.
 */
function createInsert(store: Store): (db: Queryable, arrivals: readonly Arrival[]) => Promise<number> {
  const compiled = new Map<number, ReturnType<typeof compileInsert>>();
  const compiledFor = (size: number) => {
    const known = compiled.get(size) ?? compileInsert(store, size);
    compiled.set(size, known);
    return known;
  };
  return async function insert(db, arrivals) {
    const now = store.now();
    const unique = [...new Map(arrivals.map((arrival) => [arrival.updateId, arrival])).values()];
    const parameters = unique.flatMap(({ updateId, lane, body }) => [updateId, lane, body, now]);
    const { numAffectedRows } = await db.executeQuery({ ...compiledFor(unique.length), parameters });
    return Number(numAffectedRows);
  };
}

/** For so many updates; the parameters are, one update after the other, those of the first four columns. */
function compileInsert({ db }: Store, size: number) {
  const row = {
    update_id: 0,
    lane: "",
    body: "",
    received_at: 0,
    state: literal("new"),
    claimed_until: sql.lit(0),
    attempts: sql.lit(0),
  };
  return db.insertInto("inbox").values(Array.from({ length: size }, () => row))
    .onConflict((conflict) => conflict.column("update_id").doNothing()).compile();
}
