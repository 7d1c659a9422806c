import assert from "node:assert/strict";
import { claimChanges } from "../../bot/approvals/execute.ts";
import { databaseUrl } from "../../bot/settings.ts";
import { type Change, findChange } from "../../bot/store/changes.ts";
import { openStore } from "../../bot/store/database.ts";
import { createFakeClock } from "../clock.ts";
import { createRecordedLog } from "../sandbox/stage.ts";
import { testOnEach } from "./database.ts";
import { openFixture, textOf } from "./fixture.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const LEASE_MS = 10_000;

interface Row {
  readonly what: string;
  readonly left: Partial<Change>;
  readonly ends: string;
  readonly event: string;
}

/** What a replica may die of, again and again. */
const ROWS: readonly Row[] = [
  {
    what: "before anything was sent is superseded",
    left: { state: "executing", claimed_by: "first" },
    ends: "superseded",
    event: "supersede",
  },
  {
    what: "at its read-back ends as unknown",
    left: { state: "executing", claimed_by: "first", sent_at: 1 },
    ends: "unknown",
    event: "mark_unknown",
  },
  {
    what: "at a later look stays unknown",
    left: { state: "unknown", claimed_by: "first", sent_at: 1, next_check_at: 1, checks: 2 },
    ends: "unknown",
    event: "mark_unknown",
  },
  {
    what: "at a second look stays not applied",
    left: { state: "not applied", claimed_by: "first", sent_at: 1, finished_at: 7, next_check_at: 1 },
    ends: "not applied",
    event: "still_not_applied",
  },
];

for (const { what, left, ends, event } of ROWS) {
  testOnEach(`a change that kills every replica ${what}, after three have taken it over`, async (url) => {
    await using fixture = await openFixture();
    const { code } = await fixture.ask(ROTATE);
    const clock = createFakeClock({ start: fixture.clock.now() });
    const store = await openStore(databaseUrl.parse(url), clock);
    try {
      await store.db.insertInto("changes").values({ ...await fixture.change(code), ...left }).execute();
      const log = createRecordedLog();
      const claims: string[] = [];
      for (const holder of ["second", "third", "fourth", "fifth", "sixth"]) {
        const [change] = await claimChanges({ store, holder, log }, 1, new Set());
        if (change) claims.push(holder);
        clock.advance(LEASE_MS);
      }
      assert.deepEqual(claims, ["second", "third", "fourth"]);
      const { state, next_check_at, claimed_by, finished_at } = (await findChange(store, code))!;
      assert.deepEqual([state, next_check_at, claimed_by], [ends, null, null]);
      if (left.finished_at) assert.equal(finished_at, left.finished_at);
      const rows = await store.db.selectFrom("audit").selectAll().orderBy("seq").execute();
      assert.deepEqual([rows.at(-1)?.event, rows.at(-1)?.reason_code], [event, "gave_up"]);
      const card = await store.db.selectFrom("messages").select("reply").where("key", "=", `card:${code}`)
        .executeTakeFirstOrThrow();
      assert.match(card.reply, /was stopped each time/);
    } finally {
      await store.close();
    }
  });
}

Deno.test("a look that came to its end counts for nothing, so a change may be looked at for a day", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.always("generateAmazonEC2ExternalIdForCrossAccountRole", { status: 500 });
  fixture.gravityzone.faults.always(
    "getAmazonEC2ExternalIdForCrossAccountRole",
    ({ nth }) => nth > 2 ? { status: 503 } : undefined,
  );
  const { code } = await fixture.carryOut(ROTATE);
  for (let looks = 2; looks <= 6; looks++) {
    const { next_check_at, take_overs } = await fixture.change(code);
    assert.equal(take_overs, 0);
    await fixture.pass(next_check_at! - fixture.clock.now() + 1);
    assert.equal((await fixture.change(code)).checks, looks);
  }
});

Deno.test("a read-back does not take an answer of many megabytes into memory", async () => {
  let written = false;
  let sent = 0;
  await using fixture = await openFixture({
    async onTheWay(vendor, request, passOn) {
      if (vendor !== "HaloPSA") return await passOn();
      if (request.method === "GET" && written) return new Response(endless((bytes) => sent += bytes));
      written ||= request.method === "POST" && request.url.includes("PRTGDetails");
      return await passOn();
    },
  });
  const { code, card } = await fixture.carryOut("/update prtg 1 username=other");
  assert.equal(await fixture.state(code), "unknown");
  assert.match(textOf(card), /HaloPSA gave an unexpected answer/);
  assert.ok(sent < 8 * 1024 * 1024, `${sent} bytes`);
});

function endless(count: (bytes: number) => void): ReadableStream<Uint8Array> {
  const chunk = new TextEncoder().encode("1,".repeat(32 * 1024));
  return new ReadableStream({
    pull(controller) {
      count(chunk.length);
      controller.enqueue(chunk);
    },
  });
}
