import { randomBytes, randomInt } from "node:crypto";
import type { PromptsTable, Queryable } from "./schema.ts";
import type { Store } from "./database.ts";

/** 96 bits, for buttons and links: nobody guesses it, and on its own it allows nothing. */
export function newHandle(): string {
  return randomBytes(12).toString("base64url");
}

/** No letter or digit that another one looks like when read aloud or on a small screen. */
const CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/** A short name for people, such as K7Q2X. It may be taken already, and gives no right to what it names. */
export function shortCode(length: number): string {
  return Array.from({ length }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join("");
}

const COMMAND_KEPT_MS = 7 * 86_400_000;

export interface NewPrompt {
  readonly handle: string;
  readonly kind: PromptsTable["kind"];
  /** The only person who may answer; null: anyone who may read here. */
  readonly personId: number | null;
  readonly chatId: number;
  readonly body: unknown;
  readonly ttlMs: number;
}

/** Stores a question whose answer lets something go on. */
export async function putPrompt(store: Store, db: Queryable, prompt: NewPrompt): Promise<void> {
  const now = store.now();
  await db.insertInto("prompts").values({
    handle: prompt.handle,
    kind: prompt.kind,
    person_id: prompt.personId,
    chat_id: prompt.chatId,
    body: JSON.stringify(prompt.body),
    created_at: now,
    expires_at: now + prompt.ttlMs,
    used_at: null,
  }).onConflict((conflict) => conflict.column("handle").doUpdateSet({ expires_at: now + prompt.ttlMs }))
    .execute();
}

/** Keeps a command that does not fit into a button. */
export async function keepCommand(
  store: Store,
  chatId: number,
  handle: string,
  command: string,
): Promise<void> {
  await putPrompt(store, store.db, {
    handle,
    kind: "command",
    personId: null,
    chatId,
    body: command,
    ttlMs: COMMAND_KEPT_MS,
  });
}

export async function findPrompt(store: Store, handle: string): Promise<PromptsTable | undefined> {
  return await store.db.selectFrom("prompts").selectAll()
    .where("handle", "=", handle).where("expires_at", ">", store.now()).executeTakeFirst();
}

/** The same for what may go on however late, such as a request whose secrets came in time. */
export async function findPromptEver(store: Store, handle: string): Promise<PromptsTable | undefined> {
  return await store.db.selectFrom("prompts").selectAll().where("handle", "=", handle).executeTakeFirst();
}

/** Marks a question as answered. */
export async function usePrompt(store: Store, db: Queryable, handle: string): Promise<void> {
  await db.updateTable("prompts").set({ used_at: store.now() }).where("handle", "=", handle).execute();
}

export async function prunePrompts(store: Store): Promise<void> {
  await store.db.deleteFrom("prompts").where("expires_at", "<", store.now() - COMMAND_KEPT_MS).execute();
}
