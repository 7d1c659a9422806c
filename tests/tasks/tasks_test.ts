import assert from "node:assert/strict";
import { vendors } from "../../handlers/registry.ts";
import { type Conversation, openConversation, type Shown } from "../sandbox/conversation.ts";
import { playScript, readScript, type Step } from "../sandbox/script.ts";
import { GROUP } from "../sandbox/stage.ts";

/*
 * What people come to the bot for, done by somebody who has never read a manual. Each file is one conversation; its
 * first line says what is done, and within how many messages and taps of all who take part. What stands above
 * "# The task:" happened before.
 */

const FOLDER = new URL("./", import.meta.url);
const FIRST_LINE = /^# (.+): at most (\d+) messages? and (\d+) taps?$/;
const BEGINNING = "# The task:";
/** A setting of the bot that the task needs. */
const SETTING = /^# With ([A-Z_]+)=(\S+)$/;

interface Task {
  readonly title: string;
  readonly most: Effort;
  readonly steps: readonly Step[];
  readonly environment: Readonly<Record<string, string>>;
}

interface Effort {
  readonly messages: number;
  readonly taps: number;
}

function readTask(text: string): Task {
  const [, title = "", messages, taps] = FIRST_LINE.exec(text.split("\n", 1)[0] ?? "") ?? [];
  assert(title, "the first line says what is done and in how many messages and taps");
  const steps = readScript(text);
  const settings = steps.flatMap((step) => SETTING.exec(step.text) ?? []);
  const environment = settings.length > 0 ? { [settings[1] ?? ""]: settings[2] ?? "" } : {};
  return { title, most: { messages: Number(messages), taps: Number(taps) }, steps, environment };
}

/** The steps of the task itself. */
function counted(steps: readonly Step[]): readonly Step[] {
  return steps.slice(steps.findIndex(({ text }) => text === BEGINNING) + 1);
}

/** Opening the page behind a link is a tap, too. */
function effortOf(steps: readonly Step[]): Effort {
  const many = (...kinds: readonly Step["kind"][]) => steps.filter(({ kind }) => kinds.includes(kind)).length;
  return { messages: many("say", "reply"), taps: many("press", "enter") };
}

const TARGETS = new Set(vendors.flatMap(({ targets }) => Object.keys(targets)));

/** Words of the bot that nobody knows by themselves: verbs that are in no menu, targets and the names of options. */
function unheardOf(said: string, menu: readonly string[], shown: string): readonly string[] {
  return said.split(/\s+/).filter((word) => {
    const [, verb] = /^\/(\w+)$/.exec(word) ?? [];
    if (verb !== undefined) return !menu.includes(verb) && !shown.includes(word);
    const [, option] = /^(\w+=)/.exec(word) ?? [];
    return (option !== undefined || TARGETS.has(word)) && !shown.includes(option ?? word);
  });
}

/** The same conversation, in which nobody types what they could not know. */
function asNewcomers(conversation: Conversation, said: ReadonlySet<string>): Conversation {
  let seen = "";
  const looking = async (act: Promise<Shown[]>) => {
    const shown = await act;
    seen += shown.map(({ text }) => `${text}\n`).join("");
    return shown;
  };
  return {
    ...conversation,
    say(person, text, options) {
      const menu = conversation.stage.telegram.menu(person, options?.inPrivate ? person : GROUP);
      if (said.has(text)) {
        assert.deepEqual(unheardOf(text, menu.map(({ command }) => command), seen), [], text);
      }
      return looking(conversation.say(person, text, options));
    },
    reply: (person, text) => looking(conversation.reply(person, text)),
    press: (person, label) => looking(conversation.press(person, label)),
    enter: (person, values) => looking(conversation.enter(person, values)),
    pass: (ms) => looking(conversation.pass(ms)),
  };
}

const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.endsWith(".txt"));

for (const name of files.toSorted()) {
  const { title, most, steps, environment } = readTask(Deno.readTextFileSync(new URL(name, FOLDER)));
  const task = counted(steps);
  const { messages, taps } = effortOf(task);
  const at = `${messages} of ${most.messages} messages, ${taps} of ${most.taps} taps`;
  Deno.test(`task ${Number.parseInt(name)}: ${title}: ${at}`, async () => {
    assert(messages <= most.messages && taps <= most.taps, `too much for it: ${at}`);
    await using conversation = await openConversation({ environment });
    const said = new Set(task.flatMap((step) => step.kind === "say" ? [step.words] : []));
    let transcript = "";
    try {
      await playScript(
        steps,
        asNewcomers(conversation, said),
        (part) => Promise.resolve(void (transcript += part)),
      );
    } catch (error) {
      throw new Error(
        `${name}, ${error instanceof Error ? error.message : error}\n${transcript.slice(-1500)}`,
      );
    }
  });
}

Deno.test("all 32 tasks are there", () => {
  const numbers = files.map((name) => Number.parseInt(name)).toSorted((one, other) => one - other);
  assert.deepEqual(numbers, Array.from({ length: 32 }, (_, at) => at + 1));
});
