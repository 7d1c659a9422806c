import assert from "node:assert/strict";
import fc from "fast-check";
import { BadInput } from "../../handlers/operation.ts";
import { SERVICE_DESK } from "../clients/opsramp_fixture.ts";
import samples from "../sandbox/opsramp/page_samples.json" with { type: "json" };
import { changesOf, openHandlerFixture, stored, textOf, understand } from "./opsramp_fixture.ts";

Deno.test("/map opsramp says that every pair is there, and what an update would not rename", async () => {
  await using at = openHandlerFixture();
  assert.equal(
    await at.nothing('/map opsramp "Service Desk" out INCIDENT status ticket.STATS Ok=good'),
    "Nothing to change in Service Desk: every pair is mapped",
  );
  assert.equal(
    await at.nothing('/map opsramp "Service Desk" out INCIDENT Status Case.state Ok=good'),
    "Nothing to change in Service Desk: every pair is mapped; Outbound INCIDENT Status stays mapped to " +
      "Ticket.stats, not Case.state: an update does not rename it",
  );
});

Deno.test("/map opsramp takes a parsing whose parts come in another order for the same", async () => {
  await using at = openHandlerFixture();
  const [first] = stored(at, SERVICE_DESK).inboundConfig?.mapAttributes ?? [];
  assert.ok(first);
  first.parsingProperty = { oprset: [{ startWord: "P", operator: "AFTER" }], defaultValue: "Normal" };
  const parsingProperty = { defaultValue: "Normal", oprset: [{ operator: "AFTER", startWord: "P" }] };
  const { name, entityType } = first;
  assert.equal(
    await at.nothing("/map opsramp Service Desk", {
      inboundConfig: { mapAttributes: [{ name, entityType, parsingProperty, attrValues: [] }] },
    }),
    "Nothing to change in Service Desk: the attribute is mapped",
  );
});

Deno.test("/map opsramp shows a conflicting pair before it is approved", async () => {
  await using at = openHandlerFixture();
  const { card } = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Ok=fine Warning=bad',
  );
  assert.deepEqual(changesOf(card), [
    "Inbound INCIDENT Status: Ticket.stats → Ticket.stats",
    "Inbound INCIDENT Status Ok: good → good, fine",
    "Inbound INCIDENT Status Warning: not mapped → bad",
  ]);
  assert.deepEqual((card.warnings ?? []).map(textOf).slice(0, 2), [
    "Conflict in Inbound INCIDENT Status: Ok is already mapped to good; with fine added, which one OpsRamp uses is not documented",
    "Conflict in Inbound INCIDENT Status: bad is already mapped to Critical; with Warning added, which one OpsRamp uses is not documented",
  ]);
});

Deno.test("/map opsramp warns of a value that differs from a stored one in letter case only", async () => {
  await using at = openHandlerFixture();
  const { card } = await at.plan('/map opsramp "Service Desk" in INCIDENT Status Ticket.stats ok=better');
  assert.deepEqual(
    (card.warnings ?? []).map(textOf)[0],
    "Inbound INCIDENT Status already has Ok, which differs only in upper and lower case",
  );
});

Deno.test("/map opsramp goes by what is stored at the moment of approval", async () => {
  await using at = openHandlerFixture();
  const { plan, operation } = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new',
  );
  stored(at, SERVICE_DESK).inboundConfig?.mapAttributes?.[0]?.attrValues.push({
    attrValue: "Open",
    thirdPartyAttrValue: "other",
  });
  assert.notDeepEqual(await operation.plan(at.context, plan.input), plan);
});

Deno.test("/map opsramp plans the same when the vendor answers in another order and with repeats", async () => {
  await using at = openHandlerFixture();
  const { plan, operation } = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new',
  );
  const values = stored(at, SERVICE_DESK).inboundConfig?.mapAttributes?.[0]?.attrValues;
  values?.push(...values.toReversed());
  values?.reverse();
  assert.deepEqual(await operation.plan(at.context, plan.input), plan);
});

Deno.test("/map opsramp refuses a document with more than mappings", async () => {
  await using at = openHandlerFixture();
  await assert.rejects(
    at.plan("/map opsramp Service Desk", JSON.parse(JSON.stringify(samples[2]!.request))),
    new BadInput("/map does not take authentication. Send it with /update opsramp."),
  );
});

Deno.test("/map opsramp never sends a pair that is stored, whatever is stored and asked for", async () => {
  const word = fc.constantFrom("Open", "Closed", "open", "In Progress", "x");
  const pairs = fc.array(fc.record({ attrValue: word, thirdPartyAttrValue: word }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(pairs, pairs, async (before, wanted) => {
      const entry = {
        name: "Status",
        entityType: "INCIDENT",
        thirdPartyAttrName: "stats",
        thirdPartyEntityType: "Ticket",
      };
      const mapping = { ...entry, attrName: "incident.status.name", attrValues: before };
      await using at = openHandlerFixture({
        installations: [{ id: "INTG-1", inboundConfig: { mapAttributes: [mapping] } }],
      });
      const { operation, input } = understand("/map opsramp INTG-1", {
        inboundConfig: {
          mapAttributes: [{ ...entry, attrValues: wanted }, { ...entry, attrValues: wanted }],
        },
      });
      assert.ok(operation.risk !== "read");
      const plan = await operation.plan(at.context, input);
      const key = (pair: { attrValue: string; thirdPartyAttrValue: string }) =>
        `${pair.attrValue}=${pair.thirdPartyAttrValue}`;
      const missing = new Set(wanted.map(key)).difference(new Set(before.map(key)));
      if ("nothing" in plan) return assert.equal(missing.size, 0);
      const count = before.length;
      const verdict = await operation.verify(at.context, plan, await operation.apply(at.context, plan, {}));
      assert.equal(verdict.state, "applied");
      const now = stored(at, "INTG-1").inboundConfig?.mapAttributes?.[0]?.attrValues.map(key) ?? [];
      assert.equal(now.length - count, missing.size);
      assert.deepEqual(new Set(now), new Set([...before, ...wanted].map(key)));
    }),
    // Six pairs can be read as they are; to shrink them would start a server for every step.
    { numRuns: 40, endOnFailure: true },
  );
});

Deno.test("/map opsramp sends the write once and reads back after a 500 that came too late", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan('/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new');
  at.fixture.emulator.fail("update", { kind: "apply-then-500" });
  const { failure, verdict } = await change.run();
  assert.deepEqual([failure?.failure.ambiguous, verdict.state], [true, "applied"]);
  assert.equal(at.fixture.asked().filter((operation) => operation === "update").length, 1);
});

Deno.test("/map opsramp says so when only a part is there", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(
    '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=new Closed=done',
  );
  at.fixture.emulator.fail("update", { kind: "status", status: 500 });
  stored(at, SERVICE_DESK).inboundConfig?.mapAttributes?.[0]?.attrValues.push({
    attrValue: "Open",
    thirdPartyAttrValue: "new",
  });
  const { verdict } = await change.run();
  assert.equal(verdict.state, "partly applied");
  assert.equal(
    textOf(verdict.evidence),
    "Read back: INCIDENT Status Open=new as asked; INCIDENT Status Closed=done unchanged.",
  );
});
