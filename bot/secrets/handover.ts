import { z } from "zod";
import type { Receipt } from "../../handlers/operation.ts";
import { auditOf, type Change, findChange } from "../approvals/state_machine.ts";
import { errorFields, type Log } from "../log.ts";
import type { Redactor } from "../redact.ts";
import { appendAudit, type AuditEntry } from "../store/audit.ts";
import type { SecretEntriesTable } from "../store/schema.ts";
import type { Store } from "../store/database.ts";
import { hashOf, LINK_MS, newLink } from "./entry.ts";
import type { Vault } from "../vault.ts";

export type Credentials = NonNullable<Receipt["personal"]>;

/** The way to a page that shows credentials once. */
export interface OfferLink {
  readonly url: string;
  readonly labels: string;
  readonly expiresAt: number;
}

/** What may be told of credentials before they are shown. */
export interface OpenOffer {
  readonly change: Change;
  readonly labels: string;
  readonly expiresAt: number;
}

export interface OffersOptions {
  readonly store: Store;
  readonly vault: Vault | undefined;
  readonly redactor: Redactor;
  readonly log: Log;
  /** Where the page is: PUBLIC_URL, or the address the bot listens on. */
  readonly pageUrl: string;
  /** Brings the link to the requester and nobody else; false when Telegram offered no private way. */
  readonly sendPrivately: (change: Change, link: OfferLink) => Promise<boolean>;
}

/** Credentials that a vendor made: sealed until their page shows them to the requester, once, or their time is over. */
export interface Offers {
  handOver(change: Change, credentials: Credentials): Promise<void>;
  /** What the page behind this token would show; undefined: shown, expired or never there. */
  find(token: string): Promise<OpenOffer | undefined>;
  /** Takes them out of the store, so that the next who asks gets nothing. */
  reveal(token: string): Promise<Credentials | undefined>;
  /** Wipes what nobody came for in time, and lets this process' redactor know what still waits. */
  tidy(): Promise<void>;
}

const credentialsShape = z.array(z.object({ label: z.string(), value: z.string() }));

export function createOffers({ store, vault, redactor, log, pageUrl, sendPrivately }: OffersOptions): Offers {
  /** What the redactor was told, by token hash. */
  const held = new Map<string, () => void>();

  function hold(tokenHash: string, credentials: Credentials): void {
    const releases = credentials.map(({ value }) => redactor.hold(value));
    held.set(tokenHash, () => releases.forEach((release) => release()));
  }

  function release(tokenHash: string): void {
    held.get(tokenHash)?.();
    held.delete(tokenHash);
  }

  async function open(row: SecretEntriesTable): Promise<Credentials | undefined> {
    if (row.sealed === null || !vault) return undefined;
    try {
      return credentialsShape.parse(JSON.parse(await vault.open(row.sealed, boundTo(row))));
    } catch (error) {
      log.error("offer_unreadable", { code: row.request, ...errorFields(error) });
      return undefined;
    }
  }

  /** Empties the row if it is still full, with what the audit says of it: one of several who try succeeds. */
  async function take(tokenHash: string, entry: AuditEntry): Promise<boolean> {
    const taken = await store.transaction(async (transaction) => {
      const row = await transaction.updateTable("secret_entries").set({ sealed: null, used_at: store.now() })
        .where("token_hash", "=", tokenHash).where("sealed", "is not", null).where("used_at", "is", null)
        .where("expires_at", ">", store.now()).returning("field").executeTakeFirst();
      if (row) await appendAudit(store, transaction, [entry]);
      return row !== undefined;
    });
    release(tokenHash);
    return taken;
  }

  const waiting = () =>
    store.db.selectFrom("secret_entries").selectAll()
      .where("sealed", "is not", null).where("used_at", "is", null).where("expires_at", ">", store.now());
  const waitingBehind = (token: string) =>
    waiting().where("token_hash", "=", hashOf(token)).executeTakeFirst();

  return {
    async handOver(change, credentials) {
      const labels = credentials.map(({ label }) => label).join(", ");
      const entry = { ...auditOf(change), person_id: change.requester_id, detail: labels };
      const withheld = { ...entry, event: "credential_withheld" };
      if (!vault) {
        return await store.transaction((transaction) =>
          appendAudit(store, transaction, [{ ...withheld, reason_code: "no_secret_key" }])
        );
      }
      const { url, tokenHash } = newLink(pageUrl);
      const place = { request: change.code, field: labels, token_hash: tokenHash };
      const times = { created_at: store.now(), expires_at: store.now() + LINK_MS };
      const sealed = await vault.seal(JSON.stringify(credentials), boundTo(place));
      const row = { ...place, ...times, person_id: change.requester_id, sealed, used_at: null };
      await store.transaction(async (transaction) => {
        await transaction.insertInto("secret_entries").values(row).execute();
        await appendAudit(store, transaction, [{ ...entry, event: "credential_offered" }]);
      });
      hold(tokenHash, credentials);
      if (await sendPrivately(change, { url, labels, expiresAt: row.expires_at })) return;
      await take(tokenHash, withheld);
    },
    async find(token) {
      const row = await waitingBehind(token);
      const change = row && await findChange(store, row.request);
      return change && { change, labels: row.field, expiresAt: row.expires_at };
    },
    async reveal(token) {
      const row = await waitingBehind(token);
      const change = row && await findChange(store, row.request);
      const credentials = row && await open(row);
      if (!change || !credentials) return undefined;
      const entry = { ...auditOf(change), person_id: row.person_id, detail: row.field };
      return await take(row.token_hash, { ...entry, event: "credential_shown" }) ? credentials : undefined;
    },
    async tidy() {
      const known = [...held.keys()];
      await store.db.updateTable("secret_entries").set({ sealed: null })
        .where("sealed", "is not", null).where("used_at", "is", null).where("expires_at", "<=", store.now())
        .execute();
      const rows = await waiting().execute();
      const there = new Set(rows.map((row) => row.token_hash));
      for (const tokenHash of known) if (!there.has(tokenHash)) release(tokenHash);
      for (const row of rows.filter((one) => !held.has(one.token_hash))) {
        const credentials = await open(row) ?? [];
        if (!held.has(row.token_hash)) hold(row.token_hash, credentials);
      }
    },
  };
}

function boundTo({ request, field }: Pick<SecretEntriesTable, "request" | "field">): string {
  return `${request}/${field}`;
}
