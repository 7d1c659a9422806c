import { type Clock, endOfTurn, untilAborted } from "../../clients/clock.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import type { Consumer, Reservation, Work } from "../store/database.ts";
import { type PeriodicJob, Timetable } from "./timetable.ts";

/** "hold": what was claimed behind the row is given back, and whatever may go on without it is claimed anew. */
export type RunResult = void | "hold";

/** Rows that wait in the store for whichever replica comes first, in order within a partition. */
export interface QueueJob<Row> {
  /** Also the word that wakes it. */
  readonly name: Work;
  /** Partitions worked on side by side. */
  readonly width: number;
  /** How long a claim lasts. A replica that lives renews it in time; who dies is replaced after this long. */
  readonly leaseMs: number;
  /** What comes of a row counts once, so that one under way may be given back when time is up. */
  readonly repeatable?: boolean;
  /** What the other jobs leave for it when the worker stops is still done. */
  readonly last?: boolean;
  /**
   * Takes at most so many rows for this replica, in order; none of a partition that is under way here. Undefined: none
   * waits, nor will when that is done.
   */
  claim(most: number, busy: ReadonlySet<string>): Promise<readonly Row[] | undefined>;
  partition(row: Row): string;
  /**
   * Does the work and records that it is done. When it throws, the row is left to its lease. `ending` fires when
   * nothing more is begun: what could go on for ever ends then.
   */
  run(row: Row, ending: AbortSignal): Promise<RunResult>;
  renew(rows: readonly Row[]): Promise<void>;
  /** Gives rows back, so that another replica need not wait for the lease. Absent: what was claimed is also begun. */
  release?(rows: readonly Row[]): Promise<void>;
  /** When the next row that has to wait becomes due, epoch ms; asked when nothing is. */
  nextAt?(): Promise<number | undefined>;
}

export interface Jobs {
  readonly queues: readonly QueueJob<unknown>[];
  readonly periodic: readonly PeriodicJob[];
}

type WorkerDeps = Pick<Deps, "store" | "holder" | "log">;

/** A lost wake-up is made good, and what is due by the clock is noticed, by looking this often. */
const LOOK_MS = 1_000;
/** Rows taken by one claim. */
const MOST_PER_CLAIM = 20;

/**
 * Does what waits and what is due, in a process that lives long (`start`, `stop`) or for a while in any other
 * (`workFor`). All it knows is in the store: what a process leaves behind, another takes over when the lease ends.
 */
export class Worker {
  private readonly queues: readonly Queue[];
  private readonly timetable: Timetable;
  private started = false;
  /** Calls of `workFor` that go on. */
  private shifts = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  /** `lookMs` is how often it looks for work of which nobody told it. */
  constructor(deps: WorkerDeps, jobs: Jobs, private readonly lookMs: number = LOOK_MS) {
    this.queues = jobs.queues.map((job) => new Queue(deps, job, lookMs));
    this.timetable = new Timetable(deps, jobs.periodic);
    for (const queue of this.queues) deps.store.notifier.listen(queue.job.name, queue);
  }

  /** True from `start` to `stop`. */
  get running(): boolean {
    return this.started;
  }

  start(): void {
    this.started = true;
    this.open();
    this.look();
  }

  /** Takes nothing new; waits for what is under way until `deadline` fires, then gives back what may be given back. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.started = false;
    const [last, first] = [true, false].map((isLast) =>
      this.queues.filter(({ job }) => (job.last ?? false) === isLast)
    ) as [Queue[], Queue[]];
    for (const queue of first) queue.close();
    await within(deadline, Promise.all([this.timetable.rested(), ...first.map((queue) => queue.rested())]));
    if (!deadline.aborted) await within(deadline, Promise.all(last.map((queue) => queue.drain())));
    for (const queue of last) queue.close();
    clearInterval(this.timer);
    await Promise.all(this.queues.map((queue) => queue.giveBack()));
  }

  /**
   * Does what is due until nothing is, or until nothing more may be begun because `end` has fired. Resolves when what
   * was begun is done: no claim is left. Where the worker runs anyway there is nothing to do.
   */
  async workFor(end: AbortSignal): Promise<void> {
    if (this.started) return;
    this.shifts++;
    this.open();
    try {
      while (!end.aborted && !await within(end, this.goRound()));
    } finally {
      if (--this.shifts === 0) this.queues.forEach((queue) => queue.close());
      await this.rested();
      if (this.shifts === 0 && !this.started) clearInterval(this.timer);
    }
  }

  /** Looks at everything and waits for what comes of it. True when it was at rest before and found nothing. */
  private async goRound(): Promise<boolean> {
    const found = await Promise.all([this.timetable, ...this.queues].map((part) => part.goRound()));
    return found.every(Boolean);
  }

  private async rested(): Promise<void> {
    await Promise.all([this.timetable.rested(), ...this.queues.map((queue) => queue.rested())]);
  }

  private open(): void {
    for (const queue of this.queues) queue.open();
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), this.lookMs);
  }

  private look(): void {
    if (this.started || this.shifts > 0) this.timetable.runDue();
    for (const queue of this.queues) {
      void queue.renew();
      void queue.look();
    }
  }
}

/** How long to wait before what could not be recorded is tried again: at first, whatever ends, and from then on. */
const AGAIN_AFTER_MS: readonly number[] = [250, 1_000, 4_000];
const AGAIN_LATER_MS = 4_000;

interface Insistence {
  readonly clock: Clock;
  readonly ending: AbortSignal;
  /** Told each time that it is to be tried again. */
  missed(error: unknown): void;
}

/** Records what must not be lost, however long the store is away. Only when `ending` has fired it is given up. */
export async function insistOn<T>(
  record: () => Promise<T>,
  { clock, ending, missed }: Insistence,
): Promise<T> {
  for (let tries = 0;; tries++) {
    const pauseMs = AGAIN_AFTER_MS[tries];
    try {
      return await record();
    } catch (error) {
      if (pauseMs === undefined && ending.aborted) throw error;
      missed(error);
    }
    await (pauseMs === undefined
      ? clock.sleep(AGAIN_LATER_MS, ending).catch(() => {})
      : clock.sleep(pauseMs));
  }
}

/** Resolves as `work` does, or to undefined when the signal fires first; the work goes on. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return await untilAborted(work, signal).catch((error) => {
    if (signal.aborted) return undefined;
    throw error;
  });
}

/** One queue's rows in this process: those claimed, those under way, and when to look for more. */
class Queue implements Consumer {
  /** Rows claimed so far. */
  private begun = 0;
  /** Has fired while nothing may be begun. */
  private ending = new AbortController();
  /** By partition, what is under way. */
  private readonly active = new Map<string, Promise<void>>();
  /** By partition that is kept for a row being written, what a claim under way at that moment brings of it. */
  private readonly reserved = new Map<string, unknown[]>();
  /** Claimed and not done. */
  private readonly claimed = new Set<unknown>();
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  /** Of the partitions under way, those after which something may be due that is not now. */
  private readonly lookedAfter = new Set<string>();
  private early: ReturnType<typeof setTimeout> | undefined;
  private renewedAt = 0;

  constructor(
    private readonly deps: WorkerDeps,
    readonly job: QueueJob<unknown>,
    private readonly lookMs: number,
  ) {
    this.close();
  }

  private get idle(): boolean {
    return this.active.size === 0 && this.looking === undefined;
  }

  private get isOpen(): boolean {
    return !this.ending.signal.aborted;
  }

  open(): void {
    if (!this.isOpen) this.ending = new AbortController();
  }

  /** From here on nothing is begun; of what was claimed for a partition the rest is given back. */
  close(): void {
    this.ending.abort();
    clearTimeout(this.early);
  }

  /** Finishes all that is due. */
  async drain(): Promise<void> {
    while (!await this.goRound());
  }

  /** Looks, and waits for what comes of it. True when it was at rest before and found nothing. */
  async goRound(): Promise<boolean> {
    const [wasIdle, before] = [this.idle, this.begun];
    await this.look();
    await this.rested();
    return wasIdle && this.begun === before;
  }

  /** Claims and begins what there is room for; resolves after a look that was begun after the call. */
  look(): Promise<void> {
    // What is new may be behind a row that is under way, or be that row anew.
    this.lookAfterAll();
    return this.lookNow();
  }

  private lookNow(): Promise<void> {
    this.lookAgain = true;
    return this.looking ??= this.lookWhileAsked();
  }

  private lookAfterAll(): void {
    for (const partition of this.active.keys()) this.lookedAfter.add(partition);
  }

  /** Resolves when what is under way now is done. */
  async rested(): Promise<void> {
    await this.looking;
    await Promise.all(this.active.values());
  }

  /** Says in time that this replica is alive and still at work. */
  async renew(): Promise<void> {
    const { job, deps: { store } } = this;
    if (this.claimed.size === 0 || store.now() - this.renewedAt < job.leaseMs / 3) return;
    this.renewedAt = store.now();
    await job.renew([...this.claimed]).catch((error) => this.warn("not_renewed", error));
  }

  /** Lets others begin at once with what could not be finished in time, where that does no harm. */
  async giveBack(): Promise<void> {
    await this.looking;
    if (this.job.repeatable) await this.release([...this.claimed]);
  }

  private async lookWhileAsked(): Promise<void> {
    while (this.lookAgain) {
      // One look finds all that comes up in one turn of the event loop.
      await endOfTurn();
      this.lookAgain = false;
      await this.fill().catch((error) =>
        this.deps.log.error(`${this.job.name}_unreadable`, errorFields(error))
      );
    }
    this.looking = undefined;
  }

  private async fill(): Promise<void> {
    const { job, active } = this;
    while (this.isOpen && active.size < job.width) {
      const most = Math.min(job.width - active.size, MOST_PER_CLAIM);
      const rows = await job.claim(most, new Set(active.keys()));
      for (const [partition, inOrder] of Map.groupBy(rows ?? [], job.partition)) {
        const reserved = this.reserved.get(partition);
        if (reserved) reserved.push(...inOrder);
        else if (!active.has(partition)) this.begin(partition, Promise.resolve(inOrder));
        // Begun while the claim was under way, or after a pause of the whole process that outlasted its own lease.
        else await this.claimLater(inOrder);
      }
      if (!rows?.length) await this.wakeForNext();
      if (!rows) return;
      if (rows.length < most) break;
    }
    this.lookAfterAll();
  }

  reserve(partition: string): Reservation<unknown> | undefined {
    const { isOpen, active, job, deps: { holder } } = this;
    if (!isOpen || active.size >= job.width || active.has(partition)) return undefined;
    const { promise, resolve } = Promise.withResolvers<readonly unknown[]>();
    const claimed: unknown[] = [];
    this.reserved.set(partition, claimed);
    this.begin(partition, promise);
    const settle = (rows: readonly unknown[]) => {
      if (this.reserved.get(partition) !== claimed) return;
      this.reserved.delete(partition);
      if (rows.length === 0) this.lookedAfter.add(partition);
      resolve([...claimed, ...rows]);
    };
    return { holder, begin: (row) => settle([row]), cancel: () => settle([]) };
  }

  private begin(partition: string, coming: Promise<readonly unknown[]>): void {
    this.active.set(partition, this.runAll(partition, coming));
  }

  private async runAll(partition: string, coming: Promise<readonly unknown[]>): Promise<void> {
    const rows = await coming;
    this.begun += rows.length;
    for (const row of rows) this.claimed.add(row);
    try {
      await this.runInOrder(partition, rows);
    } finally {
      for (const row of rows) this.claimed.delete(row);
      this.active.delete(partition);
      if (this.lookedAfter.delete(partition)) void this.lookNow();
    }
  }

  private async runInOrder(partition: string, rows: readonly unknown[]): Promise<void> {
    for (const [index, row] of rows.entries()) {
      if (!this.isOpen && this.job.release) return await this.release(rows.slice(index));
      const result = await this.run(partition, row);
      this.claimed.delete(row);
      if (result === "hold") {
        this.lookedAfter.add(partition);
        return await this.release(rows.slice(index + 1));
      }
    }
  }

  private async run(partition: string, row: unknown): Promise<RunResult> {
    try {
      return await this.job.run(row, this.ending.signal);
    } catch (error) {
      this.deps.log.error(`${this.job.name}_not_finished`, { partition, ...errorFields(error) });
    }
  }

  private async release(rows: readonly unknown[]): Promise<void> {
    if (rows.length > 0) await this.job.release?.(rows).catch((error) => this.warn("not_released", error));
  }

  private async claimLater(rows: readonly unknown[]): Promise<void> {
    await this.release(rows);
    this.lookAgain = true;
  }

  /** What is due sooner than the next look gets a timer of its own. */
  private async wakeForNext(): Promise<void> {
    const at = await this.job.nextAt?.() ?? Infinity;
    clearTimeout(this.early);
    const inMs = Math.max(at - this.deps.store.now(), 1);
    if (this.isOpen && inMs < this.lookMs) this.early = setTimeout(() => void this.look(), inMs);
  }

  private warn(what: string, error: unknown): void {
    this.deps.log.warning(`${this.job.name}_${what}`, errorFields(error));
  }
}
