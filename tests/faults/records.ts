import { sql } from "kysely";
import { type AuditProof, verifyAudit } from "../../bot/store/audit.ts";
import type {
  AuditTable,
  ChangesTable,
  InboxTable,
  LoansTable,
  MessagesTable,
} from "../../bot/store/schema.ts";
import type { Store } from "../../bot/store/database.ts";

/** An update as the store has it at the end. */
export type UpdateRecord =
  & Pick<InboxTable, "update_id" | "lane" | "state" | "received_at" | "finished_at">
  & {
    /** The transaction that finished it: a later one has a higher number. */
    readonly finishedIn: number;
  };

/** A change as far as the accounts need it. */
export type ChangeRecord = Pick<
  ChangesTable,
  | "code"
  | "state"
  | "verb"
  | "plan"
  | "requester_id"
  | "origin_chat"
  | "origin_message"
  | "handle"
  | "next_check_at"
  | "risk"
  | "scheduled_at"
  | "lasts_ms"
  | "loan_of"
>;

/** All that the bots wrote down. */
export interface Records {
  readonly updates: readonly UpdateRecord[];
  readonly messages: readonly MessagesTable[];
  readonly changes: readonly ChangeRecord[];
  readonly loans: readonly LoansTable[];
  readonly audit: readonly AuditTable[];
  readonly proof: AuditProof;
}

export async function readRecords({ db }: Store): Promise<Records> {
  return {
    updates: await db.selectFrom("inbox").select(["update_id", "lane", "state", "received_at", "finished_at"])
      .select(sql<number>`xmin::text::bigint`.as("finishedIn")).orderBy("update_id").execute(),
    messages: await db.selectFrom("messages").selectAll().execute(),
    changes: await db.selectFrom("changes").selectAll().orderBy("created_at").execute(),
    loans: await db.selectFrom("loans").selectAll().execute(),
    audit: await db.selectFrom("audit").selectAll().orderBy("seq").execute(),
    proof: await verifyAudit(db),
  };
}
