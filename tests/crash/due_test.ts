import assert from "node:assert/strict";
import { createDue } from "../../bot/approvals/execute.ts";
import { lasting, testOn } from "../changes/database.ts";
import { createRecordedLog } from "../sandbox/stage.ts";
import { openGround } from "./ground.ts";
import { askAndApprove } from "./story.ts";

for (const database of lasting) {
  testOn(
    database,
    "createDue takes over what its own process gave up, never what it is at work on",
    async () => {
      await using ground = await openGround({ database });
      await ground.succession([{ at: "audit approve", when: "after" }]);
      const { code } = await askAndApprove(ground);
      await ground.until("the death", () => Promise.resolve(ground.deaths === 1));
      await ground.kill();
      let aheadMs = 0;
      const store = { ...ground.store, now: () => ground.store.now() + aheadMs };
      const due = createDue({ store, holder: "one", log: createRecordedLog() });
      const [none, atWork, elsewhere] = [new Set<string>(), new Set([code]), new Set(["OTHER"])];

      assert.equal((await due.next(none))?.code, code);
      for (let renewals = 0; renewals < 3; renewals++) {
        aheadMs += 6_000;
        await due.renew(atWork);
      }
      assert.equal(await due.next(none), undefined, "the lease was renewed");
      aheadMs += 6_000;
      await due.renew(elsewhere);
      aheadMs += 6_000;
      assert.equal(await due.next(atWork), undefined, "it is at work on it itself");
      assert.equal((await due.next(none))?.code, code, "nobody renewed what was given up");

      aheadMs += 11_000;
      const [looked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow = createDue({
        store: {
          ...store,
          async transaction(work) {
            looked.resolve();
            await goOn.promise;
            return await store.transaction(work);
          },
        },
        holder: "two",
        log: createRecordedLog(),
      });
      const late = slow.next(none);
      await looked.promise;
      assert.equal((await due.next(none))?.code, code);
      goOn.resolve();
      assert.equal(await late, undefined, "another replica was faster");
    },
  );
}
