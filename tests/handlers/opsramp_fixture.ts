import assert from "node:assert/strict";
import { parse } from "../../bot/parser/parse.ts";
import { ClientError } from "../../clients/errors.ts";
import type { Json, JsonObject } from "../../clients/json.ts";
import type { OpsRampClient, OpsRampOptions } from "../../clients/opsramp.ts";
import type {
  Card,
  ChangeOperation,
  Context,
  Operation,
  Plan,
  Receipt,
  Undo,
  Verification,
} from "../../handlers/operation.ts";
import { opsramp } from "../../handlers/opsramp.ts";
import type { Block, Line, Reply } from "../../handlers/reply.ts";
import { type Fixture, openFixture } from "../clients/opsramp_fixture.ts";
import type { Installation, OpsRampOptions as World } from "../sandbox/opsramp.ts";
import { createContext } from "./context.ts";

/** OpsRamp's commands as the bot runs them, from the line typed to the outcome, over an emulated vendor. */
export interface HandlerFixture extends AsyncDisposable {
  readonly fixture: Fixture;
  readonly context: Context<OpsRampClient>;
  read(line: string): Promise<Reply>;
  /** Plans a change, and plans it again to see that nothing has moved. */
  plan(line: string, document?: Json): Promise<Planned>;
  /** What is said when there is nothing to change. */
  nothing(line: string, document?: Json): Promise<string>;
}

export interface Planned {
  readonly operation: ChangeOperation;
  readonly plan: Plan;
  readonly card: Card;
  readonly undo: Undo;
  /** The secrets that the line or the document asks for. */
  readonly asked: readonly string[];
  /** Applies and reads back, as the bot does: a write whose outcome is open has no receipt. */
  run(secrets?: Readonly<Record<string, string>>): Promise<Outcome>;
}

export interface Outcome {
  readonly verdict: Verification;
  readonly receipt?: Receipt;
  readonly failure?: ClientError;
}

export function openHandlerFixture(
  world: World = {},
  options: Partial<OpsRampOptions> = {},
  cacheMs = 0,
): HandlerFixture {
  const fixture = openFixture(world, options);
  const context = createContext({ client: fixture.client, clock: fixture.clock, cacheMs });

  async function planned(line: string, document?: Json) {
    const { operation, input, asked } = understand(line, document);
    assert.ok(operation.risk !== "read");
    return { operation, asked, made: await operation.plan(context, input) };
  }

  return {
    fixture,
    context,
    async read(line) {
      const { operation, input } = understand(line);
      assert.ok(operation.risk === "read");
      const render = await operation.read(context, input);
      return render({ now: fixture.clock.now() });
    },
    async plan(line, document) {
      const { operation, asked, made } = await planned(line, document);
      assert.ok(!("nothing" in made), "There was nothing to change");
      const plan: Plan = JSON.parse(JSON.stringify(made));
      assert.deepEqual(plan, made, "a plan is not plain JSON");
      assert.deepEqual(await operation.plan(context, plan.input), plan, "the same plan is not made again");
      const run = (secrets = {}) => runPlan(operation, context, plan, secrets);
      return { operation, plan, asked, card: operation.render(plan), undo: operation.undo(plan), run };
    },
    async nothing(line, document) {
      const { made } = await planned(line, document);
      assert.ok("nothing" in made, `There is something to change: ${JSON.stringify(made)}`);
      return textOf(made.nothing);
    },
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

/** What a line means, by the bot's own parser. */
export function understand(
  line: string,
  document?: Json,
): { operation: Operation; input: JsonObject; asked: readonly string[] } {
  const parsed = parse(line, { commands: opsramp.operations, aliases: {}, botName: "bot", document });
  assert.ok(parsed.kind === "command", `${line}: ${"sentence" in parsed ? parsed.sentence : parsed.kind}`);
  return { operation: parsed.command, input: parsed.input, asked: parsed.asked };
}

async function runPlan(
  operation: ChangeOperation,
  context: Context<OpsRampClient>,
  plan: Plan,
  secrets: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const outcome: { receipt?: Receipt; failure?: ClientError } = {};
  try {
    outcome.receipt = await operation.apply(context, plan, secrets);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    outcome.failure = error;
  }
  return { ...outcome, verdict: await operation.verify(context, plan, outcome.receipt) };
}

/** A record as the vendor has it. */
export function stored(at: HandlerFixture, id: string): Installation {
  const found = at.fixture.emulator.installations.find((one) => one.id === id);
  assert.ok(found);
  return found;
}

/** Undoes what was done, as the bot does, and says whether the state is what the undo expects. */
export async function undone(
  at: HandlerFixture,
  { undo }: Planned,
  after: Json | undefined,
): Promise<string> {
  assert.ok(undo.possible);
  const operation = understand(`/${undo.verb} ${undo.target} x reason=undo`).operation;
  assert.ok(operation.risk !== "read");
  const plan = await operation.plan(at.context, undo.input);
  assert.ok(!("nothing" in plan));
  assert.deepEqual(plan.before, after, "the state read back is not what the undo starts from");
  const receipt = await operation.apply(at.context, plan, {});
  return (await operation.verify(at.context, plan, receipt)).state;
}

/** A line as plain text. */
export function textOf(line: Line): string {
  if (typeof line === "string") return line;
  if (isPieces(line)) return line.map(textOf).join("");
  if ("bold" in line) return textOf(line.bold);
  if ("code" in line) return line.code;
  if ("data" in line) return line.data;
  return new Date(line.time).toISOString();
}

function isPieces(line: Line): line is Extract<Line, readonly unknown[]> {
  return Array.isArray(line);
}

/** Blocks as rows of text: what stands beside each other is joined by " | ". */
export function rowsOf(blocks: readonly Block[] = []): readonly string[] {
  return blocks.flatMap((block): readonly string[] => {
    switch (block.kind) {
      case "text":
        return [textOf(block.text)];
      case "facts":
        return block.facts.map(([label, value]) => `${label} | ${textOf(value)}`);
      case "table":
        return block.rows.map((row) => row.map(textOf).join(" | "));
      case "list":
        return block.items.map(textOf);
      case "details":
        return [`▸ ${textOf(block.summary)}`, ...rowsOf(block.blocks)];
      case "pre":
        return [block.text];
    }
  });
}

/** The rows of a card as text. */
export function changesOf(card: Card): readonly string[] {
  return card.rows.map(({ label, now, after }) => `${label}: ${textOf(now)} → ${textOf(after)}`);
}
