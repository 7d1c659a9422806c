import type { Child } from "./child.ts";
import { serveDelayed } from "./delayed.ts";
import { type Point, slope, thousands } from "./figures.ts";
import { CHATS, createScenarios, type Scenario } from "./scenarios.ts";
import { createBenchOpsRamp } from "./opsramp.ts";
import type { BenchOptions } from "./options.ts";
import { aim, print, table } from "./print.ts";
import { pause } from "./rounds.ts";
import { openScene } from "./scene.ts";
import { sqlite } from "./stores.ts";
import { serveVendor } from "./vendor.ts";

const VENDOR_MS = 20;
const INTEGRATIONS = 14;
const SAMPLE_MS = 1_000;
const MINUTE_MS = 60_000;
/** As a share of the whole: what is loaded and cached at first is no growth. */
const WARM_UP = 0.1;
/** As long as the soak that is aimed at. */
const SPAN_MINUTES = 10;
/** More than this in that time is growth and not garbage that waits to be collected. */
const FLAT_MB = 5;

/** Whether the bot's memory grows while people go on using it. */
export async function measureSoak({ minutes, folder }: BenchOptions): Promise<void> {
  await using opsramp = serveDelayed(createBenchOpsRamp().fetch, VENDOR_MS);
  await using bitdefender = serveVendor({ delayMs: VENDOR_MS });
  await using store = await sqlite.open(folder);
  const vendors = { opsramp: opsramp.url, bitdefender: bitdefender.apiUrl(INTEGRATIONS) };
  await using scene = await openScene({ database: store.url, vendors, chats: CHATS });
  const scenarios = await createScenarios(scene);
  const endsAt = performance.now() + minutes * MINUTE_MS;
  const [samples, ...counts] = await Promise.all([
    sample(scene.child, endsAt),
    ...scenarios.map((scenario) => indulge(scenario, endsAt)),
  ]);
  await print(report(samples, scenarios, counts, minutes));
}

/** Resolves to how often it was done. Late ones are not made up for. */
async function indulge({ everyMs, once }: Scenario, endsAt: number): Promise<number> {
  let count = 0;
  while (performance.now() < endsAt) {
    const dueAt = performance.now() + everyMs;
    await once();
    count++;
    await pause(Math.max(0, dueAt - performance.now()));
  }
  return count;
}

/** In MB, by minutes. */
async function sample(child: Child, endsAt: number): Promise<readonly Point[]> {
  const points: Point[] = [];
  for (const from = performance.now(); performance.now() < endsAt; await pause(SAMPLE_MS)) {
    points.push([(performance.now() - from) / MINUTE_MS, child.memoryMb() ?? NaN]);
  }
  return points;
}

function report(
  samples: readonly Point[],
  scenarios: readonly Scenario[],
  counts: readonly number[],
  minutes: number,
): string {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const growth = slope(samples.slice(samples.length >> 1)) * SPAN_MINUTES;
  const sizes = warm.map(([_, mb]) => mb);
  const done = scenarios.map(({ what }, index) => `${thousands(counts[index] ?? 0)} ${what}`);
  const mb = (value = NaN) => value.toFixed(0);
  return `\n## Memory over ${minutes} minutes\n\n` +
    table(["", "warmed up MB", "half-time MB", "last MB", "highest MB", `MB in ${SPAN_MINUTES} min`], [
      [
        "Countersign on SQLite",
        mb(sizes[0]),
        mb(sizes[sizes.length >> 1]),
        mb(sizes.at(-1)),
        mb(Math.max(...sizes)),
        growth.toFixed(1),
      ],
    ]) +
    `\nMeanwhile ${
      done.join(", ")
    }.\nSampled every second; the growth is that of the second half by least squares, ` +
    `for ${SPAN_MINUTES} minutes.\n\n` +
    aim(`flat, no more than ${FLAT_MB} MB in ${SPAN_MINUTES} minutes`, growth <= FLAT_MB);
}
