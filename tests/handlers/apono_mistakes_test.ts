import assert from "node:assert/strict";
import { BadInput } from "../../handlers/operation.ts";
import { openAccount } from "../clients/apono_account.ts";
import { planOf, read } from "./apono_carry.ts";

for (
  const [typed, said, offered] of [
    ["status=foo", /has the status "foo"\. There are Active, Disabled, Error, /, "/list apono status=Active"],
    ["status=error,eror", undefined, undefined],
    ["type=postgres", /has the type "postgres"\. There are aws-account, /, "/list apono type=aws-account"],
    [
      "category=people",
      /has the category "PEOPLE"\. There are RESOURCES, USER-INFORMATION\./,
      "/list apono category=RESOURCES",
    ],
    [
      "connector=eu",
      /has the connector "eu"\. There are edge-connector, /,
      "/list apono connector=edge-connector",
    ],
  ] as const
) {
  Deno.test(`/list apono ${typed} ${said ? "names the values there are" : "is answered with what fits"}`, async () => {
    await using account = openAccount();
    if (!said) {
      return void assert.match(JSON.stringify(await read(account, `/list apono ${typed}`)), /Analytics/);
    }
    await assert.rejects(
      read(account, `/list apono ${typed}`),
      (error) => error instanceof BadInput && said.test(error.message) && error.suggestions[0] === offered,
    );
  });
}

Deno.test("/list apono of a status that Apono knows says that nothing has it", async () => {
  await using account = openAccount();
  for (const stored of account.emulator.world.integrations) stored.status = "Active";
  assert.equal((await read(account, "/list apono status=error")).title, "No Apono integration fits");
});

for (
  const [typed, said, offered] of [
    [
      "/update apono Orders DB port=5433",
      /no option port=.* typed config\.port=/,
      "/update apono Orders DB config.port=5433",
    ],
    ["/update apono Orders DB", /^Type what to change/, undefined],
    ["/update apono Orders DX", /No Apono integration fits "Orders DX"/, undefined],
  ] as const
) {
  Deno.test(`${typed} is answered with the way on`, async () => {
    await using account = openAccount();
    await assert.rejects(
      planOf(account, typed),
      (error) => error instanceof BadInput && said.test(error.message) && error.suggestions[0] === offered,
    );
  });
}

Deno.test("/tag apono -<key> that is not there offers the four that are nearest, as whole commands", async () => {
  await using account = openAccount();
  const { world } = account.emulator;
  const { id } = world.resources[0]!;
  world.tags[id] = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`tag-${at}`, "x"]));
  await assert.rejects(planOf(account, `/tag apono ${id} -tag-14x`), (error) => {
    assert.ok(error instanceof BadInput);
    assert.match(error.message, /It has tag-14, .* and 146 more\.$/);
    assert.equal(error.suggestions[0], `/tag apono ${id} -tag-14`);
    return error.suggestions.length === 4;
  });
});

Deno.test("/tags says that a tag is empty", async () => {
  await using account = openAccount();
  const { id } = account.emulator.world.resources[0]!;
  account.emulator.world.tags[id] = { env: "" };
  assert.match(JSON.stringify(await read(account, `/tags ${id}`)), /"empty"/);
});
