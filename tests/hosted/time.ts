import { sql } from "kysely";
import { inStore } from "../approvals/database.ts";

/** Time that may be let pass: the database's, Telegram's and the processes' own. */
export interface SimulatedTime extends AsyncDisposable {
  /** Epoch ms. */
  now(): number;
  /** `asleep`: as on a machine that is put to sleep, where only the calendar goes on. */
  pass(ms: number, how?: "asleep"): Promise<void>;
  /** How a process is started that goes by it. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** In this database `clock_timestamp` is found before Postgres' own. */
export async function openTime(url: string): Promise<SimulatedTime> {
  const database = new URL(url).pathname.slice(1);
  const folder = await Deno.makeTempDir({ prefix: "countersign-" });
  const file = `${folder}/ahead`;
  let [aheadMs, monotonicMs] = [0, 0];
  const run = (...statements: readonly string[]) =>
    inStore(url, async ({ db }) => {
      for (const statement of statements) await sql.raw(statement).execute(db);
    });
  const tell = async () => {
    await Deno.writeTextFile(`${file}.new`, JSON.stringify([aheadMs, monotonicMs]));
    await Deno.rename(`${file}.new`, file);
  };
  let passing: Promise<void> = tell();
  await passing;
  await run(
    "create table simulated_time (ahead_ms bigint not null)",
    "insert into simulated_time values (0)",
    `create function clock_timestamp() returns timestamptz language sql volatile as $$
      select pg_catalog.clock_timestamp() + ahead_ms * interval '1 ms' from public.simulated_time $$`,
    `alter database ${database} set search_path = public, pg_catalog`,
  );
  return {
    now: () => Date.now() + aheadMs,
    async pass(ms, how) {
      aheadMs += ms;
      if (how !== "asleep") monotonicMs += ms;
      // One at a time, so that none takes back what a later one has told.
      passing = passing.then(async () => {
        await run(`update simulated_time set ahead_ms = ${aheadMs}`);
        await tell();
      });
      await passing;
    },
    flags: [`--preload=${new URL("passing_time.ts", import.meta.url).pathname}`],
    environment: { SIMULATED_TIME: file },
    async [Symbol.asyncDispose]() {
      await run(
        `alter database ${database} reset search_path`,
        "drop function public.clock_timestamp()",
        "drop table simulated_time",
      );
      await Deno.remove(folder, { recursive: true });
    },
  };
}
