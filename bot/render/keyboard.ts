import type { ForceReply, InlineKeyboardButton, InlineKeyboardMarkup } from "grammy/types";
import { createHash } from "node:crypto";
import type { Action, Block, Button, HandleVerb, Reply, Table } from "../../handlers/reply.ts";
import type { Store } from "../store/database.ts";
import { newHandle, putPrompt } from "../store/kept_values.ts";
import type { Queryable } from "../store/schema.ts";
import { MARKS } from "./layout.ts";
import { sanitizeCopy, sanitizeLabel, sanitizeOwn } from "./sanitize.ts";

/** Keeps a command too long for a button and returns a handle for it. */
export type KeepCommand = (command: string) => string;

/** `dead`: whether buttons that do nothing are shown; servers before Bot API 10 do not know them. */
interface Showing {
  readonly store: KeepCommand;
  readonly dead: boolean;
}

/** What a press carries. It is anyone's input: it names something, it allows nothing. */
export type Press =
  | { readonly kind: "command"; readonly command: string }
  /** A command kept under a handle by `KeepCommand`. */
  | { readonly kind: "stored"; readonly handle: string }
  | { readonly kind: "handle"; readonly do: Exclude<HandleVerb, "page" | "pick">; readonly handle: string }
  | PickPress
  | { readonly kind: "handle"; readonly do: "page"; readonly handle: string; readonly page: number };

/** What is picked at one step of a picker: an option by its number, another page, or to leave it. */
export interface PickPress {
  readonly kind: "handle";
  readonly do: "pick";
  readonly handle: string;
  readonly step: number;
  readonly picked: number | "back" | "next" | "cancel";
}

/** How the button of a picker names all that. */
export function pickOf({ handle, step, picked }: Omit<PickPress, "kind" | "do">): Button["action"] {
  return { handle: [handle, step, picked].join(":"), do: "pick" };
}

/** What opens the field for an answer in words, for the one who is replied to. */
export function answerField({ asks }: Reply): { readonly reply_markup?: ForceReply } {
  if (asks === undefined) return {};
  const placeholder = sanitizeLabel(asks);
  return { reply_markup: { force_reply: true, selective: true, input_field_placeholder: placeholder } };
}

/**
 * An inline keyboard, absent when no button is left. Left out are dead buttons where they are not shown, empty
 * commands, texts to copy that are empty or longer than Telegram copies (256), and addresses that are none.
 * @throws RangeError for a handle that no store of ours can have made.
 */
export function keyboard(
  rows: readonly (readonly Button[])[] | undefined,
  showing: Showing,
): InlineKeyboardMarkup | undefined {
  let left = BUTTONS_MAX;
  const inline = (rows ?? []).flatMap((row) => {
    const shown = row.flatMap((button) => inlineButton(button, showing)).slice(0, left);
    left -= shown.length;
    return inRows(shown);
  });
  return inline.length > 0 ? { inline_keyboard: inline } : undefined;
}

/** The inverse of what `keyboard` writes; undefined for anything else. */
export function parseCallback(data: string): Press | undefined {
  if (bytes(data) > DATA_MAX) return undefined;
  const [letter, rest] = [data.slice(0, 2), data.slice(2)];
  if (letter === "c:") {
    return rest === "" || rest !== sanitizeOwn(rest).trim() ? undefined : { kind: "command", command: rest };
  }
  if (letter === "p:") return pagePress(rest);
  if (letter === "w:") return pickPress(rest);
  if (!HANDLE.test(rest)) return undefined;
  if (letter === "h:") return { kind: "stored", handle: rest };
  const verb = HANDLE_VERBS.find((one) => letter === `${LETTERS[one]}:`);
  if (verb) return { kind: "handle", do: verb, handle: rest };
  return undefined;
}

const LETTERS: Readonly<Record<HandleVerb, string>> = {
  approve: "a",
  reject: "r",
  stop: "x",
  extend: "e",
  return: "b",
  take_back: "t",
  pass: "o",
  undo: "u",
  choose: "k",
  page: "p",
  pick: "w",
  ack: "j",
  mute: "m",
  have: "v",
};

/** Those that name a handle alone. */
const HANDLE_VERBS = (Object.keys(LETTERS) as HandleVerb[])
  .filter((verb) => verb !== "page" && verb !== "pick");

const DATA_MAX = 64;
const COPY_MAX = 256;
/** Telegram shows at most 8 buttons in a row and 100 in all. */
const ROW_MAX = 8;
const BUTTONS_MAX = 100;

const HANDLE = /^[\w-]{1,48}$/;
const PAGE = /^([\w-]{1,48}):([1-9]\d{0,6})$/;
const PICK = /^([\w-]{1,40}):(\d{1,4}):(\d{1,4}|back|next|cancel)$/;

/** By what a button does: most name a handle alone. */
const SHAPES: Readonly<Partial<Record<HandleVerb, RegExp>>> = { page: PAGE, pick: PICK };

function inlineButton(button: Button, showing: Showing): InlineKeyboardButton[] {
  const mark = button.mark ? `${MARKS[button.mark].emoji} ` : "";
  const face = { text: mark + sanitizeLabel(button.label), ...(button.style && { style: button.style }) };
  const { action } = button;
  if ("command" in action) {
    const command = sanitizeOwn(action.command).trim();
    return command === "" ? [] : [{ ...face, callback_data: commandData(command, showing) }];
  }
  if ("handle" in action) return [{ ...face, callback_data: handleData(action) }];
  if ("copy" in action) {
    const text = sanitizeCopy(action.copy);
    return text === "" || text.length > COPY_MAX ? [] : [{ ...face, copy_text: { text } }];
  }
  if ("url" in action) return isAddress(action.url) ? [{ ...face, url: action.url }] : [];
  return showing.dead ? [{ ...face, disabled: {} }] : [];
}

function commandData(command: string, { store }: Showing): string {
  const data = `c:${command}`;
  return bytes(data) <= DATA_MAX ? data : `h:${checked(store(command), HANDLE)}`;
}

function handleData(action: Extract<Action, { handle: string }>): string {
  return `${LETTERS[action.do]}:${checked(action.handle, SHAPES[action.do] ?? HANDLE)}`;
}

function checked(handle: string, shape: RegExp): string {
  if (!shape.test(handle)) throw new RangeError(`A button's handle must match ${shape}`);
  return handle;
}

function pagePress(rest: string): Press | undefined {
  const [, handle, page] = PAGE.exec(rest) ?? [];
  return handle && page ? { kind: "handle", do: "page", handle, page: Number(page) } : undefined;
}

function pickPress(rest: string): PickPress | undefined {
  const [, handle, step, picked = ""] = PICK.exec(rest) ?? [];
  if (!handle) return undefined;
  const named = picked === "back" || picked === "next" || picked === "cancel" ? picked : Number(picked);
  return { kind: "handle", do: "pick", handle, step: Number(step), picked: named };
}

function isAddress(url: string): boolean {
  return URL.canParse(url) && /^(https?|tg):$/.test(new URL(url).protocol);
}

function inRows(row: readonly InlineKeyboardButton[]): InlineKeyboardButton[][] {
  return Array.from(
    { length: Math.ceil(row.length / ROW_MAX) },
    (_, index) => row.slice(index * ROW_MAX, (index + 1) * ROW_MAX),
  );
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The same command always has the same handle, so that a message edited to what it was is seen as unchanged. */
export function handleOf(command: string): string {
  return createHash("sha256").update(command).digest("base64url").slice(0, 24);
}

/** A keyboard in which no command holds what `redact` takes out: such a command is kept, and its button names it. */
export function keepingSecrets(
  markup: InlineKeyboardMarkup,
  redact: (text: string) => string,
  store: KeepCommand,
): InlineKeyboardMarkup {
  return {
    inline_keyboard: markup.inline_keyboard.map((row) =>
      row.map((button) => {
        if (!("callback_data" in button)) return button;
        const [, command] = /^c:(.*)$/s.exec(button.callback_data) ?? [];
        const isHarmless = command === undefined || redact(command) === command;
        return isHarmless ? button : { ...button, callback_data: `h:${store(command)}` };
      })
    ),
  };
}

/** The button of a reply that sends this data; one that turns the same pages may have gone on meanwhile. */
export function buttonSending({ buttons = [] }: Reply, data: string): Button | undefined {
  return buttons.flat().find((button) => {
    const [sent] = keyboard([[button]], { store: handleOf, dead: false })?.inline_keyboard.flat() ?? [];
    return sent !== undefined && "callback_data" in sent &&
      whateverPage(sent.callback_data) === whateverPage(data);
  });
}

function whateverPage(data: string): string {
  return data.replace(/^(p:.+):\d+$/, "$1");
}

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
  if (!table) return buttonsOfPage(reply, page, handle);
  const pages = Math.ceil(table.rows.length / size);
  const current = Math.min(Math.max(Math.trunc(page) || 1, 1), pages);
  const blocks = replace(reply.blocks ?? [], table, slice(table, current, size));
  const turns = handle === undefined ? [] : turnsOf(handle, current, pages);
  return { reply: { ...reply, blocks, buttons: [turns, ...reply.buttons ?? []] }, page: current, pages };
}

/** So many rows of buttons, with those that turn the pages, are a screen. */
const MOST_CHOICES = 8;

/** Of a long list of choices, those of one page. */
function buttonsOfPage(
  reply: Reply,
  page: number,
  handle: string | undefined,
): { reply: Reply; page: number; pages: number } {
  const rows = reply.buttons ?? [];
  const isChoices = rows.every((row) => row.every(({ action }) => "do" in action && action.do === "choose"));
  if (!isChoices || rows.length <= MOST_CHOICES) return { reply, page: 1, pages: 1 };
  const pages = Math.ceil(rows.length / MOST_CHOICES);
  const current = Math.min(Math.max(Math.trunc(page) || 1, 1), pages);
  const shown = rows.slice((current - 1) * MOST_CHOICES, current * MOST_CHOICES);
  const turns = handle === undefined ? [] : [turnsOf(handle, current, pages)];
  return { reply: { ...reply, buttons: [...shown, ...turns] }, page: current, pages };
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
