import * as z from "zod";
import type { Receipt } from "../../handlers/operation.ts";
import { line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { putMessage } from "../outbox/messages.ts";
import { PRIORITY } from "../outbox/outgoing.ts";
import { appendAudit, type AuditEntry } from "../store/audit.ts";
import { auditOf, type Change, changeTitle, findChange } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { MessagesTable, SecretEntriesTable } from "../store/schema.ts";
import { type PageLink, privateLetter, resealed } from "./deliver.ts";
import { boundTo, hashOf, newLink, unseal } from "./entry.ts";

/** What the keys of messages with a link begin with. */
const LETTER = "credential_link";
const IN_GROUP = "credential_link_in_group";

const WITHHELD = "credential_withheld";

export type Credentials = NonNullable<Receipt["personal"]>;

/** What may be told of credentials before they are shown. */
export interface OpenOffer {
  readonly change: Change;
  readonly labels: string;
  readonly expiresAt: number;
}

const credentialsShape = z.array(z.object({ label: z.string(), value: z.string() }));

/** Credentials that a vendor made: sealed until their page shows them to the requester, once, or their time is over. */
export class CredentialHandover {
  /** What the redactor was told, by token hash. */
  private readonly held = new Map<string, () => void>();

  constructor(private readonly deps: Deps) {}

  /** Seals them and sends the requester the link; where there is no private way they are wiped at once. */
  async offer(change: Change, credentials: Credentials): Promise<void> {
    const { store, vault } = this.deps;
    const labels = credentials.map(({ label }) => label).join(", ");
    const entry = { ...auditOf(change), person_id: change.requester_id, detail: labels };
    if (!vault) {
      return await store.transaction((transaction) =>
        appendAudit(store, transaction, [{ ...entry, event: WITHHELD, reason_code: "no_secret_key" }])
      );
    }
    const { url, columns } = newLink(this.deps, "secret");
    const place = { request: change.code, field: labels };
    const sealed = await vault.seal(JSON.stringify(credentials), boundTo(place));
    const row = { ...columns, ...place, person_id: change.requester_id, sealed };
    const letter = await privateLetter(vault, linkTo(url, { change, labels, expiresAt: row.expires_at }));
    this.hold(row.token_hash, credentials);
    await store.transaction(async (transaction) => {
      // An earlier try may have been committed although nobody heard of it.
      const isNew = await transaction.insertInto("secret_entries").values(row)
        .onConflict((conflict) => conflict.doNothing()).returning("field").executeTakeFirst();
      if (!isNew) return;
      await putMessage(store, transaction, letter);
      await appendAudit(store, transaction, [{ ...entry, event: "credential_offered" }]);
    });
  }

  /** The requester cannot be written to: the link goes to the group for this person alone, or they are wiped. */
  async bringElsewhere(letter: MessagesTable): Promise<void> {
    const { capabilities, store } = this.deps;
    const [kind, code = ""] = letter.key.split(":");
    const change = kind === LETTER || kind === IN_GROUP ? await findChange(store, code) : undefined;
    if (!change) return;
    const key = `${IN_GROUP}:${code}`;
    const { origin_chat: chatId, origin_thread, requester_id: receiverId } = change;
    const isWayLeft = kind === LETTER && chatId !== receiverId && capabilities.ephemeral !== false;
    const sealed = isWayLeft ? await resealed(this.deps, letter, key) : undefined;
    if (sealed === undefined) return await this.withhold(change);
    await putMessage(store, store.db, {
      key,
      chatId,
      threadId: origin_thread ?? undefined,
      receiverId,
      reply: NO_WAY_TO_SHOW,
      sealed,
      priority: PRIORITY.answer,
      sound: true,
      trace: letter.trace ?? undefined,
    });
  }

  private async withhold(change: Change): Promise<void> {
    const { store, log } = this.deps;
    log.warning("credential_not_offered", { code: change.code, person: change.requester_id });
    for (const row of await unclaimed(store).where("request", "=", change.code).execute()) {
      const entry = { ...auditOf(change), person_id: row.person_id, detail: row.field };
      await this.take(row.token_hash, { ...entry, event: WITHHELD });
    }
  }

  /** What the page behind this token would show; undefined: shown, expired or never there. */
  async find(token: string): Promise<OpenOffer | undefined> {
    const row = await this.waitingBehind(token);
    const change = row && await findChange(this.deps.store, row.request);
    return change && { change, labels: row.field, expiresAt: row.expires_at };
  }

  /** Takes them out of the store, so that the next who asks gets nothing. */
  async reveal(token: string): Promise<Credentials | undefined> {
    const row = await this.waitingBehind(token);
    const change = row && await findChange(this.deps.store, row.request);
    const credentials = row && await this.open(row);
    if (!change || !credentials) return undefined;
    const entry = { ...auditOf(change), person_id: row.person_id, detail: row.field };
    return await this.take(row.token_hash, { ...entry, event: "credential_shown" }) ? credentials : undefined;
  }

  /** Wipes what nobody came for in time, and lets this process' redactor know what still waits. */
  async tidy(): Promise<void> {
    const known = [...this.held.keys()];
    await wipeUnclaimed(this.deps.store);
    const rows = await unclaimed(this.deps.store).execute();
    const there = new Set(rows.map((row) => row.token_hash));
    for (const tokenHash of known) if (!there.has(tokenHash)) this.release(tokenHash);
    for (const row of rows.filter((one) => !this.held.has(one.token_hash))) {
      const credentials = await this.open(row) ?? [];
      if (!this.held.has(row.token_hash)) this.hold(row.token_hash, credentials);
    }
  }

  private hold(tokenHash: string, credentials: Credentials): void {
    const releases = credentials.map(({ value }) => this.deps.redactor.hold(value));
    this.held.set(tokenHash, () => releases.forEach((release) => release()));
  }

  private release(tokenHash: string): void {
    this.held.get(tokenHash)?.();
    this.held.delete(tokenHash);
  }

  private async open(row: SecretEntriesTable): Promise<Credentials | undefined> {
    const text = await unseal(this.deps, row);
    return text === undefined ? undefined : credentialsShape.parse(JSON.parse(text));
  }

  /** Empties the row if it is still full, with what the audit says of it: one of several who try succeeds. */
  private async take(tokenHash: string, entry: AuditEntry): Promise<boolean> {
    const { store } = this.deps;
    const taken = await store.transaction(async (transaction) => {
      const row = await transaction.updateTable("secret_entries").set({ sealed: null, used_at: store.now() })
        .where("token_hash", "=", tokenHash).where("sealed", "is not", null).where("used_at", "is", null)
        .where("expires_at", ">", store.now()).returning("field").executeTakeFirst();
      if (row) await appendAudit(store, transaction, [entry]);
      return row !== undefined;
    });
    this.release(tokenHash);
    return taken;
  }

  private async waitingBehind(token: string): Promise<SecretEntriesTable | undefined> {
    return await unclaimed(this.deps.store).where("token_hash", "=", hashOf(token)).executeTakeFirst();
  }
}

function linkTo(url: string, { change, labels, expiresAt }: OpenOffer): PageLink {
  const { code, requester_id: personId, trace } = change;
  return {
    key: `${LETTER}:${code}`,
    personId,
    mark: "info",
    title: line("New with ", { code }, `: ${labels}`),
    about: [changeTitle(change).title, "The page shows it to you, once. It is not sent through Telegram."],
    url,
    expiresAt,
    placeholder: NO_WAY_TO_SHOW,
    trace: trace ?? undefined,
  };
}

/** What still waits to be shown. */
function unclaimed(store: Store) {
  return store.db.selectFrom("secret_entries").selectAll()
    .where("sealed", "is not", null).where("used_at", "is", null).where("expires_at", ">", store.now());
}

/** Wipes what nobody came for in time. */
export async function wipeUnclaimed(store: Store): Promise<void> {
  await store.db.updateTable("secret_entries").set({ sealed: null })
    .where("sealed", "is not", null).where("used_at", "is", null).where("expires_at", "<=", store.now())
    .execute();
}

const NO_WAY_TO_SHOW: Reply = {
  mark: "info",
  title: "There is a new credential, which can only be shown privately",
  blocks: [textBlock("Where else it can be found stands in the outcome of the change.")],
  personal: true,
};
