import type { SeenItem, VendorSight } from "../../handlers/sight.ts";
import type { ItemState } from "../../handlers/sight.ts";
import type { EpisodeKind, EpisodesTable, ItemHistoryTable, ItemsTable } from "../store/watch_tables.ts";
import { advance, episodeStep, neverSeen } from "./transition.ts";

/** What a look at a vendor came to. */
export type LookResult =
  | { readonly answered: true; readonly sight: VendorSight }
  /** `state`: how the vendor as a whole stands by that; `word` and `words`: what became of the look. */
  | { readonly answered: false; readonly state: ItemState; readonly word: string; readonly words?: string };

/** What was known before the look. */
export interface KnownBefore {
  readonly vendor: string;
  /** As people call the vendor. */
  readonly label: string;
  /** Those that are not over, of the vendor and of its items. */
  readonly episodes: readonly EpisodesTable[];
  /** What was changed here lately. */
  readonly changed: OwnChanges;
  /** Whether the vendor was never seen to answer. */
  readonly isFirst: boolean;
  /** When the look before this one was. */
  readonly before: number;
  readonly at: number;
  /** How far apart looks are. */
  readonly everyMs: number;
  /** How many equal looks count. */
  readonly after: number;
}

/** Changes that were sent lately: by what they were filed under, and the names of what was created. */
export interface OwnChanges {
  readonly targets: ReadonlyMap<string, readonly number[]>;
  readonly created: ReadonlyMap<string, readonly number[]>;
}

/** What is to be written after a look. */
export interface Findings {
  /** Rows that are new or have changed, whole. */
  readonly items: ItemsTable[];
  /** Ends of what lasted so far, by item. */
  readonly ended: Map<string, number>;
  readonly begun: ItemHistoryTable[];
  readonly opened: EpisodesTable[];
  /** Episodes that go on or are over, whole. */
  readonly moved: EpisodesTable[];
}

type Seen = Omit<SeenItem, "id" | "words"> & {
  readonly id: string | null;
  readonly words?: string | undefined;
};

/** Vendors take so long to show what was changed. */
const TAKES_EFFECT_MS = 60_000;
const DAY_MS = 86_400_000;
/** So many days before its end something is told, each once. */
const DAYS_BEFORE = [1, 7] as const;

/**
 * Reads one look against what was known, some items after the other: a vendor may have very many. It asks nobody, so that
 * looks may be simulated by the thousand.
 */
export class LookReader {
  private readonly found: Findings = { items: [], ended: new Map(), begun: [], opened: [], moved: [] };
  private readonly open: ReadonlyMap<string, EpisodesTable>;
  /** What the look saw and what was not compared yet, the vendor as a whole among it. */
  private readonly seen: Map<string, Seen>;
  private readonly partial: readonly string[];

  constructor(private readonly known: KnownBefore, result: LookResult) {
    const { vendor, label, episodes } = known;
    this.open = new Map(episodes.map((episode) => [episode.item, episode]));
    const whole = result.answered ? { state: "fine", word: "answers" } as const : result;
    const items = result.answered ? result.sight.items : [];
    this.seen = new Map(items.map((item): [string, Seen] => [item.key, item]));
    this.seen.set(vendor, { ...whole, key: vendor, target: vendor, id: null, name: label });
    this.partial = result.answered ? result.sight.partial : [];
  }

  /** Of these it is known how they stood; where the vendor does not answer, only of the vendor as a whole. */
  compare(rows: readonly ItemsTable[]): void {
    for (const row of rows) {
      const seen = this.seen.get(row.key);
      this.seen.delete(row.key);
      if (seen) this.see(row, seen);
      else if (row.gone_at === null) this.miss(row, this.partial.includes(row.target));
    }
  }

  /** All that is to be written, once everything that was known has been compared. */
  finish(): Findings {
    for (const seen of this.seen.values()) this.see(undefined, seen);
    this.seen.clear();
    return this.found;
  }

  private see(known: ItemsTable | undefined, seen: Seen): void {
    const { at, before, after, vendor, isFirst } = this.known;
    const isBack = known !== undefined && known.gone_at === null;
    const row: ItemsTable = {
      ...isBack ? known : { ...neverSeen(at), first_seen: at, initial: isFirst ? 1 : 0 },
      key: seen.key,
      vendor,
      target: seen.target,
      item_id: seen.id,
      name: seen.name,
      company: seen.company?.id ?? null,
      company_name: seen.company?.name ?? null,
      word: seen.word,
      words: seen.words ?? null,
      ends: seen.ends ? JSON.stringify(seen.ends) : null,
      missed: 0,
      gone_at: null,
      last_seen: isBack ? known.last_seen : at,
    };
    const { item, event } = advance(row, { state: seen.state, at, before }, after);
    const now = { ...row, ...item };
    if (seen.id === null) now.last_seen = at;
    this.keep(known, now);
    if (event) this.tell(now, isBack ? known : undefined);
    this.adjust(now);
    this.warnOfEnds(now, seen.ends ?? []);
  }

  /** What a complete answer does not hold any more is gone after as many looks as anything else takes. */
  private miss(row: ItemsTable, isPartial: boolean): void {
    const { at, before, after } = this.known;
    if (isPartial) {
      const { item, event } = advance(row, { state: "unknown", at, before }, after);
      const now = { ...row, ...item, word: "not told" };
      this.keep(row, now);
      if (event) this.tell(now, row);
      return;
    }
    const missed = row.missed + 1;
    const last_seen = row.missed === 0 ? Math.max(row.last_seen, before) : row.last_seen;
    if (missed < after) return void this.found.items.push({ ...row, missed, last_seen });
    this.found.items.push({ ...row, missed, last_seen, gone_at: at });
    if (row.settled === 0) return;
    this.found.ended.set(row.key, last_seen);
    const episode = this.open.get(row.key);
    if (episode) this.close(episode, last_seen, "gone");
    if (!this.isOurs(row.key, at, at - last_seen)) {
      this.found.opened.push(this.episodeOf(row, "vanished", last_seen));
    }
  }

  private keep(known: ItemsTable | undefined, now: ItemsTable): void {
    // When it was last seen is told by the vendor's last answer, so that nothing is written when nothing happens.
    const columns = Object.keys(now) as (keyof ItemsTable)[];
    const isSame = known && columns.every((one) => one === "last_seen" || known[one] === now[one]);
    if (!isSame) this.found.items.push(now);
  }

  /** The state of an item is another one, or known at last. */
  private tell(now: ItemsTable, before: ItemsTable | undefined): void {
    const { key, state, since } = now;
    if (before?.settled === 1) this.found.ended.set(key, since);
    this.found.begun.push({ item: key, state, from_at: since, until_at: null });
    const isNew = before?.settled !== 1 && now.initial === 0 && now.item_id !== null;
    if (isNew && !this.isCreatedHere(now)) this.found.opened.push(this.episodeOf(now, "appeared", since));
    const episode = this.open.get(key);
    const step = episodeStep(state, episode !== undefined);
    if (step === "open") {
      const start = before?.settled !== 1 && now.initial === 1;
      const kind = start ? "start" : this.isOurs(key, since) ? "ours" : "alert";
      this.found.opened.push({
        ...this.episodeOf(now, kind, since),
        was: before?.settled ? before.state : null,
      });
    }
    if (!episode) return;
    if (step === "close") return this.close(episode, since, null);
    const worst = state === "down" ? "down" : episode.worst;
    const { word, words } = now;
    this.found.moved.push({ ...episode, state, worst, word, words, version: episode.version + 1 });
  }

  /** The vendor says something else of what is as bad as before. */
  private adjust({ key, state, candidate, word, words }: ItemsTable): void {
    const episode = this.open.get(key);
    const isKnown = this.found.moved.some(({ item }) => item === key);
    if (!episode || isKnown || candidate !== null || episode.state !== state || episode.word === word) return;
    this.found.moved.push({ ...episode, word, words, version: episode.version + 1 });
  }

  private close(episode: EpisodesTable, at: number, because: string | null): void {
    const version = episode.version + 1;
    this.found.moved.push({
      ...episode,
      version,
      state: because === null ? "fine" : episode.state,
      closed_at: Math.max(at, episode.opened_at),
      closed_because: because,
    });
  }

  private warnOfEnds(row: ItemsTable, ends: SeenItem["ends"] & object): void {
    if (row.settled === 0) return;
    for (const { what, at } of ends) {
      const left = at - this.known.at;
      const days = left <= 0 ? undefined : DAYS_BEFORE.find((days) => left <= days * DAY_MS);
      if (days === undefined) continue;
      const id = `ends:${row.key}:${what}:${at}:${days}`;
      this.found.opened.push({ ...this.episodeOf(row, "ends", at), id, word: what, words: null });
    }
  }

  private episodeOf(row: ItemsTable, kind: EpisodeKind, openedAt: number): EpisodesTable {
    const { at } = this.known;
    const isOver = kind === "appeared" || kind === "vanished" || kind === "ends";
    return {
      id: `${isOver ? `${kind}:` : ""}${row.key}@${openedAt}`,
      item: row.key,
      vendor: row.vendor,
      target: row.target,
      item_id: row.item_id,
      name: row.name,
      company_name: row.company_name,
      was: null,
      fine_since: row.fine_since,
      opened_at: openedAt,
      noticed_at: at,
      state: row.state,
      worst: row.state === "down" ? "down" : "attention",
      word: row.word,
      words: row.words,
      kind,
      version: 1,
      closed_at: isOver ? at : null,
      closed_because: null,
    };
  }

  /** Whether a change made here was sent shortly before `at`, or within `span` before it. */
  private isOurs(key: string, at: number, span = this.known.everyMs): boolean {
    return isWithin(this.known.changed.targets.get(key), at, span);
  }

  private isCreatedHere({ name, first_seen }: ItemsTable): boolean {
    return isWithin(this.known.changed.created.get(name), first_seen, this.known.everyMs);
  }
}

function isWithin(times: readonly number[] | undefined, at: number, span: number): boolean {
  return times?.some((sent) => sent <= at && sent >= at - span - TAKES_EFFECT_MS) ?? false;
}
