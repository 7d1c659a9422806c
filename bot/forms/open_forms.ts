import type { Transaction } from "kysely";
import type { z } from "zod";
import type { JsonObject } from "../../clients/json.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { boundTo, continueLater, hashOf, waitingShape } from "../secrets/entry.ts";
import { appendAudit } from "../store/audit.ts";
import { operationName } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import { findPromptEver } from "../store/kept_values.ts";
import type { FormsTable, Schema } from "../store/schema.ts";
import type { Form } from "./fields.ts";

const KEPT_MS = 7 * 86_400_000;
/** Whoever sends a page too late sees what they typed. */
const SHOWN_LATE_MS = 3_600_000;

/** What is stored of a page, sealed. */
interface Kept {
  readonly form: Form;
  /** The page before this one, where it began with a question. */
  readonly before?: Form | undefined;
  /** What was said before there was a page. */
  readonly known: JsonObject;
  /** What stood in its fields when it was last sent with mistakes, secrets excepted. */
  readonly typed?: readonly (readonly [name: string, text: string])[];
}

/** A page that waits to be filled in, and the request that it is for. */
export interface OpenForm extends Kept {
  readonly row: FormsTable;
  readonly waiting: z.output<typeof waitingShape>;
}

/** Pages that wait to be filled in, sealed in the store: each until it was sent, or its time is over. */
export class OpenForms {
  constructor(private readonly deps: Pick<Deps, "store" | "vault" | "log">) {}

  /** What the page behind this token asks for; undefined: sent, expired or never there. */
  async find(token: string): Promise<OpenForm | undefined> {
    const { store } = this.deps;
    const row = await unsent(this.deps.store, token).where("expires_at", ">", store.now()).executeTakeFirst();
    const kept = row && await this.open(row);
    const prompt = kept && await findPromptEver(store, row.request);
    return prompt && { row, ...kept, waiting: waitingShape.parse(JSON.parse(prompt.body)) };
  }

  /** What a page asked for whose time is over, for a while. */
  async findLate(token: string): Promise<Form | undefined> {
    const row = await unsent(this.deps.store, token).where("sealed", "<>", "").executeTakeFirst();
    return row && (await this.open(row))?.form;
  }

  /** The ciphertext of a page, bound to its request. */
  async seal(row: Pick<FormsTable, "request">, kept: Kept): Promise<string> {
    const { vault } = this.deps;
    if (!vault) throw new Error("No form is offered without a SECRET_KEY");
    return await vault.seal(JSON.stringify(kept), placeIn(row));
  }

  /** Puts another page behind the same token. */
  async turnTo({ row }: OpenForm, kept: Kept): Promise<void> {
    const sealed = await this.seal(row, kept);
    await this.deps.store.db.updateTable("forms").set({ sealed })
      .where("token_hash", "=", row.token_hash).where("used_at", "is", null).execute();
  }

  /** Takes what was filled in, once, and lets the request go on with it; false when it was too late. */
  async take(
    { row }: OpenForm,
    body: OpenForm["waiting"],
    secrets: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const { store, vault } = this.deps;
    const { request, token_hash, person_id, created_at, expires_at } = row;
    const entries = await Promise.all(
      Object.entries(secrets).map(async ([field, value]) => ({
        ...{ request, field, token_hash, person_id, created_at, expires_at },
        sealed: vault ? await vault.seal(value, boundTo({ request, field })) : null,
        used_at: store.now(),
      })),
    );
    const taken = await store.transaction(async (transaction) => {
      if (!await this.close(transaction, row)) return false;
      if (entries.length > 0) await transaction.insertInto("secret_entries").values(entries).execute();
      await transaction.updateTable("prompts").set({ body: JSON.stringify(body) })
        .where("handle", "=", request).execute();
      await continueLater(store, transaction, request);
      const operation = operationName(body.invocation);
      await appendAudit(store, transaction, [{ event: "form_sent", person_id, operation }]);
      return true;
    });
    if (taken) store.notifier.everyone("inbox");
    return taken;
  }

  /** Deletes what nobody can open any more. */
  async prune(): Promise<void> {
    const { store } = this.deps;
    await store.db.deleteFrom("forms").where("expires_at", "<", store.now() - KEPT_MS).execute();
    await store.db.updateTable("forms").set({ sealed: "" })
      .where("sealed", "<>", "").where("expires_at", "<=", store.now() - SHOWN_LATE_MS).execute();
  }

  /** False when someone was faster, or the time was up. */
  private async close(transaction: Transaction<Schema>, { token_hash }: FormsTable): Promise<boolean> {
    const now = this.deps.store.now();
    const row = await transaction.updateTable("forms").set({ used_at: now, sealed: "" })
      .where("token_hash", "=", token_hash).where("used_at", "is", null).where("expires_at", ">", now)
      .returning("request").executeTakeFirst();
    return row !== undefined;
  }

  private async open(row: FormsTable): Promise<Kept | undefined> {
    const { vault, log } = this.deps;
    try {
      return vault && JSON.parse(await vault.open(row.sealed, placeIn(row))) as Kept;
    } catch (error) {
      log.error("form_unreadable", { person: row.person_id, ...errorFields(error) });
      return undefined;
    }
  }
}

function placeIn({ request }: Pick<FormsTable, "request">): string {
  return boundTo({ request, field: "form" });
}

function unsent({ db }: Store, token: string) {
  return db.selectFrom("forms").selectAll().where("token_hash", "=", hashOf(token))
    .where("used_at", "is", null);
}
