import type { Kysely, Transaction } from "kysely";

/** Times are epoch milliseconds, documents are JSON text, flags are 0 or 1: both databases agree on these. */
export interface Schema {
  inbox: InboxTable;
  messages: MessagesTable;
  changes: ChangesTable;
  audit: AuditTable;
  chain_head: ChainHeadTable;
  freezes: FreezesTable;
  prompts: PromptsTable;
  secret_entries: SecretEntriesTable;
  memory: MemoryTable;
  leases: LeasesTable;
}

export type Database = Kysely<Schema>;
/** Inside a transaction or not: queries that do not care take this. */
export type Queryable = Kysely<Schema> | Transaction<Schema>;

/** Every accepted update, once. */
export interface InboxTable {
  update_id: number;
  /** Updates of one lane are handled in order; lanes side by side. */
  lane: string;
  body: string;
  received_at: number;
  state: "new" | "done" | "failed";
  claimed_by: string | null;
  claimed_until: number;
  attempts: number;
  finished_at: number | null;
}

/** What a Telegram message shall look like; the sender makes it so and remembers how far it got. */
export interface MessagesTable {
  key: string;
  chat_id: number;
  thread_id: number | null;
  reply_to: number | null;
  /** The person an ephemeral message is for. */
  receiver_id: number | null;
  callback_query_id: string | null;
  /** A `Reply`, as JSON. */
  reply: string;
  version: number;
  sent_version: number;
  message_id: number | null;
  ephemeral_id: number | null;
  format: "rich" | "plain" | null;
  /** Lower goes first: decisions, outcomes, answers, edits. */
  priority: number;
  silent: number;
  /** Digest of the last file that went along, so that an edit does not send it again. */
  file_sent: string | null;
  not_before: number;
  attempts: number;
  state: "due" | "idle" | "dead";
  claimed_by: string | null;
  claimed_until: number;
  created_at: number;
  trace: string | null;
  /** The rows of the audit that go along as files, an `AuditFilter` as JSON. */
  export: string | null;
  /** What may be seen by one person only, as ciphertext until it is there: then `reply` stands for it. */
  sealed: string | null;
  /** The command that it answers, in the inbox's order; 0: it answers none, and need not wait for any answer. */
  update_id: number;
}

export type ChangeState =
  | "pending"
  | "approved"
  | "executing"
  | "applied"
  | "partly applied"
  | "accepted"
  | "not applied"
  | "unknown"
  | "rejected"
  | "withdrawn"
  | "expired"
  | "superseded";

export interface ChangesTable {
  code: string;
  state: ChangeState;
  verb: string;
  target: string | null;
  vendor: string;
  risk: "write" | "danger";
  /** A `Plan`, as JSON. */
  plan: string;
  /** Of all that was approved; see `fingerprintOf`. */
  hash: string;
  policy: string;
  /** The vendor's account that it was planned with; null: by a version that did not tell accounts apart. */
  account: string | null;
  target_key: string;
  company: string | null;
  /** A `Card`, as JSON, made from the plan when it was asked for. */
  card: string;
  undo: string;
  undo_of: string | null;
  reason: string | null;
  ticket: string | null;
  requester_id: number;
  requester_name: string;
  /** Where it was asked for, and how to answer there. */
  origin_chat: number;
  origin_thread: number | null;
  origin_message: number | null;
  chat_id: number;
  thread_id: number | null;
  handle: string;
  created_at: number;
  expires_at: number;
  decided_at: number | null;
  decider_id: number | null;
  decider_name: string | null;
  decision_reason: string | null;
  /** Who said what became of it where nobody could read it back. */
  settled_id: number | null;
  settled_name: string | null;
  claimed_by: string | null;
  claimed_until: number;
  /** How often in a row a replica died at work on it. */
  take_overs: number;
  /** When the write was about to be sent; null: nothing has been sent. */
  sent_at: number | null;
  receipt: string | null;
  /** Evidence, drift or the vendor's words: a `Line` as JSON. */
  evidence: string | null;
  /** The state read back, as JSON; what an undo is checked against. */
  after_state: string | null;
  finished_at: number | null;
  next_check_at: number | null;
  checks: number;
  trace: string | null;
}

/** Append-only and chained: each row's hash covers the one before. */
export interface AuditTable {
  seq: number;
  at: number;
  event: string;
  reason_code: string | null;
  code: string | null;
  person_id: number | null;
  person_name: string | null;
  chat_id: number | null;
  operation: string | null;
  target: string | null;
  company: string | null;
  state: string | null;
  detail: string | null;
  trace: string | null;
  prev: string;
  hash: string;
}

/** How far the audit goes, in one row. */
export interface ChainHeadTable {
  name: string;
  seq: number;
  hash: string;
}

export interface FreezesTable {
  /** What is frozen, each once: a target such as `ec2`, or `*` for all; with a company, `/` and its id behind it. */
  target: string;
  /** The company whose changes alone are frozen. */
  company: string | null;
  company_name: string | null;
  reason: string;
  holder_id: number;
  holder_name: string;
  created_at: number;
  ends_at: number | null;
}

/** A question to one person whose answer lets a stored command go on; also stored pages of long answers. */
export interface PromptsTable {
  handle: string;
  kind: "choice" | "stale" | "secret" | "page" | "command";
  person_id: number | null;
  chat_id: number;
  body: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
}

/**
 * One secret of one request: a page to enter it, then its ciphertext until the request ends. Or the other way round:
 * what a change made, as ciphertext until its page has shown it.
 */
export interface SecretEntriesTable {
  /** The request's handle, later that of its change; for what is to be shown, the change's code. */
  request: string;
  field: string;
  token_hash: string;
  person_id: number;
  created_at: number;
  expires_at: number;
  /** Base64 of iv and ciphertext; null before entry and after wiping. */
  sealed: string | null;
  /** When it was entered, or shown. */
  used_at: number | null;
}

/** What the bot recorded about a target, such as the role it configured. */
export interface MemoryTable {
  key: string;
  value: string;
  updated_at: number;
}

/** Who does a periodic job now. */
export interface LeasesTable {
  name: string;
  holder: string;
  until: number;
}
