import { systemClock } from "../clients/clock.ts";
import { ConfigError, readConfig } from "./config.ts";
import { verdictOf, verifyAudit } from "./store/audit.ts";
import { openStore } from "./store/store.ts";

/** `deno task audit:verify`: walks the audit of the configured database; fails when a row is not as it was written. */

async function main(): Promise<number> {
  const { database } = readConfig(Deno.env.toObject());
  const store = await openStore(database, systemClock);
  try {
    const proof = await verifyAudit(store.db);
    await print(verdictOf(proof));
    return proof.intact ? 0 : 1;
  } finally {
    await store.close();
  }
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  const code = await main().catch(async (error) => {
    if (!(error instanceof ConfigError)) throw error;
    await print(error.message);
    return 2;
  });
  Deno.exit(code);
}
