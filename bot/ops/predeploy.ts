import { systemClock } from "../../clients/clock.ts";
import { type Environment, overTls, PRODUCTION } from "../config.ts";
import { Redactor } from "../redact.ts";
import { databaseSecrets, databaseUrl } from "../settings.ts";
import { openStore } from "../store/database.ts";
import { StoreOpenError } from "../store/errors.ts";
import { migrations } from "../store/migrations.ts";
import { endWith, type Result } from "./program.ts";

/**
 * What Deno Deploy runs once before it sends requests to a new revision: brings the database to its schema. Of all
 * variables it can rely on the database's alone, so where no timeline is named it does the work too.
 */
export async function predeploy(environment: Environment): Promise<Result> {
  const { DENO_TIMELINE: timeline = PRODUCTION, DATABASE_URL: address = "" } = environment;
  if (timeline !== PRODUCTION) {
    return { says: `nothing to do: the bot works on ${PRODUCTION} alone, and this is ${timeline}`, code: 0 };
  }
  const { data: database } = databaseUrl.safeParse(overTls(address, environment));
  if (database?.kind !== "postgres") {
    return { says: "DATABASE_URL names no Postgres: assign one to the application.", code: 1 };
  }
  try {
    // An earlier version may be deployed again: a later one has only added to the schema.
    const store = await openStore({ ...database, mayBeNewer: true }, systemClock);
    await store.close();
    return { says: `up to date: ${Object.keys(migrations).at(-1)}`, code: 0 };
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    return { says: new Redactor(databaseSecrets(database)).text(error.message), code: 1 };
  }
}

if (import.meta.main) await endWith(await predeploy(Deno.env.toObject()));
