import assert from "node:assert/strict";
import { ANA, company, type Fixture, openFixture, textOf } from "../approvals/fixture.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";
import type { StageOptions } from "../sandbox/stage.ts";

/** What the bot says to Ana last. */
function said({ telegram }: Fixture): Message {
  const last = telegram.answers(ANA).at(-1);
  assert.ok(last, "nothing was said");
  return last;
}

async function ask(fixture: Fixture, words: string): Promise<string> {
  await fixture.say(ANA, words, { chat: ANA });
  return textOf(said(fixture));
}

function labels(fixture: Fixture): readonly string[] {
  return buttonsOf(said(fixture)).map(({ text }) => text);
}

/** One thing at each vendor that knows no companies is called after one, and one after another company. */
async function openNamed(options: StageOptions = {}): Promise<Fixture> {
  const fixture = await openFixture(options);
  Object.assign(fixture.halo.records["SophosDetails"]?.[0] ?? {}, {
    name: "ACME Corp – Sophos",
    halointegrator_lasterror: "No route to host",
  });
  Object.assign(fixture.halo.records["NcentralDetails"]?.[0] ?? {}, { name: "Acme Corporation N-central" });
  return fixture;
}

Deno.test("/status of a company shows what each vendor has of it, the problems first", async () => {
  await using fixture = await openNamed();
  const text = await ask(fixture, "/status Acme Corp");
  assert.match(text, /^🔴 Acme Corp: 2 of 3 need attention/);
  assert.match(text, /Bitdefender +1 of 2 needs attention/);
  assert.match(text, /HaloPSA +1 of 1 needs attention/);
  assert.match(text, /Nothing of it: Apono, OpsRamp/);
  assert.match(text, /acme-plant-2 +License usage reached[^]*acme-plant-1 +Active/);
  assert.match(text, /ACME Corp – Sophos +failing · Sophos/);
  assert.doesNotMatch(text, /Acme Corporation N-central/);
  assert.deepEqual(labels(fixture), ["Refresh", "Bitdefender", "ec2"]);
  await fixture.press(ANA, said(fixture), "ec2");
  assert.match(textOf(said(fixture)), /Acme Corp/);
});

Deno.test("/status of a company asks no more than /status does, and is served again like it", async () => {
  const asked: string[] = [];
  await using fixture = await openFixture({
    onVendorCall: ({ operation }) => void asked.push(operation),
  });
  await ask(fixture, "/status Acme Corp");
  const first = asked.length;
  await ask(fixture, `/status ${company.acmeCorp}`);
  assert.deepEqual(
    asked.slice(first).filter((call) => !/ompan/.test(call)),
    [],
    "only the company is looked up anew",
  );
});

Deno.test("several companies that fit are offered, and a target's name wins", async () => {
  await using fixture = await openFixture();
  assert.match(await ask(fixture, "/status acme"), /"acme" fits 3 companies/);
  await fixture.press(ANA, said(fixture), "Acme Labs");
  assert.match(textOf(said(fixture)), /Acme Labs: no vendor has anything of it/);
  assert.match(await ask(fixture, "/status Sophos"), /Sophos: 1 of 1/);
});

Deno.test("without a vendor that knows companies, nobody is sent to ask it", async () => {
  const environment = { BITDEFENDER_API_URL: undefined, BITDEFENDER_API_KEY: undefined };
  await using fixture = await openFixture({ environment });
  const told = await ask(fixture, "/status Acme Corp");
  assert.match(told, /None of the vendors that are set up knows companies\. Type \/status for all vendors/);
  assert.doesNotMatch(told, /\/find/);
});

Deno.test("what no vendor knows is answered with what is spelt most like it", async () => {
  await using fixture = await openFixture();
  assert.match(await ask(fixture, "/status globx"), /No company or target is called "globx"/);
  assert.deepEqual(labels(fixture).map((label) => label.split(" ")[0]), ["Globex"]);
  await ask(fixture, "/status sofos");
  assert.deepEqual(labels(fixture), ["/status sophos"]);
  const text = await ask(fixture, "/status qqqqqq");
  assert.match(text, /^⛔[^]*Type \/find and a part of its name, or \/status/);
});

Deno.test("a vendor that is away is named, and hides no other", async () => {
  await using fixture = await openNamed({
    onTheWay: async (vendor, _request, passOn) =>
      vendor === "GravityZone" ? new Response(null, { status: 503 }) : await passOn(),
  });
  const text = await ask(fixture, "/status Acme Corp");
  assert.match(text, /Bitdefender +unreachable/);
  assert.match(text, /HaloPSA +1 of 1 needs attention/);
});

Deno.test("without a vendor that knows companies it goes by the names of things", async () => {
  await using fixture = await openNamed({
    environment: { BITDEFENDER_API_URL: undefined, BITDEFENDER_API_KEY: undefined },
  });
  assert.match(await ask(fixture, "/status acme corp"), /^🔴 acme corp: 1 of 1 needs attention/);
});
