import type { Block, Button, Reply, Table } from "../../handlers/reply.ts";
import type { Store } from "../store/database.ts";
import { newHandle, putPrompt } from "../store/kept_values.ts";
import type { Queryable } from "../store/schema.ts";

const PAGE_KEPT_MS = 24 * 3_600_000;

/** The first page of a reply; the rest of a long table is stored as it was read, and leafed through from there. */
export async function inPages(store: Store, db: Queryable, chatId: number, reply: Reply): Promise<Reply> {
  if (pageOf(reply).pages === 1) return reply;
  const handle = newHandle();
  const page = { handle, kind: "page" as const, body: { ...reply, file: undefined }, ttlMs: PAGE_KEPT_MS };
  await putPrompt(store, db, { ...page, person_id: null, chat_id: chatId });
  return pageOf(reply, { handle }).reply;
}

export interface PageOptions {
  /** From 1; out of range means the nearest there is. */
  readonly page?: number;
  /** Rows of a page; ten fit a phone screen. */
  readonly size?: number;
  /** What the buttons turn pages of; without it there are none. */
  readonly handle?: string;
}

/**
 * One page of a reply whose first long table has more rows than fit, with a line saying which rows they are
 * and buttons to the neighbouring pages. A reply that fits comes back as it is, with one page.
 */
export function pageOf(
  reply: Reply,
  { page = 1, size = 10, handle }: PageOptions = {},
): { reply: Reply; page: number; pages: number } {
  const table = longTable(reply.blocks ?? [], size);
  if (!table) return { reply, page: 1, pages: 1 };
  const pages = Math.ceil(table.rows.length / size);
  const current = Math.min(Math.max(Math.trunc(page) || 1, 1), pages);
  const blocks = replace(reply.blocks ?? [], table, slice(table, current, size));
  const turns = handle === undefined ? [] : turnsOf(handle, current, pages);
  return { reply: { ...reply, blocks, buttons: [turns, ...reply.buttons ?? []] }, page: current, pages };
}

/** What is folded takes no room, so it is shown in one piece up to here. */
const FOLDED_MAX = 30;

function longTable(blocks: readonly Block[], size: number): Table | undefined {
  for (const block of blocks) {
    if (block.kind === "table" && block.rows.length > size) return block;
    const inner = block.kind === "details" ? longTable(block.blocks, Math.max(size, FOLDED_MAX)) : undefined;
    if (inner) return inner;
  }
  return undefined;
}

function slice(table: Table, page: number, size: number): Block[] {
  const start = (page - 1) * size;
  const rows = table.rows.slice(start, start + size);
  const range = rows.length === 1 ? `row ${start + 1}` : `rows ${start + 1}–${start + rows.length}`;
  return [{ ...table, rows }, { kind: "text", text: `${range} of ${table.rows.length}` }];
}

function replace(blocks: readonly Block[], table: Table, by: readonly Block[]): Block[] {
  return blocks.flatMap((block) => {
    if (block === table) return by;
    return block.kind === "details" ? [{ ...block, blocks: replace(block.blocks, table, by) }] : [block];
  });
}

function turnsOf(handle: string, page: number, pages: number): Button[] {
  const turn = (label: string, to: number): Button[] =>
    to < 1 || to > pages ? [] : [{ label, action: { handle: `${handle}:${to}`, do: "page" } }];
  return [...turn("‹ Back", page - 1), ...turn("Next ›", page + 1)];
}
