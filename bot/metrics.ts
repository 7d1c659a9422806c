import type * as Prometheus from "prom-client";
import type { CallEvent } from "../clients/http/contract.ts";
import type { ReasonCode } from "./reason_codes.ts";

/**
 * What Prometheus is told. Labels come from closed lists, never from people or vendors. The library is loaded when the
 * text is first asked for, since a start has no need of it: what is recorded before waits.
 */
export class Metrics {
  private readonly all: Pick<Instrument<never>, "make">[] = [];
  private registry: Promise<Prometheus.Registry> | undefined;
  readonly updates = this.counter(
    "updates_total",
    "Updates received, by what became of them at the door",
    "result",
  );
  readonly refusals = this.counter(
    "refusals_total",
    "Refused messages and presses, by reason code",
    "reason",
  );
  readonly telegramCalls = this.counter(
    "telegram_calls_total",
    "Bot API calls, by outcome",
    "method",
    "outcome",
  );
  readonly changes = this.counter("changes_total", "Changes that reached a state", "state");
  readonly looks = this.counter(
    "looks_total",
    "Looks at a vendor, by whether it answered",
    "vendor",
    "result",
  );
  readonly alerts = this.counter("alerts_total", "Messages of the watch, by what they tell", "kind");
  private readonly lookAge = this.gauge(
    "look_age_seconds",
    "How long ago a vendor was last looked at",
    "vendor",
  );
  readonly episodes = this.gauge("episodes_open", "Items that are not fine", "vendor", "state");
  readonly reminders = this.counter("reminders_total", "Reminders of changes that wait for votes", "kind");
  readonly approvalSeconds = this.histogram(
    "approval_seconds",
    "From the request of a change to its last approval",
    [10, 30, 60, 120, 300, 600, 1800, 3600, 14400],
  );
  readonly pendingAge = this.gauge("pending_age_seconds", "Age of the oldest change that waits for approval");
  readonly pending = this.gauge(
    "pending",
    "Changes that wait for approval, by how many seconds they have waited at least",
    "at_least",
  );
  readonly emergencies = this.gauge(
    "emergencies",
    "Emergencies that nobody has looked into: unreviewed, and overdue among them",
    "state",
  );
  readonly answerSeconds = this.histogram(
    "answer_seconds",
    "From the update's arrival to its answer being handed to the sender",
    SECONDS,
  );
  readonly inboxAge = this.gauge("inbox_age_seconds", "Age of the oldest update that is not handled yet");
  readonly loans = this.gauge(
    "loans",
    "Changes made for a time that are not taken back: open, or overdue",
    "state",
  );
  readonly updatesComeIn = this.gauge(
    "updates_come_in",
    "0 while Telegram refuses the webhook, the token or the polling",
  );
  private readonly vendorCalls = this.counter(
    "vendor_calls_total",
    "Attempts at vendor calls, by outcome",
    "vendor",
    "operation",
    "outcome",
  );
  private readonly vendorSeconds = this.histogram(
    "vendor_call_seconds",
    "How long one attempt at a vendor call took",
    SECONDS,
    "vendor",
    "operation",
  );

  /** When each vendor was last looked at, in epoch ms. Its age is of the moment in which somebody asks. */
  readonly lookedAt: Map<string, number> = new Map<string, number>();

  /** By how many ms others' clocks were ahead of the store's when they last answered: Telegram's, the vendors'. */
  readonly clocksAhead: Map<string, number> = new Map<string, number>();

  updatesKept(accepted: number, repeated: number): void {
    if (accepted > 0) this.updates.inc({ result: "accepted" }, accepted);
    if (repeated > 0) this.updates.inc({ result: "repeated" }, repeated);
  }

  refused(reason: ReasonCode): void {
    this.refusals.inc({ reason });
  }

  vendorCall({ vendor, operation, outcome, durationMs }: CallEvent): void {
    this.vendorCalls.inc({ vendor, operation, outcome });
    this.vendorSeconds.observe(durationMs / 1000, { vendor, operation });
  }

  /** Compares the `Date` of someone's answer with our own clock; both epoch ms. */
  compareClock(whose: string, date: number | undefined, now: number): void {
    if (date !== undefined) this.clocksAhead.set(whose, date - now);
  }

  /** All of it in Prometheus' text format, as of `now`. */
  async text(now: number): Promise<string> {
    for (const [vendor, at] of this.lookedAt) this.lookAge.set(Math.max(0, now - at) / 1_000, { vendor });
    return (await this.loaded()).metrics();
  }

  private loaded(): Promise<Prometheus.Registry> {
    return this.registry ??= import("prom-client").then(({ default: library }) => {
      const registry = new library.Registry();
      for (const instrument of this.all) instrument.make(library, registry);
      library.collectDefaultMetrics({ register: registry });
      for (const name of FROM_PROC) registry.removeSingleMetric(name);
      new library.Gauge({
        name: "process_resident_memory_bytes",
        help: "Resident memory size in bytes.",
        registers: [registry],
        collect() {
          this.set(Deno.memoryUsage().rss);
        },
      });
      return registry;
    });
  }

  private counter<L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return this.add(new Counter({ name: `countersign_${name}`, help, labelNames }));
  }

  private gauge<L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> {
    return this.add(new Gauge({ name: `countersign_${name}`, help, labelNames }));
  }

  private histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> {
    return this.add(new Histogram({ name: `countersign_${name}`, help, labelNames, buckets }));
  }

  private add<I extends Pick<Instrument<never>, "make" | "onMuch">>(instrument: I): I {
    instrument.onMuch = () => void this.loaded();
    this.all.push(instrument);
    return instrument;
  }
}

/** What may keep updates from coming in: the bot's token, its webhook, or another process that fetches them. */
type Obstacle = "token" | "webhook" | "polling";

/** Whether updates come in, as far as Telegram says so. */
export class Intake {
  private readonly obstacles = new Map<Obstacle, string>();

  constructor(private readonly metrics: Metrics) {
    metrics.updatesComeIn.set(1);
  }

  /** What is wrong and what to do about it, as a sentence; undefined when nothing is. */
  get problem(): string | undefined {
    return this.obstacles.values().next().value;
  }

  /** `problem` undefined: it is none, or none any more. */
  report(obstacle: Obstacle, problem: string | undefined): void {
    if (problem === undefined) this.obstacles.delete(obstacle);
    else this.obstacles.set(obstacle, problem);
    this.metrics.updatesComeIn.set(this.obstacles.size === 0 ? 1 : 0);
  }
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** prom-client reads these from /proc, which the bot may not: they would stay at 0. */
const FROM_PROC = [
  "process_resident_memory_bytes",
  "process_virtual_memory_bytes",
  "process_heap_bytes",
  "process_open_fds",
  "process_max_fds",
];

/** So many recordings may wait for somebody to ask for the text. */
const MOST_WAITING = 1_000;

/** As a module of another kind than ours is imported: what it exports is its default, in a bundle that alone. */
type Library = typeof Prometheus.default;

/** A metric of the library's, which may not be loaded yet. */
abstract class Instrument<M> {
  /** Called when so much waits that it is time to load the library. */
  onMuch: () => void = () => {};
  private metric: M | undefined;
  private waiting: ((metric: M) => void)[] = [];

  make(library: Library, registry: Prometheus.Registry): void {
    const metric = this.metric = this.made(library, [registry]);
    this.waiting.forEach((record) => record(metric));
    this.waiting = [];
  }

  protected abstract made(library: Library, registers: Prometheus.Registry[]): M;

  protected tell(record: (metric: M) => void): void {
    if (this.metric !== undefined) return record(this.metric);
    this.waiting.push(record);
    if (this.waiting.length === MOST_WAITING) this.onMuch();
  }
}

/** What goes with a value: nothing where there are no labels. */
type Labels<L extends string> = [L] extends [never] ? [] : [Readonly<Record<L, string>>];

class Counter<L extends string> extends Instrument<Prometheus.Counter<L>> {
  constructor(private readonly about: Prometheus.CounterConfiguration<L>) {
    super();
  }

  inc(labels: Readonly<Record<L, string>>, by = 1): void {
    this.tell((counter) => counter.inc(labels, by));
  }

  protected made({ Counter }: Library, registers: Prometheus.Registry[]): Prometheus.Counter<L> {
    return new Counter({ ...this.about, registers });
  }
}

class Gauge<L extends string = never> extends Instrument<Prometheus.Gauge<L>> {
  constructor(private readonly about: Prometheus.GaugeConfiguration<L>) {
    super();
  }

  set(value: number, ...[labels]: Labels<L>): void {
    this.tell((gauge) => labels ? gauge.set(labels, value) : gauge.set(value));
  }

  reset(): void {
    this.tell((gauge) => gauge.reset());
  }

  protected made({ Gauge }: Library, registers: Prometheus.Registry[]): Prometheus.Gauge<L> {
    return new Gauge({ ...this.about, registers });
  }
}

class Histogram<L extends string = never> extends Instrument<Prometheus.Histogram<L>> {
  constructor(private readonly about: Prometheus.HistogramConfiguration<L>) {
    super();
  }

  observe(value: number, ...[labels]: Labels<L>): void {
    this.tell((histogram) => labels ? histogram.observe(labels, value) : histogram.observe(value));
  }

  protected made(
    { Histogram }: Library,
    registers: Prometheus.Registry[],
  ): Prometheus.Histogram<L> {
    return new Histogram({ ...this.about, registers });
  }
}
