import type { JsonObject } from "../../clients/json.ts";
import type { AUTH_TYPES, Installed, InstalledUpdate } from "../../clients/opsramp/installed.ts";
import type { Compared } from "../comparison.ts";
import type { Card, Plan } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";

/** What the vendor says now, of the sections that an update touches; plain JSON, because plans are stored. */
export type State = {
  /** Null where there is no display name of its own. */
  readonly name?: string | null;
  readonly authentication?: {
    readonly authType: string | null;
    readonly role: string | null;
    readonly roleName: string | null;
  };
  readonly mappings?: readonly Translation[];
  readonly notifier?: NotifierState | null;
};

/** What it is to be; only what changes. Secrets stand as "?". */
export type Goal = {
  readonly name?: string;
  readonly authentication?: { readonly authType: typeof AUTH_TYPES[number]; readonly role: string | null };
  /** The missing pairs only. */
  readonly mappings?: readonly Translation[];
  readonly notifier?: JsonObject;
};

export type UpdatePlan = Plan<State> & { readonly after: Goal };
export type Difference = Pick<UpdatePlan, "before" | "after">;

/** One translated attribute. */
export type Translation = {
  readonly direction: "in" | "out";
  readonly entity: string;
  readonly attribute: string;
  readonly thirdPartyEntity: string | null;
  readonly thirdPartyAttribute: string | null;
  readonly pairs: readonly { readonly ours: string; readonly theirs: string }[];
};

/** What the vendor lets one read of a notifier that is no secret; null where it says nothing. */
export type NotifierState = {
  readonly [Field in "baseURI" | "authType" | "grantType" | "userName" | "accessTokenURL"]: string | null;
};

/** One part of an installation that the vendor's update may change. `S` is how it is, `G` how it is to be. */
interface SectionParts<S, G> {
  /** As a sentence names it: "the mappings". */
  readonly called: string;
  /** Keeps the difference; undefined for what the update does not speak of. Throws `BadInput` for what cannot be. */
  compare(installed: Installed, update: InstalledUpdate): Asked<G> | undefined;
  state(installed: Installed, goal: G): S;
  /** Its part of the vendor's request body, with "?" for the secrets. */
  body(goal: G): InstalledUpdate;
  card(before: S, goal: G, name: Inline): CardPart;
  /** What was to change and can be read. */
  seen(before: S, goal: G, now: S): readonly Seen[];
  wayBack(before: S, goal: G): WayBack;
  /** A sentence after what was read back. */
  note?(before: S, goal: G): string | undefined;
}

/** What is to change, or why nothing is. */
export type Asked<G> = { readonly goal: G } | { readonly already: readonly Line[] };

export type CardPart = Pick<Card, "rows" | "details" | "warnings"> & { readonly breaks?: readonly Line[] };

/** Only what could be read before, and holds no secret, can be put back. */
export type WayBack = { readonly why: Line } | {
  readonly how: readonly Inline[];
  readonly body: InstalledUpdate;
};

export interface Seen extends Compared {
  /** Where the label does not hold it. */
  readonly value?: Line;
}

/** A section whose types are sealed. Only `isIn` and `compare` may be asked of one that a goal does not touch. */
export interface Section {
  readonly called: string;
  isIn(goal: Goal): boolean;
  compare(installed: Installed, update: InstalledUpdate): { goal: Goal; already: readonly Line[] };
  state(installed: Installed, goal: Goal): State;
  body(goal: Goal): InstalledUpdate;
  card(change: Difference, name: Inline): CardPart;
  seen(change: Difference, now: State): readonly Seen[];
  wayBack(change: Difference): WayBack;
  note(change: Difference): string;
}

type Given<T> = Exclude<T, undefined>;

/** The casts are sound because a state is read of every section that a goal has, and of no other. */
export function sectionOf<K extends keyof Goal>(
  key: K,
  parts: SectionParts<Given<State[K]>, Given<Goal[K]>>,
): Section {
  const goalIn = (goal: Goal) => goal[key] as Given<Goal[K]>;
  const stateIn = (state: State) => state[key] as Given<State[K]>;
  const isIn = (goal: Goal) => goal[key] !== undefined;
  return {
    called: parts.called,
    isIn,
    compare(installed, update) {
      const asked = parts.compare(installed, update);
      if (!asked) return { goal: {}, already: [] };
      return "goal" in asked ? { goal: { [key]: asked.goal }, already: [] } : { goal: {}, ...asked };
    },
    state: (installed, goal) => ({ [key]: parts.state(installed, goalIn(goal)) }),
    body: (goal) => parts.body(goalIn(goal)),
    card: ({ before, after }, name) => parts.card(stateIn(before), goalIn(after), name),
    seen: ({ before, after }, now) => parts.seen(stateIn(before), goalIn(after), stateIn(now)),
    wayBack: ({ before, after }) => parts.wayBack(stateIn(before), goalIn(after)),
    note: ({ before, after }) => parts.note?.(stateIn(before), goalIn(after)) ?? "",
  };
}

type Value = string | null | undefined;

interface Field {
  readonly label: string;
  readonly asked: Value;
  readonly before: Value;
  readonly now: Value;
  /** What stands for the value of now, where it is not shown as it is. */
  readonly shown?: Line | undefined;
}

/** Of fields with one value each, those that were to change, as they were read back. */
export function comparedFields(fields: readonly Field[]): readonly Seen[] {
  return fields.filter(({ asked, before }) => asked && asked !== before).map(comparedField);
}

function comparedField({ label, asked, before, now, shown }: Field): Seen {
  if (now === asked) return { label, is: "asked", value: shown ?? { data: now ?? "" } };
  if ((now ?? null) === (before ?? null)) return { label, is: "before" };
  return { label, is: { now: shown ?? (now ? { data: now } : "not set") } };
}
