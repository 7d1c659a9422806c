import { systemClock } from "../../clients/clock.ts";
import type { Config } from "../config.ts";
import { type Result, runProgram } from "./program.ts";
import { migrations } from "../store/migrations.ts";
import { openStore } from "../store/database.ts";

/**
 * `deno task migrate`: brings the configured database to this version's schema, as the bot itself does when it
 * starts. For databases in which the bot may not do that; see docs/operations.md.
 */
async function migrate({ database }: Config): Promise<Result> {
  const store = await openStore(database, systemClock);
  await store.close();
  return { says: `up to date: ${Object.keys(migrations).at(-1)}`, code: 0 };
}

if (import.meta.main) await runProgram(migrate, 1);
