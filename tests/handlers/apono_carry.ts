import assert from "node:assert/strict";
import { parse } from "../../bot/parser/parse.ts";
import type { AponoClient } from "../../clients/apono.ts";
import type { Json, JsonObject } from "../../clients/json.ts";
import { apono } from "../../handlers/apono.ts";
import type {
  Card,
  ChangeOperation,
  Context,
  Nothing,
  Operation,
  Plan,
  Receipt,
  Undo,
  Verification,
} from "../../handlers/operation.ts";
import type { Reply } from "../../handlers/reply.ts";
import type { Account } from "../clients/apono_account.ts";
import type { AponoCall } from "../sandbox/apono.ts";
import { createContext } from "./context.ts";

export function contextOf({ client, clock }: Account): Context<AponoClient> {
  return createContext({ client, clock });
}

/** What a typed command means. */
export function understood(
  text: string,
  document?: Json,
): { operation: Operation; input: JsonObject; asked: readonly string[] } {
  const parsed = parse(text, {
    commands: apono.operations,
    aliases: apono.targets,
    botName: "countersign_bot",
    document,
  });
  assert.ok(parsed.kind === "command", Deno.inspect(parsed));
  return { operation: parsed.command, input: parsed.input, asked: parsed.asked };
}

/** What a typed read answers. */
export async function read(account: Account, text: string): Promise<Reply> {
  const { operation, input } = understood(text);
  assert.ok(operation.risk === "read");
  return (await operation.read(contextOf(account), input))({ now: account.clock.now() });
}

/** What a typed change would do. */
export async function planOf(account: Account, text: string, document?: Json): Promise<Plan | Nothing> {
  const { operation, input } = understood(text, document);
  assert.ok(operation.risk !== "read");
  return await operation.plan(contextOf(account), input);
}

export interface Carried {
  readonly operation: ChangeOperation;
  readonly plan: Plan;
  readonly card: Card;
  readonly receipt: Receipt | undefined;
  readonly verdict: Verification;
  readonly undo: Undo;
  /** The writes that Apono saw. */
  readonly sent: readonly (readonly [method: string, path: string, body: unknown])[];
}

export interface CarryOptions {
  readonly document?: Json;
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * Plans, applies and reads back as the bot does, through JSON, and checks what every change must keep: a plan can
 * be made again, and nothing that is stored or shown holds a secret.
 */
export async function carry(account: Account, text: string, options: CarryOptions = {}): Promise<Carried> {
  const { document, secrets = {} } = options;
  const { operation, input, asked } = understood(text, document);
  assert.ok(operation.risk !== "read");
  assert.deepEqual(asked.toSorted(), Object.keys(secrets).toSorted());
  return await carryInput(account, operation, input, secrets);
}

export async function carryInput(
  account: Account,
  operation: ChangeOperation,
  input: JsonObject,
  secrets: Readonly<Record<string, string>> = {},
): Promise<Carried> {
  const context = contextOf(account);
  const made = await operation.plan(context, input);
  assert.ok(!("nothing" in made), Deno.inspect(made, { depth: 9 }));
  const plan: Plan = stored(made);
  assert.deepEqual(stored(await operation.plan(context, plan.input)), plan, "The plan cannot be made again");
  const card = operation.render(plan);
  const from = account.emulator.calls.length;
  const receipt = await receiptOf(operation.apply(context, plan, secrets));
  const sent = writesOf(account.emulator.calls.slice(from));
  assert.equal(sent.length, 1, "A change is one write");
  const verdict = await operation.verify(context, plan, receipt);
  const undo = operation.undo(plan);
  const told = JSON.stringify([plan, card, receipt, verdict, undo]);
  for (const secret of Object.values(secrets)) assert.ok(!told.includes(secret), "A secret is told");
  return { operation, plan, card, receipt, verdict, undo, sent };
}

/** Takes the change back, after checking that the way back is planned against exactly what was read back. */
export async function carryBack(account: Account, { undo, verdict }: Carried): Promise<Carried> {
  assert.ok(undo.possible, Deno.inspect(undo));
  const operation = apono.operations.find(({ verb, target }) => verb === undo.verb && target === undo.target);
  assert.ok(operation && operation.risk !== "read");
  const back = await carryInput(account, operation, stored(undo.input));
  assert.deepEqual(stored(back.plan.before), stored(verdict.after), "The way back starts elsewhere");
  return back;
}

/** Undefined when the vendor gave no usable answer. */
async function receiptOf(answer: Promise<Receipt>): Promise<Receipt | undefined> {
  try {
    return stored(await answer);
  } catch {
    return undefined;
  }
}

function writesOf(calls: readonly AponoCall[]): Carried["sent"] {
  return calls.filter(({ method }) => method !== "GET").map(({ method, path, body }) => [method, path, body]);
}

function stored<T>(value: T): T {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}
