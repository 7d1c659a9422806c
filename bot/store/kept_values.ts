import { randomBytes, randomInt } from "node:crypto";
import { sql } from "kysely";
import { literal, preparedWrite, type Store } from "./database.ts";
import type { AliasesTable, PromptsTable, Queryable, RecentCommandsTable } from "./schema.ts";

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

type NewPrompt = Pick<PromptsTable, "handle" | "kind" | "person_id" | "chat_id"> & {
  readonly body: unknown;
  readonly ttlMs: number;
};

/** Stores a question whose answer lets something go on; `person_id` null: anyone who may read here may answer. */
export async function putPrompt(store: Store, db: Queryable, prompt: NewPrompt): Promise<void> {
  const { ttlMs, body, ...named } = prompt;
  const now = store.now();
  const times = { created_at: now, expires_at: now + ttlMs, used_at: null };
  await db.insertInto("prompts").values({ ...named, body: JSON.stringify(body), ...times })
    .onConflict((conflict) => conflict.column("handle").doUpdateSet({ expires_at: times.expires_at }))
    .execute();
}

/** Keeps a command that does not fit into a button. */
export async function keepCommand(store: Store, chatId: number, handle: string, body: string): Promise<void> {
  const place = { person_id: null, chat_id: chatId };
  await putPrompt(store, store.db, { handle, kind: "command", ...place, body, ttlMs: COMMAND_KEPT_MS });
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

/** The half-finished command that this person may go on with in this chat. */
export async function openPicker(
  store: Store,
  { personId, chatId }: { readonly personId: number; readonly chatId: number },
): Promise<PromptsTable | undefined> {
  return await store.db.selectFrom("prompts").selectAll().where("kind", "=", literal("picker"))
    .where("person_id", "=", personId).where("chat_id", "=", chatId)
    .where("used_at", "is", null).where("expires_at", ">", store.now()).executeTakeFirst();
}

/** A step further, unless somebody was there first: then this throws, and who came late is looked at anew. */
export async function movePicker(
  store: Store,
  db: Queryable,
  before: PromptsTable,
  after: { readonly body: unknown; readonly ttlMs: number } | "over",
): Promise<void> {
  const now = store.now();
  const set = after === "over"
    ? { used_at: now }
    : { body: JSON.stringify(after.body), expires_at: now + after.ttlMs };
  const moved = await db.updateTable("prompts").set(set).where("handle", "=", before.handle)
    .where("body", "=", before.body).where("used_at", "is", null).returning("handle").executeTakeFirst();
  if (!moved) throw new Error("This picker has gone on meanwhile");
}

/** A person who types a command has left what was half finished in this chat. */
export async function endPickers(
  store: Store,
  db: Queryable,
  personId: number,
  chatId: number,
): Promise<void> {
  await leavePickers(db, { now: store.now(), personId, chatId });
}

const leavePickers = preparedWrite<{ now: number; personId: number; chatId: number }>((db, fill) =>
  db.updateTable("prompts").set({ used_at: fill("now") }).where("kind", "=", literal("picker"))
    .where("person_id", "=", fill("personId")).where("chat_id", "=", fill("chatId")).where(
      "used_at",
      "is",
      null,
    )
);

/** So many are looked through for what a person used lately. */
const RECENT_KEPT = 40;

/** Keeps a command that was understood. Equal ones are kept once. */
export async function keepRecent(
  store: Store,
  db: Queryable,
  personId: number,
  command: string,
): Promise<void> {
  await keepCommandUsed(db, { person_id: personId, command, at: store.now() });
}

const keepCommandUsed = preparedWrite<RecentCommandsTable>((db, fill) =>
  db.insertInto("recent_commands")
    .values({ person_id: fill("person_id"), command: fill("command"), at: fill("at") })
    .onConflict((conflict) => conflict.columns(["person_id", "command"]).doUpdateSet({ at: fill("at") }))
);

/** Forgets what nobody would be offered any more. */
export async function pruneRecent(store: Store): Promise<void> {
  await sql`
    delete from recent_commands where (person_id, command) in (
      select person_id, command from (
        select person_id, command, row_number() over (partition by person_id order by at desc) as place
        from recent_commands
      ) as placed where place > ${RECENT_KEPT}
    )`.execute(store.db);
}

/** What this person typed or picked last, newest first. */
export async function recentCommands(store: Store, personId: number, most = RECENT_KEPT): Promise<string[]> {
  const rows = await store.db.selectFrom("recent_commands").select("command")
    .where("person_id", "=", personId).orderBy("at", "desc").limit(most).execute();
  return rows.map(({ command }) => command);
}

/** A person's own words, by name. */
export async function aliasesOf(store: Store, personId: number): Promise<AliasesTable[]> {
  return await store.db.selectFrom("aliases").selectAll().where("person_id", "=", personId).orderBy("name")
    .execute();
}

export async function keepAlias(db: Queryable, row: AliasesTable): Promise<void> {
  await db.insertInto("aliases").values(row)
    .onConflict((conflict) => conflict.columns(["person_id", "name"]).doUpdateSet({ command: row.command }))
    .execute();
}

export async function dropAlias(db: Queryable, personId: number, name: string): Promise<void> {
  await db.deleteFrom("aliases").where("person_id", "=", personId).where("name", "=", name).execute();
}

export async function prunePrompts(store: Store): Promise<void> {
  await store.db.deleteFrom("prompts").where("expires_at", "<", store.now() - COMMAND_KEPT_MS).execute();
}

/** What the bot recorded under a key. */
export async function recall(store: Store, key: string): Promise<string | undefined> {
  const row = await store.db.selectFrom("memory").select("value").where("key", "=", key).executeTakeFirst();
  return row?.value;
}

/** Keeps facts by key; null forgets one. */
export async function remember(
  store: Store,
  db: Queryable,
  facts: Readonly<Record<string, string | null>>,
): Promise<void> {
  for (const [key, value] of Object.entries(facts)) {
    if (value === null) {
      await db.deleteFrom("memory").where("key", "=", key).execute();
      continue;
    }
    const row = { key, value, updated_at: store.now() };
    await db.insertInto("memory").values(row)
      .onConflict((conflict) => conflict.column("key").doUpdateSet(row)).execute();
  }
}

/** Who has been silent for so long counts as gone. */
const SILENT_MS = 15_000;

/** The hash of the policy that the longest-running process goes by; undefined where none has said that it lives. */
export async function policyInForce(store: Store): Promise<string | undefined> {
  const first = await store.db.selectFrom("replicas").select("policy")
    .where("seen_at", ">", store.now() - SILENT_MS)
    .orderBy("started_at").orderBy("holder").limit(1).executeTakeFirst();
  return first?.policy;
}
