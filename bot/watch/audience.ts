import type { Members } from "../access/members.ts";
import type { Deps } from "../deps.ts";
import { parseClock, wallTime } from "../zone.ts";
import type { EpisodesTable, WatchChatsTable, WatchesTable } from "../store/watch_tables.ts";

/** What stands for all targets. */
export const EVERYTHING_WATCHED = "*";

/** A chat that is told of something, with what it said of that. */
export interface WatchingChat {
  readonly chatId: number;
  /** Of an admin group: it is told of everything that it did not say `/unwatch` of. */
  readonly isAdminGroup: boolean;
  readonly rows: readonly WatchesTable[];
  readonly chat: WatchChatsTable | undefined;
}

/** Every chat that watches something. */
export async function watchingChats(
  { store, config }: Pick<Deps, "store" | "config">,
): Promise<WatchingChat[]> {
  const rows = await store.db.selectFrom("watches").selectAll().execute();
  const chats = await store.db.selectFrom("watch_chats").selectAll().execute();
  const groups = config.adminChats.filter((id) => id < 0);
  const ids = [...new Set([...groups, ...rows.map(({ chat_id }) => chat_id)])];
  return ids.map((chatId) => ({
    chatId,
    isAdminGroup: groups.includes(chatId),
    rows: rows.filter(({ chat_id }) => chat_id === chatId),
    chat: chats.find(({ chat_id }) => chat_id === chatId),
  }));
}

/** Since when a chat watches this, and in which thread; undefined where it does not. */
export interface Subscription {
  readonly since: number;
  readonly threadId: number | undefined;
}

/**
 * What is said of a target counts before what is said of its vendor, and that before what is said of everything. Of a
 * vendor as a whole is told who watches anything of it.
 */
export function subscriptionOf(
  { rows, isAdminGroup }: Pick<WatchingChat, "rows" | "isAdminGroup">,
  { vendor, target, item_id }: Pick<EpisodesTable, "vendor" | "target" | "item_id">,
  targetsOf: (vendor: string) => readonly string[],
): Subscription | undefined {
  const said = (name: string) => rows.find((row) => row.target === name);
  const part = item_id === null
    ? rows.find((row) => row.kind === "watch" && targetsOf(vendor).includes(row.target))
    : said(target);
  const row = part ?? said(vendor) ?? said(EVERYTHING_WATCHED);
  if (!row) return isAdminGroup ? { since: 0, threadId: undefined } : undefined;
  return row.kind === "watch" ? { since: row.created_at, threadId: row.thread_id ?? undefined } : undefined;
}

/**
 * Whether a chat may still be told what the bot sees: a private one by its person's right, a group as an admin chat.
 * Undefined while Telegram does not say: then it is asked again, and nothing is told meanwhile.
 */
export async function mayBeTold(members: Members, chatId: number): Promise<boolean | undefined> {
  const decision = chatId > 0
    ? await members.judge("read", chatId, { id: chatId, type: "private" })
    : await members.judgeIn(chatId, "read", 0);
  return !decision.allowed && decision.unsure ? undefined : decision.allowed;
}

/** Whether alerts come without a sound now. */
export function isQuiet(chat: WatchChatsTable | undefined, now: number): boolean {
  const [from, until] = [chat?.quiet_from, chat?.quiet_until].map((time) => parseClock(time ?? ""));
  if (from === undefined || until === undefined) return false;
  const { minutes } = wallTime(chat?.quiet_zone ?? "UTC", now);
  return from < until ? minutes >= from && minutes < until : minutes >= from || minutes < until;
}
