import assert from "node:assert/strict";
import { databaseUrl } from "../../bot/settings.ts";
import { openStore } from "../../bot/store/database.ts";
import { systemClock } from "../../clients/clock.ts";
import { testOnPostgres } from "../approvals/database.ts";

const HOUR_MS = 3_600_000;

testOnPostgres("a transaction goes by the right time although the machine has slept", async (url) => {
  let sleptMs = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() - sleptMs };
  const store = await openStore(databaseUrl.parse(url), clock);
  const lateMs = () => Math.abs(Date.now() - store.now());
  sleptMs = HOUR_MS;
  assert.ok(lateMs() > HOUR_MS / 2, "the sleep was noticed before");
  assert.ok(await store.transaction(() => Promise.resolve(lateMs())) < HOUR_MS / 2, "it was not noticed");
  await store.close();
});
