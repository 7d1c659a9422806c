import { systemClock } from "../../clients/clock.ts";
import { type Environment, overTls, PRODUCTION } from "../config.ts";
import { databaseUrl } from "../settings.ts";
import { migrations } from "../store/migrations.ts";
import { openStore } from "../store/database.ts";

/**
 * What Deno Deploy runs once before it sends requests to a new revision: brings the database to its schema. Of all
 * variables it can rely on the database's alone.
 */
export async function predeploy(environment: Environment): Promise<string> {
  const { DENO_TIMELINE: timeline, DATABASE_URL: address = "" } = environment;
  if (timeline !== PRODUCTION) return `nothing to do: the bot works on ${PRODUCTION} alone`;
  const { data: database } = databaseUrl.safeParse(overTls(address, environment));
  if (database?.kind !== "postgres") {
    throw new Error("DATABASE_URL names no Postgres: assign one to the application");
  }
  // An earlier version may be deployed again: a later one has only added to the schema.
  const store = await openStore({ ...database, mayBeNewer: true }, systemClock);
  await store.close();
  return `up to date: ${Object.keys(migrations).at(-1)}`;
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const says = await predeploy(Deno.env.toObject());
  await Deno.stdout.write(new TextEncoder().encode(`${says}\n`));
}
