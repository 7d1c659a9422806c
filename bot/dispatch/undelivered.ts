import type { Transaction } from "kysely";
import { line, type Reply, textBlock } from "../../handlers/reply.ts";
import { newTrace } from "../context.ts";
import type { Deps } from "../deps.ts";
import { putMessage, RELEASED } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { appendAudit, type AuditEntry } from "../store/audit.ts";
import { literal, type Store } from "../store/database.ts";
import { recall } from "../store/kept_values.ts";
import type { MessagesTable, Queryable, Schema } from "../store/schema.ts";
import type { TelegramRefusal } from "../telegram/api.ts";
import { classify } from "../telegram/update.ts";

/** A group whose id is another one by now. */
export interface Migration {
  readonly from: number;
  readonly to: number;
}

/** What the keys of answers begin with, and those that go to the person instead. */
const ANSWER = "update:";
const IN_PRIVATE = "private:";

/** What becomes of messages that Telegram does not take where they were meant to go. */
export class Undelivered {
  constructor(private readonly deps: Deps) {}

  /** Telegram refuses the old id of a group and says the new one. */
  async follow(migration: Migration): Promise<void> {
    const { store } = this.deps;
    const trace = newTrace();
    await store.transaction(async (transaction) => {
      const entry = await followGroup(this.deps, transaction, migration, trace);
      if (entry) await appendAudit(store, transaction, [entry]);
    });
  }

  /**
   * An answer that its group does not take goes to whoever asked; where that is refused too the audit has it. Done
   * again after a crash it stays one message.
   */
  async bringInPrivate(row: MessagesTable, { description }: TelegramRefusal): Promise<void> {
    const { store, log } = this.deps;
    if (row.key.startsWith(IN_PRIVATE)) {
      log.warning("answer_not_delivered", { key: row.key, trace: row.trace, description });
      const entry = { event: "answer_not_delivered", person_id: row.chat_id, detail: description };
      return await store.transaction((transaction) =>
        appendAudit(store, transaction, [{ ...entry, trace: row.trace }])
      );
    }
    const asker = row.key.startsWith(ANSWER) && row.chat_id < 0 ? await this.askerOf(row) : undefined;
    if (asker === undefined) return;
    await putMessage(store, store.db, privateAnswer(row, asker));
  }

  /** Undefined for who is no person: an anonymous admin cannot be written to. */
  private async askerOf({ receiver_id, update_id }: MessagesTable): Promise<number | undefined> {
    if (receiver_id !== null) return receiver_id;
    const { db } = this.deps.store;
    const update = await db.selectFrom("inbox").select("body").where("update_id", "=", update_id)
      .executeTakeFirst();
    const incoming = classify(JSON.parse(update?.body ?? "{}"));
    return "person" in incoming ? incoming.person?.id : undefined;
  }
}

function privateAnswer(row: MessagesTable, chatId: number): Outgoing {
  const { buttons = [], ...reply } = JSON.parse(row.reply) as Reply;
  // What else a button may do counts only where it was offered.
  const everywhere = buttons.map((row) => row.filter(({ action }) => !("handle" in action)))
    .filter((row) => row.length > 0);
  const why = textBlock("You asked in the group, where I cannot write. /doctor shows what I may do there.");
  return {
    key: `${IN_PRIVATE}${row.key}`,
    chatId,
    reply: { ...reply, blocks: [...reply.blocks ?? [], why], buttons: everywhere },
    priority: row.priority,
    trace: row.trace ?? undefined,
    export: row.export === null ? undefined : JSON.parse(row.export),
  };
}

/**
 * What the group is to be told goes to its new id. Commands from there do nothing before whoever runs the bot has let
 * it in: the group itself and everyone who may is told so, once. What the audit is to say, where it is news.
 */
export async function followGroup(
  { store, config, log }: Pick<Deps, "store" | "config" | "log">,
  transaction: Transaction<Schema>,
  { from, to }: Migration,
  trace: string,
): Promise<AuditEntry | undefined> {
  await moveMessages(store, transaction, from, to);
  if (!config.adminChats.includes(from) || config.adminChats.includes(to)) return undefined;
  const origin = { key: originKey(to), value: String(from), updated_at: store.now() };
  const news = await transaction.insertInto("memory").values(origin)
    .onConflict((conflict) => conflict.doNothing()).returning("key").executeTakeFirst();
  if (!news) return undefined;
  const persons = [...config.operators ?? [], ...config.approvers ?? []];
  const chats = new Set([...config.adminChats.filter((id) => id !== from), ...persons, to]);
  await putReport(store, transaction, {
    about: `migrated:${from}`,
    reply: movedReply(from, to),
    chats,
    trace,
  });
  log.error("chat_migrated", { from, to });
  const nobody = { person_id: null, person_name: null };
  return { event: "chat_migrated", chat_id: from, detail: String(to), ...nobody, trace };
}

/** Which chat this one was before it became a supergroup; NaN where it was none. */
export async function originOf(store: Store, chatId: number): Promise<number> {
  return Number(await recall(store, originKey(chatId)));
}

function originKey(chatId: number): string {
  return `migrated_from/${chatId}`;
}

/** Tells several chats the same. `about` names what is reported: told again, it stays the same message. */
export async function putReport(
  store: Store,
  transaction: Transaction<Schema>,
  { about, reply, chats, trace }: {
    readonly about: string;
    readonly reply: Reply;
    readonly chats: Iterable<number>;
    readonly trace: string;
  },
): Promise<void> {
  for (const chatId of chats) {
    const key = `report:${about}:${chatId}`;
    await putMessage(store, transaction, {
      key,
      chatId,
      reply,
      priority: PRIORITY.answer,
      sound: true,
      trace,
    });
  }
}

function movedReply(from: number, to: number): Reply {
  const text = line(
    "It was ",
    { code: String(from) },
    ", it is now ",
    { code: String(to) },
    ". I do not follow by myself: put the new id into ADMIN_CHATS and restart me.",
  );
  const title = "An admin group became a supergroup and has a new id";
  return { mark: "attention", title, blocks: [textBlock(text)] };
}

/**
 * What is due in a group that has a new id: it goes there as if it had never been sent, since places and topics of the
 * old group mean nothing in the new one.
 */
async function moveMessages(store: Store, db: Queryable, from: number, to: number): Promise<void> {
  const anew = { thread_id: null, reply_to: null, message_id: null, ephemeral_id: null, file_sent: null };
  await db.updateTable("messages").set({ ...anew, ...RELEASED, chat_id: to, not_before: 0 })
    .where("chat_id", "=", from).where("state", "=", literal("due")).execute();
  store.wake("messages", db);
}
