import assert from "node:assert/strict";
import type { Environment } from "../../bot/config.ts";
import { ANA, type Asked, BEN, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import type { StageOptions } from "../sandbox/stage.ts";
import { buttonsOf, type Message, type Saying } from "../sandbox/telegram.ts";
import { callsOf, type VendorCall } from "./vendor_call.ts";

type Pattern = string | RegExp;

/** What every conversation has: Ana says something in the group. */
interface Said {
  /** A sentence that begins with the command; the name of the test. */
  readonly name: string;
  readonly said: string;
  /** A document that comes with it: as the command's own file, or in an earlier message that it replies to. */
  readonly document?: { readonly content: object | string; readonly as: "caption" | "reply" };
  /** Of several that fit, the one that Ana picks, by its button. */
  readonly picks?: string;
  readonly environment?: Environment;
  readonly stage?: Omit<StageOptions, "environment">;
  /** The vendor answers what its own documents do not allow. */
  readonly againstDocuments?: true;
  /** What has happened at the vendor before. */
  readonly before?: (fixture: Fixture) => unknown;
}

/** A question and its one answer. */
export interface Reading extends Said {
  readonly answered: readonly Pattern[];
  readonly lacks?: readonly Pattern[];
  /** A file that comes along. */
  readonly file?: {
    readonly name: Pattern;
    readonly holds: readonly Pattern[];
    readonly lacks?: readonly Pattern[];
  };
  /** Every call that the vendor got, in any order. */
  readonly asked: readonly string[];
}

/** A request, its card, Ben's approval and what comes of it. */
export interface Changing extends Said {
  /** What Ana enters on the private page, by the field's name there. */
  readonly enters?: Readonly<Record<string, string>>;
  readonly card: readonly Pattern[];
  readonly outcome: keyof typeof AUDITED;
  /** What the card says afterwards. */
  readonly answered: readonly Pattern[];
  /** The one write that the vendor got: the call (a pattern where the vendor draws an id) and its body. */
  readonly wrote: readonly [call: Pattern, body?: unknown];
  /** What the vendor holds and nobody is shown. */
  readonly hides?: readonly string[];
  /** The way back, asked for by Ana and approved by Ben. */
  readonly undone?: Pick<Changing, "card" | "outcome" | "answered" | "wrote">;
  /** Looked at after everything else. */
  readonly after?: (fixture: Fixture) => unknown;
}

/** Something that is said and leads nowhere: the answer says what to type instead, and no vendor is changed. */
export interface Refused extends Said {
  readonly refused: readonly Pattern[];
}

export type Conversation = Reading | Changing | Refused;

/** Registers a conversation as a test of its name. */
export function testConversation(conversation: Conversation): void {
  Deno.test(conversation.name, async () => {
    const { environment, stage } = conversation;
    await using fixture = await openFixture({ ...stage, ...(environment && { environment }) });
    await conversation.before?.(fixture);
    forgetCalls(fixture);
    if ("card" in conversation) await change(fixture, conversation);
    else if ("refused" in conversation) await refuse(fixture, conversation);
    else await read(fixture, conversation);
    const errors = fixture.log.lines.filter(({ level }) => level === "error");
    assert.deepEqual(errors, [], "logged as errors");
    if (!conversation.againstDocuments) {
      assert.deepEqual(fixture.specFaults(), [], "against the vendors' documents");
    }
  });
}

async function read(fixture: Fixture, conversation: Reading): Promise<void> {
  await ask(fixture, conversation);
  const { answered, lacks = [], asked, file } = conversation;
  const told = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)];
  const answer = told.find((text) => answered.every((part) => fits(text, part)));
  assert.ok(
    answer !== undefined,
    `None of these holds all of ${answered.join(" | ")}:\n${told.join("\n\n")}`,
  );
  for (const part of lacks) {
    assert.ok(!fits(told.join("\n"), part), `${part} is shown:\n${told.join("\n\n")}`);
  }
  assert.deepEqual(callsOf(fixture).map(({ call }) => call).toSorted(), asked.toSorted());
  if (file) checkFile(fixture, file);
}

async function refuse(fixture: Fixture, conversation: Refused): Promise<void> {
  await ask(fixture, conversation);
  const told = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)].join("\n\n");
  for (const part of conversation.refused) assert.ok(fits(told, part), `${part} is not in:\n${told}`);
  assert.deepEqual(await fixture.changes(), []);
  assert.deepEqual(writesIn(fixture), []);
}

async function change(fixture: Fixture, conversation: Changing): Promise<void> {
  const { card, enters = {}, hides = [], undone, after } = conversation;
  await ask(fixture, conversation);
  if (conversation.enters) await enterSecrets(fixture, conversation.enters);
  const asked = await pendingChange(fixture, conversation.said);
  assertFits(textOf(asked.card), card, "the card");
  assert.deepEqual(writesIn(fixture), [], "written before the approval");
  await decide(fixture, asked, conversation);
  if (undone) await takeBack(fixture, asked, undone);
  await assertKept(fixture, Object.values(enters));
  const shown = JSON.stringify(fixture.telegram.calls().map(({ parameters }) => parameters));
  for (const hidden of hides) assert.ok(!shown.includes(hidden), `${hidden} is shown`);
  await after?.(fixture);
}

/** Ana's word, with its document, and her pick where she is asked. */
async function ask(fixture: Fixture, { said, document, picks }: Said): Promise<void> {
  await fixture.say(ANA, said, document ? await attached(fixture, document) : {});
  if (picks === undefined) return;
  const question = [...fixture.telegram.ephemerals(ANA, GROUP), ...fixture.telegram.answers(GROUP)]
    .findLast((message) => buttonsOf(message).some(({ text }) => text.includes(picks)));
  assert.ok(question, `No button ${picks}:\n${fixture.telegram.transcript(GROUP)}`);
  await fixture.press(ANA, question, picks);
}

async function attached(fixture: Fixture, { content, as }: NonNullable<Said["document"]>): Promise<Saying> {
  const document = { name: "body.json", content: typeof content === "string" ? content : { ...content } };
  if (as === "caption") return { document };
  await fixture.say(BEN, "", { document });
  return { replyTo: fixture.telegram.messages(GROUP).findLast((message) => message.document)! };
}

/** Ana opens the link that only she got and sends the form. */
async function enterSecrets(fixture: Fixture, values: Readonly<Record<string, string>>): Promise<void> {
  const answers = [...fixture.telegram.answers(ANA), ...fixture.telegram.ephemerals(ANA, GROUP)].map(textOf)
    .join(
      "\n",
    );
  const [link] = /http:\S+\/secret\/[\w-]+/.exec(answers) ?? [];
  assert.ok(link, `No link to a secret page:\n${fixture.telegram.transcript(GROUP)}`);
  assert.ok(!fixture.groupAnswers().join("\n").includes(link), "everyone can see the link");
  const page = await (await fetch(link)).text();
  const fields = [...page.matchAll(/name="([^"]+)" required/g)].map(([, field]) => field);
  assert.deepEqual(fields.toSorted(), Object.keys(values).toSorted(), "the fields on the page");
  const answer = await fetch(link, { method: "POST", body: new URLSearchParams(values) });
  const told = await answer.text();
  assert.equal(answer.status, 200, told);
  await fixture.rest();
}

async function pendingChange(fixture: Fixture, said: string): Promise<Asked> {
  const pending = (await fixture.changes()).filter(({ state }) => state === "pending");
  assert.equal(
    pending.length,
    1,
    `“${said}” led to ${pending.length} changes\n${fixture.telegram.transcript(GROUP)}`,
  );
  const { code } = pending[0]!;
  const card = fixture.telegram.messages(GROUP).findLast((message) => textOf(message).includes(code));
  assert.ok(card, "the change has no card");
  return { code, card };
}

/** Ben approves; the vendor is asked once, the card says what came of it, the audit knows every step. */
async function decide(
  fixture: Fixture,
  asked: Asked,
  { outcome, answered, wrote }: Pick<Changing, "outcome" | "answered" | "wrote">,
): Promise<void> {
  forgetCalls(fixture);
  await fixture.press(BEN, asked.card, "Approve");
  const text = textOf(asked.card);
  assert.equal(await fixture.state(asked.code), outcome, text);
  assertFits(text, [new RegExp(`^\\S+ (?:\\S+ )?${outcome}: `, "i"), ...answered], "the card afterwards");
  assertSent(writesIn(fixture), wrote);
  const events = (await fixture.audit(asked.code)).map(({ event }) => event)
    .filter((event) => !event.startsWith("credential_"));
  assert.deepEqual(events, ["asked", "approve", "claim", "send", AUDITED[outcome]], "audited");
}

const AUDITED = {
  applied: "apply",
  "partly applied": "apply_partly",
  accepted: "accept",
  "not applied": "fail",
  unknown: "mark_unknown",
} as const;

async function takeBack(
  fixture: Fixture,
  asked: Asked,
  undone: NonNullable<Changing["undone"]>,
): Promise<void> {
  await fixture.say(ANA, `/undo ${asked.code}`);
  const back = await pendingChange(fixture, "/undo");
  assertFits(textOf(back.card), undone.card, "the card of the way back");
  await decide(fixture, back, undone);
}

/** What was entered on the page has gone to the vendor and nowhere else. */
async function assertKept(fixture: Fixture, secrets: readonly string[]): Promise<void> {
  const places = {
    Telegram: fixture.telegram.calls().map(({ parameters }) => parameters),
    "the log": fixture.log.lines,
    "the audit": await fixture.audit(),
    "the changes": await fixture.changes(),
    "the inbox": await fixture.store.db.selectFrom("inbox").select("body").execute(),
  };
  for (const [place, held] of Object.entries(places)) {
    const text = JSON.stringify(held);
    for (const secret of secrets) assert.ok(!text.includes(secret), `${place} holds ${secret}`);
  }
}

function checkFile(fixture: Fixture, { name, holds, lacks = [] }: NonNullable<Reading["file"]>): void {
  const sent = fixture.telegram.answers(GROUP).find((message: Message) => message.document);
  assert.ok(sent?.document, `no file came:\n${fixture.telegram.transcript(GROUP)}`);
  assert.ok(fits(sent.document.file_name ?? "", name), `the file is called ${sent.document.file_name}`);
  const text = new TextDecoder().decode(fixture.telegram.file(sent.document.file_id));
  assertFits(text, holds, "the file");
  for (const part of lacks) assert.ok(!fits(text, part), `${part} is in the file`);
}

function assertSent(
  sent: readonly Pick<VendorCall, "call" | "body">[],
  [call, body]: Changing["wrote"],
): void {
  assert.equal(sent.length, 1, `sent: ${JSON.stringify(sent)}`);
  const [only] = sent;
  if (typeof call === "string") assert.equal(only?.call, call);
  else assert.match(only?.call ?? "", call);
  assert.deepEqual(only?.body, body, "the body that was sent");
}

function writesIn(fixture: Fixture): Pick<VendorCall, "call" | "body">[] {
  return callsOf(fixture).filter(({ write }) => write)
    .map(({ call, body }) => ({ call, ...(body === undefined ? {} : { body }) }));
}

/** Only what comes from here on counts. */
function forgetCalls({ gravityzone, apono, opsramp, halo }: Fixture): void {
  for (const { calls } of [gravityzone, apono, opsramp, halo]) calls.length = 0;
}

function assertFits(text: string, parts: readonly Pattern[], what: string): void {
  for (const part of parts) assert.ok(fits(text, part), `${what} lacks ${part}:\n${text}`);
}

function fits(text: string, part: Pattern): boolean {
  return typeof part === "string" ? text.includes(part) : part.test(text);
}
