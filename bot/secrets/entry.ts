import type { Transaction } from "kysely";
import { createHash, randomBytes } from "node:crypto";
import * as z from "zod";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { type Invocation, invocationShape } from "../invocation.ts";
import { errorFields } from "../log.ts";
import { putMessage } from "../outbox/messages.ts";
import { PRIORITY } from "../outbox/outgoing.ts";
import { plainWords } from "../render/text.ts";
import { appendAudit } from "../store/audit.ts";
import { operationName } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import { findPromptEver, newHandle, putPrompt } from "../store/kept_values.ts";
import type { MessagesTable, Queryable, Schema, SecretEntriesTable } from "../store/schema.ts";
import { privateLetter, resealed } from "./deliver.ts";

/** What the key of a message with a link begins with. */
const LETTER = "secret_link";
export const FORM_LETTER = "form_link";

/** Longer than a bot that was stopped takes to come back to what waits in its inbox. */
const ABANDONED_MS = 86_400_000;

/** A page that waits for its secrets. */
export interface OpenEntry {
  readonly rows: readonly SecretEntriesTable[];
  readonly fields: readonly string[];
  /** What they are for, in words of the card's title. */
  readonly purpose: string;
  readonly expiresAt: number;
}

/** What has to be known to go on with a request once its secrets are there. */
export const waitingShape = z.object({
  invocation: invocationShape,
  /** For whoever opens the page. */
  purpose: z.string().default("the request that the link came with"),
  person: z.object({ id: z.number(), name: z.string() }),
  chat: z.object({ id: z.number(), type: z.enum(["private", "group", "supergroup", "channel"]) }),
  threadId: z.number().optional(),
  messageId: z.number().optional(),
  /** The key of the message that says that it waits. */
  answer: z.string().optional(),
});

/** An update of our own making, in the same inbox as Telegram's: it survives a crash like they do. */
export const continuationShape = z.object({ countersign: z.literal("secrets_entered"), request: z.string() });

/** Secrets go around the chat: entered on a page, sealed until the change runs, wiped when the request ends. */
export class SecretEntry {
  constructor(private readonly deps: Pick<Deps, "store" | "vault" | "config" | "log">) {}

  /** True when every secret the request needs has been entered. */
  async isComplete({ handle, asked }: Invocation): Promise<boolean> {
    if (handle === undefined) return false;
    const rows = await this.rowsOf(handle);
    const entered = new Set(rows.filter((row) => row.sealed !== null).map((row) => row.field));
    return asked.every((field) => entered.has(field));
  }

  /** Sends the asker a link to the page on which to enter them; the request waits until then. */
  async askFor(ctx: UpdateContext, invocation: Invocation, title: Line): Promise<void> {
    const { store, vault } = this.deps;
    if (!vault) throw new Error("No secret is asked for without a SECRET_KEY");
    const fields = [...new Set(invocation.asked)];
    const names = fields.join(", ");
    const { url, columns } = newLink(this.deps, "secret");
    const request = newHandle();
    const letter = await privateLetter(vault, {
      key: `${LETTER}:${request}`,
      personId: ctx.person.id,
      mark: "question",
      title: `Enter ${names} on this page`,
      about: [line("For: ", title)],
      url,
      expiresAt: columns.expires_at,
      placeholder: NO_WAY_TO_ENTER,
      trace: ctx.trace,
    });
    const row = { ...columns, request, person_id: ctx.person.id, sealed: null };
    ctx.onCommit(async (transaction) => {
      await transaction.insertInto("secret_entries").values(fields.map((field) => ({ ...row, field })))
        .execute();
      await keepWaiting(transaction, ctx, { ...invocation, handle: request }, plainWords(title));
      await putMessage(store, transaction, letter);
    });
    ctx.audit({ event: "secret_asked", operation: operationName(invocation), detail: names });
    ctx.answer(waitingReply(names, columns.expires_at));
  }

  /** The person cannot be written to: the link takes the place of the answer in the group, for this person alone. */
  async bringElsewhere(letter: MessagesTable): Promise<void> {
    const { store } = this.deps;
    const [kind = "", request = ""] = letter.key.split(":");
    const reply = NO_WAY[kind];
    const prompt = reply && await findPromptEver(store, request);
    if (!reply || !prompt) return;
    const { answer, person, chat, threadId, messageId } = waitingShape.parse(JSON.parse(prompt.body));
    if (answer === undefined || chat.type === "private") return;
    await putMessage(store, store.db, {
      key: answer,
      chatId: chat.id,
      threadId,
      replyTo: messageId,
      receiverId: person.id,
      reply,
      sealed: await resealed(this.deps, letter, answer),
      priority: PRIORITY.answer,
      trace: letter.trace ?? undefined,
    });
  }

  /** What the page behind this token still asks for; undefined: used, expired, never there, or it asks for nothing. */
  async find(token: string): Promise<OpenEntry | undefined> {
    const { store } = this.deps;
    const rows = await store.db.selectFrom("secret_entries").selectAll()
      .where("token_hash", "=", hashOf(token)).where("used_at", "is", null)
      .where("expires_at", ">", store.now()).orderBy("field").execute();
    const [first] = rows;
    // Nothing waits for a page that only shows something.
    const prompt = first && await findPromptEver(store, first.request);
    if (!first || !prompt) return undefined;
    const { purpose } = waitingShape.parse(JSON.parse(prompt.body));
    return { rows, fields: rows.map((row) => row.field), purpose, expiresAt: first.expires_at };
  }

  /** Takes the values once and lets the request go on; false when it was too late. */
  async enter({ rows, fields }: OpenEntry, values: Readonly<Record<string, string>>): Promise<boolean> {
    const { store, vault } = this.deps;
    const [first] = rows;
    if (!first || !vault) return false;
    const sealed = await Promise.all(
      rows.map(async (row) => ({ ...row, sealed: await vault.seal(values[row.field] ?? "", boundTo(row)) })),
    );
    const taken = await store.transaction(async (transaction) => {
      for (const row of sealed) if (!await putSealed(store, transaction, row)) return false;
      await continueLater(store, transaction, first.request);
      await appendAudit(store, transaction, [{
        event: "secret_entered",
        person_id: first.person_id,
        detail: fields.join(", "),
      }]);
      return true;
    });
    if (taken) store.notifier.everyone("inbox");
    return taken;
  }

  /** The names of the secrets that were asked for with a request. */
  async fieldsOf(request: string): Promise<string[]> {
    return (await this.rowsOf(request)).map((row) => row.field);
  }

  /** The values by field name, for the one write that needs them; undefined when one cannot be had any more. */
  async open(request: string): Promise<Record<string, string> | undefined> {
    const values: Record<string, string> = {};
    for (const row of await this.rowsOf(request)) {
      const value = await unseal(this.deps, row);
      if (value === undefined) return undefined;
      values[row.field] = value;
    }
    return values;
  }

  private async rowsOf(request: string): Promise<SecretEntriesTable[]> {
    return await this.deps.store.db.selectFrom("secret_entries").selectAll().where("request", "=", request)
      .orderBy("field").execute();
  }
}

/** What has to be known to go on, under the handle of the request. */
export async function keepWaiting(
  transaction: Transaction<Schema>,
  ctx: UpdateContext,
  invocation: Invocation & { readonly handle: string },
  purpose: string,
): Promise<void> {
  const { store, person, chat, threadId, messageId, key: answer } = ctx;
  const place = {
    chat: { id: chat.id, type: chat.type },
    threadId,
    messageId: messageId ?? invocation.messageId,
  };
  await putPrompt(store, transaction, {
    handle: invocation.handle,
    kind: "secret",
    person_id: person.id,
    chat_id: chat.id,
    body: { purpose, invocation, person, answer, ...place } satisfies z.output<typeof waitingShape>,
    ttlMs: LINK_MS + 60_000,
  });
}

/** False when someone was faster, or the time was up. */
async function putSealed(store: Store, db: Queryable, row: SecretEntriesTable): Promise<boolean> {
  const now = store.now();
  const updated = await db.updateTable("secret_entries").set({ sealed: row.sealed, used_at: now })
    .where("request", "=", row.request).where("field", "=", row.field)
    .where("used_at", "is", null).where("expires_at", ">", now).returning("field").executeTakeFirst();
  return updated !== undefined;
}

/** Wipes what was entered for a request that has ended. */
export async function wipeSecrets(db: Queryable, request: string): Promise<void> {
  await db.updateTable("secret_entries").set({ sealed: null }).where("request", "=", request).execute();
}

/** Wipes what was entered long ago for requests that never came to be, such as those that failed half-way. */
export async function wipeAbandoned(store: Store): Promise<void> {
  await store.db.updateTable("secret_entries").set({ sealed: null })
    .where("sealed", "is not", null).where("used_at", "<", store.now() - ABANDONED_MS)
    .where(({ not, exists, selectFrom }) =>
      not(exists(
        selectFrom("changes").select("code").whereRef("handle", "=", "secret_entries.request")
          .where("state", "in", ["pending", "approved", "executing"]),
      ))
    ).execute();
}

/** Puts a note of our own into the inbox: the request goes on. */
export async function continueLater(store: Store, db: Queryable, request: string): Promise<void> {
  const prompt = await db.selectFrom("prompts").select("chat_id").where("handle", "=", request)
    .executeTakeFirstOrThrow();
  await db.insertInto("inbox").values({
    // Telegram's ids are positive, so ours never meet them.
    update_id: -randomBytes(6).readUIntBE(0, 6),
    lane: `chat:${prompt.chat_id}`,
    body: JSON.stringify(
      { countersign: "secrets_entered", request } satisfies z.output<typeof continuationShape>,
    ),
    received_at: store.now(),
    state: "new",
    claimed_until: 0,
    attempts: 0,
  }).execute();
}

/** What ties a sealed value to its place: moved elsewhere it does not open. */
export function boundTo({ request, field }: Pick<SecretEntriesTable, "request" | "field">): string {
  return `${request}/${field}`;
}

/** What a row keeps; undefined when it was wiped, or sealed with a key that is gone. */
export async function unseal(
  { vault, log }: Pick<Deps, "vault" | "log">,
  row: SecretEntriesTable,
): Promise<string | undefined> {
  if (row.sealed === null || !vault) return undefined;
  try {
    return await vault.open(row.sealed, boundTo(row));
  } catch (error) {
    log.error("secret_unreadable", { field: row.field, person: row.person_id, ...errorFields(error) });
    return undefined;
  }
}

/** How long a page may be opened. */
const LINK_MS = 10 * 60_000;

/** The address of a page for one person, and what the store knows of it. */
export function newLink(
  { config: { publicUrl, port, addressesAreTraced }, store }: Pick<Deps, "config" | "store">,
  page: "secret" | "form",
): {
  readonly url: string;
  readonly columns: Pick<SecretEntriesTable, "token_hash" | "created_at" | "expires_at" | "used_at">;
} {
  const base = publicUrl ?? `http://127.0.0.1:${port}`;
  const token = randomBytes(32).toString("base64url");
  const now = store.now();
  const columns = { token_hash: hashOf(token), created_at: now, expires_at: now + LINK_MS, used_at: null };
  // What stands behind # is not sent along, so that no trace of the request has it.
  return { url: `${base}/${page}${addressesAreTraced ? "#" : "/"}${token}`, columns };
}

/** The store knows only this: whoever reads it cannot open the page. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function waitingReply(names: string, expiresAt: number): Reply {
  const until = { time: expiresAt, as: "clock" } as const;
  return {
    mark: "working",
    title: `Waiting for ${names}`,
    blocks: [textBlock(["You get a private link to enter it, good until ", until, "."])],
    personal: true,
  };
}

const NO_WAY_TO_ENTER = noWay("The link to enter the secret can only be sent privately");
export const NO_WAY_TO_FILL_IN = noWay("The link to the form can only be sent privately");

/** What anyone may read, by the kind of letter that cannot be brought. */
const NO_WAY: Readonly<Record<string, Reply>> = {
  [LETTER]: NO_WAY_TO_ENTER,
  [FORM_LETTER]: NO_WAY_TO_FILL_IN,
};

function noWay(title: string): Reply {
  return {
    mark: "refused",
    title,
    blocks: [textBlock("Open a private chat with me, press Start, then send the command again.")],
    personal: true,
  };
}
