import * as z from "zod";
import { formatAge } from "../../handlers/format.ts";
import { type Line, line, type Mark, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { findMessage, type Outgoing, PRIORITY, putMessage } from "../outbox/messages.ts";
import { activeFreezes, plannedFreezes } from "../store/changes.ts";
import type { BoardsTable } from "../store/watch_tables.ts";
import { type Episode, itemsOf, lastLooks, openEpisodes } from "../store/watch.ts";
import { mayBeTold } from "../watch/audience.ts";
import { type Builtin, builtin, type CommandParts, maySetHere } from "./builtin.ts";
import { freezeLine } from "../approvals/view.ts";

/** Telegram takes about twenty messages and edits a minute in a group, and others want some of them. */
const BETWEEN_MS = 30_000;
const MOST_PROBLEMS = 8;
/** So many looks that did not come are no chance. */
const MOST_MISSED = 5;

/** `/board`: one pinned message that is always right, or says that it is not. */
export const board: Builtin = builtin({
  verb: "board",
  summary: "One pinned message here that is kept up to date; off ends it",
  example: "/board",
  need: "read",
  input: z.object({ what: z.enum(["off"]).optional().meta({ positional: true, placeholder: "off" }) }),
  async execute(parts, ctx, { what }) {
    if (!await maySetHere(parts, ctx, "/board")) return;
    const old = await boardIn(parts, ctx.chat.id);
    if (what === "off") return await takeDown(parts, ctx, old);
    if (old) await unpin(parts, old);
    const row = boardOf(ctx);
    const reply = await boardReply(parts);
    ctx.onCommit(async (transaction) => {
      if (old) await putMessage(parts.store, transaction, messageOf(old, offReply(ctx)));
      await transaction.deleteFrom("boards").where("chat_id", "=", row.chat_id).execute();
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

async function takeDown(
  parts: CommandParts,
  ctx: UpdateContext,
  old: BoardsTable | undefined,
): Promise<void> {
  if (!old) {
    return ctx.answer({
      mark: "info",
      title: "There is no board in this chat",
      blocks: [textBlock(["To have one: ", { code: "/board" }])],
    });
  }
  await unpin(parts, old);
  ctx.onCommit(async (transaction) => {
    await transaction.deleteFrom("boards").where("chat_id", "=", old.chat_id).execute();
    await putMessage(parts.store, transaction, messageOf(old, offReply(ctx)));
  });
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
export async function refreshBoards(deps: Deps, members: Members): Promise<void> {
  const { store } = deps;
  for (const row of await store.db.selectFrom("boards").selectAll().execute()) {
    if (!await mayBeTold(members, row.chat_id)) continue;
    if (row.pinned === 0) await pin(deps, row);
    if (row.next_at > store.now()) continue;
    const reply = await boardReply(deps, row.pinned);
    await store.transaction(async (transaction) => {
      const due = await transaction.updateTable("boards").set({ next_at: store.now() + BETWEEN_MS })
        .where("chat_id", "=", row.chat_id).where("created_at", "=", row.created_at)
        .where("next_at", "=", row.next_at).returning("chat_id").executeTakeFirst();
      if (due) await putMessage(store, transaction, messageOf(row, reply));
    });
    store.notifier.everyone("messages");
  }
}

const PINNED = 1;
const NOT_ALLOWED = 2;

async function pin({ bot, store, log }: Deps, row: BoardsTable): Promise<void> {
  const message = await findMessage(store.db, messageOf(row, { mark: "info", title: "" }).key);
  if (!message?.message_id) return;
  let pinned = PINNED;
  try {
    await bot.api.pinChatMessage(row.chat_id, message.message_id, { disable_notification: true });
  } catch (error) {
    pinned = NOT_ALLOWED;
    log.warning("board_not_pinned", { chat: row.chat_id, ...errorFields(error) });
  }
  await store.db.updateTable("boards").set({ pinned }).where("chat_id", "=", row.chat_id)
    .where("created_at", "=", row.created_at).execute();
}

async function unpin({ bot, store, log }: Deps, row: BoardsTable): Promise<void> {
  const message = await findMessage(store.db, messageOf(row, { mark: "info", title: "" }).key);
  if (!message?.message_id || row.pinned !== PINNED) return;
  await bot.api.unpinChatMessage(row.chat_id, message.message_id)
    .catch((error) => log.warning("board_not_unpinned", { chat: row.chat_id, ...errorFields(error) }));
}

/** All that the board tells. */
async function seenNow({ store, vendors }: Pick<Deps, "store" | "vendors">) {
  const { db } = store;
  const now = store.now();
  const looks = [...(await lastLooks(store)).values()];
  const items = (await itemsOf(store)).filter(({ item_id }) => item_id !== null);
  const { waiting } = await db.selectFrom("changes").select(db.fn.countAll<number>().as("waiting"))
    .where("state", "=", "pending").where("expires_at", ">", now).executeTakeFirstOrThrow();
  return {
    now,
    problems: (await openEpisodes(store)).filter(({ kind }) => kind !== "appeared" && kind !== "ends"),
    freezes: await activeFreezes(store),
    planned: await plannedFreezes(store),
    waiting: Number(waiting),
    isStale: looks.some(({ answered_at, every_ms }) => now - (answered_at ?? 0) > MOST_MISSED * every_ms),
    asOf: looks.length === 0 ? undefined : Math.min(...looks.map(({ answered_at }) => answered_at ?? 0)),
    fine: vendors.all.flatMap(({ vendor }) => {
      const fine = items.filter((item) => item.vendor === vendor.name && item.state === "fine").length;
      return fine === 0 ? [] : [`${vendor.label} ${fine}`];
    }),
  };
}

type Seen = Awaited<ReturnType<typeof seenNow>>;

async function boardReply(deps: Pick<Deps, "store" | "vendors">, pinned = PINNED): Promise<Reply> {
  const seen = await seenNow(deps);
  const { problems, fine, freezes, planned, asOf, now } = seen;
  const more = problems.length - MOST_PROBLEMS;
  return {
    mark: markOf(seen),
    title: titleOf(seen),
    blocks: [
      { kind: "list", items: problems.slice(0, MOST_PROBLEMS).map((one) => problemLine(one, now)) },
      ...(more > 0 ? [textBlock(`${more} more`)] : []),
      ...(fine.length > 0 ? [textBlock(`Fine: ${fine.join(" · ")}`)] : []),
      ...(pinned === NOT_ALLOWED ? [textBlock("I may not pin messages here. Pin this one yourself.")] : []),
      ...freezes.map((freeze) => textBlock(line("Frozen: ", freezeLine(freeze)))),
      ...planned.map((freeze) => textBlock(line("Freeze planned: ", freezeLine(freeze)))),
    ],
    footer: line("as of ", { time: asOf ?? now }, " · ", { time: asOf ?? now, as: "relative" }),
  };
}

function markOf({ problems, asOf, isStale }: Seen): Mark {
  if (asOf === undefined || isStale) return "unknown";
  if (problems.length === 0) return "fine";
  return problems.some(({ state }) => state === "down") ? "down" : "attention";
}

function titleOf({ problems, waiting, asOf, isStale }: Seen): Line {
  if (asOf === undefined) return "Nothing was looked at yet";
  const words = [
    problems.length === 1 ? "1 problem" : `${problems.length} problems`,
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? "change waits" : "changes wait"}`] : []),
  ].join(" · ");
  return isStale ? line("Stale since ", { time: asOf, as: "date" }, ` · ${words}`) : words;
}

function problemLine({ name, state, opened_at, acked_name }: Episode, now: number): Line {
  const acked: Line = acked_name === null ? "" : [" · ", { data: acked_name, max: 30 }];
  const began = { time: opened_at, as: "clock" } as const;
  return line({ data: name, max: 40 }, ` ${state} since `, began, ` (${formatAge(now - opened_at)})`, acked);
}
