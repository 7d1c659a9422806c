import assert from "node:assert/strict";
import { postgres, testOn } from "../approvals/database.ts";
import { openGround } from "./ground.ts";
import { atRest } from "./story.ts";
import { ONLY_GRAVITYZONE, watched } from "./watch_story.ts";

testOn(
  postgres,
  "two replicas look in turn, and tell an episode once, also when one of them dies",
  async () => {
    await using ground = await openGround({ database: postgres, environment: ONLY_GRAVITYZONE });
    await Promise.all([
      ground.launch({ dieAt: { at: "insert alert_episodes", when: "before", nth: 2 } }),
      ground.launch(),
    ]);
    await watched.play(ground, { writes: 0 });
    await atRest(ground);
    const { answers } = await ground.store.db.selectFrom("looks").select("answers").executeTakeFirstOrThrow();
    const calls =
      ground.gravityzone.calls.filter(({ method }) => method === "getConfiguredIntegrations").length;
    // Who died may have asked and not lived to write it down.
    assert.ok(
      calls >= answers && calls <= answers + 1 + ground.deaths,
      `${calls} calls for ${answers} looks`,
    );
  },
);
