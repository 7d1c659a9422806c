import assert from "node:assert/strict";
import { ANA, company, type Fixture, openFixture, textOf } from "../approvals/fixture.ts";
import { company as branch } from "../sandbox/gravityzone/northwind.ts";

async function refusal(fixture: Fixture, said: string): Promise<string> {
  await fixture.say(ANA, said);
  return fixture.ephemeralAnswers(ANA).at(-1) ?? fixture.groupAnswers().join("\n");
}

Deno.test("a key that may not look companies up says so, and works with their ids", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.world.apiKey.enabledApis.splice(0, Infinity, "integrations");
  for (const said of ["/status bitdefender globex", "/find globex", "/disable ec2 globex reason=test"]) {
    assert.match(
      await refusal(fixture, said),
      /^⛔ Our key may not look companies up by name\. Type the company's 24-character id\./,
      said,
    );
  }
  await fixture.say(ANA, `/status bitdefender ${company.globex}`);
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^🟢 GravityZone: 1 of 1 active/);
  const { card } = await fixture.ask(`/disable ec2 ${company.globex} reason=test`);
  assert.match(textOf(card), new RegExp(company.globex));
});

Deno.test("a search that reached GravityZone's limit counts at least what it named", async () => {
  await using fixture = await openFixture();
  for (let index = 0; index < 120; index++) {
    const id = index.toString(16).padStart(24, "b");
    fixture.gravityzone.world.companies.set(id, branch(id, `Zeta ${index}`));
  }
  assert.match(await refusal(fixture, "/status ec2 zeta"), /"zeta" fits at least 100 companies\. Type more/);
});

/** A hundred companies and more stand in the list before those of these names. */
function crowded({ gravityzone: { world } }: Fixture, ...names: readonly string[]): readonly string[] {
  const fillers = Array.from({ length: 120 }, (_, index) => `Joe ${index}`);
  return [...fillers, ...names].map((name, index) => {
    const id = index.toString(16).padStart(24, "c");
    world.companies.set(id, branch(id, name));
    return id;
  }).slice(fillers.length);
}

const spellings: readonly (readonly [what: string, name: string, typed: string])[] = [
  ["a typographic apostrophe", "Joe’s Diner", "Joe’s Diner"],
  ["an apostrophe that was typed plain", "Joe’s Diner", "Joe's Diner"],
  ["a plain apostrophe that a phone made round", "Joe's Diner", "Joe’s Diner"],
  ["an en dash", "Diner–Joe", "Diner-Joe"],
  ["a no-break hyphen", "Diner\u2011Joe", "Diner-Joe"],
  ["a no-break space", "Joe\u00a0Diner", "Joe Diner"],
  ["two blanks", "Joe  Diner", "Joe Diner"],
  ["an accent", "Joé Dîner", "Joé Dîner"],
  ["a backtick", "Joe`s Diner", "Joe's Diner"],
  ["an apostrophe that was typed as a backtick", "Joe's Diner", "Joe`s Diner"],
  ["a soft hyphen", "Joe's Di\u00adner", "Joe's Diner"],
  ["no soft hyphen, where one was typed", "Joe's Diner", "Joe's Di\u00adner"],
  ["a zero-width space", "Joe's\u200b Diner", "Joe's Diner"],
  ["no zero-width space, where one was typed", "Joe's Diner", "Joe's\u200b Diner"],
];

for (const [what, name, typed] of spellings) {
  Deno.test(`a company beyond the first hundred is found whose name has ${what}`, async () => {
    await using fixture = await openFixture();
    crowded(fixture, name);
    await fixture.say(ANA, `/externalid ${typed}`);
    assert.match(fixture.groupAnswers().at(-1) ?? "", /No external ID was generated for .*Jo/);
  });
}

Deno.test("a company that is not among the hundred that GravityZone names may be there all the same", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.world.apiKey.enabledApis.splice(0, Infinity, "companies", "integrations");
  crowded(fixture);
  assert.match(
    await refusal(fixture, "/externalid Joe’s"),
    /^\S+ No company among the first 100 fits "Joe['’]s"\. Type another part of the name, or its id\./,
  );
});

Deno.test("a company that cannot be asked for as it is spelt is not said to be missing among more than a hundred", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.always("getCompaniesList", { error: { code: -32001, message: "No" } });
  crowded(fixture, "Me\u00adl's Caf\u00ade");
  assert.match(
    await refusal(fixture, "/externalid Mel's Cafe"),
    /^\S+ No company among the first 100 fits "Mel['’]s Cafe"\./,
  );
});

Deno.test("a name as long as a message is refused in a sentence, and stays with who asked", async () => {
  await using fixture = await openFixture();
  for (const said of [`/status ec2 ${"x".repeat(3000)}`, `/enable ec2 Globex role=${"x".repeat(3000)}`]) {
    const answer = await refusal(fixture, said);
    assert.match(answer, /^⛔ .*x…"/);
    assert.ok(answer.length < 500, answer);
  }
  assert.deepEqual(fixture.groupAnswers(), []);
});

Deno.test("/enable ec2 key= without its secret asks for that on a private page", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/enable ec2 Globex key=AKIAIHEBSE2JFZ6CAAAA");
  assert.match(fixture.ephemeralAnswers(ANA).join("\n"), /Waiting for secret/);
});

Deno.test("JSON that is typed with spaces is refused with how to send it", async () => {
  await using fixture = await openFixture();
  const answer = await refusal(fixture, '/update datto 1 fieldmappings=[{"id": 1, "name": "x y"}]');
  assert.match(answer, /The JSON after fieldmappings= ends at its first space\..*send it as a file: /s);
});
