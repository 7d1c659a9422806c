import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addDays,
  instantAt,
  isZone,
  nextClock,
  parseClock,
  parseDay,
  wallText,
  wallTime,
} from "../../bot/zone.ts";

const LISBON = "Europe/Lisbon";

Deno.test("parseClock reads times of day and nothing else", () => {
  const read = Object.fromEntries(
    ["22:00", "7:30", "00:00", "23:59", "24:00", "7", "22:60", "22:0", "-1:00", ""].map((text) =>
      [text, parseClock(text)] as const
    ),
  );
  assert.deepEqual(read, {
    "22:00": 1320,
    "7:30": 450,
    "00:00": 0,
    "23:59": 1439,
    "24:00": undefined,
    "7": undefined,
    "22:60": undefined,
    "22:0": undefined,
    "-1:00": undefined,
    "": undefined,
  });
});

Deno.test("parseDay reads days that there are", () => {
  assert.deepEqual(parseDay("2028-02-29"), { year: 2028, month: 2, day: 29 });
  assert.equal(parseDay("2027-02-29"), undefined);
  assert.equal(parseDay("2027-13-01"), undefined);
  assert.equal(parseDay("1.2.2027"), undefined);
});

Deno.test("a time that the clocks jump over in spring is said to be skipped", () => {
  const march = { year: 2027, month: 3, day: 28 };
  assert.deepEqual(instantAt(LISBON, march, 90), { at: Date.UTC(2027, 2, 28, 1, 30), skipped: true });
  assert.equal(wallText(LISBON, Date.UTC(2027, 2, 28, 1, 30)), "2027-03-28T02:30");
  assert.deepEqual(instantAt(LISBON, march, 59), { at: Date.UTC(2027, 2, 28, 0, 59), skipped: false });
  assert.deepEqual(instantAt(LISBON, march, 120), { at: Date.UTC(2027, 2, 28, 1), skipped: false });
});

Deno.test("a time that comes twice in autumn is meant the first time", () => {
  const october = { year: 2026, month: 10, day: 25 };
  assert.deepEqual(instantAt(LISBON, october, 90), { at: Date.UTC(2026, 9, 25, 0, 30), skipped: false });
  assert.deepEqual(instantAt(LISBON, october, 120), { at: Date.UTC(2026, 9, 25, 2), skipped: false });
});

Deno.test("nextClock is today where it is still ahead, else tomorrow, also over a change of the clocks", () => {
  const evening = Date.UTC(2027, 2, 27, 21);
  assert.equal(nextClock(LISBON, 22 * 60, evening).at, Date.UTC(2027, 2, 27, 22));
  assert.equal(nextClock(LISBON, 21 * 60, evening).at, Date.UTC(2027, 2, 28, 20));
  assert.deepEqual(nextClock(LISBON, 90, evening), { at: Date.UTC(2027, 2, 28, 1, 30), skipped: true });
});

Deno.test("wallTime tells the day of the week where the wall is", () => {
  const { weekday, day, minutes } = wallTime("Pacific/Auckland", Date.UTC(2026, 10, 29, 12));
  assert.deepEqual({ weekday, day, minutes }, {
    weekday: 1,
    day: { year: 2026, month: 11, day: 30 },
    minutes: 60,
  });
});

Deno.test("isZone knows zones", () => {
  assert.deepEqual(["UTC", LISBON, "Mars/Olympus", ""].map(isZone), [true, true, false, false]);
});

Deno.test("an instant read off a wall and typed again is the same minute, or its twin in autumn", () => {
  const zones = fc.constantFrom(
    LISBON,
    "UTC",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Asia/Tokyo",
  );
  const minute = fc.integer({ min: Date.UTC(2000, 0, 1) / 60_000, max: Date.UTC(2040, 0, 1) / 60_000 });
  fc.assert(fc.property(zones, minute, (zone, shown) => {
    const at = shown * 60_000;
    const { day, minutes } = wallTime(zone, at);
    const back = instantAt(zone, day, minutes);
    assert.equal(back.skipped, false);
    assert.equal(wallText(zone, back.at), wallText(zone, at));
    assert.ok(back.at <= at && at - back.at <= 3_600_000);
    assert.deepEqual(addDays(addDays(day, 40), -40), day);
  }));
});
