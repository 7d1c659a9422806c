import type { Transaction } from "kysely";
import assert from "node:assert/strict";
import { claimChanges, renewChanges } from "../../bot/approvals/execute.ts";
import type { Schema } from "../../bot/store/schema.ts";
import { lasting, storeWith, testOn } from "../approvals/database.ts";
import { createRecordedLog } from "../sandbox/stage.ts";
import { openGround } from "./ground.ts";
import { askAndApprove } from "./story.ts";

for (const database of lasting) {
  testOn(
    database,
    "claimChanges takes over what its own process gave up, never what it is at work on",
    async () => {
      await using ground = await openGround({ database });
      const { ended } = await ground.launch({ dieAt: { at: "audit approve", when: "after" } });
      const { code } = await askAndApprove(ground);
      await ended;
      let aheadMs = 0;
      const store = storeWith(ground.store, { now: () => ground.store.now() + aheadMs });
      const one = { store, holder: "one", log: createRecordedLog() };
      const [none, atWork] = [new Set<string>(), new Set([code])];
      const claim = async (replica: typeof one, underWay: ReadonlySet<string>) =>
        (await claimChanges(replica, 4, underWay))[0];

      assert.equal((await claim(one, none))?.code, code);
      for (let renewals = 0; renewals < 3; renewals++) {
        aheadMs += 6_000;
        await renewChanges(one, [code]);
      }
      assert.equal(await claim(one, none), undefined, "the lease was renewed");
      aheadMs += 6_000;
      await renewChanges(one, ["OTHER"]);
      aheadMs += 6_000;
      assert.equal(await claim(one, atWork), undefined, "it is at work on it itself");
      assert.equal((await claim(one, none))?.code, code, "nobody renewed what was given up");

      aheadMs += 11_000;
      const [looked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow = {
        store: storeWith(store, {
          async transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
            looked.resolve();
            await goOn.promise;
            return await store.transaction(work);
          },
        }),
        holder: "two",
        log: createRecordedLog(),
      };
      const late = claim(slow, none);
      await looked.promise;
      assert.equal((await claim(one, none))?.code, code);
      goOn.resolve();
      assert.equal(await late, undefined, "another replica was faster");
    },
  );
}
