import type { Json, JsonObject } from "../../clients/json.ts";
import type { Installed, InstalledUpdate } from "../../clients/opsramp/installed.ts";
import { isSameAddress } from "../address.ts";
import type { Compared } from "../comparison.ts";
import type { Card, Plan } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";

/**
 * `before` has the state of each section that changes, by the section's name. `after` is the body of the vendor's
 * update, with only what changes and "?" for the secrets.
 */
export type UpdatePlan = Plan<Readonly<Record<string, Json>>> & {
  readonly after: InstalledUpdate & JsonObject;
};

/** One part of an installation that the vendor's update may change. `S` is how it is: without secrets. */
export interface Section<S = unknown> {
  /** As a sentence names it: "the mappings". */
  readonly called: string;
  /** Whether an update speaks of it; only then may the others be asked. */
  isIn(update: InstalledUpdate): boolean;
  /** Keeps the difference, or says why nothing is to change. Throws `BadInput` for what cannot be. */
  compare(installed: Installed, update: InstalledUpdate): Asked;
  state(installed: Installed, goal: InstalledUpdate): S;
  change(before: S, goal: InstalledUpdate, name: Inline): SectionChange<S>;
}

export type Asked = { readonly goal: InstalledUpdate } | { readonly already: readonly Line[] };

/** What a goal does to one section. */
export interface SectionChange<S = unknown> extends Pick<Card, "rows" | "details" | "warnings"> {
  readonly breaks?: readonly Line[];
  /** Only what could be read before, and holds no secret, can be put back. */
  readonly wayBack: { readonly why: Line } | {
    readonly how: readonly Inline[];
    readonly body: InstalledUpdate;
  };
  /** Whether the vendor answers with a new one. */
  readonly makesCredential?: boolean;
  /** Whether what is there now is lost for good, and people outside depend on it. */
  readonly losesCredential?: boolean;
  /** A sentence after what was read back. */
  readonly note?: string;
  /** Of what was to change, that which can be read. */
  seen(now: S): readonly Seen[];
}

export interface Seen extends Compared {
  /** Where the label does not hold it. */
  readonly value?: Line;
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
  return fields.filter(({ asked, before }) => asked && !isSameAddress(asked, before)).map(comparedField);
}

function comparedField({ label, asked, before, now, shown }: Field): Seen {
  if (isSameAddress(now, asked)) return { label, is: "asked", value: shown ?? { data: now ?? "" } };
  if ((now ?? null) === (before ?? null)) return { label, is: "before" };
  return { label, is: { now: shown ?? (now ? { data: now } : "not set") } };
}
