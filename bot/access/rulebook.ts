import { createHash } from "node:crypto";
import { type Change, planOf } from "../store/changes.ts";
import type { Json } from "../../clients/json.ts";
import type { ApprovalNeed, AskRule, Ruling } from "./policy.ts";
import type { Fits, PolicyFile } from "./policy_file.ts";

/** What of a change its rules may look at. */
export type RuledChange = Pick<
  Change,
  "verb" | "target" | "vendor" | "risk" | "target_key" | "company" | "plan"
>;

/** What is known of a change before it is planned. */
export type RuledOperation = Pick<Change, "verb" | "target"> & { readonly vendor?: string | undefined };

interface AllowRule extends AskRule {
  readonly what: readonly { readonly verb: string; readonly target: string | undefined }[];
}

interface NeedRule extends ApprovalNeed {
  readonly rule: string;
  readonly approve: readonly { readonly of: ReadonlySet<number>; readonly count: number }[];
  readonly fits: Fits;
  readonly ttlMs: number | undefined;
}

export interface BreakGlass {
  readonly who: ReadonlySet<number>;
  readonly tell: ReadonlySet<number>;
  readonly reviewWithinMs: number;
}

/** A policy file, its names resolved: asked what it says of a change, it looks at nothing else. */
export class Rulebook {
  /** Of the file's text; two processes with one hash go by the same rules. */
  readonly hash: string;
  /** In which its hours are meant. */
  readonly zone: string;
  /** What the file calls its persons, by their ids. */
  readonly people: ReadonlyMap<number, string>;
  /** Whoever some rule lets ask for something, or approve it. */
  readonly askers: ReadonlySet<number>;
  readonly approvers: ReadonlySet<number>;
  readonly breakGlass: BreakGlass | undefined;
  readonly allows: readonly AllowRule[];
  readonly needs: readonly NeedRule[];
  /** One of anyone: what holds where no rule names somebody. */
  private readonly anyone: ApprovalNeed;
  private readonly digests = new Map<string, string>();

  constructor(readonly file: PolicyFile, text: string, zone: string, private readonly ttlMs: number) {
    this.hash = digestOf(text).slice(0, 12);
    this.zone = file.zone ?? zone;
    this.people = new Map(Object.entries(file.people).map(([name, id]) => [id, capitalised(name)]));
    this.allows = file.allow.map(({ name, who, what }) => ({
      rule: name,
      who: idsOf(file, who),
      what: what.map(patternOf),
    }));
    this.needs = file.need.map((need) => needRule(file, need));
    this.anyone = { rule: undefined, approve: [{ of: new Set(this.people.keys()), count: 1 }] };
    this.askers = union(this.allows.map(({ who }) => who));
    const named = union(
      this.needs.flatMap(({ approve }) => approve.map(({ of }) => of)),
    );
    this.approvers = named.size > 0 ? named : new Set(this.people.keys());
    const { break_glass: glass } = file;
    this.breakGlass = glass && {
      who: idsOf(file, glass.who),
      tell: idsOf(file, glass.tell),
      reviewWithinMs: glass.review_within,
    };
  }

  /** The rules by which an operation may be asked for. */
  asksFor(operation: RuledOperation): readonly AskRule[] {
    return this.allows.filter(({ what }) => what.some((pattern) => isMeant(pattern, operation)));
  }

  /** What the rules say of a change: by which it may be asked for, and all that it needs. */
  rulingOf(change: RuledChange): Ruling {
    const asks = this.asksFor(change);
    const fitting = this.needs.filter(({ fits }) => isFitting(fits, change));
    const named = fitting.some(({ approve }) => approve.length > 0);
    const times = fitting.flatMap(({ ttlMs = [] }) => ttlMs);
    return {
      asks,
      needs: named ? fitting : [...fitting, this.anyone],
      ttlMs: times.length > 0 ? Math.min(...times) : this.ttlMs,
      digest: this.digestFor(asks, fitting, named),
    };
  }

  /** The same for all changes that the same rules fit, so it is made once. */
  private digestFor(asks: readonly AskRule[], needs: readonly NeedRule[], named: boolean): string {
    const key = JSON.stringify([asks.map(({ rule }) => rule), needs.map(({ rule }) => rule)]);
    const known = this.digests.get(key);
    if (known !== undefined) return known;
    const digest = digestOf([
      sorted(union(asks.map(({ who }) => who))),
      [...new Set(needs.map((need) => digestOfNeed(need, this.zone)))].sort(),
      named ? [] : sorted(this.people.keys()),
    ]);
    this.digests.set(key, digest);
    return digest;
  }
}

function needRule(file: PolicyFile, need: PolicyFile["need"][number]): NeedRule {
  const { name, fits, hours, closed, remind, escalate, ttl } = need;
  return {
    rule: name,
    fits,
    approve: need.approve.map(({ of, count }) => ({ of: idsOf(file, of), count })),
    hours,
    closed,
    remindMs: remind,
    escalate: escalate && { afterMs: escalate.after, to: idsOf(file, escalate.to) },
    ttlMs: ttl,
  };
}

/** Of what an approval covers of a need. */
function digestOfNeed({ approve, hours = [], closed = [] }: NeedRule, zone: string): string {
  const times = [...hours, ...closed].map(({ text }) => text).sort();
  return digestOf([
    approve.map(({ of, count }) => `[${listed(of)},${count}]`).sort(),
    times,
    times.length > 0 ? zone : "",
  ]);
}

/** By the names that were resolved: many rules name the same. */
const resolved = new WeakMap<PolicyFile, Map<string, ReadonlySet<number>>>();

/** The ids of persons and of everyone in groups. */
export function idsOf(file: PolicyFile, names: readonly string[]): ReadonlySet<number> {
  const known = resolved.get(file) ?? new Map<string, ReadonlySet<number>>();
  resolved.set(file, known);
  const key = JSON.stringify(names);
  const { people, groups } = file;
  const ids = known.get(key) ??
    new Set(names.flatMap((name) => groups[name] ?? [name]).flatMap((name) => people[name] ?? []));
  known.set(key, ids);
  return ids;
}

/** "enable *" in its parts; without a target only what takes none is meant, and `*` alone means everything. */
export function patternOf(text: string): { readonly verb: string; readonly target: string | undefined } {
  const [verb = "", ...target] = text.trim().toLowerCase().replace(/^\//, "").split(/\s+/);
  if (verb === "*" && target.length === 0) return { verb, target: "*" };
  return { verb, target: target.length > 0 ? target.join(" ") : undefined };
}

/** Whether a pattern of an `allow` means this operation. */
export function isMeant(
  pattern: ReturnType<typeof patternOf>,
  { verb, target, vendor }: RuledOperation,
): boolean {
  if (pattern.verb !== "*" && pattern.verb !== verb) return false;
  if (pattern.target === "*") return true;
  return target === null
    ? pattern.target === undefined
    : namesOfTarget({ target, vendor }).includes(pattern.target ?? "");
}

/** What a target goes by in rules: its own name, the word it begins with, and its vendor's. */
export function namesOfTarget(
  { target, vendor }: Pick<RuledOperation, "target" | "vendor">,
): readonly string[] {
  return [target, target?.split(" ")[0], vendor].filter((name) => name !== null && name !== undefined);
}

function isFitting(fits: Fits, change: RuledChange): boolean {
  const { risk, vendors, targets, companies, fields } = fits;
  if (risk !== undefined && risk !== change.risk) return false;
  if (vendors && !vendors.includes(change.vendor)) return false;
  if (companies && !companies.includes(change.company ?? "")) return false;
  if (targets) {
    // `/rotate externalid` changes what `ec2` stands for.
    const names = new Set([...namesOfTarget(change), change.target_key.split(":")[0], change.target_key]);
    if (!targets.some((target) => names.has(target))) return false;
  }
  if (!fields) return true;
  const touched = new Set(fieldsIn(planOf(change).input).map((field) => field.toLowerCase()));
  return fields.some((field) => touched.has(field.toLowerCase()));
}

/** The names of all that an input sets, those within others with and without what they are in. */
export function fieldsIn(input: Json, above = ""): readonly string[] {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return [];
  return Object.entries(input as Readonly<Record<string, Json>>).flatMap(([key, value]) => {
    const path = above === "" ? key : `${above}.${key}`;
    return [key, path, ...fieldsIn(value, path)];
  });
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function union(sets: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  return new Set([...new Set(sets)].flatMap((set) => [...set]));
}

function sorted(ids: Iterable<number>): readonly number[] {
  return [...ids].sort((one, other) => one - other);
}

/** By the set: those of many rules are one. */
const lists = new WeakMap<ReadonlySet<number>, string>();

function listed(ids: ReadonlySet<number>): string {
  const known = lists.get(ids) ?? JSON.stringify(sorted(ids));
  lists.set(ids, known);
  return known;
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
