import type { ItemState } from "../../handlers/sight.ts";

/** How a vendor is looked at; one row each, from its first look on. */
export interface LooksTable {
  vendor: string;
  /** When the last look began, and when one last ended, whatever came of it. */
  began_at: number | null;
  ended_at: number | null;
  /** When the first look after the last one that ended began; null, or before that one's end: none has. */
  trying_since: number | null;
  /** When the vendor last answered. */
  answered_at: number | null;
  /** Since when no look was answered; null: the last one was. */
  unreachable_since: number | null;
  /** Why the last look was not answered. */
  words: string | null;
  /** How many looks were answered, ever. */
  answers: number;
  /** Calls that the last look took, and so how far apart looks are. */
  calls: number;
  every_ms: number;
  next_at: number;
  claimed_by: string | null;
  claimed_until: number;
}

/** What is watched: an integration, or a vendor as a whole. */
export interface ItemsTable {
  /** Of an integration what its changes are filed under (`Target.key`), of a whole vendor its name alone. */
  key: string;
  vendor: string;
  /** The target of its commands, such as `sophos`; of a whole vendor its name. */
  target: string;
  /** The vendor's id; null: the vendor as a whole. */
  item_id: string | null;
  name: string;
  company: string | null;
  company_name: string | null;
  state: ItemState;
  since: number;
  /** What the last looks say instead, how many in a row, and since when; null: they say the same as `state`. */
  candidate: ItemState | null;
  candidate_since: number | null;
  streak: number;
  first_seen: number;
  /** As of the last look in which something of it changed: `itemsOf` tells it as of now. */
  last_seen: number;
  last_fine: number | null;
  /** When it became fine the last time; null: never was. */
  fine_since: number | null;
  /** How it stands, in the vendor's word. */
  word: string;
  /** What the vendor says of it, cleaned. */
  words: string | null;
  /** What is known to end, a list of `{ what, at }` as JSON. */
  ends: string | null;
  /** 0: its starting state is not known yet. */
  settled: number;
  /** 1: it was there when the watch began. */
  initial: number;
  /** How many answered looks in a row have not shown it. */
  missed: number;
  /** When it vanished from the vendor's answers. */
  gone_at: number | null;
}

/** In which state an item was from when to when; time in no row was not watched. */
export interface ItemHistoryTable {
  item: string;
  from_at: number;
  /** Null: it lasts, and was last seen when the item was. */
  until_at: number | null;
  state: ItemState;
}

/**
 * What there is to tell. `alert`: from `attention` or `down` to `fine`; `start`: the same, of what was so when the watch
 * began; `ours`: the same, after a change made here, which nobody is alerted of. `blind`: the bot itself did not look.
 * The others are over as soon as they are: an item is new or gone, or something of it ends soon.
 */
export type EpisodeKind = "alert" | "start" | "ours" | "blind" | "appeared" | "vanished" | "ends";

export interface EpisodesTable {
  id: string;
  item: string;
  vendor: string;
  target: string;
  item_id: string | null;
  name: string;
  company_name: string | null;
  /** The state before, and since when it had been fine if it had. */
  was: ItemState | null;
  fine_since: number | null;
  /** When it began at the vendor as far as looks tell, and when that was certain. */
  opened_at: number;
  noticed_at: number;
  state: ItemState;
  worst: "attention" | "down";
  word: string;
  words: string | null;
  kind: EpisodeKind;
  /** Counts what changed of it. */
  version: number;
  closed_at: number | null;
  /** Why it ended otherwise than by being fine again, such as that the item is gone. */
  closed_because: string | null;
}

/** One message to one chat about episodes. */
export interface AlertsTable {
  id: string;
  chat_id: number;
  thread_id: number | null;
  created_at: number;
  sound: number;
  /** Which versions of its episodes the message shows. */
  shown: string;
  acked_at: number | null;
  acked_id: number | null;
  acked_name: string | null;
  muted_until: number | null;
  reminders: number;
  /** When to remind; null: not any more. */
  remind_at: number | null;
  closed_at: number | null;
}

export interface AlertEpisodesTable {
  chat_id: number;
  episode: string;
  alert: string;
}

/** What a chat wants to be told of. An admin group is told of everything that it did not say `unwatch` of. */
export interface WatchesTable {
  chat_id: number;
  /** A target, a vendor's name, or `*`. */
  target: string;
  kind: "watch" | "unwatch";
  thread_id: number | null;
  /** Who said so; in a private chat whose right counts. */
  person_id: number;
  person_name: string;
  created_at: number;
}

/** Until when a chat is told nothing of an item. */
export interface MutesTable {
  chat_id: number;
  item: string;
  until_at: number;
  person_id: number;
  person_name: string;
}

/** When a chat may be told something next, and in which hours it is told in silence. */
export interface WatchChatsTable {
  chat_id: number;
  free_at: number;
  /** `22:00` in `quiet_zone`; null: there are no quiet hours. */
  quiet_from: string | null;
  quiet_until: string | null;
  quiet_zone: string | null;
}

/** A read that is posted into a chat at certain times. */
export interface SchedulesTable {
  chat_id: number;
  /** How people of the chat call it. */
  number: number;
  chat_type: "private" | "group" | "supergroup";
  thread_id: number | null;
  /** Who set it, with whose rights it runs. */
  person_id: number;
  person_name: string;
  /** `08:00` and `mon-fri`, as said. */
  time: string;
  days: string;
  command: string;
  created_at: number;
  /** When it is due next; moved on in the transaction that has it run. */
  next_at: number;
}

/** The one message of a chat that is kept up to date. */
export interface BoardsTable {
  chat_id: number;
  chat_type: "private" | "supergroup";
  thread_id: number | null;
  person_id: number;
  created_at: number;
  /** When it may be edited again. */
  next_at: number;
  /** The id of the message that is pinned; 0: not yet; -1: the bot may not pin. */
  pinned: number;
}
