import assert from "node:assert/strict";
import type { HaloClient } from "../../clients/halo.ts";
import type { JsonObject } from "../../clients/json.ts";
import { halo } from "../../handlers/halo.ts";
import type {
  Card,
  ChangeOperation,
  Context,
  Operation,
  Plan,
  Undo,
  Verification,
} from "../../handlers/operation.ts";
import type { Reply } from "../../handlers/reply.ts";
import type { Vendor } from "../../handlers/vendor.ts";
import type { Fixture } from "../clients/halo_fixture.ts";
import { createContext } from "./context.ts";

export function contextOf({ client, clock }: Fixture): Context<HaloClient> {
  return createContext({ client, clock });
}

/** What a read answers. */
export async function read(
  fixture: Fixture,
  verb: string,
  target: string,
  input: JsonObject = {},
  vendor: Vendor = halo,
): Promise<Reply> {
  const operation = find(vendor, verb, target);
  assert.ok(operation.risk === "read");
  const render = await operation.read(contextOf(fixture), input);
  return render({ now: fixture.clock.now() });
}

export function changeOf(verb: string, target: string, vendor: Vendor = halo): ChangeOperation {
  const operation = find(vendor, verb, target);
  assert.ok(operation.risk !== "read");
  return operation;
}

interface Carried {
  readonly plan: Plan;
  readonly card: Card;
  readonly verdict: Verification;
  readonly undo: Undo;
  /** The command that `undo` names. */
  readonly undone:
    | { readonly verb: string; readonly target: string | null; readonly input: JsonObject }
    | undefined;
  /** The writes that HaloPSA saw: method, path, body. */
  readonly sent: readonly (readonly [method: string, path: string, body: unknown])[];
}

/**
 * Plans, applies and reads back as the bot does, and checks what every change must keep: a plan can be made
 * again, nothing stored or shown holds a secret, and the way back is planned against exactly what was read back.
 */
export async function carry(
  fixture: Fixture,
  verb: string,
  target: string,
  input: JsonObject,
  secrets: Readonly<Record<string, string>> = {},
  vendor: Vendor = halo,
): Promise<Carried> {
  const operation = changeOf(verb, target, vendor);
  const context = contextOf(fixture);
  const plan = await operation.plan(context, input);
  assert.ok("target" in plan, `nothing to change: ${JSON.stringify(plan)}`);
  assert.deepEqual(await operation.plan(context, plan.input), plan);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  const card = operation.render(plan);
  const from = fixture.emulator.calls.length;
  const receipt = await operation.apply(context, plan, secrets);
  const sent = fixture.emulator.calls.slice(from).filter(({ path }) => path !== "/auth/token");
  const verdict = await operation.verify(context, plan, receipt);
  const undo = operation.undo(plan);
  for (const secret of Object.values(secrets)) {
    if (secret.length > 3) assert.ok(!JSON.stringify([plan, card, receipt, verdict, undo]).includes(secret));
  }
  const undone = undo.possible ? { verb: undo.verb, target: undo.target, input: undo.input } : undefined;
  if (undone && verdict.state === "applied" && verdict.after !== undefined) {
    const back = await changeOf(undone.verb, undone.target ?? "", vendor).plan(context, undone.input);
    assert.ok("target" in back);
    assert.deepEqual(back.before, verdict.after);
  }
  return {
    plan,
    card,
    verdict,
    undo,
    undone,
    sent: sent.map(({ method, path, body }) => [method, path, body]),
  };
}

export async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(() => assert.fail("it was not refused"), (error: unknown) => error);
}

function find(vendor: Vendor, verb: string, target: string): Operation {
  const found = vendor.operations.find((operation) => operation.verb === verb && operation.target === target);
  assert.ok(found, `no /${verb} ${target}`);
  return found;
}
