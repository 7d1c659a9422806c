import { eventually } from "../eventually.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, OSKAR } from "../approvals/fixture.ts";
import { createStillClock, type StageOptions } from "../sandbox/stage.ts";

export interface WatchFixture extends Fixture {
  /** Lets the time of one look pass, or of several, and each be told. */
  look(times?: number): Promise<void>;
  /** Resolves when what there is to tell is told. */
  told(): Promise<void>;
  /** Lets time pass without a look, and what there is to tell be told. */
  wait(ms: number): Promise<void>;
}

export const EVERY_MS = 60_000;
/** Looks come a little early or late, and never later than this. */
const LATEST_MS = EVERY_MS * 1.06;

/** The staged bot that looks at its vendors when the test says that a minute has passed. */
export async function openWatch({ environment, ...options }: StageOptions = {}): Promise<WatchFixture> {
  const fixture = await openFixture({
    clock: createStillClock(),
    timing: { lookMs: 20, expireMs: 3_600_000, watchMs: 10 },
    telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, OSKAR] }] },
    ...options,
    environment: { WATCH_EVERY: `${EVERY_MS}ms`, STATUS_CACHE_TTL: "10s", ...environment },
  });
  const { log, clock } = fixture;
  const count = (event: string) => log.lines.filter((line) => line.event === event).length;
  const looks = () => log.lines.filter(({ event }) => event === "looked" || event === "look_failed").length;
  const vendors = 4;

  async function told(): Promise<void> {
    const before = count("watch_told");
    // The first may have begun before.
    await eventually(() => count("watch_told") >= before + 2, "the watch to tell");
    await fixture.rest();
  }
  async function look(times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      const before = looks();
      clock.advance(LATEST_MS);
      await eventually(() => looks() >= before + vendors, "a look at every vendor");
      await told();
    }
  }
  await eventually(() => looks() >= vendors, "the first look");
  await told();
  return {
    ...fixture,
    look,
    told,
    async wait(ms) {
      clock.advance(ms);
      await told();
    },
  };
}
