import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CallEvent } from "../clients/http/contract.ts";
import type { ReasonCode } from "./reason_codes.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** prom-client reads these from /proc, which the bot may not: they would stay at 0. */
const FROM_PROC = [
  "process_resident_memory_bytes",
  "process_virtual_memory_bytes",
  "process_heap_bytes",
  "process_open_fds",
  "process_max_fds",
];

/** What Prometheus is told. Labels come from closed lists, never from people or vendors. */
export class Metrics {
  private readonly registry = new Registry();
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
  readonly approvalSeconds = new Histogram({
    name: "countersign_approval_seconds",
    help: "From the request of a change to its last approval",
    buckets: [10, 30, 60, 120, 300, 600, 1800, 3600, 14400],
    registers: [this.registry],
  });
  readonly pendingAge = new Gauge({
    name: "countersign_pending_age_seconds",
    help: "Age of the oldest change that waits for approval",
    registers: [this.registry],
  });
  readonly emergencies = new Gauge({
    name: "countersign_emergencies",
    help: "Emergencies that nobody has looked into: unreviewed, and overdue among them",
    labelNames: ["state"],
    registers: [this.registry],
  });
  readonly answerSeconds = this.histogram(
    "answer_seconds",
    "From the update's arrival to its answer being handed to the sender",
  );
  readonly inboxAge = new Gauge({
    name: "countersign_inbox_age_seconds",
    help: "Age of the oldest update that is not handled yet",
    registers: [this.registry],
  });
  readonly loans = new Gauge({
    name: "countersign_loans",
    help: "Changes made for a time that are not taken back: open, or overdue",
    labelNames: ["state"],
    registers: [this.registry],
  });
  readonly updatesComeIn = new Gauge({
    name: "countersign_updates_come_in",
    help: "0 while Telegram refuses the webhook, the token or the polling",
    registers: [this.registry],
  });
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
    "vendor",
    "operation",
  );

  /** By how many ms others' clocks were ahead of the store's when they last answered: Telegram's, the vendors'. */
  readonly clocksAhead: Map<string, number> = new Map<string, number>();

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    for (const name of FROM_PROC) this.registry.removeSingleMetric(name);
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory size in bytes.",
      registers,
      collect() {
        this.set(Deno.memoryUsage().rss);
      },
    });
  }

  updatesKept(accepted: number, repeated: number): void {
    this.updates.inc({ result: "accepted" }, accepted);
    this.updates.inc({ result: "repeated" }, repeated);
  }

  refused(reason: ReasonCode): void {
    this.refusals.inc({ reason });
  }

  vendorCall({ vendor, operation, outcome, durationMs }: CallEvent): void {
    this.vendorCalls.inc({ vendor, operation, outcome });
    this.vendorSeconds.observe({ vendor, operation }, durationMs / 1000);
  }

  /** Compares the `Date` of someone's answer with our own clock; both epoch ms. */
  compareClock(whose: string, date: number | undefined, now: number): void {
    if (date !== undefined) this.clocksAhead.set(whose, date - now);
  }

  /** All of it in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private counter<L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ name: `countersign_${name}`, help, labelNames, registers: [this.registry] });
  }

  private gauge<L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> {
    return new Gauge({ name: `countersign_${name}`, help, labelNames, registers: [this.registry] });
  }

  private histogram<L extends string>(name: string, help: string, ...labelNames: L[]): Histogram<L> {
    const registers = [this.registry];
    return new Histogram({ name: `countersign_${name}`, help, labelNames, buckets: SECONDS, registers });
  }
}
