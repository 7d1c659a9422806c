import assert from "node:assert/strict";
import { ANA, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";

function newest({ telegram }: Fixture): Message {
  const shown = telegram.seen(ANA, GROUP).at(-1);
  assert.ok(shown, "nothing was said");
  return shown;
}

Deno.test("a name without its target is asked where it belongs, and need not be typed again", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable euce1-104.sentinelone.example");
  const question = newest(fixture);
  assert.match(textOf(question), /Where does “euce1-104\.sentinelone\.example” belong\?/);
  assert.equal(buttonsOf(question)[0]?.text, "sentinelone");
  await fixture.press(ANA, question, "sentinelone");
  const [change] = await fixture.changes();
  assert.equal(change?.target_key, "sentinelone:1");
});

Deno.test("where only one target takes a name, none is asked for", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask("/refresh Kubernetes Edge");
  assert.match((await fixture.change(code)).card, /Kubernetes Edge/);
});

Deno.test("a target is known however its name is written", async () => {
  await using fixture = await openFixture();
  for (const typed of ["N-central", "n_central", "NCentral"]) {
    await fixture.say(ANA, `/show ${typed} 1`);
    assert.match(textOf(newest(fixture)), /N-central EU/, typed);
  }
});

Deno.test("words that no target takes are refused as they were", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/export everything");
  assert.match(textOf(newest(fixture)), /\/export does not know "everything"/);
});

Deno.test("what a read is about can be chosen where it was left out, below its answer", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/usage");
  const own = newest(fixture);
  assert.match(textOf(own), /Northwind MSP/);
  await fixture.press(ANA, own, "Choose a company");
  await fixture.press(ANA, fixture.telegram.ephemerals(ANA, GROUP).at(-1)!, "Acme Corp ·");
  const chosen = fixture.telegram.last(GROUP)!;
  assert.match(textOf(chosen), /168 EC2 hours in \d\d\/\d{4} · Acme Corp/);
  assert.doesNotMatch(textOf(chosen), /Choose a company/);
  const [before] = buttonsOf(chosen).map(({ text }) => text);
  await fixture.press(ANA, chosen, before ?? "");
  assert.match(textOf(chosen), new RegExp(`EC2 hours in ${before?.slice(2)} · Acme Corp`));
  assert.match(textOf(own), /Northwind MSP/);
});
