import { systemClock } from "../../clients/clock.ts";
import { ConfigError, databaseOverTls, type Environment, PRODUCTION } from "../config.ts";
import { databaseUrl } from "../settings.ts";
import { openStore } from "../store/database.ts";
import { StoreOpenError } from "../store/errors.ts";
import { migrations } from "../store/migrations.ts";
import { endWith, type Result } from "./program.ts";

/**
 * What Deno Deploy runs once before it sends requests to a new revision: brings the database to its schema. Of all
 * variables it can rely on the database's alone, so where no timeline is named it does the work too.
 */
export async function predeploy(environment: Environment): Promise<Result> {
  try {
    return await broughtUp(environment);
  } catch (error) {
    if (error instanceof StoreOpenError || error instanceof ConfigError) {
      return { says: error.message, code: 1 };
    }
    throw error;
  }
}

async function broughtUp(environment: Environment): Promise<Result> {
  const { DENO_TIMELINE: timeline = PRODUCTION } = environment;
  if (timeline !== PRODUCTION) {
    return { says: `nothing to do: the bot works on ${PRODUCTION} alone, and this is ${timeline}`, code: 0 };
  }
  const address = databaseOverTls(environment);
  const { data: database, error } = databaseUrl.safeParse(address);
  if (/^postgres/.test(address) && error) {
    return { says: `DATABASE_URL ${error.issues.map(({ message }) => message).join("; ")}.`, code: 1 };
  }
  if (database?.kind !== "postgres") {
    return { says: "DATABASE_URL names no Postgres: assign one to the application.", code: 1 };
  }
  // An earlier version may be deployed again: a later one has only added to the schema.
  const store = await openStore({ ...database, mayBeNewer: true }, systemClock);
  await store.close();
  return { says: `up to date: ${Object.keys(migrations).at(-1)}`, code: 0 };
}

if (import.meta.main) await endWith(await predeploy(Deno.env.toObject()));
