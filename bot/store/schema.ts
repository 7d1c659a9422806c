import type { Kysely, Transaction } from "kysely";
import type {
  AlertEpisodesTable,
  AlertsTable,
  BoardsTable,
  EpisodesTable,
  ItemHistoryTable,
  ItemsTable,
  LooksTable,
  MutesTable,
  SchedulesTable,
  WatchChatsTable,
  WatchesTable,
} from "./watch_tables.ts";

/** Times are epoch milliseconds, documents are JSON text, flags are 0 or 1: both databases agree on these. */
export interface Schema {
  inbox: InboxTable;
  messages: MessagesTable;
  changes: ChangesTable;
  votes: VotesTable;
  card_copies: CardCopiesTable;
  emergencies: EmergenciesTable;
  reminders: RemindersTable;
  questions: QuestionsTable;
  replicas: ReplicasTable;
  audit: AuditTable;
  chain_head: ChainHeadTable;
  freezes: FreezesTable;
  loans: LoansTable;
  holds: HoldsTable;
  prompts: PromptsTable;
  secret_entries: SecretEntriesTable;
  forms: FormsTable;
  memory: MemoryTable;
  leases: LeasesTable;
  looks: LooksTable;
  items: ItemsTable;
  item_history: ItemHistoryTable;
  episodes: EpisodesTable;
  alerts: AlertsTable;
  alert_episodes: AlertEpisodesTable;
  watches: WatchesTable;
  mutes: MutesTable;
  watch_chats: WatchChatsTable;
  recent_commands: RecentCommandsTable;
  aliases: AliasesTable;
  schedules: SchedulesTable;
  boards: BoardsTable;
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
  | "stopped"
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
  /** Who has waived a part of its rules, and why: a `Line` as JSON. */
  emergency: string | null;
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
  /** When it shall run (`at=`); null: once it is approved. */
  scheduled_at: number | null;
  /** For how long (`for=`); null: for good. */
  lasts_ms: number | null;
  /** The change that this one takes back at the end of its loan. */
  loan_of: string | null;
  /** From when on an approved change may run; null: at once. */
  starts_at: number | null;
  /** What its card shows of the world around it, in short; null: nothing. */
  shown: string | null;
}

/** Who has approved a change; one row per person and change, gone once it is taken back. */
export interface VotesTable {
  code: string;
  person_id: number;
  person_name: string;
  voted_at: number;
}

/** Messages besides the card in which a person is shown a change, and which follow what becomes of it. */
export interface CardCopiesTable {
  /** Of the message. */
  key: string;
  code: string;
  person_id: number;
}

/** A change whose rules someone has waived, and who looked into it afterwards. */
export interface EmergenciesTable {
  code: string;
  person_id: number;
  person_name: string;
  reason: string;
  called_at: number;
  /** By when someone else shall have looked into it; null: no rule says. */
  review_by: number | null;
  reviewer_id: number | null;
  reviewer_name: string | null;
  reviewed_at: number | null;
  note: string | null;
}

/** What those who may vote are reminded of, each once. */
export interface RemindersTable {
  code: string;
  /** The rule that wants it. */
  rule: string;
  kind: "remind" | "escalate";
  due_at: number;
}

/** What somebody who may approve a change wants to know of who asked for it, counted from 1, and the answer. */
export interface QuestionsTable {
  code: string;
  number: number;
  person_id: number;
  person_name: string;
  question: string;
  chat_id: number;
  message_id: number | null;
  answer: string | null;
}

/** Processes that work on this database, and the policy each goes by. */
export interface ReplicasTable {
  holder: string;
  /** The hash of the policy file; empty without one. */
  policy: string;
  started_at: number;
  seen_at: number;
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

/** A change made for a time, from when it took effect until it has been taken back or nothing is left to take back. */
export interface LoansTable {
  /** The change that was made for a time. */
  code: string;
  ends_at: number;
  /** When the bot looks at it next: to remind, to take it back, or to try again. Null: nothing more comes by itself. */
  next_at: number | null;
  /** How often its end was announced. */
  reminders: number;
  /** Who let it last longer. */
  extended_id: number | null;
  extended_name: string | null;
  /** The change that takes it back, once there is one. */
  back: string | null;
  /** Why it could not be taken back so far: a `Line` as JSON. */
  trouble: string | null;
  ended_at: number | null;
  /** How it came to its end. */
  outcome: "returned" | "undone" | "moved" | "nothing_left" | null;
}

/** A target that is kept for one person. */
export interface HoldsTable {
  target_key: string;
  /** As it was typed, and what it is called. */
  target: string;
  name: string;
  reason: string;
  holder_id: number;
  holder_name: string;
  chat_id: number;
  created_at: number;
  ends_at: number;
}

export interface FreezesTable {
  /**
   * What is frozen, each once: a target such as `ec2`, or `*` for all; with a company, `/` and its id behind it; planned
   * ahead, `/` and when it begins behind that.
   */
  target: string;
  /** The company whose changes alone are frozen. */
  company: string | null;
  company_name: string | null;
  reason: string;
  holder_id: number;
  holder_name: string;
  created_at: number;
  /** Null: from when it was said. */
  begins_at: number | null;
  ends_at: number | null;
}

/** A question to one person whose answer lets a stored command go on; also stored pages of long answers. */
export interface PromptsTable {
  handle: string;
  kind: "choice" | "stale" | "secret" | "page" | "command" | "picker" | "form";
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

/** A page that waits to be filled in, once; what is known of its request stands under the same handle in `prompts`. */
export interface FormsTable {
  token_hash: string;
  /** The request's handle, later that of its change. */
  request: string;
  person_id: number;
  /** What it asks for, as ciphertext; empty once it was sent. */
  sealed: string;
  created_at: number;
  expires_at: number;
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

/** The last commands of a person that were understood, equal ones once. */
export interface RecentCommandsTable {
  person_id: number;
  command: string;
  at: number;
}

/** A person's own word for the beginning of a command. */
export interface AliasesTable {
  person_id: number;
  name: string;
  command: string;
}
