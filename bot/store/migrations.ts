import { type Kysely, PostgresAdapter, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Forward only. A released migration is never edited: a new one follows it. */
export const migrations: Readonly<Record<string, Migration>> = {
  "0001_first": { up: first },
  "0002_chain_head": { up: chainHead },
  "0003_changes_by_state": { up: changesByState },
  "0004_inbox_by_id": { up: inboxById },
  "0005_changes_to_check": { up: changesToCheck },
  "0006_switched_states": { up: switchedStates },
  "0007_answers_in_order": { up: answersInOrder },
  "0008_account": { up: account },
  "0009_frozen_companies": { up: frozenCompanies },
  "0010_settled": { up: settled },
  "0011_take_overs": { up: takeOvers },
  "0012_sealed_messages": { up: sealedMessages },
  "0013_watch": { up: watch },
  "0014_votes": { up: votes },
  "0015_time": { up: time },
  "0016_pickers": { up: pickers },
  "0017_forms": { up: forms },
  "0018_schedules": { up: schedules },
  "0019_boards": { up: boards },
  "0020_questions": { up: questions },
  "0021_looks_in_vain": { up: looksInVain },
  "0022_shown_messages": { up: shownMessages },
};

/**
 * A place is looked for where something stands: what is not sent yet had every message in the index twice. Telegram
 * counts private chats and plain groups together, so by number what is sent together stands together.
 */
async function shownMessages(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex("messages_by_place").execute();
  await db.schema.createIndex("messages_by_place").on("messages").columns(["message_id", "chat_id"])
    .where(sql.ref("message_id"), "is not", null).execute();
}

/** Whoever begins a look may not live until it ends. */
async function looksInVain(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("looks").addColumn("trying_since", "bigint").execute();
}

/** What an approver wants to know before deciding, and the answer. */
async function questions(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("questions")
    .addColumn("code", "text", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("person_name", "text", (column) => column.notNull())
    .addColumn("question", "text", (column) => column.notNull())
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("message_id", "bigint")
    .addColumn("answer", "text")
    .addPrimaryKeyConstraint("questions_key", ["code", "number"])
    .execute();
}

/** One message a chat that is kept up to date. */
async function boards(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("boards")
    .addColumn("chat_id", "bigint", (column) => column.primaryKey())
    .addColumn("chat_type", "text", (column) => column.notNull())
    .addColumn("thread_id", "bigint")
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("next_at", "bigint", (column) => column.notNull())
    .addColumn("pinned", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
}

/** Reads that are posted at certain times. */
async function schedules(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("schedules")
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("chat_type", "text", (column) => column.notNull())
    .addColumn("thread_id", "bigint")
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("person_name", "text", (column) => column.notNull())
    .addColumn("time", "text", (column) => column.notNull())
    .addColumn("days", "text", (column) => column.notNull())
    .addColumn("command", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("next_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("schedules_key", ["chat_id", "number"])
    .execute();
  await db.schema.createIndex("schedules_due").on("schedules").column("next_at").execute();
}

/** Looks at vendors, what they found, how it stood over time, and who is told of it. */
async function watch(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("looks")
    .addColumn("vendor", "text", (column) => column.primaryKey())
    .addColumn("began_at", "bigint")
    .addColumn("ended_at", "bigint")
    .addColumn("answered_at", "bigint")
    .addColumn("unreachable_since", "bigint")
    .addColumn("words", "text")
    .addColumn("answers", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("calls", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("every_ms", "bigint", (column) => column.notNull())
    .addColumn("next_at", "bigint", (column) => column.notNull())
    .addColumn("claimed_by", "text")
    .addColumn("claimed_until", "bigint", (column) => column.notNull().defaultTo(0))
    .execute();

  await db.schema.createTable("items")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("vendor", "text", (column) => column.notNull())
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("item_id", "text")
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("company", "text")
    .addColumn("company_name", "text")
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("since", "bigint", (column) => column.notNull())
    .addColumn("candidate", "text")
    .addColumn("candidate_since", "bigint")
    .addColumn("streak", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("first_seen", "bigint", (column) => column.notNull())
    .addColumn("last_seen", "bigint", (column) => column.notNull())
    .addColumn("last_fine", "bigint")
    .addColumn("fine_since", "bigint")
    .addColumn("word", "text", (column) => column.notNull())
    .addColumn("words", "text")
    .addColumn("ends", "text")
    .addColumn("settled", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("initial", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("missed", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("gone_at", "bigint")
    .execute();
  await db.schema.createIndex("items_by_vendor").on("items").columns(["vendor", "target"]).execute();

  await db.schema.createTable("item_history")
    .addColumn("item", "text", (column) => column.notNull())
    .addColumn("from_at", "bigint", (column) => column.notNull())
    .addColumn("until_at", "bigint")
    .addColumn("state", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("item_history_key", ["item", "from_at"])
    .execute();
  await db.schema.createIndex("item_history_old").on("item_history").column("until_at").execute();

  await db.schema.createTable("episodes")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("item", "text", (column) => column.notNull())
    .addColumn("vendor", "text", (column) => column.notNull())
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("item_id", "text")
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("company_name", "text")
    .addColumn("was", "text")
    .addColumn("fine_since", "bigint")
    .addColumn("opened_at", "bigint", (column) => column.notNull())
    .addColumn("noticed_at", "bigint", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("worst", "text", (column) => column.notNull())
    .addColumn("word", "text", (column) => column.notNull())
    .addColumn("words", "text")
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("version", "integer", (column) => column.notNull().defaultTo(1))
    .addColumn("closed_at", "bigint")
    .addColumn("closed_because", "text")
    .execute();
  // An episode of an item begins once, whichever replica looks.
  await db.schema.createIndex("episodes_open").unique().on("episodes").column("item")
    .where(sql.ref("closed_at"), "is", null).execute();
  await db.schema.createIndex("episodes_noticed").on("episodes").column("noticed_at").execute();
  await db.schema.createIndex("episodes_by_time").on("episodes").column("opened_at").execute();

  await db.schema.createTable("alerts")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("thread_id", "bigint")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("sound", "integer", (column) => column.notNull())
    .addColumn("shown", "text", (column) => column.notNull())
    .addColumn("acked_at", "bigint")
    .addColumn("acked_id", "bigint")
    .addColumn("acked_name", "text")
    .addColumn("muted_until", "bigint")
    .addColumn("reminders", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("remind_at", "bigint")
    .addColumn("closed_at", "bigint")
    .execute();
  await db.schema.createIndex("alerts_open").on("alerts").column("chat_id")
    .where(sql.ref("closed_at"), "is", null).execute();

  await db.schema.createTable("alert_episodes")
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("episode", "text", (column) => column.notNull())
    .addColumn("alert", "text", (column) => column.notNull())
    // An episode is told once in each chat.
    .addPrimaryKeyConstraint("alert_episodes_key", ["chat_id", "episode"])
    .execute();
  await db.schema.createIndex("alert_episodes_by_alert").on("alert_episodes").column("alert").execute();

  await db.schema.createTable("watches")
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("thread_id", "bigint")
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("person_name", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("watches_key", ["chat_id", "target"])
    .execute();

  await db.schema.createTable("mutes")
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("item", "text", (column) => column.notNull())
    .addColumn("until_at", "bigint", (column) => column.notNull())
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("person_name", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("mutes_key", ["chat_id", "item"])
    .execute();

  await db.schema.createTable("watch_chats")
    .addColumn("chat_id", "bigint", (column) => column.primaryKey())
    .addColumn("free_at", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("quiet_from", "text")
    .addColumn("quiet_until", "text")
    .addColumn("quiet_zone", "text")
    .execute();
}

/** Changes that run later, for a time, or not at all; targets that are kept for one person; freezes planned ahead. */
async function time(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("changes").addColumn("scheduled_at", "bigint").execute();
  await db.schema.alterTable("changes").addColumn("lasts_ms", "bigint").execute();
  await db.schema.alterTable("changes").addColumn("loan_of", "text").execute();
  await db.schema.alterTable("changes").addColumn("starts_at", "bigint").execute();
  await db.schema.alterTable("changes").addColumn("shown", "text").execute();
  await db.schema.alterTable("freezes").addColumn("begins_at", "bigint").execute();

  await db.schema.createTable("loans")
    .addColumn("code", "text", (column) => column.primaryKey())
    .addColumn("ends_at", "bigint", (column) => column.notNull())
    .addColumn("next_at", "bigint")
    .addColumn("reminders", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("extended_id", "bigint")
    .addColumn("extended_name", "text")
    .addColumn("back", "text")
    .addColumn("trouble", "text")
    .addColumn("ended_at", "bigint")
    .addColumn("outcome", "text")
    .execute();
  await db.schema.createIndex("loans_open").on("loans").column("next_at")
    .where(sql.ref("ended_at"), "is", null).execute();

  await db.schema.createTable("holds")
    .addColumn("target_key", "text", (column) => column.primaryKey())
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("holder_id", "bigint", (column) => column.notNull())
    .addColumn("holder_name", "text", (column) => column.notNull())
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("ends_at", "bigint", (column) => column.notNull())
    .execute();
}

/** Several may approve one change; until now the one who did stood in its own row. */
async function votes(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("votes")
    .addColumn("code", "text", (column) => column.notNull())
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("person_name", "text", (column) => column.notNull())
    .addColumn("voted_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("votes_key", ["code", "person_id"])
    .execute();
  await sql`insert into votes (code, person_id, person_name, voted_at)
    select code, decider_id, coalesce(decider_name, ''), decided_at from changes
    where decider_id is not null and decided_at is not null and state not in ('pending', 'rejected', 'withdrawn')
  `.execute(db);

  await db.schema.createTable("card_copies")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("code", "text", (column) => column.notNull())
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("card_copies_by_code").on("card_copies").column("code").execute();
  await sql`insert into card_copies (key, code, person_id)
    select key, substr(key, ${
    sql.lit("decided:".length + 1)
  }), chat_id from messages where key like 'decided:%'
  `.execute(db);

  await db.schema.alterTable("changes").addColumn("emergency", "text").execute();
  await db.schema.createTable("emergencies")
    .addColumn("code", "text", (column) => column.primaryKey())
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("person_name", "text", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("called_at", "bigint", (column) => column.notNull())
    .addColumn("review_by", "bigint")
    .addColumn("reviewer_id", "bigint")
    .addColumn("reviewer_name", "text")
    .addColumn("reviewed_at", "bigint")
    .addColumn("note", "text")
    .execute();
  await db.schema.createIndex("emergencies_open").on("emergencies").column("called_at")
    .where(sql.ref("reviewed_at"), "is", null).execute();

  await db.schema.createTable("reminders")
    .addColumn("code", "text", (column) => column.notNull())
    .addColumn("rule", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("due_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("reminders_key", ["code", "rule", "kind"])
    .execute();
  await db.schema.createIndex("reminders_due").on("reminders").column("due_at").execute();

  await db.schema.createTable("replicas")
    .addColumn("holder", "text", (column) => column.primaryKey())
    .addColumn("policy", "text", (column) => column.notNull())
    .addColumn("started_at", "bigint", (column) => column.notNull())
    .addColumn("seen_at", "bigint", (column) => column.notNull())
    .execute();
}

/** Pages that ask for a command's values. */
async function forms(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("forms")
    .addColumn("token_hash", "text", (column) => column.primaryKey())
    .addColumn("request", "text", (column) => column.notNull())
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("sealed", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("used_at", "bigint")
    .execute();
  await db.schema.createIndex("forms_old").on("forms").column("expires_at").execute();
}

/** What used to go past the messages goes with them: exports of the audit, and links for one person. */
async function sealedMessages(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("messages").addColumn("export", "text").execute();
  await db.schema.alterTable("messages").addColumn("sealed", "text").execute();
}

/** Answers leave in the order of their commands, which no clock of a replica can tell. */
async function answersInOrder(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("messages")
    .addColumn("update_id", "bigint", (column) => column.notNull().defaultTo(0)).execute();
  await db.schema.dropIndex("messages_due").execute();
  await db.schema.createIndex("messages_due").on("messages").columns(["priority", "update_id", "created_at"])
    .where(sql.ref("state"), "=", sql.lit("due")).execute();
  await db.schema.createIndex("messages_due_in_chat").on("messages").columns(["chat_id", "update_id"])
    .where(sql.ref("state"), "=", sql.lit("due")).execute();
}

async function takeOvers(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("changes")
    .addColumn("take_overs", "integer", (column) => column.notNull().defaultTo(0)).execute();
}

async function settled(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("changes").addColumn("settled_id", "bigint").execute();
  await db.schema.alterTable("changes").addColumn("settled_name", "text").execute();
}

/** Absent from what earlier versions asked for, which therefore does not run any more. */
async function account(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("changes").addColumn("account", "text").execute();
}

async function frozenCompanies(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("freezes").addColumn("company", "text").execute();
  await db.schema.alterTable("freezes").addColumn("company_name", "text").execute();
}

/**
 * What was read back after an `/enable` or `/disable` has one shape for all vendors, and an undo compares it with what
 * it finds: without this, no earlier change of OpsRamp or HaloPSA could be taken back.
 */
async function switchedStates(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ code: string; after_state: string }>`
    select code, after_state from changes where verb in ('enable', 'disable') and after_state is not null
  `.execute(db);
  for (const { code, after_state } of rows) {
    const state = switchedState(JSON.parse(after_state));
    if (!state) continue;
    await sql`update changes set after_state = ${JSON.stringify(state)} where code = ${code}`.execute(db);
  }
}

/** Undefined for a state of another kind, such as that of EC2. */
function switchedState({ status, flag, enabled }: Readonly<Record<string, unknown>>) {
  if (typeof status === "string") {
    return {
      on: status === "enabled" ? true : status === "disabled" ? false : null,
      word: status,
      field: "Status",
    };
  }
  if (typeof flag !== "string") return undefined;
  if (typeof enabled !== "boolean") return { on: null, word: "not shown by HaloPSA", field: flag };
  return { on: enabled, word: enabled ? "on" : "off", field: flag };
}

async function changesToCheck(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("changes_to_check").on("changes").column("next_check_at")
    .where(sql.ref("next_check_at"), "is not", null).execute();
}

/** SQLite keeps rows in the order of a key that is an `integer`; for any other key it writes a second tree. */
async function inboxById(db: Kysely<unknown>): Promise<void> {
  if (db.getExecutor().adapter instanceof PostgresAdapter) return;
  await createInboxTable(db, "inbox_by_id", "integer");
  await sql`insert into inbox_by_id select * from inbox`.execute(db);
  await db.schema.dropTable("inbox").execute();
  await db.schema.alterTable("inbox_by_id").renameTo("inbox").execute();
  await createInboxIndexes(db);
}

/** SQLite does not see that a state is one of several for which there is an index of its own. */
async function changesByState(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("changes_by_state").on("changes").columns(["state", "created_at"]).execute();
  await db.schema.dropIndex("changes_open").execute();
}

/**
 * Rows cut off the end of the audit are missed only by who knows how far it went.
 *
 * On Postgres the owner of the tables also gives up the rights to change or remove rows of the audit: what is left
 * is `grant select, insert on audit`. A superuser keeps all rights, so the bot should not connect as one.
 */
async function chainHead(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("chain_head")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("seq", "bigint", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .execute();
  await sql`insert into chain_head (name, seq, hash)
    select 'audit', seq, hash from audit order by seq desc limit 1`.execute(db);
  if (db.getExecutor().adapter instanceof PostgresAdapter) {
    await sql`revoke update, delete, truncate on audit from current_user`.execute(db);
  }
}

async function first(db: Kysely<unknown>): Promise<void> {
  await createInboxTable(db, "inbox", "bigint");
  await createInboxIndexes(db);

  await db.schema.createTable("messages")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("thread_id", "bigint")
    .addColumn("reply_to", "bigint")
    .addColumn("receiver_id", "bigint")
    .addColumn("callback_query_id", "text")
    .addColumn("reply", "text", (column) => column.notNull())
    .addColumn("version", "integer", (column) => column.notNull())
    .addColumn("sent_version", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("message_id", "bigint")
    .addColumn("ephemeral_id", "bigint")
    .addColumn("format", "text")
    .addColumn("priority", "integer", (column) => column.notNull())
    .addColumn("silent", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("file_sent", "text")
    .addColumn("not_before", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("attempts", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("claimed_by", "text")
    .addColumn("claimed_until", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("trace", "text")
    .execute();
  await db.schema.createIndex("messages_due").on("messages").columns(["priority", "created_at"])
    .where(sql.ref("state"), "=", sql.lit("due")).execute();
  await db.schema.createIndex("messages_by_place").on("messages").columns(["chat_id", "message_id"])
    .execute();
  await db.schema.createIndex("messages_old").on("messages").column("created_at").execute();

  await db.schema.createTable("changes")
    .addColumn("code", "text", (column) => column.primaryKey())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("verb", "text", (column) => column.notNull())
    .addColumn("target", "text")
    .addColumn("vendor", "text", (column) => column.notNull())
    .addColumn("risk", "text", (column) => column.notNull())
    .addColumn("plan", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addColumn("policy", "text", (column) => column.notNull())
    .addColumn("target_key", "text", (column) => column.notNull())
    .addColumn("company", "text")
    .addColumn("card", "text", (column) => column.notNull())
    .addColumn("undo", "text", (column) => column.notNull())
    .addColumn("undo_of", "text")
    .addColumn("reason", "text")
    .addColumn("ticket", "text")
    .addColumn("requester_id", "bigint", (column) => column.notNull())
    .addColumn("requester_name", "text", (column) => column.notNull())
    .addColumn("origin_chat", "bigint", (column) => column.notNull())
    .addColumn("origin_thread", "bigint")
    .addColumn("origin_message", "bigint")
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("thread_id", "bigint")
    .addColumn("handle", "text", (column) => column.notNull().unique())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("decided_at", "bigint")
    .addColumn("decider_id", "bigint")
    .addColumn("decider_name", "text")
    .addColumn("decision_reason", "text")
    .addColumn("claimed_by", "text")
    .addColumn("claimed_until", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("sent_at", "bigint")
    .addColumn("receipt", "text")
    .addColumn("evidence", "text")
    .addColumn("after_state", "text")
    .addColumn("finished_at", "bigint")
    .addColumn("next_check_at", "bigint")
    .addColumn("checks", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("trace", "text")
    .execute();
  await db.schema.createIndex("changes_open").on("changes").columns(["state", "created_at"])
    .where(sql.ref("state"), "in", sql`('pending', 'approved', 'executing', 'unknown')`).execute();
  // One change of a target runs at a time, whichever replica tries.
  await db.schema.createIndex("changes_one_at_a_time").unique().on("changes").column("target_key")
    .where(sql.ref("state"), "=", sql.lit("executing")).execute();
  await db.schema.createIndex("changes_by_target").on("changes").columns(["target_key", "created_at"])
    .execute();

  await db.schema.createTable("audit")
    .addColumn("seq", "bigint", (column) => column.primaryKey())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addColumn("event", "text", (column) => column.notNull())
    .addColumn("reason_code", "text")
    .addColumn("code", "text")
    .addColumn("person_id", "bigint")
    .addColumn("person_name", "text")
    .addColumn("chat_id", "bigint")
    .addColumn("operation", "text")
    .addColumn("target", "text")
    .addColumn("company", "text")
    .addColumn("state", "text")
    .addColumn("detail", "text")
    .addColumn("trace", "text")
    .addColumn("prev", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("audit_by_code").on("audit").column("code").execute();
  await db.schema.createIndex("audit_by_person").on("audit").columns(["person_id", "seq"]).execute();
  await db.schema.createIndex("audit_by_company").on("audit").columns(["company", "seq"]).execute();

  await db.schema.createTable("freezes")
    .addColumn("target", "text", (column) => column.primaryKey())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("holder_id", "bigint", (column) => column.notNull())
    .addColumn("holder_name", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("ends_at", "bigint")
    .execute();

  await db.schema.createTable("prompts")
    .addColumn("handle", "text", (column) => column.primaryKey())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("person_id", "bigint")
    .addColumn("chat_id", "bigint", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("used_at", "bigint")
    .execute();
  await db.schema.createIndex("prompts_old").on("prompts").column("expires_at").execute();

  await db.schema.createTable("secret_entries")
    .addColumn("request", "text", (column) => column.notNull())
    .addColumn("field", "text", (column) => column.notNull())
    .addColumn("token_hash", "text", (column) => column.notNull())
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("sealed", "text")
    .addColumn("used_at", "bigint")
    .addPrimaryKeyConstraint("secret_entries_key", ["request", "field"])
    .execute();
  await db.schema.createIndex("secret_entries_by_token").on("secret_entries").column("token_hash").execute();

  await db.schema.createTable("memory")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("value", "text", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .execute();

  await db.schema.createTable("leases")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("holder", "text", (column) => column.notNull())
    .addColumn("until", "bigint", (column) => column.notNull())
    .execute();
}

async function createInboxTable(
  db: Kysely<unknown>,
  name: string,
  keyType: "bigint" | "integer",
): Promise<void> {
  await db.schema.createTable(name)
    .addColumn("update_id", keyType, (column) => column.primaryKey())
    .addColumn("lane", "text", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addColumn("received_at", "bigint", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull().defaultTo("new"))
    .addColumn("claimed_by", "text")
    .addColumn("claimed_until", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("attempts", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("finished_at", "bigint")
    .execute();
}

async function createInboxIndexes(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("inbox_waiting").on("inbox").columns(["lane", "update_id"])
    .where(sql.ref("state"), "=", sql.lit("new")).execute();
  await db.schema.createIndex("inbox_finished").on("inbox").column("finished_at")
    .where(sql.ref("state"), "<>", sql.lit("new")).execute();
}

/** Half-finished commands, what a person used last, and a person's own words. */
async function pickers(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex("prompts_picker").on("prompts").columns(["person_id", "chat_id"])
    .where(sql.ref("kind"), "=", sql.lit("picker")).execute();
  await db.schema.createTable("recent_commands")
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("command", "text", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("recent_commands_key", ["person_id", "command"]).execute();
  await db.schema.createTable("aliases")
    .addColumn("person_id", "bigint", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("command", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("aliases_key", ["person_id", "name"]).execute();
}
