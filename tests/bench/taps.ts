import { createLeafing, createRefreshing, createSwitching } from "./writes.ts";
import { type Delayed, inARow, roundTripMs, serveDelayed } from "./delayed.ts";
import { median } from "./figures.ts";
import type { Group } from "./group.ts";
import { createBenchOpsRamp } from "./opsramp.ts";
import type { BenchOptions } from "./options.ts";
import { print, timesTable } from "./print.ts";
import { inRounds, pause, PAUSE_MS, type Series } from "./rounds.ts";
import { openScene } from "./scene.ts";
import { sqlite } from "./stores.ts";

const VENDOR_MS = 100;

interface Taps extends Record<string, number> {
  readonly refreshNoticed: number;
  readonly refresh: number;
  readonly turnNoticed: number;
  readonly turn: number;
  readonly asked: number;
  readonly approvalNoticed: number;
  readonly approval: number;
  /** Calls of the vendor for the approval, and how many of them waited for one another. */
  readonly calls: number;
  readonly waves: number;
  readonly alone: number;
}

/** How long it takes from the press of a button to what the bot shows for it, one at a time. */
export async function measureTaps({ commands, folder }: BenchOptions): Promise<void> {
  await using vendor = serveDelayed(createBenchOpsRamp().fetch, VENDOR_MS);
  await using store = await sqlite.open(folder);
  await using scene = await openScene({ database: store.url, vendors: { opsramp: vendor.url } });
  await print(report(await inRounds(commands, await createRound(scene.groupIn(), vendor))));
}

async function createRound(group: Group, vendor: Delayed): Promise<() => Promise<Taps>> {
  const switching = createSwitching(group);
  const pressRefresh = await createRefreshing(group, "/status opsramp");
  const leaf = await createLeafing(group);
  return async function round() {
    await pause();
    const refresh = await pressRefresh();
    await pause();
    const turn = await leaf();
    await pause();
    const asked = await switching.ask();
    await pause();
    vendor.takeCalls();
    const approval = await switching.approve(asked.shown);
    const calls = vendor.takeCalls();
    await pause();
    return {
      refreshNoticed: refresh.noticedMs,
      refresh: refresh.ms,
      turnNoticed: turn.noticedMs,
      turn: turn.ms,
      asked: asked.ms,
      approvalNoticed: approval.noticedMs,
      approval: approval.ms,
      calls: calls.length,
      waves: inARow(calls),
      alone: await roundTripMs(vendor.url),
    };
  };
}

function report(taps: Series<Taps>): string {
  const alone = median(taps.alone);
  const [calls, waves] = [median(taps.calls), median(taps.waves)];
  const added = (ms: readonly number[], waits: number) => (median(ms) - waits * alone).toFixed(1);
  return `\n## From the press to the answer\n\n` +
    timesTable({
      "Refresh of /status opsramp: the button's clock stops": taps.refreshNoticed,
      "the new status is shown, one vendor call": taps.refresh,
      "Next page of a list: the button's clock stops": taps.turnNoticed,
      "the page is shown, no vendor call": taps.turn,
      "/disable opsramp: the plan card is shown, one vendor call": taps.asked,
      "Approve on it: the button's clock stops": taps.approvalNoticed,
      [`the outcome is shown, ${waves} vendor calls`]: taps.approval,
      [`the vendor alone (${VENDOR_MS} ms and a bare fetch)`]: taps.alone,
    }) +
    `\nFrom posting the press to \`answerCallbackQuery\` and to the edit with what came of it; ` +
    `${taps.turn.length} of each,\none at a time, a pause of ${PAUSE_MS} ms before each. An approval reads the ` +
    `target again, sends the change and\nreads it back: ${calls} calls that take the time of ${waves}. ` +
    `Without the vendor's own time a refresh takes\n${added(taps.refresh, 1)} ms and an approval ` +
    `${added(taps.approval, waves)} ms.\n`;
}
