import assert from "node:assert/strict";
import { parse } from "../../bot/parser/parse.ts";
import { operations, vendors } from "../../handlers/registry.ts";
import { conversations as apono } from "./apono.ts";
import { conversations as bitdefender } from "./bitdefender.ts";
import type { Conversation } from "./conversation.ts";
import { conversations as halo } from "./halo.ts";
import { conversations as opsramp } from "./opsramp.ts";
import { type PageOperation, pages } from "./operations.ts";

const conversations: readonly Conversation[] = [...bitdefender, ...apono, ...opsramp, ...halo];
const all = pages.flatMap((page) => page.operations);

Deno.test("pages hold as many operations as the vendors' pages", () => {
  const counted = pages.map((
    page,
  ) => [page.vendor, new Set(page.operations.map(({ operation }) => operation)).size]);
  assert.deepEqual(counted, [
    ["Bitdefender", 8],
    ["Apono", 17],
    ["OpsRamp", 5],
    // Four routes of twelve resources, six live ones, Kaseya's two and Tenable's three.
    ["HaloPSA", 12 * 4 + 6 + 2 + 3],
  ]);
});

Deno.test("pages name no conversation twice and no two conversations are called the same", () => {
  const named = all.map(({ test }) => test);
  assert.equal(new Set(named).size, named.length);
  assert.equal(new Set(conversations.map(({ name }) => name)).size, conversations.length);
});

for (const { vendor, operations: ofPage } of pages) {
  Deno.test(`pages of ${vendor} have a command for every operation`, () => {
    for (const { operation, command } of ofPage) {
      assert.ok(operations.some((one) => headOf(one) === command), `${operation} has no ${command}`);
    }
  });

  Deno.test(`pages of ${vendor} have a conversation for every operation, in which the vendor is asked for it`, () => {
    for (const row of ofPage) {
      const conversation = conversations.find(({ name }) => name === row.test);
      assert.ok(conversation, `${row.operation} has no conversation "${row.test}"`);
      assert.equal(commandIn(conversation), row.command, row.test);
      assert.ok(isAsked(conversation, row), `"${row.test}" does not ask for ${row.operation}`);
    }
  });
}

Deno.test("conversations hold every command of every vendor at least once", () => {
  const held = new Set(conversations.map(commandIn));
  assert.deepEqual(operations.map(headOf).filter((head) => !held.has(head)), []);
});

function headOf({ verb, target }: { verb: string; target: string | null }): string {
  return [`/${verb}`, ...(target === null ? [] : [target])].join(" ");
}

/** The head of what is said there, as the bot understands it. */
function commandIn({ said, document }: Conversation): string {
  const parsed = parse(said, {
    commands: operations,
    aliases: Object.assign({}, ...vendors.map(({ targets }) => targets)),
    botName: "countersign_bot",
    document: document &&
      (typeof document.content === "string" ? JSON.parse(document.content) : document.content),
  });
  return "command" in parsed && parsed.command ? headOf(parsed.command) : `not understood: ${said}`;
}

function isAsked(conversation: Conversation, { operation }: PageOperation): boolean {
  const calls = "wrote" in conversation
    ? [conversation.wrote[0]]
    : "asked" in conversation
    ? conversation.asked
    : [];
  const [path = "", query = ""] = operation.split("?");
  const steps = path.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  // HaloPSA's page leaves out the "/api" that its server's address ends with.
  const pattern = new RegExp(`^${steps.join("[^/?]+").replace(/^(\w+ )/, "$1(?:\\/api)?")}(?=[ ?]|$)`);
  return calls.some((call) => typeof call === "string" && pattern.test(call) && call.includes(query));
}
