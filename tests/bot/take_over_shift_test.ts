import assert from "node:assert/strict";
import { vendors } from "../../handlers/registry.ts";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { putWatched } from "./watched.ts";

const MINUTE_MS = 60_000;
const UNWATCHED = { WATCH_EVERY: "0" };

testOnEach(
  "/handover tells what is open, one line each, and what was changed since the last one",
  async (url) => {
    await using fixture = await openFixture({ environment: { ...UNWATCHED, DATABASE_URL: url } });
    await putWatched(fixture.store, [
      {
        vendor: "halo",
        target: "sophos",
        name: "Sophos EU",
        course: [["fine", 90 * MINUTE_MS], ["down", 6 * MINUTE_MS]],
      },
      {
        vendor: "bitdefender",
        target: "vcenter",
        name: "vcenter-eu",
        course: [["fine", 90 * MINUTE_MS], ["attention", 5 * MINUTE_MS]],
      },
      { vendor: "halo", target: "datto", name: "Datto RMM", course: [["unknown", 5 * MINUTE_MS]] },
    ]);
    const done = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
    const waiting = await fixture.ask("/disable ec2 Globex reason=x");
    await fixture.say(BEN, "/freeze apono for=2h incident 4711");
    await fixture.say(BEN, "/handover");
    const shown = fixture.telegram.last(GROUP)!;
    const text = textOf(shown);
    assert.match(text, /^🔴 5 things are open/);
    assert.match(
      text,
      /Failing \(2\)\n• Sophos EU \(HaloPSA\) down for 6 min · nobody acked\n• vcenter-eu \(Bitdefender\) needs attention for 5 min/,
    );
    assert.match(text, /Unknown \(1\)\n• Datto RMM \(HaloPSA\) unknown for/);
    assert.match(text, new RegExp(`Waits for approval \\(1\\)\\n• ${waiting.code} .*Globex.* asked by Ana`));
    assert.match(text, /Frozen \(1\)\n• apono by Ben .*: incident 4711/);
    assert.match(text, new RegExp(`Changed in the last day \\(1\\)\\n• ${done.code} `));

    await fixture.press(ANA, shown, "I have it");
    const taken = textOf(
      fixture.telegram.messages(GROUP).find(({ message_id }) => message_id === shown.message_id)!,
    );
    assert.match(taken, /5 things are open · Ana has it since/);
    assert.doesNotMatch(taken, /\[ I have it \]/);
    assert.equal((await fixture.audit()).at(-1)?.event, "handed_over");

    await fixture.say(BEN, "/handover");
    assert.match(fixture.groupAnswers().at(-1) ?? "", /Nothing was changed here since Ana took over/);
  },
);

Deno.test("/handover says of each item where it is, and nothing that its name says already", async () => {
  await using fixture = await openFixture({ environment: UNWATCHED });
  const places = vendors.flatMap(({ name, label, labels = { [name]: label } }) =>
    Object.entries(labels).map(([target, own]) => ({ vendor: name, target, own, whole: label }))
  );
  assert.equal(places.length, 15);
  const named = places.flatMap(({ vendor, target, own, whole }) => [
    { vendor, target, name: own, says: own === whole ? own : `${own} (${whole})` },
    { vendor, target, name: `${own} EU`, says: own === whole ? `${own} EU` : `${own} EU (${whole})` },
    {
      vendor,
      target,
      name: `edge-${target}`,
      says: `edge-${target} (${own === whole ? own : `${own} in ${whole}`})`,
    },
  ]);
  await putWatched(fixture.store, named.map((one) => ({ ...one, course: [["down", 5 * MINUTE_MS]] })));
  await fixture.say(BEN, "/handover");
  const lines = textOf(fixture.telegram.last(GROUP)!).split("\n").filter((line) =>
    line.includes(" down for ")
  );
  assert.deepEqual(
    lines.map((line) => line.replace(/^\s*• | down for .*/g, "")).sort(),
    named.map(({ says }) => says).sort(),
  );
});

testOnEach("I have it is for whoever may ask for or approve changes", async (url) => {
  const environment = { ...UNWATCHED, OPERATORS: String(ANA), APPROVERS: "103", DATABASE_URL: url };
  await using fixture = await openFixture({ environment });
  await fixture.say(BEN, "/handover");
  const shown = fixture.telegram.last(GROUP)!;
  assert.match(textOf(shown), /Nothing is open/);
  const answer = await fixture.press(BEN, shown, "I have it");
  assert.match(answer?.text ?? "", /may read here but not ask for changes/);
  assert.match(textOf(shown), /\[ I have it \]/);
  assert.ok(!(await fixture.audit()).some(({ event }) => event === "handed_over"));
});

Deno.test("/handover tells once that nothing is known of a vendor that is away as a whole", async () => {
  await using fixture = await openFixture({ environment: UNWATCHED });
  const { store } = fixture;
  await putWatched(store, [
    { vendor: "halo", target: "sophos", name: "Sophos EU", course: [["fine", 90 * MINUTE_MS]] },
    {
      vendor: "halo",
      target: "halo",
      name: "HaloPSA",
      course: [["fine", 90 * MINUTE_MS], ["down", 6 * MINUTE_MS]],
    },
  ]);
  const whole = "halo:HaloPSA";
  await store.db.updateTable("items").set({ key: "halo", item_id: null }).where("key", "=", whole).execute();
  await store.db.updateTable("episodes").set({ item: "halo", item_id: null }).where("item", "=", whole)
    .execute();
  await fixture.say(BEN, "/handover");
  const text = fixture.groupAnswers().at(-1) ?? "";
  assert.match(text, /^🔴 1 thing is open\nFailing \(1\)\n• HaloPSA down for 6 min/);
  assert.doesNotMatch(text, /Unknown|Sophos EU/);
});
