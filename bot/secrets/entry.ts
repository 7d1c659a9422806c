import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Line } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import { type Invocation, invocationShape } from "../invocation.ts";
import { plainWords } from "../render/layout.ts";
import { appendAudit } from "../store/audit.ts";
import { orUnavailable, type Store } from "../store/database.ts";
import { findPromptEver, newHandle, putPrompt } from "../store/prompts.ts";
import type { Queryable, SecretEntriesTable } from "../store/schema.ts";
import type { Vault } from "../vault.ts";

/** Longer than a bot that was stopped takes to come back to what waits in its inbox. */
const ABANDONED_MS = 86_400_000;

export interface SecretsOptions {
  readonly store: Store;
  readonly vault: Vault | undefined;
  /** Where the page is: PUBLIC_URL, or the address the bot listens on. */
  readonly pageUrl: string;
  /** Brings the link to this person and nobody else; false when Telegram offered no private way. */
  readonly sendPrivately: (ctx: UpdateContext, link: PrivateLink) => Promise<boolean>;
}

export interface PrivateLink {
  readonly url: string;
  readonly fields: readonly string[];
  readonly expiresAt: number;
  readonly title: Line;
}

/** A page that waits for its secrets. */
export interface OpenEntry {
  readonly fields: readonly string[];
  /** What they are for, in words of the card's title. */
  readonly purpose: string;
  readonly expiresAt: number;
}

/** Secrets go around the chat: entered on a page, sealed until the change runs, wiped when the request ends. */
export interface Secrets {
  /** True when every secret the request needs has been entered and not expired. */
  complete(invocation: Invocation): Promise<boolean>;
  askFor(ctx: UpdateContext, invocation: Invocation, title: Line): Promise<void>;
  /** What the page behind this token still asks for; undefined: used, expired or never there. */
  find(token: string): Promise<OpenEntry | undefined>;
  /** Takes the values once and lets the request go on; false when it was too late. */
  enter(token: string, values: Readonly<Record<string, string>>): Promise<boolean>;
  fieldsOf(request: string): Promise<string[]>;
  /** The values by field name, for the one write that needs them. */
  open(request: string): Promise<Record<string, string>>;
  wipe(db: Queryable, request: string): Promise<void>;
  /** Wipes what was entered long ago for requests that never came to be, such as those that failed half-way. */
  wipeAbandoned(): Promise<void>;
}

/** What has to be known to go on with a request once its secrets are there. */
export const waitingShape = z.object({
  invocation: invocationShape,
  person: z.object({ id: z.number(), name: z.string() }),
  chat: z.object({ id: z.number(), type: z.enum(["private", "group", "supergroup", "channel"]) }),
  threadId: z.number().optional(),
  messageId: z.number().optional(),
});
type Waiting = z.output<typeof waitingShape>;

/** Kept beside it for whoever opens the page; an earlier version kept none. */
const purposeShape = z.object({ purpose: z.string().default("the request that the link came with") });

/** An update of our own making, in the same inbox as Telegram's: it survives a crash like they do. */
export const continuationShape = z.object({ countersign: z.literal("secrets_entered"), request: z.string() });

export function createSecrets({ store, vault, pageUrl, sendPrivately }: SecretsOptions): Secrets {
  const rowsOf = (request: string) =>
    orUnavailable(
      store.db.selectFrom("secret_entries").selectAll().where("request", "=", request).orderBy("field")
        .execute(),
    );
  const openRows = async (token: string): Promise<SecretEntriesTable[]> => {
    // A page that shows what is sealed already is not one to enter something on.
    const rows = await store.db.selectFrom("secret_entries").selectAll()
      .where("token_hash", "=", hashOf(token)).where("used_at", "is", null).where("sealed", "is", null)
      .where("expires_at", ">", store.now()).orderBy("field").execute();
    return rows;
  };

  return {
    async complete({ handle, asked }) {
      if (handle === undefined) return false;
      const entered = new Set(
        (await rowsOf(handle)).filter((row) => row.sealed !== null).map((row) => row.field),
      );
      return asked.every((field) => entered.has(field));
    },
    async askFor(ctx, invocation, title) {
      const request = newHandle();
      const { url, tokenHash } = newLink(pageUrl);
      const fields = [...new Set(invocation.asked)];
      const expiresAt = store.now() + LINK_MS;
      await store.transaction(async (transaction) => {
        await transaction.insertInto("secret_entries").values(fields.map((field) => ({
          request,
          field,
          token_hash: tokenHash,
          person_id: ctx.person.id,
          created_at: store.now(),
          expires_at: expiresAt,
          sealed: null,
          used_at: null,
        }))).execute();
        const waiting: Waiting & z.output<typeof purposeShape> = {
          purpose: plainWords(title),
          invocation: { ...invocation, handle: request },
          person: ctx.person,
          chat: { id: ctx.chat.id, type: ctx.chat.type },
          threadId: ctx.threadId,
          messageId: ctx.messageId,
        };
        await putPrompt(store, transaction, {
          handle: request,
          kind: "secret",
          personId: ctx.person.id,
          chatId: ctx.chat.id,
          body: waiting,
          ttlMs: LINK_MS + 60_000,
        });
      });
      ctx.audit({
        event: "secret_asked",
        operation: [invocation.verb, invocation.target].filter(Boolean).join(" "),
        detail: fields.join(", "),
      });
      const sent = await sendPrivately(ctx, { url, fields, expiresAt, title });
      if (!sent) return;
      ctx.answer({
        mark: "working",
        title: `Waiting for ${fields.join(", ")}`,
        blocks: [{
          kind: "text",
          text: [
            "You were sent a private link to enter it, good until ",
            { time: expiresAt, as: "clock" },
            ".",
          ],
        }],
        personal: true,
      });
    },
    async find(token) {
      const rows = await openRows(token);
      const [first] = rows;
      const prompt = first && await findPromptEver(store, first.request);
      if (!first || !prompt) return undefined;
      const { purpose } = purposeShape.parse(JSON.parse(prompt.body));
      return { fields: rows.map((row) => row.field), purpose, expiresAt: first.expires_at };
    },
    async enter(token, values) {
      const rows = await openRows(token);
      const [first] = rows;
      if (!first || !vault) return false;
      const sealed = await Promise.all(
        rows.map((row) => vault.seal(values[row.field] ?? "", boundTo(row.request, row.field))),
      );
      const taken = await store.transaction(async (transaction) => {
        const now = store.now();
        for (const [index, row] of rows.entries()) {
          const updated = await transaction.updateTable("secret_entries")
            .set({ sealed: sealed[index] ?? null, used_at: now })
            .where("request", "=", row.request).where("field", "=", row.field)
            .where("used_at", "is", null).where("expires_at", ">", now).returning("field").executeTakeFirst();
          if (!updated) return false;
        }
        await continueLater(store, transaction, first.request);
        await appendAudit(store, transaction, [{
          event: "secret_entered",
          person_id: first.person_id,
          detail: rows.map((row) => row.field).join(", "),
        }]);
        return true;
      });
      if (taken) store.notifier.everyone("inbox");
      return taken;
    },
    async fieldsOf(request) {
      return (await rowsOf(request)).map((row) => row.field);
    },
    async open(request) {
      const rows = await rowsOf(request);
      const entries = await Promise.all(rows.map(async (row) => {
        if (row.sealed === null || !vault) throw new SecretMissing();
        return [row.field, await vault.open(row.sealed, boundTo(row.request, row.field))] as const;
      }));
      return Object.fromEntries(entries);
    },
    async wipe(db, request) {
      await db.updateTable("secret_entries").set({ sealed: null }).where("request", "=", request).execute();
    },
    async wipeAbandoned() {
      await store.db.updateTable("secret_entries").set({ sealed: null })
        .where("sealed", "is not", null).where("used_at", "<", store.now() - ABANDONED_MS)
        .where(({ not, exists, selectFrom }) =>
          not(exists(
            selectFrom("changes").select("code").whereRef("handle", "=", "secret_entries.request")
              .where("state", "in", ["pending", "approved", "executing"]),
          ))
        ).execute();
    },
  };
}

/** The value was wiped, or sealed with a key that is gone. */
export class SecretMissing extends Error {
  constructor() {
    super("A secret of this request is not there any more");
    this.name = "SecretMissing";
  }
}

async function continueLater(store: Store, db: Queryable, request: string): Promise<void> {
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

function boundTo(request: string, field: string): string {
  return `${request}/${field}`;
}

/** How long a page may be opened. */
export const LINK_MS = 10 * 60_000;

/** The address of a page for one person, and what the store knows of it. */
export function newLink(pageUrl: string): { readonly url: string; readonly tokenHash: string } {
  const token = randomBytes(32).toString("base64url");
  return { url: `${pageUrl}/secret/${token}`, tokenHash: hashOf(token) };
}

/** The store knows only this: whoever reads it cannot open the page. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
