import assert from "node:assert/strict";
import { EXECUTION_LEASE_MS } from "../../bot/approvals/execute.ts";
import { postgres } from "../approvals/database.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { openGround } from "./ground.ts";
import type { Moment } from "./moment.ts";
import { atRest, decide, ENABLE, outcome, proveAudit, theChange, writesTo } from "./story.ts";

const REPLICAS = 3;
const HOUR_MS = 3_600_000;
/** Where it dies with the way back in its hands, for as long as a lease. */
const HOLDING: ReadonlySet<string> = new Set(["after audit claim", "before audit apply"]);
const PLANS_BY = "getAmazonEC2ExternalIdForCrossAccountRole";

/**
 * Three replicas plan the same way back at the same moment, and go on at once; one of them dies at `moment` if
 * it comes that far. It is sent once.
 */
export async function raceForWayBack(moment?: Moment): Promise<void> {
  await using ground = await openGround({ database: postgres });
  const { telegram, gravityzone, store, until } = ground;
  await Promise.all(Array.from({ length: REPLICAS - 1 }, () => ground.launch()));
  telegram.say(ANA, GROUP, `${ENABLE} for=2h`);
  await decide(ground, BEN, "Approve");
  await outcome(ground, { state: "applied", writes: 1 });
  const { code } = await theChange(ground);
  await ground.launch(moment ? { dieAt: moment } : {});
  const all = Promise.withResolvers<void>();
  const known = gravityzone.calls.length;
  const planning = () => gravityzone.calls.slice(known).filter(({ method }) => method === PLANS_BY).length;
  gravityzone.faults.always(PLANS_BY, { after: all.promise });
  await ground.advance(2 * HOUR_MS);
  await until("all to plan it", () => Promise.resolve(planning() >= REPLICAS));
  gravityzone.faults.clear();
  all.resolve();
  let isHeld = moment !== undefined && HOLDING.has(`${moment.when} ${moment.at}`);
  const loan = await until("the end of the loan", async () => {
    // Once, and only where nobody else can be at it: who is would be too late by its own clock.
    if (isHeld && ground.deaths > 0) {
      isHeld = false;
      await ground.advance(EXECUTION_LEASE_MS + 1_000);
    }
    return await store.db.selectFrom("loans").selectAll().where("code", "=", code)
      .where("ended_at", "is not", null).executeTakeFirst();
  });
  await atRest(ground);
  const backs = await store.db.selectFrom("changes").select(["code", "state"]).where("loan_of", "=", code)
    .execute();
  assert.deepEqual(backs, [{ code: loan.back, state: "applied" }]);
  assert.equal(writesTo(ground).length, 2);
  await proveAudit(ground);
}
