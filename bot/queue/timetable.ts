import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import type { Store } from "../store/database.ts";

/** What is done again and again, and may be done once too often. */
export interface PeriodicJob {
  readonly name: string;
  readonly everyMs: number;
  /** Due as soon as a process begins to work. */
  readonly atOnce: boolean;
  /** Of several replicas one does it each time; otherwise every one does. */
  readonly exclusive: boolean;
  run(): Promise<void>;
}

/** A moment by the process's own time, which may stand still when the process does, and by the store's, which may be set. */
interface Moment {
  readonly own: number;
  readonly stored: number;
}

const NEVER_YET: Moment = { own: -Infinity, stored: -Infinity };

/** The periodic jobs of this process: each is due when either time says so. */
export class Timetable {
  /** When each was last begun. */
  private readonly begunAt: Map<PeriodicJob, Moment>;
  private readonly underWay = new Map<PeriodicJob, Promise<void>>();

  constructor(private readonly deps: Pick<Deps, "store" | "holder" | "log">, jobs: readonly PeriodicJob[]) {
    this.begunAt = new Map(jobs.map((job) => [job, job.atOnce ? NEVER_YET : this.now()]));
  }

  /** Begins what is due. */
  runDue(): void {
    const now = this.now();
    for (const [job, begunAt] of this.begunAt) {
      const passedMs = Math.max(now.own - begunAt.own, now.stored - begunAt.stored);
      if (this.underWay.has(job) || passedMs < job.everyMs) continue;
      this.begunAt.set(job, now);
      this.underWay.set(job, this.run(job).finally(() => this.underWay.delete(job)));
    }
  }

  /** Does what is due. True when nothing was. */
  async goRound(): Promise<boolean> {
    this.runDue();
    const isNothing = this.underWay.size === 0;
    await this.rested();
    return isNothing;
  }

  async rested(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private now(): Moment {
    return { own: performance.now(), stored: this.deps.store.now() };
  }

  private async run(job: PeriodicJob): Promise<void> {
    const { store, holder, log } = this.deps;
    try {
      if (!job.exclusive || await takeLease(store, job.name, holder, job.everyMs)) await job.run();
    } catch (error) {
      log.error(`${job.name}_failed`, errorFields(error));
    }
  }
}

/** True when this holder does the job now: of several replicas one, for `ms` at most. */
export async function takeLease(store: Store, name: string, holder: string, ms: number): Promise<boolean> {
  const now = store.now();
  const row = { name, holder, until: now + ms };
  const taken = await store.db.insertInto("leases").values(row)
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet(row).where((is) =>
        is.or([is("leases.until", "<=", now), is("leases.holder", "=", holder)])
      )
    )
    .returning("holder").executeTakeFirst();
  return taken?.holder === holder;
}
