import type { CallEvent } from "../clients/http/contract.ts";
import type { ReasonCode } from "./reason_codes.ts";

/** What Prometheus is told. Labels come from closed lists, never from people or vendors. */
export class Metrics {
  private readonly all: Metric[] = [];
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
  readonly lookAge = this.gauge("look_age_seconds", "How long ago a vendor was last looked at", "vendor");
  readonly episodes = this.gauge("episodes_open", "Items that are not fine", "vendor", "state");
  readonly reminders = this.counter("reminders_total", "Reminders of changes that wait for votes", "kind");
  readonly approvalSeconds = this.histogram(
    "approval_seconds",
    "From the request of a change to its last approval",
    [10, 30, 60, 120, 300, 600, 1800, 3600, 14400],
  );
  readonly pendingAge = this.gauge("pending_age_seconds", "Age of the oldest change that waits for approval");
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

  /** By how many ms others' clocks were ahead of the store's when they last answered: Telegram's, the vendors'. */
  readonly clocksAhead: Map<string, number> = new Map<string, number>();

  updatesKept(accepted: number, repeated: number): void {
    this.updates.inc({ result: "accepted" }, accepted);
    this.updates.inc({ result: "repeated" }, repeated);
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

  /** All of it in Prometheus' text format. */
  async text(): Promise<string> {
    return [...this.all, ...await aboutProcess()].map((metric) => metric.text()).join("\n");
  }

  private counter<L extends string>(name: string, help: string, ...labels: L[]): Counter<L> {
    return this.add(new Counter({ name: `countersign_${name}`, help, labels }));
  }

  private gauge<L extends string = never>(name: string, help: string, ...labels: L[]): Gauge<L> {
    return this.add(new Gauge({ name: `countersign_${name}`, help, labels }));
  }

  private histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    ...labels: L[]
  ): Histogram<L> {
    return this.add(new Histogram({ name: `countersign_${name}`, help, labels }, buckets));
  }

  private add<M extends Metric>(metric: M): M {
    this.all.push(metric);
    return metric;
  }
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** As collectors of other programs call it. */
async function aboutProcess(): Promise<readonly Metric[]> {
  const { cpuUsage } = await import("node:process");
  const { user, system } = cpuUsage();
  const { rss, heapUsed } = Deno.memoryUsage();
  const cpu = { name: "process_cpu_seconds_total", help: "User and system CPU time spent", labels: [] };
  const gauge = (name: string, help: string, value: number) => {
    const metric = new Gauge({ name, help, labels: [] });
    metric.set(value);
    return metric;
  };
  const spent = new Counter(cpu);
  spent.inc({}, (user + system) / 1_000_000);
  return [
    spent,
    gauge(
      "process_start_time_seconds",
      "When the process began, epoch seconds",
      performance.timeOrigin / 1000,
    ),
    gauge("process_resident_memory_bytes", "Resident memory", rss),
    gauge("process_heap_used_bytes", "JavaScript's part of it that is in use", heapUsed),
  ];
}

interface Description<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}

/** By each label its value; nothing where there are no labels. */
type Labelled<L extends string> = Readonly<Record<L, string>>;

/** One metric in the text format. */
abstract class Metric {
  protected readonly name: string;

  constructor(private readonly type: string, private readonly description: Description<string>) {
    this.name = description.name;
  }

  text(): string {
    const { name, type, description: { help } } = this;
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...this.lines()].join("\n") + "\n";
  }

  protected abstract lines(): readonly string[];
}

/** What has one value for each combination of labels. */
abstract class Valued extends Metric {
  protected readonly values = new Map<string, number>();

  constructor(type: string, description: Description<string>) {
    super(type, description);
    if (description.labels.length === 0) this.values.set("", 0);
  }

  protected lines(): string[] {
    return [...this.values].map(([labels, value]) => `${this.name}${labels} ${value}`);
  }
}

class Counter<L extends string> extends Valued {
  constructor(description: Description<L>) {
    super("counter", description);
  }

  inc(labels: Labelled<L>, by = 1): void {
    const key = spell(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }
}

class Gauge<L extends string = never> extends Valued {
  constructor(description: Description<L>) {
    super("gauge", description);
  }

  set(value: number, ...labels: [L] extends [never] ? [] : [Labelled<L>]): void {
    this.values.set(spell(labels[0]), value);
  }

  reset(): void {
    this.values.clear();
  }
}

/** How many fell into each bucket, whatever is beyond the last one too, and what they add up to. */
interface Observed {
  readonly counts: number[];
  sum: number;
}

class Histogram<L extends string = never> extends Metric {
  private readonly observed = new Map<string, Observed>();

  constructor(description: Description<L>, private readonly buckets: readonly number[]) {
    super("histogram", description);
    if (description.labels.length === 0) this.observed.set("", this.nothing());
  }

  observe(value: number, ...labels: [L] extends [never] ? [] : [Labelled<L>]): void {
    const key = spell(labels[0]);
    const observed = this.observed.get(key) ?? this.nothing();
    const bucket = this.buckets.findIndex((most) => value <= most);
    const at = bucket === -1 ? this.buckets.length : bucket;
    observed.counts[at] = (observed.counts[at] ?? 0) + 1;
    observed.sum += value;
    this.observed.set(key, observed);
  }

  protected lines(): string[] {
    return [...this.observed].flatMap(([labels, { counts, sum }]) => {
      const upTo = counts.map((_, at) => counts.slice(0, at + 1).reduce((one, other) => one + other));
      const inner = labels === "" ? "" : `${labels.slice(1, -1)},`;
      return [
        ...upTo.map((count, at) =>
          `${this.name}_bucket{${inner}le="${this.buckets[at] ?? "+Inf"}"} ${count}`
        ),
        `${this.name}_sum${labels} ${sum}`,
        `${this.name}_count${labels} ${upTo.at(-1)}`,
      ];
    });
  }

  private nothing(): Observed {
    return { counts: [...this.buckets, Infinity].map(() => 0), sum: 0 };
  }
}

/** As it stands behind a metric's name: JSON escapes quotes and backslashes as this format does. */
function spell(labels: Readonly<Record<string, string>> = {}): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return parts.length === 0 ? "" : `{${parts.join()}}`;
}
