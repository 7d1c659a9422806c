import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, openFixture } from "../approvals/fixture.ts";

async function answerTo(fixture: Fixture, text: string): Promise<string> {
  await fixture.say(ANA, text);
  return fixture.groupAnswers().at(-1) ?? "";
}

/** What a server answers of which one row is not as all others. */
const ODD = [
  {
    id: "4",
    name: "Plant",
    enableintegrator: "true",
    lastsyncdate: "2026-01-01T02:00:00",
    lastsyncerror: "",
  },
  { id: null, name: "Harbour", enableintegrator: true },
  { id: [] },
];

Deno.test("an odd row of a HaloPSA list is named, and the others are shown", async () => {
  await using fixture = await openFixture();
  Object.assign(fixture.halo.records, { ArmisDetails: ODD });
  const status = await answerTo(fixture, "/status armis");
  assert.match(status, /^🟡 Armis: 1 of 1 syncing · 2 could not be read\n/);
  assert.match(status, /2 could not be read: Harbour, row 3\. Look in the vendor's console\./);
  const list = await answerTo(fixture, "/list armis");
  assert.match(list, /Plant\s+4\s+syncing/);
  assert.match(list, /2 could not be read: Harbour, row 3\. Look in the vendor's console\./);
  assert.match(await answerTo(fixture, "/show armis Plant"), /^🟢 Armis Plant: syncing/);
  await fixture.say(ANA, "/show armis Harbour");
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /No Armis integration fits "Harbour", but 2 could not be read\. Type \/list armis/,
  );
  assert.match(
    await answerTo(fixture, "/status halo"),
    /^🟡 HaloPSA: .* · 2 could not be read[^]*Armis: 2 could not be read: Harbour/,
  );
  assert.match(await answerTo(fixture, "/status"), /HaloPSA\s+2 of 10 need attention · 2 could not be read/);
});

Deno.test("a list of HaloPSA counts what it cannot show, and a row that comes twice once", async () => {
  await using fixture = await openFixture();
  Object.assign(fixture.halo.records, { ArmisDetails: [...ODD, ODD[0]] });
  const list = await answerTo(fixture, "/list armis");
  assert.match(list, /^ℹ️ 1 of 3 Armis integrations in HaloPSA|^🟡 1 of 3 Armis integrations in HaloPSA/);
  assert.equal(list.match(/Plant/g)?.length, 1, list);
  Object.assign(fixture.halo.records, { ArmisDetails: ODD.slice(1, 2) });
  assert.match(await answerTo(fixture, "/list armis"), /^\S+ 0 of 1 Armis integrations? in HaloPSA/);
});

Deno.test("a create whose answer was lost is not called undone while a row cannot be read", async () => {
  await using fixture = await openFixture({
    onTheWay: async (vendor, request, passOn) =>
      vendor === "HaloPSA" && request.method === "POST" && request.url.includes("ArmisDetails")
        ? new Response(null, { status: 500 })
        : await passOn(),
  });
  Object.assign(fixture.halo.records, { ArmisDetails: ODD });
  const { code } = await fixture.carryOut("/create armis name=Bay url=https://bay.example");
  assert.equal(await fixture.state(code), "unknown");
  assert.match(
    fixture.groupAnswers().join("\n"),
    /HaloPSA lists 2 that cannot be read: the new one may be among them\./,
  );
});

Deno.test("nothing of HaloPSA is green that was not seen to sync", async () => {
  await using fixture = await openFixture();
  for (const details of Object.keys(fixture.halo.records)) fixture.halo.records[details] = [];
  fixture.halo.records.ArmisDetails = Array.from({ length: 12 }, (_, at) => ({
    id: at + 1,
    name: `Plant ${at + 1}`,
    ...(at % 2 === 0 && { enableintegrator: null, lastsyncdate: null, lastsyncerror: null }),
  }));
  assert.match(await answerTo(fixture, "/status armis"), /^❔ Armis: 0 of 12 syncing · 12 not known\n/);
  const whole = await answerTo(fixture, "/status halo");
  assert.match(whole, /^❔ HaloPSA: 0 of 12 syncing · 12 not known/);
  assert.match(whole, /▾ 12 not known/);
  assert.match(await answerTo(fixture, "/status"), /❔\s+HaloPSA\s+0 of 12 syncing · 12 not known/);

  fixture.halo.records.ArmisDetails = [];
  await fixture.pass(11_000);
  assert.match(await answerTo(fixture, "/status"), /⚪\s+HaloPSA\s+nothing set up/);

  fixture.halo.records.ArmisDetails = [{ id: 1, name: "Plant", enableintegrator: true }];
  await fixture.pass(11_000);
  assert.match(
    await answerTo(fixture, "/status armis"),
    /^❔ Armis: 0 of 1 syncing · 1 not known\n[^]*on, no sync shown/,
  );
});

Deno.test("no way back is promised to a state that was not shown", async () => {
  await using fixture = await openFixture();
  fixture.halo.records.ArmisDetails = [{ id: 1, name: "Plant" }];
  const { card } = await fixture.ask("/disable armis 1");
  const text = fixture.groupAnswers().at(-1) ?? "";
  assert.ok(card);
  assert.match(text, /enableintegrator\s+not shown by HaloPSA\s+off/);
  assert.match(text, /Undo\s+No. How it is now is not shown, so there is nothing to go back to/);
});

Deno.test("a bad answer of any size is said to be one, and what follows it is read", async () => {
  let heavy = true;
  await using fixture = await openFixture({
    async onTheWay(vendor, request, passOn) {
      if (vendor !== "HaloPSA" || !request.url.includes("DattoRmmDetails")) return await passOn();
      if (request.method === "GET") {
        return heavy ? new Response(`[${"1,".repeat(9.5 * 2 ** 20)}1]`) : await passOn();
      }
      heavy = true;
      return await passOn();
    },
  });
  assert.match(
    await answerTo(fixture, "/list datto"),
    /^🔴 HaloPSA gave an unexpected answer[^]*the answer is larger than 16 MiB/,
  );
  heavy = false;
  assert.match(await answerTo(fixture, "/list datto"), /1 Datto RMM integration in HaloPSA/);
  const { code, card } = await fixture.ask("/update datto 1 url=https://eu.example");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "unknown");
});
