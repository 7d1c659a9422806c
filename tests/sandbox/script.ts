import { parseDuration } from "../../bot/settings.ts";
import { type Condition, type Conversation, type PersonId, PERSONS, type Shown } from "./conversation.ts";
import type { VendorName } from "./stage.ts";
import { endToken, setIntegration } from "./trouble.ts";

/**
 * A conversation written down: what people do, and what the bot must show. One thing a line:
 *
 *     # why this is worth showing
 *     Ana: /disable ec2 Acme Corp reason=off-boarding
 *     > Disable the EC2 integration of Acme Corp?
 *     Ana presses Approve
 *     > only Ana sees: someone else has to approve it
 *     Ben presses Approve
 *     > Applied
 *
 * More: `Ana, in private: /whoami` · `Ana replies: too noisy` (to the newest message of the bot that she sees) ·
 * `Ana enters name = Orders; connector = eu` (on the page behind her newest link) ·
 * `time passes 16m` · `GravityZone goes down` · `GravityZone breaks down at the next change` (it is done, and nobody
 * hears of it) · `GravityZone answers again` · `the vendors are watched` (once, before all else: then each minute that
 * passes has a look) · `Sophos Central breaks: The refresh token has expired.` · `Sophos Central is mended` ·
 * `the token of SentinelOne ends in 5d` · `> (nothing)` (no answer at all) · `> not: words`.
 * `<code>` stands for the code of the newest change.
 */
export type Step =
  & { readonly line: number; readonly text: string }
  & (
    | { readonly kind: "note" }
    | { readonly kind: "watch" }
    | { readonly kind: "integration"; readonly name: string; readonly words?: string }
    | { readonly kind: "token"; readonly name: string; readonly ms: number }
    | { readonly kind: "say"; readonly person: PersonId; readonly words: string; readonly inPrivate: boolean }
    | { readonly kind: "reply"; readonly person: PersonId; readonly words: string }
    | { readonly kind: "press"; readonly person: PersonId; readonly label: string }
    | { readonly kind: "enter"; readonly person: PersonId; readonly values: Readonly<Record<string, string>> }
    | { readonly kind: "pass"; readonly ms: number }
    | { readonly kind: "vendor"; readonly vendor: VendorName; readonly condition: Condition }
    | { readonly kind: "expect"; readonly words: string; readonly only?: string; readonly not?: true }
    | { readonly kind: "expect nothing" }
  );

/** A script that cannot be read, or a conversation that went another way; the message names the line. */
export class ScriptMistake extends Error {
  constructor(line: number, sentence: string) {
    super(`line ${line}: ${sentence}`);
    this.name = "ScriptMistake";
  }
}

/** @throws ScriptMistake for a line that says nothing known, and for a script that expects nothing. */
export function readScript(text: string): Step[] {
  const steps = text.split(/\r?\n/).flatMap((written, index) => {
    const line = index + 1;
    const said = written.trim();
    return said === "" ? [] : [{ line, text: said, ...read(said, line) } as Step];
  });
  if (!steps.some(({ kind }) => kind.startsWith("expect"))) {
    throw new ScriptMistake(
      1,
      'the script expects nothing. A line such as "> Applied" says what must be answered.',
    );
  }
  return steps;
}

/** Whether the vendors are watched in it. */
export function isWatched(steps: readonly Step[]): boolean {
  return steps.some(({ kind }) => kind === "watch");
}

/** Plays the steps, writing the conversation as it goes. @throws ScriptMistake at the first thing unexpected. */
export async function playScript(
  steps: readonly Step[],
  conversation: Conversation,
  write: (text: string) => Promise<unknown>,
): Promise<void> {
  let shown: readonly Shown[] = [];
  for (const step of steps) {
    if (step.kind === "expect" || step.kind === "expect nothing") {
      await check(step, shown, conversation);
      continue;
    }
    if (step.kind === "note") {
      await write(`${step.text}\n`);
      continue;
    }
    await write(`\n${await filledIn(step.text, conversation)}\n`);
    shown = await act(step, conversation);
    await write(shown.map(inTranscript).join(""));
  }
}

type Doing = Exclude<Step, { kind: "note" | "expect" | "expect nothing" }>;
type Meant<S = Step> = S extends Step ? Omit<S, "line" | "text"> : never;

const VENDORS: readonly VendorName[] = ["GravityZone", "Apono", "OpsRamp", "HaloPSA"];
const CONDITIONS: Readonly<Record<string, Condition>> = {
  "goes down": "down",
  "breaks down at the next change": "failing",
  "answers again": "well",
};

function read(said: string, line: number): Meant {
  if (said.startsWith("#")) return { kind: "note" };
  if (said.startsWith(">")) return expectation(said.slice(1).trim(), line);
  const [, time] = /^time passes (\S+)$/i.exec(said) ?? [];
  if (time !== undefined) return passing(time, line);
  const happening = /^the vendors are watched$/i.test(said)
    ? { kind: "watch" } as const
    : vendorStep(said) ?? integrationStep(said, line);
  if (happening) return happening;
  const [, name = "", rest = ""] = /^(\p{L}+)(.*)$/u.exec(said) ?? [];
  const person = PERSONS.get(name.toLowerCase());
  const done = person === undefined ? undefined : personStep(person, rest);
  if (done) return done;
  throw new ScriptMistake(line, `"${said}" says nothing known. ${HOW}`);
}

const HOW =
  'A line is such as "Ana: /status", "Ben presses Approve", "Ana replies: …", "Ana enters secret = …", "time passes 16m", ' +
  '"GravityZone goes down", "Sophos Central breaks: its words", "Sophos Central is mended", "> what must be answered" or "# a note"; the people are Ana, Ben and Oskar.';

function personStep(person: PersonId, rest: string): Meant | undefined {
  const [, aside, words] = /^(, in private)?: *(.+)$/.exec(rest) ?? [];
  if (words !== undefined) return { kind: "say", person, words, inPrivate: aside !== undefined };
  const [, label] = /^ presses (.+)$/.exec(rest) ?? [];
  if (label !== undefined) return { kind: "press", person, label };
  const [, answer] = /^ replies: *(.+)$/.exec(rest) ?? [];
  if (answer !== undefined) return { kind: "reply", person, words: answer };
  const [, entered] = /^ enters (\S+ = .+)$/.exec(rest) ?? [];
  return entered === undefined ? undefined : { kind: "enter", person, values: entries(entered) };
}

/** `name = Orders; connector = eu` */
function entries(written: string): Record<string, string> {
  return Object.fromEntries(
    written.split(/; +(?=\S+ = )/).map((one) => {
      const [, name = "", value = ""] = /^(\S+) = (.*)$/.exec(one) ?? [];
      return [name, value];
    }),
  );
}

function vendorStep(said: string): Meant | undefined {
  const vendor = VENDORS.find((name) => said.startsWith(`${name} `));
  const condition = vendor && CONDITIONS[said.slice(vendor.length).trim()];
  return vendor && condition && { kind: "vendor", vendor, condition };
}

function integrationStep(said: string, line: number): Meant | undefined {
  const [, token, time = ""] = /^the token of (.+) ends in (\S+)$/.exec(said) ?? [];
  if (token !== undefined) return { ...passing(time, line), kind: "token", name: token };
  const [, mended] = /^([^:]+) is mended$/.exec(said) ?? [];
  if (mended !== undefined) return { kind: "integration", name: mended };
  const [, broken, words] = /^([^:/]+) breaks: (.+)$/.exec(said) ?? [];
  return broken === undefined || words === undefined
    ? undefined
    : { kind: "integration", name: broken, words };
}

function expectation(words: string, line: number): Meant {
  if (words === "(nothing)") return { kind: "expect nothing" };
  const [, only, private_] = /^only (\p{L}+) sees: *(.+)$/u.exec(words) ?? [];
  if (only !== undefined && private_ !== undefined) return { kind: "expect", words: private_, only };
  const [, absent] = /^not: *(.+)$/.exec(words) ?? [];
  if (absent !== undefined) return { kind: "expect", words: absent, not: true };
  if (words === "") throw new ScriptMistake(line, 'after ">" comes what must be answered.');
  return { kind: "expect", words };
}

function passing(time: string, line: number): { readonly kind: "pass"; readonly ms: number } {
  const ms = parseDuration(time);
  if (ms !== undefined && ms > 0) return { kind: "pass", ms };
  throw new ScriptMistake(line, `"${time}" is no time. Write it as 90s, 16m or 2h.`);
}

async function act(step: Doing, conversation: Conversation): Promise<Shown[]> {
  try {
    switch (step.kind) {
      case "say": {
        const words = await filledIn(step.words, conversation);
        return await conversation.say(step.person, words, { inPrivate: step.inPrivate });
      }
      case "reply":
        return await conversation.reply(step.person, await filledIn(step.words, conversation));
      case "press":
        return await conversation.press(step.person, step.label);
      case "enter":
        return await conversation.enter(step.person, step.values);
      case "pass":
        return await conversation.pass(step.ms);
      case "watch":
        return [];
      case "integration":
        conversation.happens((stage) => setIntegration(stage, step.name, step.words));
        return [];
      case "token":
        conversation.happens((stage) => endToken(stage, step.name, step.ms));
        return [];
      case "vendor":
        conversation.vendor(step.vendor, step.condition);
        return [];
    }
  } catch (error) {
    throw new ScriptMistake(step.line, error instanceof Error ? error.message : String(error));
  }
}

async function check(
  step: Extract<Step, { kind: "expect" | "expect nothing" }>,
  shown: readonly Shown[],
  conversation: Conversation,
): Promise<void> {
  if (step.kind === "expect nothing") {
    if (shown.length > 0) {
      throw new ScriptMistake(step.line, `no answer was expected, but one came.${listed(shown)}`);
    }
    return;
  }
  const words = flat(await filledIn(step.words, conversation));
  const audience = step.only === undefined ? shown : shown.filter(({ only }) => only === step.only);
  const found = audience.some(({ text }) => flat(text).includes(words));
  if (found && step.not) throw new ScriptMistake(step.line, `"${words}" must not be answered, but was.`);
  if (!found && !step.not) {
    const who = step.only === undefined ? "" : ` to ${step.only} alone`;
    throw new ScriptMistake(step.line, `"${words}" was not answered${who}.${listed(shown)}`);
  }
}

/** The newest change's code is drawn by chance, so a script calls it `<code>`. */
async function filledIn(text: string, conversation: Conversation): Promise<string> {
  if (!text.includes("<code>")) return text;
  return text.replaceAll("<code>", await conversation.code() ?? "<code>");
}

function listed(shown: readonly Shown[]): string {
  return shown.length === 0 ? " There was no answer." : ` Answered was:\n${shown.map(inTranscript).join("")}`;
}

function inTranscript({ text, kind, only }: Shown): string {
  const how = [
    kind === "edited" ? "the message above now reads" : kind === "notice" ? "notice" : "",
    only === undefined ? "" : `only ${only} sees this`,
  ].filter(Boolean).join(", ");
  const lines = [...(how === "" ? [] : [`(${how})`]), ...text.split("\n")];
  return `\n${lines.map((line) => `    ${line}`.trimEnd()).join("\n")}\n`;
}

/** How lines break and columns align is of no matter to what was said. */
function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
