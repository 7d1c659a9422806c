import assert from "node:assert/strict";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { createStillClock, GROUP } from "../sandbox/stage.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

const INTEGRATIONS = "getConfiguredIntegrations";

Deno.test("/status: the worst three of each vendor stand in the open, and the rest is folded", async () => {
  await using fixture = await openFixture();
  for (const one of fixture.apono.world.integrations) one.status = "ERROR";
  await fixture.say(ANA, "/status");
  const text = fixture.groupAnswers().at(-1) ?? "";
  const [, apono = ""] = text.split("\nApono\n");
  const shown = apono.split("\n▾")[0]?.split("\n") ?? [];
  assert.equal(shown.length, 3, text);
  assert.match(apono, /^▾ \d+ more$/m);
});

Deno.test("/status: what is unreachable has its cause, and since when", async () => {
  const clock = createStillClock();
  await using fixture = await openFixture({ clock, environment: { STATUS_CACHE_TTL: "0" } });
  fixture.gravityzone.faults.always(INTEGRATIONS, { status: 401, body: "" });
  await fixture.say(ANA, "/status");
  const since = new Date(clock.now()).toISOString().slice(11, 16);
  clock.advance(5 * 60_000);
  await fixture.say(ANA, "/status");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    new RegExp(`Bitdefender +unreachable: refused our key \\(401\\) · since \\S+ ${since} UTC`),
  );
  fixture.gravityzone.faults.always(INTEGRATIONS, () => undefined);
  await fixture.say(ANA, "/status");
  assert.doesNotMatch(fixture.groupAnswers().at(-1) ?? "", /since/);
});

Deno.test("/status: one goes into a vendor and back in the same message", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/status");
  const message = fixture.telegram.answers(GROUP).at(-1)!;
  await fixture.press(ANA, message, "HaloPSA");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^🟡 HaloPSA/);
  await fixture.press(ANA, message, "‹ All vendors");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /vendors need attention/);
  assert.equal(fixture.telegram.answers(GROUP).length, 1);
});

Deno.test("/status of a product: a problem has the button that shows it, and that has the way back", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/status ncentral");
  const message = fixture.telegram.answers(GROUP).at(-1)!;
  const [show] = buttonsOf(message).flat().filter(({ text }) => text.startsWith("Show "));
  assert.ok(show, fixture.groupAnswers().join());
  await fixture.press(ANA, message, show.text);
  assert.match(fixture.groupAnswers().at(-1) ?? "", /401/);
  await fixture.press(ANA, message, "‹ Back");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^🟡 N-central: /);
});
