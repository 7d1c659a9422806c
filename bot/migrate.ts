import { systemClock } from "../clients/clock.ts";
import { ConfigError, readConfig } from "./config.ts";
import { migrations } from "./store/migrations.ts";
import { openStore } from "./store/store.ts";

/**
 * `deno task migrate`: brings the configured database to this version's schema, as the bot itself does when it
 * starts. For databases in which the bot may not do that; see OPERATIONS.md.
 */
async function main(): Promise<number> {
  const { database } = readConfig(Deno.env.toObject());
  const store = await openStore(database, systemClock);
  await store.close();
  await print(`up to date: ${Object.keys(migrations).at(-1)}`);
  return 0;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  const code = await main().catch(async (error) => {
    if (!(error instanceof Error)) throw error;
    await print(error instanceof ConfigError ? error.message : `not migrated: ${error.message}`);
    return error instanceof ConfigError ? 2 : 1;
  });
  Deno.exit(code);
}
