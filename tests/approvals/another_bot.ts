import { Countersign } from "../../bot/app.ts";
import { type Environment, readConfig } from "../../bot/config.ts";
import { serve } from "../sandbox/serve.ts";
import { MEASURED_ONCE, type StageOptions } from "../sandbox/stage.ts";
import { type Fixture, fixtureOver } from "./fixture.ts";
import { HANG_MS } from "../eventually.ts";

/**
 * Ends the bot and starts another one over the same people, vendors and database, with some of the environment
 * changed (undefined takes a variable away).
 */
export async function restarted(
  fixture: Fixture,
  changes: Environment = {},
  timing: NonNullable<StageOptions["timing"]> = {},
): Promise<Fixture> {
  await fixture.bot.stop(AbortSignal.timeout(HANG_MS));
  const answering = Promise.withResolvers<(request: Request) => Response | Promise<Response>>();
  const server = serve(async (request) => (await answering.promise)(request));
  const environment = { ...fixture.environment, PUBLIC_URL: server.url, ...changes };
  const bot = await Countersign.open({
    config: readConfig(environment),
    clock: fixture.clock,
    log: fixture.log,
    timing: { ...MEASURED_ONCE, ...timing },
  });
  answering.resolve(bot.app.fetch);
  await bot.start();
  return fixtureOver({
    ...fixture,
    bot,
    url: server.url,
    environment,
    async [Symbol.asyncDispose]() {
      await bot.stop(AbortSignal.timeout(HANG_MS));
      await server[Symbol.asyncDispose]();
    },
  });
}

const ELSEWHERE = "ELSE2";

/** Another replica runs a change of the same target: no other change of it begins before that one is over. */
export async function busyElsewhere({ store, change }: Fixture, code: string): Promise<void> {
  const other = {
    ...await change(code),
    code: ELSEWHERE,
    handle: "elsewhere",
    state: "executing" as const,
    claimed_by: "another replica",
    claimed_until: Number.MAX_SAFE_INTEGER,
  };
  await store.db.insertInto("changes").values(other).execute();
}

/** The other replica's change is over; resolves when what waited for it is over too. */
export async function doneElsewhere({ store, rest }: Fixture): Promise<void> {
  await store.db.deleteFrom("changes").where("code", "=", ELSEWHERE).execute();
  store.notifier.local("changes");
  await rest();
}
