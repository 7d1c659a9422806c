import assert from "node:assert/strict";
import fc from "fast-check";
import { coarsely, percent } from "../../bot/commands/history.ts";
import type { StateSpan } from "../../bot/store/watch.ts";
import { testOnEach } from "../approvals/database.ts";
import { ANA, type Fixture, GROUP, openFixture } from "../approvals/fixture.ts";
import { chatTest } from "./conversation.ts";
import { putWatched, type Watched } from "./watched.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const UNWATCHED = { WATCH_EVERY: "0" };

const NIGHT: readonly Watched[] = [
  {
    vendor: "halo",
    target: "sophos",
    name: "Sophos EU",
    company: "株式会社アクメ",
    course: [["fine", 7 * DAY_MS], ["down", 2 * DAY_MS], ["fine", DAY_MS]],
  },
  {
    vendor: "halo",
    target: "datto",
    name: "Datto RMM",
    course: [["fine", 4 * DAY_MS], ["unknown", 2 * DAY_MS]],
  },
  { vendor: "opsramp", target: "opsramp", name: "ServiceNow", course: [["fine", 30 * DAY_MS]] },
];

async function asked(fixture: Fixture, text: string): Promise<string> {
  await fixture.say(ANA, text);
  return fixture.groupAnswers().filter((answer) => !answer.startsWith("<picture")).at(-1) ?? "";
}

testOnEach("/history shows the worst first, with shares of the time watched, and a picture", async (url) => {
  await using fixture = await openFixture({ environment: { ...UNWATCHED, DATABASE_URL: url } });
  await putWatched(fixture.store, NIGHT);
  const answer = await asked(fixture, "/history");
  assert.match(answer, /1 of 3 had trouble in the last 7 days/);
  assert.match(answer, /Sophos EU · 株式会社アクメ\s+85\.7 %\s+14\.3 %\s+0 %/);
  assert.match(answer, /Datto RMM\s+50\.0 %\s+0 %\s+50\.0 %/, "of the four days in which it was watched");
  assert.match(answer, /ServiceNow\s+100 %\s+0 %\s+0 %/);
  assert.match(answer, /1 episode\n.*Sophos EU down .*, for 1 d.*“The refresh token has expired.”/);
  const photo = fixture.telegram.last(GROUP)?.photo?.[0];
  assert.ok(photo, fixture.telegram.transcript(GROUP));
  assert.ok(photo.width === 720 && photo.file_size < 200_000, JSON.stringify(photo));
});

Deno.test("/history gives what was off a share of its own, and is of what is watched", async () => {
  await using fixture = await openFixture({ environment: UNWATCHED });
  await putWatched(fixture.store, [{
    vendor: "opsramp",
    target: "opsramp",
    name: "AWS staging",
    course: [["fine", 4 * HOUR_MS], ["off", HOUR_MS]],
  }]);
  assert.match(await asked(fixture, "/history"), /AWS staging +75\.0 % +0 % +0 % +25\.0 %/);
  await fixture.say(ANA, "/history ec2");
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /<target> can be bitdefender, apono, .* not "ec2"/,
  );
});

testOnEach("/history of a target shows that alone, and of more days what was before", async (url) => {
  await using fixture = await openFixture({ environment: { ...UNWATCHED, DATABASE_URL: url } });
  await putWatched(fixture.store, NIGHT);
  const sophos = await asked(fixture, "/history sophos days=1");
  assert.match(sophos, /0 of 1 of sophos had trouble in the last day/);
  assert.doesNotMatch(sophos, /Datto/);
  assert.match(
    await asked(fixture, "/history halo days=90"),
    /1 of 2 of halo had trouble in the last 90 days/,
  );
});

Deno.test("/history of ten thousand items shows the worst forty, and says how many there are", async () => {
  await using fixture = await openFixture({ environment: UNWATCHED });
  await putWatched(
    fixture.store,
    Array.from({ length: 10_000 }, (_, index): Watched => ({
      vendor: "bitdefender",
      target: "bitdefender",
      name: `vcenter-${index}`,
      course: index % 100 === 0
        ? [["fine", 7 * DAY_MS], ["down", 3 * HOUR_MS + index], ["fine", HOUR_MS]]
        : [["fine", 7 * DAY_MS]],
    })),
  );
  const answer = await asked(fixture, "/history");
  assert.match(answer, /100 of 10000 had trouble/);
  assert.match(answer, /9960 more were no worse/);
  assert.match(answer, /vcenter-9900/);
  const size = fixture.telegram.last(GROUP)?.photo?.[0]?.file_size ?? Infinity;
  assert.ok(size < 200_000, `${size} bytes`);
});

chatTest("/history says so when nothing was watched, and takes 1 to 90 days", { environment: UNWATCHED }, [
  { said: "/history", answered: /Nothing was watched in the last 7 days.*WATCH_EVERY is 0/s },
  ...["0", "91", "x"].map((days) => ({
    said: `/history days=${days}`,
    answered: { says: /days=/, only: ANA + 1 },
    audited: ["refused malformed_command"],
  })),
]);

Deno.test("percent says all and nothing only where that is so", () => {
  assert.deepEqual([0, 1, 0.00001, 0.99999, 0.5].map(percent), ["0 %", "100 %", "0.1 %", "99.9 %", "50.0 %"]);
});

const STATES = ["fine", "attention", "down", "off", "unknown"] as const;
const spans = fc.array(
  fc.tuple(fc.constantFrom(...STATES), fc.integer({ min: 1, max: 5_000 }), fc.integer({ max: 999, min: 0 })),
)
  .map((all) => {
    let at = 0;
    return all.map(([state, lasts, gap]): StateSpan => {
      const from = at + gap;
      at = from + lasts;
      return { state, from, until: at };
    });
  });

Deno.test("coarsely keeps the order, leaves out nothing bad, and draws nothing where nobody looked", () => {
  fc.assert(fc.property(spans, (all) => {
    const until = Math.max(1, all.at(-1)?.until ?? 1);
    const drawn = coarsely(all, 0, until);
    drawn.forEach(({ from, until: end }, index) => {
      assert.ok(end > from);
      assert.ok(from >= (drawn[index - 1]?.until ?? 0));
    });
    for (const span of all.filter(({ state }) => state === "down")) {
      assert.ok(
        drawn.some(({ state, from, until: end }) => state === "down" && from < span.until && end > span.from),
      );
    }
    for (const { from, until: end } of drawn) {
      assert.ok(all.some((span) => span.from < end && span.until > from));
    }
  }));
});
