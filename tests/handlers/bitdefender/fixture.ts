import assert from "node:assert/strict";
import { BitdefenderClient } from "../../../clients/bitdefender.ts";
import { ClientError } from "../../../clients/errors.ts";
import type { JsonObject } from "../../../clients/json.ts";
import { bitdefender } from "../../../handlers/bitdefender.ts";
import type {
  ChangeOperation,
  Context,
  PastChange,
  Plan,
  ReadOperation,
  Receipt,
  Verification,
} from "../../../handlers/operation.ts";
import type { Block, Line, Reply } from "../../../handlers/reply.ts";
import { createFakeClock, type FakeClock } from "../../clock.ts";
import { createGravityZone, type GravityZone } from "../../sandbox/gravityzone.ts";
import { northwind } from "../../sandbox/gravityzone/northwind.ts";
import { serve } from "../../sandbox/serve.ts";
import { createContext, remember } from "../context.ts";

/** 14 March 2026, 03:12 UTC. */
export const NIGHT = Date.UTC(2026, 2, 14, 3, 12);
const KEY = "key-of-the-tests";

export interface HandlerFixture extends AsyncDisposable {
  readonly vendor: GravityZone;
  readonly clock: FakeClock;
  readonly client: BitdefenderClient;
  readonly context: Context<BitdefenderClient>;
  readonly recall: Map<string, string>;
  /** Says a read and returns its answer. */
  read(verb: string, target: string | null, input?: JsonObject): Promise<Reply>;
  plan(verb: string, target: string, input: JsonObject): Promise<Plan>;
  /** Applies as the bot does: a write whose outcome is open has no receipt. */
  run(verb: string, target: string, plan: Plan, secrets?: Record<string, string>): Promise<Outcome>;
}

export interface Outcome {
  readonly receipt?: Receipt;
  readonly failure?: ClientError;
  readonly verdict: Verification;
}

export function handlerFixture(
  { history, cacheMs, timeoutMs }: {
    history?: Record<string, readonly PastChange[]>;
    cacheMs?: number;
    timeoutMs?: number;
  } = {},
): HandlerFixture {
  const clock = createFakeClock({ start: NIGHT });
  const vendor = createGravityZone({ world: northwind(NIGHT, KEY), now: clock.now });
  const served = serve(vendor.fetch);
  const client = new BitdefenderClient({
    apiUrl: `${served.url}/api`,
    apiKey: KEY,
    clock,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  const recall = new Map<string, string>();
  const context = createContext({
    client,
    clock,
    recall,
    ...(history && { history }),
    ...(cacheMs !== undefined && { cacheMs }),
  });
  return {
    vendor,
    clock,
    client,
    context,
    recall,
    async read(verb, target, input = {}) {
      const render = await readOf(verb, target).read(context, input);
      return render({ now: clock.now() });
    },
    async plan(verb, target, input) {
      const planned = await changeOf(verb, target).plan(context, input);
      assert.ok(!("nothing" in planned), "There was nothing to change");
      const again = await changeOf(verb, target).plan(context, planned.input);
      assert.deepEqual(again, planned, "The plan cannot be made again");
      // What the bot keeps between the request and the decision.
      return JSON.parse(JSON.stringify(planned)) as Plan;
    },
    async run(verb, target, plan, secrets = {}) {
      const operation = changeOf(verb, target);
      const outcome: { receipt?: Receipt; failure?: ClientError } = {};
      try {
        outcome.receipt = await operation.apply(context, plan, secrets);
      } catch (error) {
        assert.ok(error instanceof ClientError);
        outcome.failure = error;
      }
      const verdict = await operation.verify(context, plan, outcome.receipt);
      remember(recall, verdict);
      return { ...outcome, verdict };
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

function readOf(verb: string, target: string | null): ReadOperation {
  const found = operationOf(verb, target);
  assert.ok(found.risk === "read");
  return found;
}

export function changeOf(verb: string, target: string): ChangeOperation {
  const found = operationOf(verb, target);
  assert.ok(found.risk !== "read");
  return found;
}

function operationOf(verb: string, target: string | null): ReadOperation | ChangeOperation {
  const found = bitdefender.operations.find((each) => each.verb === verb && each.target === target);
  assert.ok(found, `No operation ${verb} ${target}`);
  return found;
}

/** A line as plain text. */
export function plain(line: Line): string {
  if (Array.isArray(line)) return line.map(plain).join("");
  const piece = line as Exclude<Line, readonly unknown[]>;
  if (typeof piece === "string") return piece;
  if ("bold" in piece) return plain(piece.bold);
  if ("code" in piece) return piece.code;
  if ("data" in piece) return piece.data;
  return new Date(piece.time).toISOString();
}

/** Blocks as plain rows: what stands beside each other is joined by " | ". */
export function rowsOf(blocks: readonly Block[] = []): string[] {
  return blocks.flatMap((block): string[] => {
    switch (block.kind) {
      case "text":
        return [plain(block.text)];
      case "facts":
        return block.facts.map(([label, value]) => `${label} | ${plain(value)}`);
      case "table":
        return block.rows.map((row) => row.map(plain).join(" | "));
      case "list":
        return block.items.map(plain);
      case "details":
        return [`▸ ${plain(block.summary)}`, ...rowsOf(block.blocks)];
      case "pre":
        return [block.text];
    }
  });
}
