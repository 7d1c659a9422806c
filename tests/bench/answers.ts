import { post, startChild } from "./child.ts";
import type { BenchOptions } from "./main.ts";
import { ourEnvironment } from "./ours.ts";
import { aim, median, print, table } from "./print.ts";
import { serveTelegram, SHOWING } from "./telegram.ts";
import { command } from "./update.ts";
import { roundTripMs, serveVendor } from "./vendor.ts";

const VENDOR_MS = 100;
const INTEGRATIONS = 14;
const WARM_UP = 5;
/** The client asks GravityZone five times a second in the long run; slower than that, nothing is held back. */
const PAUSE_MS = 110;

/** How long it takes from an update to the Telegram call that answers it, one command at a time. */
export async function measureAnswers({ commands, folder }: BenchOptions): Promise<void> {
  await using telegram = serveTelegram();
  await using vendor = serveVendor({ delayMs: VENDOR_MS });
  await using child = await startChild({
    entry: "../../bot/main.ts",
    environment: ourEnvironment({
      telegramUrl: telegram.url,
      vendorUrl: vendor.apiUrl(INTEGRATIONS),
      database: `${folder}/answers.db`,
    }),
  });
  let updateId = 100;
  const ask = async (text: string) => {
    await pause();
    const answered = telegram.next(...SHOWING);
    const startedAt = performance.now();
    const acknowledged = post(child.port, command(updateId++, text));
    const at = await answered;
    if (await acknowledged !== 200) throw new Error(`${text} was refused`);
    return at - startedAt;
  };
  const ping: number[] = [];
  const status: number[] = [];
  const roundTrips: number[] = [];
  for (let round = -WARM_UP; round < commands; round++) {
    const pingMs = await ask("/ping");
    const statusMs = await ask("/status bitdefender");
    await pause();
    const roundTrip = await roundTripMs(vendor.apiUrl(INTEGRATIONS));
    if (round < 0) continue;
    ping.push(pingMs);
    status.push(statusMs);
    roundTrips.push(roundTrip);
  }
  await print(report({ ping, status, roundTrips }));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

function report(times: Readonly<Record<"ping" | "status" | "roundTrips", readonly number[]>>): string {
  const row = (label: string, values: readonly number[]) => [
    label,
    median(values).toFixed(1),
    percentile(values, 0.9).toFixed(1),
    Math.max(...values).toFixed(1),
  ];
  const added = median(times.status) - median(times.roundTrips);
  return `\n## From the update to the answer\n\n` +
    table(["", "median ms", "p90 ms", "slowest ms"], [
      row("/ping", times.ping),
      row("/status bitdefender", times.status),
      row(`the vendor alone (${VENDOR_MS} ms and a bare fetch)`, times.roundTrips),
    ]) +
    `\nFrom posting the update to the Bot API call with the answer having arrived; ${times.ping.length} of each, ` +
    `one at a time,\na pause of ${PAUSE_MS} ms before each, nothing cached.\n\n` +
    aim(
      `/status takes at most 10 ms longer than the vendor: ${added.toFixed(1)} ms`,
      added <= 10,
    );
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
