import assert from "node:assert/strict";
import type { EpisodesTable, ItemsTable } from "../../bot/store/watch_tables.ts";
import { type KnownBefore, LookReader, type LookResult } from "../../bot/watch/findings.ts";
import type { ItemState, SeenItem } from "../../handlers/sight.ts";

const EVERY_MS = 60_000;

/** A vendor that is looked at for as long as one likes, without a bot and without waiting. */
class SimulatedVendor {
  readonly items = new Map<string, ItemsTable>();
  readonly episodes = new Map<string, EpisodesTable>();
  /** How often each kind of thing was begun. */
  readonly opened: EpisodesTable[] = [];
  written = 0;
  private at = 0;
  private answered = 0;

  constructor(private readonly after = 2) {}

  look(result: LookResult): void {
    const known: KnownBefore = {
      vendor: "v",
      label: "V",
      episodes: [...this.episodes.values()].filter(({ closed_at }) => closed_at === null),
      changed: { targets: new Map(), created: new Map() },
      isFirst: this.answered === 0,
      before: this.at - EVERY_MS,
      at: this.at,
      everyMs: EVERY_MS,
      after: this.after,
    };
    const reader = new LookReader(known, result);
    const isWhole = ({ item_id }: ItemsTable) => item_id === null;
    for (const row of this.items.values()) if (result.answered || isWhole(row)) reader.compare([row]);
    const found = reader.finish();
    for (const item of found.items) this.items.set(item.key, item);
    for (const episode of [...found.moved, ...found.opened]) this.episodes.set(episode.id, episode);
    this.opened.push(...found.opened);
    this.written += found.items.length + found.begun.length;
    if (result.answered) this.answered++;
    this.at += EVERY_MS;
  }
}

function items(count: number, state: (index: number) => ItemState): SeenItem[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `v:${index}`,
    target: "v",
    id: String(index),
    name: `Item ${index}`,
    state: state(index),
    word: state(index),
  }));
}

function answered(some: readonly SeenItem[]): LookResult {
  return { answered: true, sight: { items: some, partial: [], at: 0 } };
}

Deno.test("a single look that fails alerts nobody, whatever it finds", () => {
  const vendor = new SimulatedVendor();
  for (let minute = 0; minute < 60; minute++) {
    const isBad = minute > 2 && minute % 2 === 0;
    vendor.look(answered(items(60, (index) => isBad && index % 3 === 0 ? "down" : "fine")));
  }
  assert.deepEqual(vendor.opened, []);
});

Deno.test("10,000 items that stay as they are cost nothing to write, and no memory over an hour", () => {
  const vendor = new SimulatedVendor();
  const all = items(10_000, (index) => index % 100 === 0 ? "attention" : "fine");
  for (let minute = 0; minute < 3; minute++) vendor.look(answered(all));
  const before = vendor.written;
  for (let minute = 0; minute < 57; minute++) vendor.look(answered(all));
  // The vendor as a whole alone says when it was last seen.
  assert.ok(vendor.written - before <= 57, `${vendor.written - before} rows`);
  assert.equal(vendor.items.size, 10_001);
  assert.equal(vendor.opened.length, 100);
});
