import { inQuotes } from "../../handlers/format.ts";
import type { Block, Button, Line, Reply } from "../../handlers/reply.ts";
import {
  type Aliases,
  type Command,
  type CommandSet,
  fieldsOf,
  headOf,
  isChange,
  takesDocument,
  targetNamed,
  usageOf,
} from "./command.ts";
import { orList } from "./parse_error.ts";
import { closest } from "./suggest.ts";
import { buttonFor } from "./validation_message.ts";

export interface Topic {
  readonly verb: string;
  /** One or several words, any name the target goes by. */
  readonly target?: string | undefined;
}

/** What `/help`, `/help disable`, `/help disable ec2`, `/help ec2` and `/help ec2 disable` show. */
export function help(commands: readonly Command[], topic?: Topic, aliases: Aliases = {}): Reply {
  if (!topic) return menuHelp(commands);
  const verb = topic.verb.toLowerCase().replace(/^\//, "");
  const ofVerb = commands.filter((command) => command.verb === verb);
  if (ofVerb.length === 0) return aboutTarget(commands, topic, aliases) ?? noSuchTopic(topic.verb, commands);
  const chosen = topic.target === undefined
    ? ofVerb
    : ofVerb.filter((command) => isAbout(command, topic, aliases));
  const [only] = chosen;
  if (!only) return noSuchTarget(verb, topic.target ?? "", ofVerb);
  return chosen.length === 1 ? oneCommand(only, { commands, aliases }) : severalCommands(verb, chosen);
}

export type HelpSection = "looking" | "changing" | "approving" | "watching" | "rules";

/** What people come for, in the order of the menu, with what a button says and what is behind it. */
const SECTIONS: Readonly<Record<HelpSection, readonly [label: string, what: string]>> = {
  looking: ["Look", "what works, what is set up, who has what"],
  changing: ["Change", "ask for it; someone else approves it"],
  approving: ["Approve", "what waits: decide, undo, hand over"],
  watching: ["Watch", "alerts, the board, quiet hours"],
  rules: ["Rules", "who may do what, freeze, audit"],
};

/** The bot's own commands that are not for looking. */
const VERBS: Readonly<Partial<Record<HelpSection, ReadonlySet<string>>>> = {
  approving: new Set([
    ...["pending", "change", "approve", "reject", "withdraw", "stop", "undo", "settle", "plan", "borrowed"],
    ...["emergency", "reviewed", "pass", "hold", "release", "handover"],
  ]),
  watching: new Set(["watch", "unwatch", "watches", "quiet", "board", "history", "every"]),
  rules: new Set([
    "policy",
    "freeze",
    "unfreeze",
    "audit",
    "whoami",
    "doctor",
    "ping",
    "alias",
    "aliases",
    "unalias",
  ]),
};

/** The part of the menu that a word names. */
export function sectionNamed(word: string | undefined): HelpSection | undefined {
  return Object.keys(SECTIONS).find((section): section is HelpSection => section === word?.toLowerCase());
}

function sectionOf(command: Command): HelpSection {
  const own = (["approving", "watching", "rules"] as const).find((section) =>
    VERBS[section]?.has(command.verb)
  );
  return isChange(command) ? "changing" : own ?? "looking";
}

/** `/help`: a short menu of what this person may do here. */
export function menuHelp(commands: readonly Command[]): Reply {
  const there = new Set(commands.map(sectionOf));
  const sections = (Object.keys(SECTIONS) as HelpSection[]).filter((section) => there.has(section));
  const verbs = sections.map((section): [string, Line] => [
    SECTIONS[section][0],
    verbsOf(commands.filter((command) => sectionOf(command) === section)).map((verb) => `/${verb}`).join(" "),
  ]);
  return {
    ...info("What do you want to do?", [
      { kind: "facts", facts: sections.map((section) => SECTIONS[section]) },
      {
        kind: "text",
        text: ["Type a verb alone, and the bot asks for the rest. All about one: ", {
          code: "/help disable",
        }],
      },
      { kind: "details", summary: "All verbs", blocks: [{ kind: "facts", facts: verbs }] },
    ]),
    buttons: [
      sections.map((section) => ({ label: SECTIONS[section][0], action: { command: `/help ${section}` } })),
    ],
  };
}

const BACK: Button = { label: "‹ Help", action: { command: "/help" } };

/** One part of the menu: its targets, and then what can be done with one of them. */
export function sectionHelp(section: HelpSection, target: string | undefined, set: CommandSet): Reply {
  const all = set.commands.filter((command) => sectionOf(command) === section);
  const ofVendors = all.filter(({ vendor }) => vendor !== undefined);
  const targets = [...new Set(ofVendors.flatMap(({ target }) => target?.split(" ", 1) ?? []))];
  const wanted = target === undefined ? undefined : targetNamed(target, set.aliases);
  const shown = wanted === undefined
    ? all.filter((command) => command.target === null || targets.length === 0)
    : all.filter((command) => isAbout(command, { verb: "", target: wanted }, set.aliases));
  const buttons = wanted === undefined
    ? [
      ...targets.map((name) => ({ label: name, action: { command: `/help ${section} ${name}` } })),
      ...all.filter(({ vendor, target }) => vendor === undefined && target !== null)
        .map((command) => deeper(command, command.target ?? "")),
    ]
    : shown.map((command) => deeper(command, wanted));
  const [label] = SECTIONS[section];
  return {
    ...info(wanted === undefined ? label : [`${label}: `, { code: wanted }], [
      summariesOf(shown),
      {
        kind: "text",
        text: section !== "changing"
          ? ""
          : wanted === undefined
          ? "A change becomes a card that someone else approves. What is it about?"
          : "Type one of them: it asks for what it needs. A button shows how to type all of it.",
      },
    ]),
    buttons: [...inThrees(buttons), [BACK]],
  };
}

/** Runs what can be read as it stands, and shows of all else how it is typed. */
function deeper(command: Command, target: string): Button {
  const head = headOf(command);
  const reads = command.risk === "read" && fieldsOf(command.input).every(({ required }) => !required);
  const words = `${command.verb}${command.target?.slice(target.length) ?? ""}`;
  return reads
    ? { label: head, action: { command: head } }
    : { label: words, action: { command: `/help ${head.slice(1)}` } };
}

function inThrees(buttons: readonly Button[]): Button[][] {
  return Array.from({ length: Math.ceil(buttons.length / 3) }, (_, at) => buttons.slice(at * 3, at * 3 + 3));
}

/** What `/start` shows. */
export function start(commands: readonly Command[], aliases: Aliases = {}): Reply {
  const first = ["status", "help", "whoami"].flatMap((verb) =>
    commands.filter((command) => command.verb === verb && command.target === null)
  );
  const text =
    "Reads are answered at once. A change is planned, shown in the group, and runs after someone else approves it.";
  return {
    ...info("Countersign shows whether integrations work, and changes them once two people agree", [
      summariesOf(first),
      { kind: "text", text },
    ]),
    buttons: first.map((command) => buttonFor(headOf(command), { commands, aliases })),
  };
}

/** An answer for the asker alone. */
function info(title: Line, blocks: readonly Block[]): Reply {
  return { mark: "info", title, blocks, personal: true };
}

function summariesOf(commands: readonly Command[]): Block {
  return { kind: "facts", facts: commands.map((command) => [headOf(command), command.summary]) };
}

/** What a command's risk means for the person who types it, and who has to agree. */
export function riskInWords(command: Pick<Command, "risk" | "danger">): string {
  switch (command.risk) {
    case "read":
      return "Only reads; answered at once.";
    case "write":
      return "A change: runs after one approver other than you agrees. " +
        (command.danger
          ? "It can be dangerous: then it needs reason=…. ticket=, for= and at= may be added."
          : "reason=, ticket=, for= and at= may be added.");
    case "danger":
      return "Dangerous: needs reason=… and one approver other than you. ticket=, for= and at= may be added.";
    default:
      return "Runs at once.";
  }
}

function oneCommand(command: Command, set: CommandSet): Reply {
  return {
    ...info([{ code: headOf(command) }, `: ${command.summary}`], explained(command)),
    buttons: [buttonFor(exampleOf(command), set)].filter((row) => row.length > 0),
  };
}

/** More than these do not fit one screen. */
const MOST_FORMS = 6;

function severalCommands(verb: string, commands: readonly Command[]): Reply {
  const title: Line = [`${commands.length} commands begin with `, { code: `/${verb}` }];
  if (commands.length > MOST_FORMS) {
    const targets = commands.map(({ target }) => target ?? "alone").join(" · ");
    return info(title, [
      { kind: "text", text: targets },
      { kind: "details", summary: "What each does", blocks: [summariesOf(commands)] },
      { kind: "text", text: ["One in full: ", { code: `/help ${headOf(commands.at(-1)!).slice(1)}` }] },
    ]);
  }
  const blocks = commands.map((command): Block => ({
    kind: "details",
    summary: [{ code: headOf(command) }, ` ${command.summary}`],
    blocks: explained(command),
  }));
  return info(title, blocks);
}

/** Undefined where the word is no target. */
function aboutTarget(
  commands: readonly Command[],
  { verb: word, target: verb }: Topic,
  aliases: Aliases,
): Reply | undefined {
  const ofTarget = commands.filter((command) => isAbout(command, { verb: "", target: word }, aliases));
  if (ofTarget.length === 0) return undefined;
  if (verb && ofTarget.some((command) => command.verb === verb.toLowerCase())) {
    return help(commands, { verb, target: word }, aliases);
  }
  const target = targetNamed(word, aliases);
  return info([{ code: target }, ` has ${ofTarget.length} command${ofTarget.length === 1 ? "" : "s"}`], [
    summariesOf(ofTarget),
    { kind: "text", text: ["One in full: ", { code: `/help ${ofTarget[0]?.verb} ${target}` }] },
  ]);
}

function explained(command: Command): Block[] {
  const facts: [string, Line][] = [
    ["Type", { code: usageOf(command) }],
    ["Example", { code: exampleOf(command) }],
  ];
  if (takesDocument(command)) {
    facts.push(["Document", "JSON, as a file with the command as caption, or in reply to it"]);
  }
  return [{ kind: "facts", facts: [...facts, ["Risk", riskInWords(command)]] }, ...namesIn(command)];
}

function namesIn({ names = [] }: Command): Block[] {
  if (names.length === 0) return [];
  const count = names.reduce((sum, [, ofKind]) => sum + ofKind.length, 0);
  const facts = names.map(([kind, ofKind]): [string, Line] => [kind, ofKind.join(", ")]);
  return [{ kind: "details", summary: `${count} fields`, blocks: [{ kind: "facts", facts }] }];
}

/** As it would be taken: a dangerous change needs its reason. */
function exampleOf({ example, risk }: Command): string {
  return risk === "danger" && !/ reason=/.test(example) ? `${example} reason=maintenance` : example;
}

function noSuchTopic(verb: string, commands: readonly Command[]): Reply {
  const near = closest(verb.replace(/^\//, ""), verbsOf(commands));
  const block: Block = near.length > 0
    ? { kind: "list", items: near.map((other) => ({ code: `/help ${other}` })) }
    : { kind: "text", text: ["All of them: ", { code: "/help" }] };
  return { ...info(`There is no command ${inQuotes(verb)}.`, [block]), mark: "refused" };
}

function noSuchTarget(verb: string, target: string, ofVerb: readonly Command[]): Reply {
  const targets = ofVerb.flatMap((command) => command.target ?? []);
  const takes = targets.length === 0 ? "It takes no target." : `It takes ${orList(targets, targets.length)}.`;
  const items = closest(target, targets).map((other) => ({ code: `/help ${verb} ${other}` }));
  const title = `/${verb} does not know ${inQuotes(target)}. ${takes}`;
  return { ...info(title, [{ kind: "list", items }]), mark: "refused" };
}

function isAbout(command: Command, topic: Topic, aliases: Aliases): boolean {
  const [first = "", ...others] = (topic.target ?? "").toLowerCase().split(/\s+/);
  const wanted = [targetNamed(first, aliases), ...others].join(" ");
  return command.target !== null && `${command.target} `.startsWith(`${wanted} `);
}

function verbsOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.map((command) => command.verb))];
}
