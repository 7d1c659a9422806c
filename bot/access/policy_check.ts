import { distance } from "fastest-levenshtein";
import type { ChangeOperation } from "../../handlers/operation.ts";
import type { Vendor } from "../../handlers/vendor.ts";
import { type Aliases, fieldsOf, targetNamed } from "../parser/command.ts";
import { type Config, ConfigError } from "../config.ts";
import { parsePolicy, type PolicyFault, type PolicyFile } from "./policy_file.ts";
import { idsOf, isMeant, namesOfTarget, patternOf, Rulebook } from "./rulebook.ts";
import { canBeMet } from "./policy.ts";
import type { TomlPath } from "./toml_positions.ts";

/** What a policy is held against. */
export interface PolicyGround {
  readonly operations: readonly ChangeOperation[];
  readonly verbs: readonly string[];
  readonly vendors: readonly string[];
  /** All that their targets are called. */
  readonly targets: readonly string[];
  readonly aliases: Aliases;
  /** The vendors whose changes may concern a company. */
  readonly withCompanies: ReadonlySet<string>;
  /** The bot's own id, which is no person's. */
  readonly botId: number;
}

/** All that a policy may speak of, whether it is set up or not. */
export function policyGround(vendors: readonly Vendor[], botId: number): PolicyGround {
  const operations = vendors.flatMap(({ operations }) => operations.filter((one) => one.risk !== "read"));
  return {
    operations,
    verbs: [...new Set(operations.map(({ verb }) => verb))],
    vendors: [...new Set(operations.map(({ vendor }) => vendor))],
    targets: [...new Set(operations.flatMap(namesOfTarget))],
    aliases: Object.assign({}, ...vendors.map(({ targets }) => targets)),
    withCompanies: new Set(vendors.filter(({ company }) => company).map(({ name }) => name)),
    botId,
  };
}

/** All that is wrong with a policy though it is written as one should be. */
export function policyFaults(file: PolicyFile, ground: PolicyGround): readonly PolicyFault[] {
  const names = [...peopleFaults(file, ground.botId), ...unknownNames(file), ...repeatedNames(file)];
  // Which change a rule fits is asked only until the first one answers: each takes a look at all its fields.
  const fitting = ({ fits }: Need) =>
    ground.operations.values().filter((operation) => mayFit(fits, operation, ground));
  const askersOf = askersIn(file);
  return [
    ...names,
    ...file.allow.flatMap(({ what }, at) =>
      what.flatMap((words, index) => patternFaults(words, ["allow", at, "what", index], ground))
    ),
    ...file.need.flatMap((need, at) => fitsFaults(need, ["need", at], fitting(need), ground)),
    // Who could meet a need nobody can tell while it is not known who is meant.
    ...(names.length > 0 ? [] : file.need.flatMap((need, at) => {
      const askers = fitting(need).map(askersOf);
      return meetFaults(file, need, ["need", at], askers);
    })),
  ];
}

type Persons = ReadonlySet<number>;

/** Whom the rules let ask for an operation: one list for each of them. */
function askersIn(file: PolicyFile): (operation: ChangeOperation) => readonly Persons[] {
  const rules = file.allow.map(({ who, what }) => ({ who: idsOf(file, who), patterns: what.map(patternOf) }));
  const known = new Map<ChangeOperation, readonly Persons[]>();
  return (operation) => {
    const lists = known.get(operation) ??
      rules.filter(({ patterns }) => patterns.some((one) => isMeant(one, operation))).map(({ who }) => who);
    known.set(operation, lists);
    return lists;
  };
}

function peopleFaults({ people, groups }: PolicyFile, botId: number): PolicyFault[] {
  const first = new Map<number, string>();
  const persons = Object.entries(people).flatMap(([name, id]): PolicyFault[] => {
    const path = ["people", name];
    if (id === botId) return [{ path, message: `“${name}” is the bot itself` }];
    const other = first.get(id);
    first.set(id, other ?? name);
    return other === undefined
      ? []
      : [{ path, message: `“${name}” has the id of “${other}”: one person, one name` }];
  });
  const both = Object.keys(groups).filter((name) => Object.hasOwn(people, name))
    .map((name) => ({ path: ["groups", name], message: `“${name}” is a person as well` }));
  return [...persons, ...both];
}

/** Every place where names of persons or groups stand. */
function namesIn(file: PolicyFile): (readonly [TomlPath, readonly string[]])[] {
  const glass = file.break_glass;
  return [
    ...file.allow.map(({ who }, at) => [["allow", at, "who"], who] as const),
    ...file.need.flatMap(({ approve, escalate }, at) => [
      ...approve.map(({ of }, index) => [["need", at, "approve", index, "of"], of] as const),
      ...(escalate ? [[["need", at, "escalate", "to"], escalate.to] as const] : []),
    ]),
    ...(glass
      ? [[["break_glass", "who"], glass.who] as const, [["break_glass", "tell"], glass.tell] as const]
      : []),
  ];
}

function unknownNames(file: PolicyFile): PolicyFault[] {
  const people = new Set(Object.keys(file.people));
  const known = people.union(new Set(Object.keys(file.groups)));
  const faults = (path: TomlPath, names: readonly string[], from: ReadonlySet<string>) =>
    names.flatMap((name, at) => {
      if (from.has(name)) return [];
      const message = `there is no person or group “${name}”${closest(name, [...from])}`;
      return [{ path: [...path, at], message }];
    });
  return [
    ...Object.entries(file.groups).flatMap(([group, names]) => faults(["groups", group], names, people)),
    ...namesIn(file).flatMap(([path, names]) => faults(path, names, known)),
  ];
}

/** Refusals and reminders go by the name of a rule. */
function repeatedNames(file: PolicyFile): PolicyFault[] {
  return (["allow", "need"] as const).flatMap((kind) => {
    const before = new Set<string>();
    return file[kind].flatMap(({ name }, at) => {
      const isRepeated = before.has(name);
      before.add(name);
      return isRepeated
        ? [{ path: [kind, at, "name"], message: `another rule is called “${name}” too` }]
        : [];
    });
  });
}

function patternFaults(words: string, path: TomlPath, ground: PolicyGround): PolicyFault[] {
  const { operations, verbs, targets, aliases } = ground;
  const pattern = patternOf(words);
  if (pattern.verb !== "*" && !verbs.includes(pattern.verb)) {
    return [{ path, message: `no change is called “${pattern.verb}”${closest(pattern.verb, verbs)}` }];
  }
  if (pattern.target !== undefined && pattern.target !== "*" && !targets.includes(pattern.target)) {
    return [{ path, message: noTarget(pattern.target, targets, aliases) }];
  }
  if (operations.some((operation) => isMeant(pattern, operation))) return [];
  const hint = pattern.target === undefined ? `: write “${pattern.verb} *” or name a target` : "";
  return [{ path, message: `“${words}” fits no change${hint}` }];
}

function noTarget(name: string, targets: readonly string[], aliases: Aliases): string {
  const own = targetNamed(name, aliases);
  const hint = targets.includes(own) ? `: write “${own}”` : closest(name, targets);
  return `there is no target “${name}”${hint}`;
}

type Need = PolicyFile["need"][number];

function fitsFaults(
  need: Need,
  path: TomlPath,
  fitting: IteratorObject<ChangeOperation>,
  ground: PolicyGround,
): PolicyFault[] {
  const { vendors = [], targets = [], companies = [] } = need.fits;
  const at = (key: keyof Need["fits"], index: number) => [...path, "fits", key, index];
  const unknown: PolicyFault[] = [
    ...vendors.flatMap((name, index) =>
      ground.vendors.includes(name) ? [] : [{
        path: at("vendors", index),
        message: `there is no vendor “${name}”${closest(name, ground.vendors)}`,
      }]
    ),
    ...targets.flatMap((name, index) =>
      ground.targets.includes(name.split(":")[0] ?? "") ? [] : [{
        path: at("targets", index),
        message: noTarget(name.split(":")[0] ?? "", ground.targets, ground.aliases),
      }]
    ),
    ...companies.flatMap((id, index) =>
      /^[0-9a-f]{24}$/.test(id)
        ? []
        : [{ path: at("companies", index), message: `“${id}” is no company's id: /find tells it` }]
    ),
  ];
  if (unknown.length > 0) return unknown;
  return fitting.some(() => true)
    ? []
    : [{ path: [...path, "fits"], message: `rule “${need.name}” fits no change there is` }];
}

/** `askers` are those of each operation that the need fits. */
function meetFaults(
  file: PolicyFile,
  need: Need,
  path: TomlPath,
  askers: IteratorObject<readonly Persons[]>,
): PolicyFault[] {
  const approve = need.approve.map(({ of, count }) => ({ of: idsOf(file, of), count }));
  const rule = [{ rule: need.name, approve }];
  const tried = new Set<number>();
  let fits = false;
  for (const lists of askers) {
    fits = true;
    for (const asker of lists.values().flatMap((persons) => persons.values())) {
      if (tried.has(asker)) continue;
      tried.add(asker);
      // The first one whose request could be met is enough.
      if (canBeMet(rule, asker)) return [];
    }
  }
  if (!fits || tried.size === 0 && canBeMet(rule, NOBODY)) return [];
  return [{
    path: [...path, "approve"],
    message:
      `rule “${need.name}” can be met by nobody: whoever asks does not count, and too few others are named`,
  }];
}

/** Whether some change of this operation could fit. */
function mayFit(
  { risk, vendors, targets, fields, companies }: Need["fits"],
  operation: ChangeOperation,
  { withCompanies }: PolicyGround,
): boolean {
  const risks = operation.risk === "danger" ? ["danger"] : operation.danger ? ["write", "danger"] : ["write"];
  if (risk !== undefined && !risks.includes(risk)) return false;
  if (vendors && !vendors.includes(operation.vendor)) return false;
  if (companies && !withCompanies.has(operation.vendor)) return false;
  // What a change really concerns is known by its plan alone: `/rotate externalid` concerns `ec2`.
  if (targets && !targets.some((target) => concerns(operation, target.split(":")[0] ?? ""))) return false;
  return !fields || fields.some((field) => mayHave(operation, field));
}

function concerns(operation: ChangeOperation, target: string): boolean {
  return namesOfTarget(operation).includes(target);
}

function mayHave({ input }: ChangeOperation, field: string): boolean {
  const name = field.toLowerCase();
  return fieldsOf(input).some((one) =>
    one.name.toLowerCase() === name || one.kind === "document" || one.kind === "open"
  );
}

/** No person's id. */
const NOBODY = 0;

function closest(word: string, known: readonly string[]): string {
  const [best] = known.map((one) => ({ one, far: distance(word, one) })).sort((a, b) => a.far - b.far);
  return best && best.far <= 2 ? `: did you mean “${best.one}”?` : "";
}

/** The rules of a policy's text. Throws `ConfigError` with a line for each thing that is wrong with it. */
export function rulesOf(text: string, name: string, config: RulesConfig): Rulebook {
  const ground = policyGround(config.vendors, config.botId);
  const parsed = parsePolicy(text, name, (file) => policyFaults(file, ground));
  if ("problems" in parsed) throw new ConfigError(parsed.problems);
  return new Rulebook(parsed.file, text, config.zone, config.approvalTtlMs);
}

interface RulesConfig extends Pick<Config, "botId" | "zone" | "approvalTtlMs"> {
  readonly vendors: readonly Vendor[];
}

/** The rules of the file that the configuration names; undefined where it names none. Throws `ConfigError`. */
export async function readRules(
  config: RulesConfig & Pick<Config, "policyFile">,
): Promise<Rulebook | undefined> {
  const { policyFile } = config;
  if (policyFile === undefined) return undefined;
  let text: string;
  try {
    text = await Deno.readTextFile(policyFile);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : errorText(error);
    throw new ConfigError([`POLICY names ${policyFile}, which cannot be read: ${reason}.`]);
  }
  return rulesOf(text, policyFile, config);
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
