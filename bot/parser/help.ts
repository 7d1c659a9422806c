import { inQuotes } from "../../handlers/format.ts";
import type { Block, Line, Reply } from "../../handlers/reply.ts";
import {
  type Aliases,
  type Command,
  type CommandSet,
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
  if (!topic) return overview(commands);
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

/** What `/start` shows. */
export function start(commands: readonly Command[], aliases: Aliases = {}): Reply {
  const first = ["status", "help", "whoami"].flatMap((verb) =>
    commands.filter((command) => command.verb === verb && command.target === null)
  );
  return {
    mark: "info",
    title: "Countersign shows whether integrations work, and changes them once two people agree",
    blocks: [
      { kind: "facts", facts: first.map((command) => [headOf(command), command.summary]) },
      {
        kind: "text",
        text:
          "Reads are answered at once. A change is planned, shown in the group, and runs after someone else approves it.",
      },
    ],
    buttons: first.map((command) => buttonFor(headOf(command), { commands, aliases })),
    personal: true,
  };
}

/** What a command's risk means for the person who types it, and who has to agree. */
export function riskInWords(command: Pick<Command, "risk">): string {
  switch (command.risk) {
    case "read":
      return "Only reads; answered at once.";
    case "write":
      return "A change: runs after one approver other than you agrees. reason= and ticket= may be added.";
    case "danger":
      return "Dangerous: needs reason=… and one approver other than you. ticket= may be added.";
    default:
      return "Runs at once.";
  }
}

function overview(commands: readonly Command[]): Reply {
  const reads = commands.filter((command) => command.risk === "read");
  const changes = commands.filter(isChange);
  const rest = commands.filter((command) => command.risk === undefined);
  const groups: [summary: string, commands: readonly Command[]][] = [
    ["Look", reads],
    ["Change (someone else approves)", changes],
    ["Approvals and the rest", rest],
  ];
  return {
    mark: "info",
    title: "What can be typed",
    blocks: [
      ...groups.filter(([, members]) => members.length > 0).map(([summary, members]): Block => ({
        kind: "details",
        summary: [{ bold: summary }, ` ${verbsOf(members).join(" · ")}`],
        blocks: [{ kind: "facts", facts: verbsOf(members).map((verb) => verbLine(verb, members)) }],
      })),
      {
        kind: "text",
        text: ["One command in full: ", { code: `/help ${verbsOf(commands)[0] ?? "status"}` }],
      },
    ],
    personal: true,
  };
}

/** More targets than this are only counted. */
const MOST_TARGETS = 6;

function verbLine(verb: string, commands: readonly Command[]): [label: string, value: Line] {
  const ofVerb = commands.filter((command) => command.verb === verb);
  const targets = ofVerb.flatMap((command) => command.target ?? []);
  const alone = ofVerb.find((command) => command.target === null);
  if (targets.length === 0) return [`/${verb}`, alone?.summary ?? ""];
  const shown = targets.slice(0, MOST_TARGETS).join(" · ");
  const more = targets.length > MOST_TARGETS ? ` · ${targets.length - MOST_TARGETS} more` : "";
  return [`/${verb}`, `${alone ? "alone · " : ""}${shown}${more}`];
}

function oneCommand(command: Command, set: CommandSet): Reply {
  return {
    mark: "info",
    title: [{ code: headOf(command) }, `: ${command.summary}`],
    blocks: explained(command),
    buttons: [buttonFor(exampleOf(command), set)].filter((row) => row.length > 0),
    personal: true,
  };
}

function severalCommands(verb: string, commands: readonly Command[]): Reply {
  return {
    mark: "info",
    title: [{ code: `/${verb}` }, ` has ${commands.length} forms`],
    blocks: commands.map((command) => ({
      kind: "details",
      summary: [{ code: headOf(command) }, ` ${command.summary}`],
      blocks: explained(command),
    })),
    personal: true,
  };
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
  return {
    mark: "info",
    title: [{ code: target }, ` has ${ofTarget.length} command${ofTarget.length === 1 ? "" : "s"}`],
    blocks: [
      { kind: "facts", facts: ofTarget.map((command) => [headOf(command), command.summary]) },
      { kind: "text", text: ["One in full: ", { code: `/help ${ofTarget[0]?.verb} ${target}` }] },
    ],
    personal: true,
  };
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
  return {
    mark: "refused",
    title: `There is no command ${inQuotes(verb)}.`,
    blocks: [
      near.length > 0
        ? { kind: "list", items: near.map((other) => ({ code: `/help ${other}` })) }
        : { kind: "text", text: ["All of them: ", { code: "/help" }] },
    ],
    personal: true,
  };
}

function noSuchTarget(verb: string, target: string, ofVerb: readonly Command[]): Reply {
  const targets = ofVerb.flatMap((command) => command.target ?? []);
  const takes = targets.length === 0 ? "It takes no target." : `It takes ${orList(targets, targets.length)}.`;
  return {
    mark: "refused",
    title: `/${verb} does not know ${inQuotes(target)}. ${takes}`,
    blocks: [{
      kind: "list",
      items: closest(target, targets).map((other) => ({ code: `/help ${verb} ${other}` })),
    }],
    personal: true,
  };
}

function isAbout(command: Command, topic: Topic, aliases: Aliases): boolean {
  const [first = "", ...others] = (topic.target ?? "").toLowerCase().split(/\s+/);
  const wanted = [targetNamed(first, aliases), ...others].join(" ");
  return command.target !== null && `${command.target} `.startsWith(`${wanted} `);
}

function verbsOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.map((command) => command.verb))];
}
