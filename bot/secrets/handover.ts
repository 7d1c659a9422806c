import { z } from "zod";
import type { Receipt } from "../../handlers/operation.ts";
import { line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { appendAudit, type AuditEntry } from "../store/audit.ts";
import { auditOf, type Change, changeTitle, findChange } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { SecretEntriesTable } from "../store/schema.ts";
import { deliverLink } from "./deliver.ts";
import { boundTo, hashOf, newLink, unseal } from "./entry.ts";

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

  /** Seals them and brings the link to the requester; where there is no private way they are wiped at once. */
  async offer(change: Change, credentials: Credentials): Promise<void> {
    const { store, vault } = this.deps;
    const labels = credentials.map(({ label }) => label).join(", ");
    const entry = { ...auditOf(change), person_id: change.requester_id, detail: labels };
    const withheld = { ...entry, event: "credential_withheld" };
    if (!vault) {
      return await store.transaction((transaction) =>
        appendAudit(store, transaction, [{ ...withheld, reason_code: "no_secret_key" }])
      );
    }
    const { url, columns } = newLink(this.deps);
    const place = { request: change.code, field: labels };
    const sealed = await vault.seal(JSON.stringify(credentials), boundTo(place));
    const row = { ...columns, ...place, person_id: change.requester_id, sealed };
    await store.transaction(async (transaction) => {
      await transaction.insertInto("secret_entries").values(row).execute();
      await appendAudit(store, transaction, [{ ...entry, event: "credential_offered" }]);
    });
    this.hold(row.token_hash, credentials);
    if (await this.sendLink(url, { change, labels, expiresAt: row.expires_at })) return;
    await this.take(row.token_hash, withheld);
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

  private async sendLink(url: string, { change, labels, expiresAt }: OpenOffer): Promise<boolean> {
    const { code, requester_id: personId, origin_chat, origin_thread } = change;
    const isSent = await deliverLink(this.deps, {
      personId,
      chatId: origin_chat,
      threadId: origin_thread ?? undefined,
      mark: "info",
      title: line("New with ", { code }, `: ${labels}`),
      about: [
        changeTitle(change).title,
        "The page shows it to you, once. It is not sent through Telegram.",
      ],
      url,
      expiresAt,
      placeholder: NO_WAY_TO_SHOW,
    });
    if (!isSent) this.deps.log.warning("credential_not_offered", { code, person: personId });
    return isSent;
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
