import assert from "node:assert/strict";
import { openFile } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openStage, OSKAR, type Stage } from "../sandbox/stage.ts";

Deno.test("the command menu shows each person what they may do, and strangers nothing of it", async () => {
  await using stage = await openStage({ environment: { OPERATORS: String(BEN), APPROVERS: String(ANA) } });
  const menu = (person: number, chat: number) =>
    stage.telegram.menu(person, chat).map(({ command }) => command);
  for (const chat of [GROUP, BEN]) {
    for (const command of ["status", "help", "pending", "disable"]) assert(menu(BEN, chat).includes(command));
    assert(!menu(BEN, chat).includes("unfreeze"));
  }
  for (const chat of [GROUP, ANA]) {
    for (const command of ["status", "unfreeze"]) assert(menu(ANA, chat).includes(command));
    assert(!menu(ANA, chat).includes("disable"));
  }
  assert(menu(OSKAR, GROUP).includes("status"));
  for (const command of ["disable", "unfreeze"]) assert(!menu(OSKAR, GROUP).includes(command));
  assert.deepEqual(menu(OSKAR, OSKAR).sort(), ["help", "start", "whoami"]);
});

Deno.test("without lists every member sees the whole menu in the group", async () => {
  await using stage = await openStage({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  const menu = stage.telegram.menu(OSKAR, GROUP).map(({ command }) => command);
  for (const command of ["status", "disable", "freeze"]) assert(menu.includes(command));
});

Deno.test("menus are told once, and again where the configuration changes them", async () => {
  await using file = await openFile();
  const environment = { DATABASE_URL: file.url };
  const told = ({ telegram }: Stage) =>
    telegram.calls().map(({ method, parameters }) => ({
      method,
      scope: JSON.stringify(parameters["scope"] ?? ""),
    }))
      .filter(({ method }) => /MyCommands|MyDefault/.test(method));
  {
    await using stage = await openStage({ environment });
    assert.equal(told(stage).filter(({ method }) => method === "setMyDefaultAdministratorRights").length, 1);
    assert.equal(told(stage).length, 7);
  }
  {
    await using stage = await openStage({ environment });
    assert.deepEqual(told(stage), []);
  }
  await using stage = await openStage({ environment: { ...environment, OPERATORS: String(BEN) } });
  const changed = told(stage);
  assert.deepEqual(changed.map(({ method }) => method), ["setMyCommands", "setMyCommands"]);
  assert(changed.every(({ scope }) => scope.includes(String(ANA))));
});

Deno.test("who makes the bot an administrator is offered the one right that it needs", async () => {
  await using stage = await openStage();
  const [call] = stage.telegram.calls("setMyDefaultAdministratorRights");
  const rights = JSON.parse(JSON.stringify(call?.parameters["rights"])) as string | object;
  const named = typeof rights === "string" ? JSON.parse(rights) : rights;
  assert.deepEqual(Object.keys(named).filter((right) => named[right]), ["can_delete_messages"]);
});
