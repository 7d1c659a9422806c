import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { testConversation } from "./conversation.ts";

async function cardOf(fixture: Fixture, text: string): Promise<string> {
  await fixture.ask(text);
  return fixture.groupAnswers().at(-1) ?? "";
}

Deno.test("a field that deletes makes a change dangerous: it needs a reason, and the card says what it does", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/update datto 1 delete_devices=true");
  assert.deepEqual(await fixture.changes(), []);
  const told = fixture.ephemeralAnswers(ANA).at(-1) ?? "";
  assert.match(told, /Type the reason in reply: this is a dangerous change/);
  assert.match(told, /HaloPSA removes the devices that Datto RMM no longer has/);
  assert.ok((await fixture.audit()).some(({ reason_code }) => reason_code === "needs_reason"));

  fixture.halo.records.DattoRmmDetails![0]!.delete_devices = false;
  const [question] = fixture.telegram.ephemerals(ANA, GROUP);
  const { code, card } = await fixture.ask("tidy up", { replyTo: question! });
  const shown = fixture.groupAnswers().at(-1) ?? "";
  assert.match(shown, /^⚠️ .* · danger\n/);
  assert.match(shown, /Breaks\s+HaloPSA removes the devices that Datto RMM no longer has/);
  assert.match(shown, /Undo\s+yes, by setting the old values; what was deleted by then stays deleted/);
  assert.equal((await fixture.change(code)).risk, "danger");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "applied");
});

for (
  const command of [
    "/update ncentral 1 deactivateclients=true",
    "/update ncentral 1 deactivateassets=yes",
    "/update kaseya 2 delete_status=5",
    "/update kaseya 2 enable_alerts=false",
    '/update prtg 1 username=""',
    "/create armis name=Bay url=https://bay.example delete_devices=true",
  ]
) {
  Deno.test(`${command} is dangerous`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, command);
    assert.match(
      fixture.ephemeralAnswers(ANA).at(-1) ?? "",
      /Type the reason in reply: this is a dangerous change/,
    );
    assert.match(await cardOf(fixture, `${command} reason=asked`), /^⚠️ .* · danger\n/);
  });
}

Deno.test("a field that nobody has described breaks what is not known, never nothing", async () => {
  await using fixture = await openFixture();
  const card = await cardOf(fixture, "/update datto 1 asset_type_group=3 top_level=2 url=https://eu.example");
  assert.match(card, /^🟡 /);
  assert.match(card, /the next sync with Datto RMM fails\. Not known for asset_type_group, top_level\./);
  assert.match(await cardOf(fixture, "/update armis 4 name=Plant"), /Breaks\s+nothing/);
});

for (const command of ["/enable datto 1", "/update datto 1 halo_integrator=true"]) {
  Deno.test(`${command} says what the sync does with the switches that are on`, async () => {
    await using fixture = await openFixture();
    const record = fixture.halo.records.DattoRmmDetails![0]!;
    Object.assign(record, { halo_integrator: false, delete_devices: true });
    await fixture.say(ANA, command);
    assert.deepEqual(await fixture.changes(), []);
    const told = [...fixture.ephemeralAnswers(ANA), ...fixture.groupAnswers()].join("\n");
    assert.match(told, /Type the reason in reply: this is a dangerous change/);
    assert.match(told, /HaloPSA removes the devices that Datto RMM no longer has/);

    const { card } = await fixture.ask(`${command} reason=back`);
    assert.match(textOf(card), /^⚠️ .* · danger\n/);
    assert.match(textOf(card), /Breaks\s+HaloPSA removes the devices that Datto RMM no longer has/);
  });

  Deno.test(`${command} never breaks nothing, and runs only with the switches that were approved`, async () => {
    await using fixture = await openFixture();
    const record = fixture.halo.records.DattoRmmDetails![0]!;
    Object.assign(record, { halo_integrator: false, delete_devices: false });
    const { code, card } = await fixture.ask(command);
    assert.match(textOf(card), /^🟡 [^]*Breaks\s+What else the next sync changes in HaloPSA is not known\./);
    record.delete_devices = true;
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(code), "superseded");
    assert.deepEqual(
      fixture.halo.calls.filter(({ method, path }) => method === "POST" && !path.includes("token")),
      [],
    );
  });
}

Deno.test("no card of something that is switched on says that it breaks nothing", async () => {
  await using fixture = await openFixture();
  for (
    const command of ["/enable opsramp AWS staging", "/webhook kaseya create 2", "/export tenable start"]
  ) {
    const { card } = await fixture.ask(command);
    assert.doesNotMatch(textOf(card), /Breaks\s+nothing/, command);
  }
});

testConversation({
  name: "a new secret alone is no danger, and the card says that there is no way back",
  said: "/update datto 1 new_client_secret=?",
  enters: { new_client_secret: "entered-client-secret" },
  card: [
    /^🟡 Change the Datto RMM integration/,
    /Breaks\s+If the new address or credentials are wrong, the next sync with Datto RMM fails\./,
    /Undo\s+No. The old new_client_secret cannot be read from HaloPSA/,
  ],
  outcome: "accepted",
  answered: ["new_client_secret cannot be read back from HaloPSA."],
  wrote: ["POST /api/DattoRmmDetails", [{ id: 1, new_client_secret: "entered-client-secret" }]],
});

Deno.test("/help says that a change can be dangerous", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/help update datto");
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /It can be dangerous: then it needs reason=…/,
  );
});
