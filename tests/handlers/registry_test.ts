import assert from "node:assert/strict";
import { fieldsOf } from "../../bot/parser/command.ts";
import { looksSecret } from "../../bot/parser/secret_scan.ts";
import { parse } from "../../bot/parser/parse.ts";
import type { Operation } from "../../handlers/operation.ts";
import { operations, vendors } from "../../handlers/registry.ts";
import { setups } from "../../handlers/setups.ts";

const aliases = Object.assign({}, ...vendors.map(({ targets }) => targets));
/** Longer ones do not fit beside a command on a phone. */
const LONGEST_SUMMARY = 80;

for (const operation of operations) {
  Deno.test(`${headOf(operation)} has an example that works as it stands`, () => {
    const parsed = parse(operation.example, { commands: operations, aliases, botName: "countersign_bot" });
    assert.ok(parsed.kind === "command", Deno.inspect(parsed));
    assert.equal(headOf(parsed.command), headOf(operation));
    if (operation.risk === "danger") assert.ok(parsed.reason);
  });
}

Deno.test("every vendor is set up by what the configuration knows of it, in the same order", () => {
  const sealed = vendors.map(({ name, variables, environment, credentials }) => ({
    name,
    variables,
    environment,
    credentials,
  }));
  assert.deepEqual(sealed, Object.values(setups));
});

Deno.test("operations have a summary that fits a phone and ends without a full stop", () => {
  const unfit = operations.filter(({ summary }) => summary.length > LONGEST_SUMMARY || /\.$/.test(summary));
  assert.deepEqual(unfit.map(({ summary }) => summary), []);
});

Deno.test("operations have a verb and a target that no other has", () => {
  const heads = operations.map(headOf);
  assert.deepEqual(heads.filter((head, at) => heads.indexOf(head) !== at), []);
});

Deno.test("operations declare as secret whatever looks like a secret", () => {
  for (const operation of operations) {
    const suspects = fieldsOf(operation.input).map(({ name }) => name).filter(looksSecret);
    for (const name of suspects) {
      // The record of all `secret.<store>.<field>=` options: its own fields say which of them are secret.
      if (fieldsOf(operation.input).some((field) => field.name === name && field.kind === "open")) continue;
      assert.ok(operation.risk !== "read" && operation.secret(name), `${headOf(operation)} ${name}=`);
    }
  }
});

Deno.test("operations have a target of the vendor that they belong to", () => {
  for (const { vendor, target, verb } of operations) {
    const [word] = target?.split(" ") ?? [];
    const targets = vendors.find(({ name }) => name === vendor)?.targets ?? {};
    assert.ok(word === undefined || word in targets, `/${verb} ${target} is not ${vendor}'s`);
  }
});

Deno.test("vendors have no target, and no other name of one, in common", () => {
  const names = vendors.flatMap(({ targets }) => Object.entries(targets).flat(2));
  assert.deepEqual(names.filter((name, at) => names.indexOf(name) !== at), []);
});

function headOf({ verb, target }: Pick<Operation, "verb" | "target">): string {
  return target === null ? `/${verb}` : `/${verb} ${target}`;
}
