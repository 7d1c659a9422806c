import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { durationOf, SERVICE_IDS, timeZone } from "../settings.ts";
import { parseClosedDays, parseHours } from "./hours.ts";
import { type TomlPath, tomlPositions } from "./toml_positions.ts";

/** Judged as a whole: hundreds of names one by one take longer than all else of a file. */
const wordList = (whenNone: string) =>
  z.array(z.string()).min(1, whenNone).transform((list, context) =>
    list.map((text, at) => {
      const word = text.trim();
      if (word === "") context.addIssue({ code: "custom", path: [at], message: "has an empty name" });
      return word;
    })
  );

const names = wordList("names nobody");
const words = wordList("is empty");
const lowerWords = words.transform((list) => list.map((word) => word.toLowerCase()));
/** A target is one in any case; the id of a record behind it is the vendor's. */
const targetWords = words.transform((list) =>
  list.map((name) => name.replace(/^[^:]+/, (target) => target.toLowerCase()))
);
const ruleName = z.string().trim().min(1, "has no name").max(60, "is too long for a name");

const people = z.record(z.string(), z.int("must be a person's numeric id; /whoami tells it"))
  .superRefine((persons, context) => {
    for (const [name, id] of Object.entries(persons)) {
      const message = id <= 0
        ? "must be a person's id, which is positive"
        : SERVICE_IDS.has(id) && "is one of Telegram's service ids, and no person";
      if (message) context.addIssue({ code: "custom", path: [name], message });
    }
  });

const hours = z.string().transform((text, context) => {
  const parsed = parseHours(text);
  if (parsed) return parsed;
  context.addIssue("must be hours such as mon-fri 08:00-18:00");
  return z.NEVER;
});

const closed = z.string().transform((text, context) => {
  const parsed = parseClosedDays(text);
  if (parsed) return parsed;
  context.addIssue("must be a day or days such as 2026-12-20/2027-01-04");
  return z.NEVER;
});

const fits = z.strictObject({
  risk: z.enum(["write", "danger"], "must be write or danger").optional(),
  vendors: lowerWords.optional(),
  targets: targetWords.optional(),
  companies: lowerWords.optional(),
  fields: words.optional(),
});

const duration = durationOf(1000);

const shape = z.strictObject({
  version: z.literal(1, "must be 1, the only version there is"),
  zone: timeZone.optional(),
  people,
  groups: z.record(z.string(), names).default({}),
  allow: z.array(z.strictObject({ name: ruleName, who: names, what: words })).default([]),
  need: z.array(z.strictObject({
    name: ruleName,
    fits: fits.default({}),
    approve: z.array(z.strictObject({ of: names, count: z.int().min(1, "must be at least 1").max(50) }))
      .default([]),
    hours: z.array(hours).default([]),
    closed: z.array(closed).default([]),
    remind: duration.optional(),
    escalate: z.strictObject({ after: duration, to: names }).optional(),
    ttl: duration.optional(),
  })).default([]),
  break_glass: z.strictObject({ who: names, tell: names, review_within: duration.default(86_400_000) })
    .optional(),
});

/** A policy as it is written, its values read and its names not yet resolved. */
export type PolicyFile = z.output<typeof shape>;

/** What of a change a `need` looks at. */
export type Fits = PolicyFile["need"][number]["fits"];

/** Something wrong with a policy, and where. */
export interface PolicyFault {
  readonly path: TomlPath;
  readonly message: string;
}

/** The policy of a text, or what is wrong with it: one line each, beginning with where. */
export function parsePolicy(
  text: string,
  name: string,
  check: (file: PolicyFile) => readonly PolicyFault[],
): { readonly file: PolicyFile } | { readonly problems: readonly string[] } {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = "is not TOML"] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    return { problems: [`${name}:${error.line}:${error.column} ${what}`] };
  }
  // Read once in a process's life: generating code for it would take longer than it saves.
  const { success, data, error } = shape.safeParse(document, { jitless: true });
  const faults = success ? check(data) : error.issues.flatMap(faultsOf);
  if (success && faults.length === 0) return { file: data };
  const positionOf = tomlPositions(text);
  const problems = faults.map(({ path, message }) => {
    const { line, column } = positionOf(path);
    return { line, column, says: `${name}:${line}:${column} ${message}` };
  });
  problems.sort((one, other) => one.line - other.line || one.column - other.column);
  return { problems: [...new Set(problems.map(({ says }) => says))] };
}

function faultsOf(issue: z.core.$ZodIssue): PolicyFault[] {
  const path = issue.path.map((part) => typeof part === "symbol" ? String(part) : part);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key “${key}”` }));
  }
  const name = path.filter((part) => typeof part === "string").at(-1) ?? "the file";
  const wrong = issue.code === "invalid_type" ? typeFault(issue) : issue.message;
  return [{ path, message: `${name} ${wrong}` }];
}

/** In the words of TOML what should stand there; a sentence of ours is left as it is. */
function typeFault({ expected, message }: z.core.$ZodIssueInvalidType): string {
  const [, received] = /^Invalid input: expected .*, received (\w+)$/.exec(message) ?? [];
  if (received === undefined) return message;
  return received === "undefined" ? "is missing" : `must be ${TOML_WORDS[expected] ?? expected}`;
}

const TOML_WORDS: Readonly<Record<string, string>> = {
  array: "a list in brackets",
  int: "a whole number",
  number: "a number without quotes",
  object: "a table",
  record: "a table",
  string: "words in quotes",
};
