import assert from "node:assert/strict";
import { BEN, openFixture } from "../approvals/fixture.ts";

Deno.test("a change that was overtaken tells what has moved, and no secret that moved with it", async () => {
  await using fixture = await openFixture();
  const config =
    fixture.apono.world.integrations.find(({ name }) => name === "Orders DB")!.integration_config;
  Object.assign(config, {
    url: "postgres://ana:PW-ONE@db.example.com/orders",
    client_id: "client-ONE-11112222",
  });
  const { code, card } = await fixture.ask("/update apono Orders DB config.port=5433");
  Object.assign(config, {
    url: "postgres://ana:PW-TWO@db.example.com/orders",
    client_id: "CLIENT-TWO-33334444",
    credentials: { user: "ana", value: "PW-THREE" },
    dbname: "ledger",
  });
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "superseded");
  const told = [...fixture.groupAnswers(), ...(await fixture.audit(code)).map(({ detail }) => String(detail))]
    .join("\n");
  assert.match(told, /config\.url has changed/);
  assert.match(told, /config\.client_id was clie••••••, is now CLIE••••••/);
  assert.match(told, /config\.credentials was nothing, is now hidden/);
  assert.match(told, /config\.dbname was postgres, is now ledger/);
  for (const secret of ["PW-ONE", "PW-TWO", "PW-THREE", "ONE-1111", "TWO-3333"]) {
    assert.ok(!told.includes(secret), secret);
  }
});

Deno.test("a notifier that was overtaken is not quoted with its key", async () => {
  await using fixture = await openFixture();
  const notifier = fixture.opsramp.installations[0]!.outboundConfig!.baseNotifier!;
  notifier.baseURI = "https://ana:PW-ONE@desk.example.com/api?key=KEY-ONE";
  const { code, card } = await fixture.ask(
    "/notifier opsramp Service Desk uri=https://new.example.com auth=NONE",
  );
  notifier.baseURI = "https://ana:PW-TWO@desk.example.com/api?key=KEY-TWO";
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "superseded");
  const told = [...fixture.groupAnswers(), ...(await fixture.audit(code)).map(({ detail }) => String(detail))]
    .join("\n");
  assert.match(told, /notifier\.baseURI has changed/);
  for (const secret of ["PW-ONE", "PW-TWO", "KEY-ONE", "KEY-TWO"]) assert.ok(!told.includes(secret), secret);
});
