import assert from "node:assert/strict";
import fc from "fast-check";
import { advance, episodeStep, neverSeen, type Standpoint } from "../../bot/watch/transition.ts";
import type { ItemState } from "../../handlers/sight.ts";

const STATES: readonly ItemState[] = ["fine", "attention", "down", "off", "unknown"];
const states = fc.array(fc.constantFrom(...STATES), { maxLength: 60 });
const afters = fc.integer({ min: 1, max: 4 });

/** Looks a minute apart, with what each led to. */
function watched(
  seen: readonly ItemState[],
  after: number,
): { item: Standpoint; event: string | undefined }[] {
  let item = neverSeen(0);
  return seen.map((state, index) => {
    const step = advance(item, { state, at: index * 60_000, before: (index - 1) * 60_000 }, after);
    item = step.item;
    return { item, event: step.event };
  });
}

Deno.test("advance: a state counts exactly when so many looks in a row have said it, since the first of them", () => {
  fc.assert(fc.property(states, afters, (seen, after) => {
    watched(seen, after).forEach(({ item, event }, index) => {
      const row = seen.slice(0, index + 1);
      const last = row.at(-1)!;
      const streak = row.length - 1 - row.findLastIndex((state) => state !== last);
      if (event) {
        assert.equal(item.state, last);
        assert.equal(item.since, (index - after + 1) * 60_000);
      }
      if (streak >= after) assert.equal(item.state, last);
    });
  }));
});

Deno.test("advance: what flaps at every look never moves", () => {
  fc.assert(fc.property(fc.constantFrom(...STATES), fc.constantFrom(...STATES), (one, other) => {
    fc.pre(one !== other);
    const seen = [one, one, ...Array.from({ length: 40 }, (_, index) => index % 2 ? one : other)];
    assert.deepEqual(watched(seen, 2).flatMap(({ event }) => event ?? []), ["settled"]);
  }));
});

Deno.test("advance: an item is settled once and from then on only moves, each time to another state", () => {
  fc.assert(fc.property(states, afters, (seen, after) => {
    const steps = watched(seen, after);
    const events = steps.filter(({ event }) => event);
    assert.ok(events.every(({ event }, index) => event === (index === 0 ? "settled" : "moved")));
    events.reduce<ItemState | undefined>((before, { item }) => {
      assert.notEqual(item.state, before);
      return item.state;
    }, undefined);
  }));
});

Deno.test("episodeStep: an episode begins with attention or down and ends only with fine", () => {
  fc.assert(fc.property(states, afters, (seen, after) => {
    let isOpen = false;
    for (const { item, event } of watched(seen, after)) {
      if (!event) continue;
      const step = episodeStep(item.state, isOpen);
      if (step === "open") assert.ok(item.state === "attention" || item.state === "down");
      if (step === "close") assert.equal(item.state, "fine");
      if (item.state === "off" || item.state === "unknown") {
        assert.equal(step, isOpen ? "change" : "none");
      }
      isOpen = step === "open" || (isOpen && step !== "close");
    }
  }));
});
