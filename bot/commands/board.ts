import * as z from "zod";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { findMessage, putMessage } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import type { Store } from "../store/database.ts";
import { remember } from "../store/kept_values.ts";
import type { Queryable } from "../store/schema.ts";
import type { BoardsTable } from "../store/watch_tables.ts";
import { isFinal, telegramRefusal } from "../telegram/api.ts";
import { mayBeTold } from "../watch/audience.ts";
import { boardReply } from "./board_text.ts";
import { type Builtin, builtin, type CommandParts, maySetHere } from "./builtin.ts";

/** Telegram takes about twenty messages and edits a minute in a group, and others want some of them. */
const BETWEEN_MS = 30_000;

/** `/board`: one pinned message that is always right, or says that it is not. */
export const board: Builtin = builtin({
  verb: "board",
  summary: "One pinned message here that is kept up to date; off ends it",
  example: "/board",
  need: "read",
  input: z.object({ what: z.enum(["on", "off"]).optional().meta({ positional: true, placeholder: "off" }) }),
  async execute(parts, ctx, { what }) {
    if (!await maySetHere(parts, ctx, "/board")) return;
    const old = await boardIn(parts, ctx.chat.id);
    if (what === "off") return endBoard(parts, ctx, old);
    const row = boardOf(ctx);
    const reply = await boardReply(parts, { mayPin: true });
    ctx.onCommit(async (transaction) => {
      if (old) await takeDown(parts.store, transaction, old, offReply(ctx));
      await transaction.insertInto("boards").values(row).execute();
      await putMessage(parts.store, transaction, messageOf(row, reply));
    });
    ctx.audit({ event: "board_set" });
    ctx.answer({
      mark: "info",
      title: "The board comes below, and is pinned if I may",
      blocks: [textBlock(["To end it: ", { code: "/board off" }])],
    });
  },
});

async function boardIn({ store }: Pick<Deps, "store">, chatId: number): Promise<BoardsTable | undefined> {
  return await store.db.selectFrom("boards").selectAll().where("chat_id", "=", chatId).executeTakeFirst();
}

function boardOf({ chat, threadId, person, store }: UpdateContext): BoardsTable {
  const now = store.now();
  return {
    chat_id: chat.id,
    chat_type: chat.type === "private" ? "private" : "supergroup",
    thread_id: threadId ?? null,
    person_id: person.id,
    created_at: now,
    next_at: now + BETWEEN_MS,
    pinned: 0,
  };
}

function endBoard(
  { store }: CommandParts,
  ctx: UpdateContext,
  old: BoardsTable | undefined,
): void {
  if (!old) {
    return ctx.answer({
      mark: "info",
      title: "There is no board in this chat",
      blocks: [textBlock(["To have one: ", { code: "/board" }])],
    });
  }
  ctx.onCommit((transaction) => takeDown(store, transaction, old, offReply(ctx)));
  ctx.audit({ event: "board_ended" });
  ctx.answer({ mark: "info", title: "The board is off" });
}

function offReply({ person, store }: UpdateContext): Reply {
  const who: Line = { data: person.name || "someone", max: 30 };
  return {
    mark: "absent",
    title: line("This board is off since ", { time: store.now(), as: "date" }, " (", who, ")"),
  };
}

function messageOf(row: Pick<BoardsTable, "chat_id" | "created_at" | "thread_id">, reply: Reply): Outgoing {
  const key = `board:${row.chat_id}:${row.created_at}`;
  return { key, chatId: row.chat_id, threadId: row.thread_id ?? undefined, reply, priority: PRIORITY.edit };
}

/** Brings every board up to date that is due, and pins what is not pinned. Of several replicas one does. */
export class Boards {
  /** Of what Telegram did not pin or unpin just now, when to ask again. */
  private readonly askAgainAt = new Map<string, number>();

  constructor(private readonly deps: Deps, private readonly members: Members) {}

  async refresh(): Promise<void> {
    const { store } = this.deps;
    for (const row of await store.db.selectFrom("boards").selectAll().execute()) {
      const mayBeShown = await mayBeTold(this.members, row.chat_id);
      if (mayBeShown === false && row.chat_type === "private") await this.end(row);
      if (!mayBeShown) continue;
      await this.pin(row);
      if (row.next_at <= store.now()) await this.show(row);
    }
    await this.unpin();
  }

  /** Who must not see it any more is told so where it was. */
  private async end(row: BoardsTable): Promise<void> {
    const { store } = this.deps;
    await store.transaction(async (transaction) => {
      await takeDown(store, transaction, row, {
        mark: "absent",
        title: line("This board is off since ", { time: store.now(), as: "date" }),
        blocks: [textBlock("You may not read here any more.")],
      });
    });
  }

  private async show(row: BoardsTable): Promise<void> {
    const { store } = this.deps;
    const reply = await boardReply(this.deps, { mayPin: row.pinned !== NOT_ALLOWED });
    await store.transaction(async (transaction) => {
      const due = await transaction.updateTable("boards").set({ next_at: store.now() + BETWEEN_MS })
        .where("chat_id", "=", row.chat_id).where("created_at", "=", row.created_at)
        .where("next_at", "=", row.next_at).returning("chat_id").executeTakeFirst();
      if (due) await putMessage(store, transaction, messageOf(row, reply));
    });
  }

  /** Also a message that was sent anew, because somebody had deleted the one that was pinned. */
  private async pin(row: BoardsTable): Promise<void> {
    const { bot, store } = this.deps;
    const { key } = messageOf(row, NOTHING);
    const id = (await findMessage(store.db, key))?.message_id;
    if (row.pinned === NOT_ALLOWED || !id || id === row.pinned) return;
    const done = await this.attempt(
      key,
      () => bot.api.pinChatMessage(row.chat_id, id, { disable_notification: true }),
    );
    if (done === undefined) return;
    await store.db.updateTable("boards").set({ pinned: done ? id : NOT_ALLOWED })
      .where("chat_id", "=", row.chat_id).where("created_at", "=", row.created_at).execute();
  }

  /** What is still pinned of boards that are off. */
  private async unpin(): Promise<void> {
    const { bot, store } = this.deps;
    const rows = await store.db.selectFrom("memory").select(["key", "value"]).where(
      "key",
      "like",
      unpinKey("%"),
    )
      .execute();
    for (const { key, value } of rows) {
      const [chat = 0, message = 0] = value.split(" ").map(Number);
      const done = await this.attempt(key, () => bot.api.unpinChatMessage(chat, message));
      if (done !== undefined) await remember(store, store.db, { [key]: null });
    }
  }

  /** Whether Telegram did it; undefined where it may yet. */
  private async attempt(key: string, act: () => Promise<unknown>): Promise<boolean | undefined> {
    const { store, log } = this.deps;
    if ((this.askAgainAt.get(key) ?? 0) > store.now()) return undefined;
    this.askAgainAt.delete(key);
    try {
      await act();
      return true;
    } catch (error) {
      log.warning("board_not_pinned", { key, ...errorFields(error) });
      const refusal = telegramRefusal(error);
      if (refusal && isFinal(refusal)) return false;
      this.askAgainAt.set(key, store.now() + Math.max(refusal?.retryAfterMs ?? 0, BETWEEN_MS));
      return undefined;
    }
  }
}

/** In place of the id of the message that is pinned. */
const NOT_ALLOWED = -1;
const NOTHING: Reply = { mark: "info", title: "" };

function unpinKey(chatAndMessage: string): string {
  return `unpin:${chatAndMessage}`;
}

/** It is unpinned by and by, since Telegram may not answer now. */
async function takeDown(store: Store, transaction: Queryable, row: BoardsTable, last: Reply): Promise<void> {
  if (row.pinned > 0) {
    const place = `${row.chat_id} ${row.pinned}`;
    await remember(store, transaction, { [unpinKey(place)]: place });
  }
  await transaction.deleteFrom("boards").where("chat_id", "=", row.chat_id).execute();
  await putMessage(store, transaction, messageOf(row, last));
}
