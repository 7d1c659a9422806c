import { type RawBuilder, sql, type SqlBool, type UpdateObject } from "kysely";
import { naturally } from "../../handlers/format.ts";
import type { Deps } from "../deps.ts";
import type { QueueJob } from "../queue/worker.ts";
import { redactReply } from "../render/sanitize.ts";
import { isPostgres, literal, noneOf, prepared, preparedWrite, type Store } from "../store/database.ts";
import type { MessagesTable, Queryable, Schema } from "../store/schema.ts";
import type { Outgoing } from "./outgoing.ts";

/**
 * Records what a message shall look like. The sender brings Telegram there; several changes before it gets to it
 * become one edit.
 */
export async function putMessage(store: Store, db: Queryable, outgoing: Outgoing): Promise<void> {
  await put(db, rowOf(store, outgoing));
  store.wake("messages", db);
}

/** A message that has been put, and that this process may send at once. */
export interface PendingSend {
  /** Once it is committed. */
  begin(): void;
  /** For what was not committed. Changes nothing after `begin`. */
  cancel(): void;
}

/** As `putMessage`, of a message that nothing else in the transaction changes. */
export async function putToSend(store: Store, db: Queryable, outgoing: Outgoing): Promise<PendingSend> {
  const reservation = store.reserve("messages", String(outgoing.chatId));
  if (!reservation) {
    await putMessage(store, db, outgoing);
    return { begin() {}, cancel() {} };
  }
  try {
    const row = await putAsClaimed(db, rowOf(store, outgoing, reservation.holder));
    return {
      begin: () => row ? reservation.begin(row) : reservation.cancel(),
      cancel: () => reservation.cancel(),
    };
  } catch (error) {
    reservation.cancel();
    throw error;
  }
}

/** Undefined where it has to wait, or somebody is sending it. */
async function putAsClaimed(db: Queryable, row: MessagesTable): Promise<MessagesTable | undefined> {
  const [kept] = await put(db, row);
  // What nobody has sent yet is what was put now, and nothing else.
  if (!kept || kept.version !== kept.sent_version + 1 || kept.claimed_until === 0) return undefined;
  return kept.version === 1 ? row : await findMessage(db, row.key);
}

/** As nobody has sent it yet. */
const UNSENT = {
  version: 1,
  sent_version: 0,
  message_id: null,
  ephemeral_id: null,
  format: null,
  file_sent: null,
  not_before: 0,
  attempts: 0,
  state: "due",
} as const;

function rowOf(store: Store, outgoing: Outgoing, holder?: string): MessagesTable {
  const now = store.now();
  // Here as well as on its way: another replica may send it, which knows neither our tokens nor what was entered here.
  const reply = JSON.stringify(store.redact ? redactReply(outgoing.reply, store.redact) : outgoing.reply);
  return {
    ...UNSENT,
    key: outgoing.key,
    chat_id: outgoing.chatId,
    thread_id: outgoing.threadId ?? null,
    reply_to: outgoing.replyTo ?? null,
    receiver_id: outgoing.receiverId ?? null,
    callback_query_id: outgoing.callbackQueryId ?? null,
    reply,
    priority: outgoing.priority,
    silent: outgoing.sound ? 0 : 1,
    claimed_by: holder ?? null,
    claimed_until: holder === undefined ? 0 : now + CLAIM_MS,
    created_at: now,
    trace: outgoing.trace ?? null,
    export: outgoing.export ? JSON.stringify(outgoing.export) : null,
    sealed: outgoing.sealed ?? null,
    update_id: outgoing.answers ?? 0,
  };
}

/** Claimed only where nothing waits in its chat. */
const put = prepared<MessagesTable, Pick<MessagesTable, "version" | "sent_version" | "claimed_until">>((
  db,
  fill,
) => {
  const isFirst = sql`not exists (select 1 from messages where state = 'due' and chat_id = ${fill("chat_id")})
    and ${isFree(fill("chat_id"), fill("created_at"))}`;
  // Of one that is to be sent already the claim is somebody's.
  const whereIdle = <Column extends "claimed_by" | "claimed_until">(column: Column) =>
    sql<MessagesTable[Column]>`case when messages.state = 'idle'
      then ${sql.ref(`excluded.${column}`)} else ${sql.ref(`messages.${column}`)} end`;
  return db.insertInto("messages").values({
    ...UNSENT,
    key: fill("key"),
    chat_id: fill("chat_id"),
    thread_id: fill("thread_id"),
    reply_to: fill("reply_to"),
    receiver_id: fill("receiver_id"),
    callback_query_id: fill("callback_query_id"),
    reply: fill("reply"),
    priority: fill("priority"),
    silent: fill("silent"),
    claimed_by: fill("claimed_by"),
    claimed_until: sql`case when ${isFirst} then ${fill("claimed_until")} else 0 end`,
    created_at: fill("created_at"),
    trace: fill("trace"),
    export: fill("export"),
    sealed: fill("sealed"),
    update_id: fill("update_id"),
  }).onConflict((conflict) =>
    conflict.column("key").doUpdateSet((is) => ({
      reply: is.ref("excluded.reply"),
      priority: is.ref("excluded.priority"),
      silent: is.ref("excluded.silent"),
      sealed: is.ref("excluded.sealed"),
      version: is("messages.version", "+", 1),
      attempts: 0,
      state: "due",
      export: is.fn.coalesce("excluded.export", "messages.export"),
      trace: is.fn.coalesce("excluded.trace", "messages.trace"),
      claimed_by: whereIdle("claimed_by"),
      claimed_until: whereIdle("claimed_until"),
    }))
  ).returning(["version", "sent_version", "claimed_until"]);
});

/** Puts a message in the place of one that Telegram shows already, such as what was shown while its vendor was asked. */
export async function adoptMessage(
  store: Store,
  db: Queryable,
  outgoing: Outgoing,
  messageId: number,
): Promise<void> {
  await putMessage(store, db, outgoing);
  await db.updateTable("messages").set({ message_id: messageId })
    .where("key", "=", outgoing.key).where("message_id", "is", null).execute();
}

export async function findMessage(db: Queryable, key: string): Promise<MessagesTable | undefined> {
  return await db.selectFrom("messages").selectAll().where("key", "=", key).executeTakeFirst();
}

/** The message of ours that stands at this place in a chat. */
export async function messageAt(
  db: Queryable,
  chatId: number,
  messageId: number,
): Promise<MessagesTable | undefined> {
  return await db.selectFrom("messages").selectAll()
    .where("chat_id", "=", chatId).where("message_id", "=", messageId)
    .orderBy("created_at", "desc").limit(1).executeTakeFirst();
}

type Claimer = Pick<Deps, "store" | "holder">;

/** A replica that dies while sending gives its messages back after this long. */
export const CLAIM_MS = 12_000;

/** Any number that only we use: Postgres lets one replica claim messages at a time. */
const CLAIM_LOCK = 7_205_760;

/** An answer that Telegram has not taken in so many attempts (minutes) does not hold up the others any longer. */
const PATIENT_ATTEMPTS = 12;

/**
 * Takes due messages for this replica, the most urgent first; chats in `busy` wait for what is under way, and so do
 * chats that another replica is sending to: two at once would mix up the order. Nor does an answer leave before that
 * of an earlier command, which may wait for Telegram or for the claim of a dead replica to run out. Undefined where
 * none is due.
 */
export async function claimMessages(
  deps: Claimer,
  most: number,
  busy: ReadonlySet<number> = new Set(),
): Promise<MessagesTable[] | undefined> {
  const { store, holder } = deps;
  const now = store.now();
  // A claim writes, even where there is nothing to take.
  if ((await due(store.db, { now })).length === 0) return undefined;
  const claimed = { holder, now, until: now + CLAIM_MS, most, busy: JSON.stringify([...busy].map(String)) };
  if (store.kind === "sqlite") return (await claim(store.db, claimed)).sort(byUrgency);
  return await store.transaction(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${CLAIM_LOCK})`.execute(transaction);
    return (await claim(transaction, claimed)).sort(byUrgency);
  });
}

const due = prepared<{ readonly now: number }, unknown>((db, fill) =>
  db.selectFrom("messages").select("key")
    .where("state", "=", literal("due")).where("claimed_until", "<=", fill("now"))
    .where("not_before", "<=", fill("now")).limit(1)
);

/** `busy`: what to leave alone, in JSON. */
type Claim = Record<"holder" | "busy", string> & Record<"now" | "until" | "most", number>;

const claim = prepared<Claim, MessagesTable>((db, fill) =>
  db.updateTable("messages")
    .set({ claimed_by: fill("holder"), claimed_until: fill("until") })
    .where("key", "in", (select) =>
      select.selectFrom("messages").select("key")
        .where("state", "=", literal("due")).where("not_before", "<=", fill("now"))
        .where("claimed_until", "<=", fill("now"))
        .where(noneOf(db, sql`cast(chat_id as text)`, fill("busy")))
        .where("chat_id", "not in", (sending) =>
          sending.selectFrom("messages as claimed").select("claimed.chat_id")
            .where("claimed.state", "=", literal("due")).where("claimed.claimed_until", ">", fill("now")))
        .where(isFree(sql.ref("messages.chat_id"), fill("now")))
        .where(({ not, exists, selectFrom }) =>
          not(exists(
            selectFrom("messages as earlier").select("earlier.key")
              .where("earlier.state", "=", literal("due")).where("earlier.attempts", "<", PATIENT_ATTEMPTS)
              .whereRef("earlier.chat_id", "=", "messages.chat_id").where(isUnseen("earlier"))
              .whereRef("earlier.update_id", "<", "messages.update_id")
              .whereRef("earlier.priority", "<=", "messages.priority")
              .where("earlier.update_id", "<>", 0).where("messages.update_id", "<>", 0)
              .where(isUnseen("messages"))
              .where(({ or, eb }) =>
                or([
                  eb("earlier.not_before", ">", fill("now")),
                  eb("earlier.claimed_until", ">", fill("now")),
                ])
              ),
          ))
        )
        .orderBy("priority").orderBy("update_id").orderBy("created_at").limit(fill("most"))
        // Whoever writes several of them waits for none that is taken here, nor is waited for: it says when it is done.
        .$if(isPostgres(db), (query) => query.forUpdate().skipLocked()))
    .returningAll()
);

/** Only what nobody sees yet has an order: the place of a message does not change with its words. */
function isUnseen(table: "messages" | "earlier") {
  return sql<SqlBool>`${sql.ref(`${table}.message_id`)} is null and ${
    sql.ref(`${table}.ephemeral_id`)
  } is null`;
}

/** Among the equally urgent what answers no command goes first, then the answer to the earliest one. */
function byUrgency(one: MessagesTable, other: MessagesTable): number {
  return one.priority - other.priority || one.update_id - other.update_id ||
    one.created_at - other.created_at || naturally(one.key, other.key);
}

/** Says that the holder is alive and still sending these; resolves to those that are still its own. */
export async function renewMessages({ store, holder }: Claimer, keys: readonly string[]): Promise<string[]> {
  const rows = await store.db.updateTable("messages").set({ claimed_until: store.now() + CLAIM_MS })
    .where("key", "in", keys).where("claimed_by", "=", holder).returning("key").execute();
  return rows.map(({ key }) => key);
}

/** Puts back what was claimed and not begun. */
export async function releaseMessages({ store, holder }: Claimer, keys: readonly string[]): Promise<void> {
  await store.db.updateTable("messages").set({ claimed_by: null, claimed_until: 0 })
    .where("key", "in", keys).where("claimed_by", "=", holder).execute();
}

/** How far a message got. */
export type Delivered = Pick<MessagesTable, "message_id" | "ephemeral_id" | "format" | "file_sent">;

/** Notes how far a delivery got, before what may still fail. False when somebody else has it by now. */
export async function noteProgress(store: Store, row: MessagesTable, sent: Delivered): Promise<boolean> {
  return await setUnderClaim(store.db, row, sent);
}

/** What a delivery came to. False when somebody else has it by now, who knows nothing of it. */
export async function settleMessage(store: Store, row: MessagesTable, result: Delivered): Promise<boolean> {
  const { key, version, claimed_by } = row;
  if (await settle(store.db, { ...result, key, version, claimed_by }) > 0) return true;
  // An earlier try may have been committed although nobody heard of it.
  const known = await findMessage(store.db, key);
  return known?.message_id === result.message_id && known.ephemeral_id === result.ephemeral_id;
}

const settle = preparedWrite<Delivered & Pick<MessagesTable, "key" | "version" | "claimed_by">>((
  db,
  fill,
) =>
  db.updateTable("messages").set((is) => ({
    message_id: fill("message_id"),
    ephemeral_id: fill("ephemeral_id"),
    format: fill("format"),
    file_sent: fill("file_sent"),
    ...RELEASED,
    sent_version: fill("version"),
    attempts: 0,
    sealed: is.case().when("version", ">", fill("version")).then(is.ref("sealed")).else(null).end(),
    state: is.case().when("version", ">", fill("version")).then(literal("due")).else(literal("idle")).end(),
  })).where("key", "=", fill("key"))
    .where("claimed_by", "is not distinct from", fill("claimed_by"))
);

/** Anybody may claim it. */
export const RELEASED = { claimed_by: null, claimed_until: 0 } as const;

async function setUnderClaim(
  db: Queryable,
  { key, claimed_by }: MessagesTable,
  values: UpdateObject<Schema, "messages">,
): Promise<boolean> {
  const mine = await db.updateTable("messages").set(values).where("key", "=", key)
    .where("claimed_by", claimed_by === null ? "is" : "=", claimed_by).returning("key").executeTakeFirst();
  return mine !== undefined;
}

/**
 * Tries again later; with `wholeChat` everything for this chat waits, since Telegram limits chats, not messages. False
 * when somebody else has the message by now.
 */
export async function postponeMessage(
  store: Store,
  row: MessagesTable,
  afterMs: number,
  wholeChat: boolean,
): Promise<boolean> {
  const notBefore = store.now() + afterMs;
  // First, because another replica may look as soon as the claim is given up.
  if (wholeChat) await holdChat(store, row.chat_id, notBefore);
  const later = { ...RELEASED, not_before: notBefore, attempts: row.attempts + 1 };
  const isMine = await setUnderClaim(store.db, row, later);
  if (!wholeChat) return isMine;
  await store.db.updateTable("messages").set({ not_before: notBefore })
    .where("chat_id", "=", row.chat_id).where("state", "=", literal("due"))
    .where("not_before", "<", notBefore).execute();
  return isMine;
}

/** Gives up what Telegram refused, unless it says something newer by now. False when somebody else has it. */
export async function buryMessage(db: Queryable, row: MessagesTable): Promise<boolean> {
  const isNewer = sql`version > ${row.version}`;
  return await setUnderClaim(db, row, {
    ...RELEASED,
    sealed: sql<string | null>`case when ${isNewer} then sealed end`,
    state: sql<MessagesTable["state"]>`case when ${isNewer} then 'due' else 'dead' end`,
  });
}

/** When the next message that has to wait becomes due, or the next chat that Telegram limits is free, epoch ms. */
async function nextMessageAt({ store }: Claimer): Promise<number | undefined> {
  const [next] = await waiting(store.db, { now: store.now() });
  return next?.at;
}

const waiting = prepared<{ readonly now: number }, { at: number }>((db, fill) =>
  db.selectFrom("messages").select("not_before as at")
    .where("state", "=", literal("due")).where("not_before", ">", fill("now"))
    .unionAll(
      db.selectFrom("leases").select("until as at")
        .where("name", "like", `${HOLD}%`).where("until", ">", fill("now")),
    )
    .orderBy("at").limit(1)
);

/** A lease of Telegram itself: while it lasts no replica sends to the chat, whatever comes up for it meanwhile. */
const HOLD = "hold:";

async function holdChat(store: Store, chatId: number, until: number): Promise<void> {
  const hold = { name: `${HOLD}${chatId}`, holder: "Telegram", until };
  await store.db.insertInto("leases").values(hold)
    .onConflict((conflict) => conflict.column("name").doUpdateSet(hold).where("leases.until", "<", until))
    .execute();
}

/** That Telegram takes messages for the chat. SQLite gets every number as one with a point. */
function isFree(chatId: RawBuilder<unknown>, now: RawBuilder<number>): RawBuilder<SqlBool> {
  return sql<SqlBool>`not exists (
    select 1 from leases where name = ${
    sql.lit(HOLD)
  } || cast(cast(${chatId} as bigint) as text) and until > ${now}
  )`;
}

type MessageQueue = QueueJob<MessagesTable>;

export function messageQueue(deps: Deps, sender: { readonly send: MessageQueue["run"] }): MessageQueue {
  return {
    name: "messages",
    // Chats: one that waits for Telegram keeps no other one waiting.
    width: 100,
    leaseMs: CLAIM_MS,
    last: true,
    claim: (most, busy) => claimMessages(deps, most, new Set([...busy].map(Number))),
    partition: (row) => String(row.chat_id),
    run: (row, ending) => sender.send(row, ending),
    renew: async (rows) => void await renewMessages(deps, rows.map(({ key }) => key)),
    release: (rows) => releaseMessages(deps, rows.map(({ key }) => key)),
    nextAt: () => nextMessageAt(deps),
  };
}
