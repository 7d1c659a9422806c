import assert from "node:assert/strict";
import fc from "fast-check";
import { type StateSpan, whileVendorSpoke } from "../../bot/store/watch.ts";

/** Spans one after the other, with gaps between some. */
const spans = fc.array(
  fc.record({
    gap: fc.integer({ min: 0, max: 3 }),
    length: fc.integer({ min: 1, max: 5 }),
    state: fc.constantFrom("fine", "down", "unknown"),
  }),
  { maxLength: 8 },
).map((pieces) => {
  let at = 0;
  return pieces.map(({ gap, length, state }): StateSpan => {
    const from = at + gap;
    at = from + length;
    return { state, from, until: at } as StateSpan;
  });
});

function stateAt(all: readonly StateSpan[], at: number): StateSpan["state"] | undefined {
  return all.find(({ from, until }) => from <= at && at < until)?.state;
}

Deno.test("whileVendorSpoke: an item is unknown while its vendor was not fine, else what it was; gaps stay gaps", () => {
  fc.assert(fc.property(spans, spans, (own, vendor) => {
    const seen = whileVendorSpoke(own, vendor);
    for (let at = 0; at < 70; at++) {
      const [was, whole] = [stateAt(own, at), stateAt(vendor, at)];
      const wanted = was === undefined
        ? undefined
        : whole === undefined || whole === "fine"
        ? was
        : "unknown";
      assert.equal(stateAt(seen, at), wanted, `at ${at}`);
    }
  }));
});
