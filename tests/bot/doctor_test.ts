import assert from "node:assert/strict";
import { ANA, openFixture } from "../approvals/fixture.ts";

Deno.test("/doctor is not green when a vendor's key allows none of its commands", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.world.apiKey.enabledApis.splice(0, Infinity, "companies", "network");
  await fixture.say(ANA, "/doctor");
  const [answer = ""] = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)];
  assert.match(answer, /^🟡 \d+ of \d+ checks need attention\n/);
  assert.match(
    answer,
    /^🟡 +Bitdefender +the key works; .*not enabled: integrations \(no Bitdefender command/m,
  );
});

for (
  const [ahead, words] of [
    [181_000, String.raw`3 min behind`],
    [-181_000, String.raw`3 min ahead of`],
    [-90_000, String.raw`\d+ s ahead of`],
  ] as const
) {
  Deno.test(`/doctor says that the clocks of others are ${ahead} ms ahead of the bot's`, async () => {
    await using fixture = await openFixture({ theirsAheadMs: ahead });
    await fixture.say(ANA, "/doctor");
    const answer = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)].join("\n");
    for (const whose of ["Telegram", "GravityZone", "HaloPSA", "Apono", "OpsRamp"]) {
      assert.match(answer, new RegExp(`^ *🟡 +Clock .*(${words}) ${whose}`, "m"));
    }
    assert.match(answer, /Set the clock of this machine: deadlines go by it/);
  });
}

Deno.test("/doctor is fine with clocks that differ by less than a minute", async () => {
  await using fixture = await openFixture({ theirsAheadMs: 55_000 });
  await fixture.say(ANA, "/doctor");
  const answer = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)].join("\n");
  assert.match(answer, /^ *🟢 +Clock +within a minute of .*Telegram/m);
});
