import type { ItemState } from "../../handlers/sight.ts";
import type { ItemsTable } from "../store/watch_tables.ts";

/** What is known of how an item stands, between two looks. */
export type Standpoint = Pick<
  ItemsTable,
  | "state"
  | "since"
  | "candidate"
  | "candidate_since"
  | "streak"
  | "settled"
  | "last_fine"
  | "fine_since"
>;

export interface Sighted {
  readonly state: ItemState;
  /** When, epoch ms. */
  readonly at: number;
  /** When it was last seen before. */
  readonly before: number;
}

/** What a look leads to. `settled`: its starting state is known now; `moved`: it is in another state. */
export interface Advance {
  readonly item: Standpoint;
  readonly event?: "settled" | "moved";
}

/** An item that was never seen before. */
export function neverSeen(at: number): Standpoint {
  return {
    state: "unknown",
    since: at,
    candidate: null,
    candidate_since: null,
    streak: 0,
    settled: 0,
    last_fine: null,
    fine_since: null,
  };
}

/** One more look at an item: a state counts once `after` looks in a row have said the same. Pure. */
export function advance(item: Standpoint, { state, at, before }: Sighted, after: number): Advance {
  if (item.settled === 1 && state === item.state) return { item: steady(item) };
  const goesOn = item.candidate === state;
  const streak = goesOn ? item.streak + 1 : 1;
  const since = goesOn ? item.candidate_since ?? at : at;
  // Whatever comes of it, this look is the first that did not find it fine.
  const last_fine = wasSeenFine(item) ? before : item.last_fine;
  if (streak < after) {
    return { item: { ...item, last_fine, candidate: state, candidate_since: since, streak } };
  }
  return {
    item: {
      ...steady(item),
      state,
      since,
      settled: 1,
      last_fine,
      fine_since: state === "fine" ? since : item.fine_since,
    },
    event: item.settled === 1 ? "moved" : "settled",
  };
}

/** A look that told nothing, or none at all, ends the row of equal looks. */
export function interrupt(item: Standpoint): Standpoint {
  return item.candidate === null ? item : steady(item);
}

function steady(item: Standpoint): Standpoint {
  return { ...item, candidate: null, candidate_since: null, streak: 0 };
}

function wasSeenFine({ settled, state, candidate }: Standpoint): boolean {
  return settled === 1 && state === "fine" && candidate === null;
}

/** What a transition means for the episode of an item. */
export type EpisodeStep = "open" | "change" | "close" | "none";

/** An episode begins with `attention` or `down` and ends with `fine`; `off` and `unknown` do neither. Pure. */
export function episodeStep(state: ItemState, isOpen: boolean): EpisodeStep {
  const isBad = state === "attention" || state === "down";
  if (!isOpen) return isBad ? "open" : "none";
  return state === "fine" ? "close" : "change";
}
