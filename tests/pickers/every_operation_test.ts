import assert from "node:assert/strict";
import { vendors } from "../../handlers/registry.ts";
import type { Operation } from "../../handlers/operation.ts";
import { fieldsTyped, headOf, isChange, usageOf } from "../../bot/parser/command.ts";
import { parse } from "../../bot/parser/parse.ts";
import { ANA, type Fixture, openFixture, textOf } from "../approvals/fixture.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";

const operations = vendors.flatMap((vendor) => vendor.operations);
const set = {
  commands: operations,
  aliases: Object.assign({}, ...vendors.map(({ targets }) => targets)),
  botName: "countersign_bot",
};

/** How a bare verb got to its command. */
interface Way {
  readonly taps: number;
  readonly words: number;
}

/** The last thing that the bot asks Ana in private; undefined once it asks nothing. */
function asked({ telegram }: Fixture): Message | undefined {
  const last = telegram.answers(ANA).at(-1);
  const isOne = last &&
    (buttonsOf(last).some(({ text }) => text === "Cancel") || /^🟡 Type /.test(textOf(last)));
  return isOne ? last : undefined;
}

/** What the operation's own example says for the field that is asked for. */
function sample(operation: Operation, question: string): string {
  const parsed = parse(operation.example, set);
  const input: Record<string, unknown> = parsed.kind === "command" ? parsed.input : {};
  if (/Type the reason/.test(question)) return "maintenance";
  const fields = fieldsTyped(operation);
  const open = fields.find(({ kind }) => kind === "open");
  if (open && /Type what shall be set/.test(question)) return `${open.prefix}env=test`;
  const field = fields.find(({ name, placeholder }) =>
    question.includes(`Type the ${placeholder} in`) || question.includes(`Type the ${name} in`)
  );
  return String((field && input[field.name]) ?? VALUES[field?.name ?? ""] ?? "7");
}

/** Where an example says nothing of a field. */
const VALUES: Readonly<Record<string, string>> = {
  name: "Tried out",
  uri: "https://desk.example.com/api",
  role: "arn:aws:iam::111222345123:role/test",
  attribute: "priority",
  thirdParty: "Ticket.priority",
};

/** Presses and answers until nothing is asked any more. */
async function walk(fixture: Fixture, operation: Operation): Promise<Way> {
  let [taps, words] = [0, 0];
  const wanted = operation.target ?? "";
  for (let step = 0; step < 12; step++) {
    const question = asked(fixture);
    if (!question) return { taps, words };
    const labels = buttonsOf(question).map(({ text }) => text);
    const options = labels.filter((label) => !/^(Cancel|‹ Back|Next ›|Fill in a form)$/.test(label));
    if (options.length === 0) {
      await fixture.say(ANA, sample(operation, textOf(question)), {
        chat: ANA,
        replyTo: question.message_id,
      });
      words++;
      continue;
    }
    const isTargets = /What shall/.test(textOf(question));
    const pick = isTargets ? options.find((label) => label === wanted) : options[0];
    if (pick === undefined) await fixture.press(ANA, question, "Next ›");
    else {
      await fixture.press(ANA, question, pick);
      taps++;
    }
  }
  throw new Error(`${headOf(operation)} asks and asks:\n${fixture.telegram.transcript(ANA).slice(-2000)}`);
}

/** The products of which the emulated HaloPSA has no integration. */
const EMPTY: ReadonlySet<string> = new Set(["dynatrace", "snipeit", "manageengine"]);

/** Verbs that say something of their own when they are alone. */
function saysSomething({ verb, target }: Operation): boolean {
  return target === null || verb === "status";
}

Deno.test("every operation is there by pressing, from its bare verb", async (t) => {
  // One after the other in one chat: none may leave anything behind that stands in the way of the next.
  await using fixture = await openFixture();
  for (const operation of operations) {
    await t.step(headOf(operation), () => fromBareVerb(fixture, operation));
  }
});

async function fromBareVerb(fixture: Fixture, operation: Operation): Promise<void> {
  const bare = saysSomething(operation) ? headOf(operation) : `/${operation.verb}`;
  await fixture.say(ANA, bare, { chat: ANA });
  const { taps, words } = await walk(fixture, operation);
  if (EMPTY.has(operation.target ?? "") && operation.choices) {
    assert.match(textOf(fixture.telegram.answers(ANA).at(-1)!), /There is nothing to choose from/);
    return;
  }
  const [last] = await fixture.store.db.selectFrom("recent_commands").selectAll()
    .orderBy("at", "desc").limit(1).execute();
  const done = parse(last?.command ?? "", set);
  const told = `${usageOf(operation)} after “${bare}” came to “${last?.command}”:\n` +
    fixture.telegram.transcript(ANA).slice(-1500);
  assert.equal(done.kind, "command", told);
  assert.equal(done.kind === "command" && done.command, operation, told);
  assert.ok(words > 0 || taps <= 4, `${taps} taps: ${told}`);
  if (isChange(operation)) await settle(fixture, operation, told);
}

/** A card waits, a secret is asked for, or the vendor says that it cannot be: never a question of the bot's own. */
async function settle(fixture: Fixture, { verb, target }: Operation, told: string): Promise<void> {
  const change = (await fixture.changes()).find((one) => one.state === "pending");
  if (change) {
    assert.deepEqual([change.verb, change.target], [verb, target], told);
    return await fixture.say(ANA, `/withdraw ${change.code}`, { chat: ANA });
  }
  const said = textOf(fixture.telegram.answers(ANA).at(-1)!);
  assert.match(said, /already|private page|Nothing|Enter|cannot|needs|does not|No |not /, told);
}
