import type { Config } from "../config.ts";
import { type Result, runProgram } from "./program.ts";
import { verdictOf, verifyAudit } from "../store/audit.ts";
import { openAsItIs } from "../store/database.ts";
import { storeOpenError } from "../store/errors.ts";

/**
 * `deno task audit:verify`: walks the audit of the configured database, as it is. Ends with 1 when a row is not as it
 * was written, with 2 when that could not be found out.
 */
async function verify({ database }: Config): Promise<Result> {
  const db = await openAsItIs(database);
  try {
    const proof = await verifyAudit(db);
    return { says: verdictOf(proof), code: proof.intact ? 0 : 1 };
  } catch (error) {
    throw storeOpenError(database, error);
  } finally {
    await db.destroy();
  }
}

if (import.meta.main) await runProgram(verify, 2);
