import { withTimeout } from "../../clients/clock.ts";
import { ClientError, describe, type FailureKind } from "../../clients/errors.ts";
import { keptWords } from "../../handlers/sight.ts";
import { newTrace } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import type { Queryable } from "../store/schema.ts";
import type { EpisodesTable, LooksTable } from "../store/watch_tables.ts";
import type { Connected } from "../vendors.ts";
import type { LookResult } from "./findings.ts";
import { applyLook, MOST_MISSED_LOOKS } from "./ledger.ts";

/** A look that nobody renews any more is begun anew, by whoever comes first. */
const LEASE_MS = 15_000;
/** However many pages there are. */
const LONGEST_LOOK_MS = 5 * 60_000;
/** Looks keep to so many calls of a vendor a minute: whoever has many pages is looked at less often. */
const CALLS_PER_MINUTE = 20;
/** Where a look begins so many looks' time after the last one, nothing ran in between. */
const LATE_LOOKS = 2;
/** Looks are not in step with each other, nor with those of another bot. */
const JITTER = 0.1;

/** Looks at one vendor after the other's time, whichever replica comes first. */
export class Looks {
  constructor(private readonly deps: Deps) {}

  /** One look, if it is time for one; whether anything came of it that is to be told. */
  async lookIfDue(connected: Connected): Promise<boolean> {
    if (!connected.client) return false;
    const claim = await this.claim(connected.vendor.name);
    if (!claim) return false;
    const { log, metrics } = this.deps;
    const trace = newTrace();
    let calls = 0;
    const result = await this.holding(claim, (signal) => this.ask(connected, signal, trace, () => calls++));
    const vendor = connected.vendor.name;
    if (!result) {
      await this.giveBack(claim);
      await this.noteBlindness();
      return true;
    }
    const found = await applyLook(
      this.deps,
      connected.vendor,
      claim,
      result,
      this.pace(claim, result, calls),
    );
    metrics.looks.inc({ vendor, result: result.answered ? "answered" : "not answered" });
    log.debug("looked", { vendor, trace, calls, answered: result.answered, ...found });
    return found !== undefined;
  }

  /**
   * Notes which vendors nobody has looked at for several looks' time, by no replica, and which are looked at again. After
   * a time in which nothing ran, the first looks may end before that, in however many processes. Of a vendor that is not
   * set up any more nothing can be told.
   */
  async noteBlindness(): Promise<void> {
    const { store, vendors } = this.deps;
    const now = store.now();
    const looks = new Map(
      (await store.db.selectFrom("looks").selectAll().execute()).map((row) => [row.vendor, row]),
    );
    for (const { vendor: { name, label }, client } of vendors.all) {
      const look = looks.get(name);
      const trying = look && tryingSince(look);
      const seen = look?.ended_at ?? trying ?? now;
      const everyMs = look?.every_ms ?? 0;
      const longestMs = MOST_MISSED_LOOKS * everyMs;
      if (!client) await closeEpisodes(store.db, name, now, false);
      else if (now - seen <= longestMs) await closeEpisodes(store.db, name, now, true);
      else {
        const isLate = trying === undefined ||
          trying - seen > LATE_LOOKS * everyMs && now - trying <= longestMs;
        if (isLate) continue;
        await store.db.insertInto("episodes").values(blindEpisode({ name, label }, seen, now))
          .onConflict((conflict) => conflict.doNothing()).execute();
      }
    }
  }

  /** When the next look is, by what the last one took that was answered: tries in vain say nothing of that. */
  private pace(
    claim: LooksTable,
    { answered }: LookResult,
    calls: number,
  ): Pick<LooksTable, "calls" | "every_ms" | "next_at"> {
    const { config, clock, store } = this.deps;
    const every_ms = lookInterval(config.watchEveryMs, answered ? calls : claim.calls);
    const next_at = Math.round(store.now() + every_ms * (1 + JITTER * (clock.random() - 0.5)));
    return { calls: answered ? calls : claim.calls, every_ms, next_at };
  }

  private async claim(vendor: string): Promise<LooksTable | undefined> {
    const { store, holder, config } = this.deps;
    const now = store.now();
    const known = await store.db.selectFrom("looks").select(["next_at", "claimed_until"])
      .where("vendor", "=", vendor).executeTakeFirst();
    if (known && (known.next_at > now || known.claimed_until > now)) return undefined;
    if (!known) {
      await store.db.insertInto("looks").values({ ...NEVER, vendor, every_ms: config.watchEveryMs })
        .onConflict((conflict) => conflict.column("vendor").doNothing()).execute();
    }
    return await store.db.updateTable("looks")
      .set((is) => ({
        claimed_by: holder,
        claimed_until: now + LEASE_MS,
        began_at: now,
        trying_since: is.case().when("trying_since", ">", is.fn.coalesce("ended_at", is.lit(0)))
          .then(is.ref("trying_since")).else(now).end(),
      }))
      .where("vendor", "=", vendor).where("next_at", "<=", now).where("claimed_until", "<=", now)
      .returningAll().executeTakeFirst();
  }

  /** Does the work and says all the while that this replica is alive. */
  private async holding<T>(claim: LooksTable, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { store, clock } = this.deps;
    const done = new AbortController();
    const renew = async () => {
      while (!done.signal.aborted) {
        await clock.sleep(LEASE_MS / 3, done.signal);
        await store.db.updateTable("looks").set({ claimed_until: store.now() + LEASE_MS })
          .where("vendor", "=", claim.vendor).where("began_at", "=", claim.began_at)
          .where("claimed_by", "=", claim.claimed_by).execute();
      }
    };
    const renewing = renew().catch(() => {});
    try {
      return await withTimeout(LONGEST_LOOK_MS, clock, work);
    } finally {
      done.abort();
      await renewing;
    }
  }

  /** Undefined where the bot itself is to blame: then nobody has looked. */
  private async ask(
    connected: Connected,
    signal: AbortSignal,
    trace: string,
    onAttempt: () => void,
  ): Promise<LookResult | undefined> {
    const { vendors, log } = this.deps;
    const call = { signal, trace, fresh: true, background: true, onAttempt } as const;
    try {
      const context = vendors.context(connected, call, { anew: true });
      return { answered: true, sight: await connected.vendor.sight(context) };
    } catch (error) {
      if (error instanceof ClientError) return notAnswered(error);
      log.error("look_failed", { vendor: connected.vendor.name, trace, ...errorFields(error) });
      return undefined;
    }
  }

  private async giveBack({ vendor, began_at, claimed_by }: LooksTable): Promise<void> {
    const { store, config } = this.deps;
    await store.db.updateTable("looks")
      .set({ claimed_by: null, claimed_until: 0, next_at: store.now() + config.watchEveryMs })
      .where("vendor", "=", vendor).where("began_at", "=", began_at).where("claimed_by", "=", claimed_by)
      .execute();
  }
}

/** Undefined where no look has begun since the last one ended. */
function tryingSince({ trying_since, ended_at }: LooksTable): number | undefined {
  return trying_since !== null && trying_since > (ended_at ?? 0) ? trying_since : undefined;
}

function blindEpisode(
  { name: vendor, label }: { readonly name: string; readonly label: string },
  since: number,
  now: number,
): EpisodesTable {
  return {
    id: `blind:${vendor}@${since}`,
    item: `blind:${vendor}`,
    vendor,
    target: vendor,
    item_id: null,
    name: label,
    company_name: null,
    was: null,
    fine_since: null,
    opened_at: since,
    noticed_at: now,
    state: "down",
    worst: "down",
    word: "not looked at",
    words: null,
    kind: "blind",
    version: 1,
    closed_at: null,
    closed_because: null,
  };
}

async function closeEpisodes(db: Queryable, vendor: string, now: number, onlyBlind: boolean): Promise<void> {
  await db.updateTable("episodes")
    .set((is) => ({
      closed_at: now,
      version: is("version", "+", 1),
      ...onlyBlind ? { state: "fine" as const } : { closed_because: "not set up" },
    }))
    .where("vendor", "=", vendor).where("closed_at", "is", null)
    .$if(onlyBlind, (query) => query.where("kind", "=", "blind")).execute();
}

/** How far apart looks are that take so many calls. */
export function lookInterval(watchEveryMs: number, calls: number): number {
  return Math.max(watchEveryMs, Math.ceil(calls * 60_000 / CALLS_PER_MINUTE));
}

const NEVER = {
  began_at: null,
  ended_at: null,
  trying_since: null,
  answered_at: null,
  unreachable_since: null,
  words: null,
  answers: 0,
  calls: 0,
  next_at: 0,
  claimed_by: null,
  claimed_until: 0,
} as const satisfies Omit<LooksTable, "vendor" | "every_ms">;

/** The vendor is there, and we asked too much of it: nothing is known of how it stands. */
const NOT_ITS_FAULT: ReadonlySet<FailureKind> = new Set(["rate_limited"]);

function notAnswered({ failure, kind }: ClientError): LookResult {
  const words = keptWords(failure.detail);
  return {
    answered: false,
    state: NOT_ITS_FAULT.has(kind) ? "unknown" : "down",
    word: describe(failure),
    ...(words !== undefined && { words }),
  };
}
