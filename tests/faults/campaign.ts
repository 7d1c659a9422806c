import { readConfig } from "../../bot/config.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { systemClock } from "../../clients/clock.ts";
import type { Database } from "../approvals/database.ts";
import { createApono } from "../sandbox/apono.ts";
import { createGravityZone } from "../sandbox/gravityzone.ts";
import { createHalo } from "../sandbox/halo.ts";
import { createOpsRamp } from "../sandbox/opsramp.ts";
import { serve } from "../sandbox/serve.ts";
import { sandboxEnvironment } from "../sandbox/stage.ts";
import { createTelegram, type Telegram } from "../sandbox/telegram.ts";
import { eventually, HANG_MS } from "../eventually.ts";
import type { Evidence } from "./accounts.ts";
import { type Chance, createChance } from "./chance.ts";
import { CAST, createCrowd, type Crowd, GROUPS, PERSONS } from "./crowd.ts";
import { createDoor, type Door } from "./door.ts";
import { createFleet, type Fleet } from "./fleet.ts";
import { readRecords } from "./records.ts";
import type { Weather } from "./proxy.ts";
import { createTelegramProxy, type TelegramProxy } from "./telegram_proxy.ts";
import { createVendorProxy, type VendorProxy } from "./vendor_proxy.ts";
import { fewConnections } from "../few_connections.ts";

export interface CampaignOptions {
  readonly database: Database;
  /** How long at least: it goes on until there is something to account for, which takes longer on a slow machine. */
  readonly seconds: number;
  readonly seed: number;
  /** Between the death of one replica and that of the next, in ms. */
  readonly killEveryMs: readonly [least: number, most: number];
  /** How long a replica sleeps, in ms; after each one another falls asleep at once. Absent: none does. */
  readonly pauseMs?: readonly [least: number, most: number];
}

/** What a campaign left behind. */
export interface Campaign {
  readonly evidence: Evidence;
  readonly kills: number;
  readonly pauses: number;
  readonly repeatedPosts: number;
  readonly telegram: Pick<TelegramProxy, "calls" | "faults">;
  readonly vendors: Pick<VendorProxy, "calls" | "faults">;
  /** What speaks against the bots besides the evidence. */
  readonly incidents: readonly string[];
  readonly log: readonly string[];
}

const REPLICAS = 3;
/**
 * Beyond the first look at an unknown outcome, and beyond the time in which a change can be approved; then beyond each
 * of the further looks, since the ones before may have come while nothing could be relied on.
 */
const LATER_MS = [0, 61_000, 241_000, 901_000, 3_601_000] as const;

/** Everything that takes part, in this process but for the replicas. */
interface Theatre extends AsyncDisposable {
  readonly telegram: Telegram;
  readonly crowd: Crowd;
  readonly fleet: Fleet;
  readonly door: Door;
  readonly store: Store;
  readonly weather: Weather;
  readonly telegramProxy: TelegramProxy;
  readonly vendorProxy: VendorProxy;
}

/** People at work while replicas die and nothing on the way can be relied on; then calm, until nothing is left to do. */
export async function wage(options: CampaignOptions): Promise<Campaign> {
  await using theatre = await open(options);
  const { fleet, weather, store, telegram, crowd, door, telegramProxy, vendorProxy } = theatre;
  const incidents: string[] = [];
  await fleet.start();
  weather.calm = false;
  let isOver = false;
  const end = async () => {
    await systemClock.sleep(options.seconds * 1000);
    await eventually(() => hasSeenEnough(theatre), "deaths, and a write that was applied").finally(() =>
      isOver = true
    );
  };
  const [slowestLookMs] = await Promise.all([
    keepBusy(theatre, createChance(options.seed, "haste"), () => isOver),
    keepKilling(fleet, createChance(options.seed, "deaths"), options.killEveryMs, () => isOver),
    keepPausing(fleet, createChance(options.seed, "sleep"), options.pauseMs, () => isOver),
    end(),
  ]);
  weather.calm = true;
  for (const aheadMs of LATER_MS) {
    await fleet.advance(aheadMs);
    const left = await rest(theatre, LATER_MS.indexOf(aheadMs));
    if (left !== undefined) incidents.push(`no rest after ${HANG_MS / 1000} s: ${left}`);
  }
  for (const number of fleet.collapses) incidents.push(`replica ${number} ended by itself`);
  for (const status of door.odd) incidents.push(`an update was answered ${status}`);
  return {
    evidence: {
      records: await readRecords(store),
      deeds: crowd.deeds,
      updates: new Set(telegram.updates().map(({ update_id }) => update_id)),
      accepted: door.accepted,
      sent: telegramProxy.sent,
      writes: vendorProxy.writes,
      slowestLookMs,
      diedAt: (replica) => fleet.all.get(replica)?.diedAt,
    },
    kills: fleet.kills,
    pauses: fleet.pauses,
    repeatedPosts: door.repeats,
    telegram: telegramProxy,
    vendors: vendorProxy,
    incidents,
    log: fleet.log,
  };
}

async function open({ database, seed }: CampaignOptions): Promise<Theatre> {
  const stack = new AsyncDisposableStack();
  const telegram = stack.use(createTelegram(CAST));
  const gravityzone = createGravityZone();
  const weather: Weather = { calm: true };
  const door = createDoor({ chance: createChance(seed, "door"), weather, fleet: () => fleet });
  const telegramProxy = createTelegramProxy({
    chance: createChance(seed, "telegram"),
    weather,
    telegram: (request) => telegram.app.fetch(request),
  });
  const vendorProxy = createVendorProxy({ chance: createChance(seed, "vendors"), weather });
  const [url, telegramUrl, ...vendorUrls] = [
    door.handler,
    telegramProxy.handler,
    ...[gravityzone, createApono(), createOpsRamp(), createHalo()].map(vendorProxy.handler),
  ].map((handler) => stack.use(serve(handler)).url) as [string, string, ...string[]];
  const environment = {
    ...sandboxEnvironment({ url, telegramUrl, vendorUrls, token: telegram.token }),
    DATABASE_URL: database.url,
    ADMIN_CHATS: GROUPS.join(),
    OPERATORS: undefined,
    APPROVERS: undefined,
    POLICY: await policyFile(stack),
    APPROVAL_TTL: "55s",
    GRACE: "2s",
  };
  const store = await openStore(fewConnections(readConfig(environment).database), systemClock);
  stack.defer(() => store.close());
  const fleet: Fleet = stack.use(createFleet({
    size: REPLICAS,
    chance: createChance(seed, "fleet"),
    environmentOf: (number) => ({ ...environment, TELEGRAM_API_ROOT: `${telegramUrl}/${number}` }),
  }));
  const crowd = createCrowd({ telegram, world: gravityzone.world, chance: createChance(seed, "crowd") });
  return {
    telegram,
    crowd,
    fleet,
    door,
    store,
    weather,
    telegramProxy,
    vendorProxy,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** One other is enough, except for what is dangerous. */
async function policyFile(stack: AsyncDisposableStack): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  stack.defer(() => Deno.remove(path));
  const names = CAST.persons.map(({ name }) => name.toLowerCase());
  await Deno.writeTextFile(
    path,
    `version = 1
[people]
${PERSONS.map((id, index) => `${names[index]} = ${id}`).join("\n")}
[groups]
all = ${JSON.stringify(names)}
[[allow]]
name = "all"
who = ["all"]
what = ["enable ec2", "disable ec2"]
[[need]]
name = "second person"
approve = [{ of = ["all"], count = 1 }]
[[need]]
name = "danger"
fits = { risk = "danger" }
approve = [{ of = ["all"], count = 2 }]
`,
  );
  return path;
}

/** Without these there is little to account for. */
async function hasSeenEnough({ fleet, vendorProxy, store: { db } }: Theatre): Promise<boolean> {
  if (fleet.kills < 2 || !vendorProxy.writes.some(({ fault }) => fault === undefined)) return false;
  const applied = db.selectFrom("changes").select("code").where("state", "=", "applied");
  return await applied.executeTakeFirst() !== undefined;
}

/** People wait for answers before they go on: more than this is not under way at once. */
const MOST_WAITING = 30;

/** Resolves to the longest that a look at the store took. */
async function keepBusy(
  { telegram, crowd, store: { db } }: Theatre,
  haste: Chance,
  isOver: () => boolean,
): Promise<number> {
  let slowestLookMs = 0;
  while (!isOver()) {
    const asked = performance.now();
    const waiting = await db.selectFrom("inbox").select("update_id").where("state", "=", "new").execute();
    slowestLookMs = Math.max(slowestLookMs, performance.now() - asked);
    if (telegram.pending().length + waiting.length < MOST_WAITING) crowd.act();
    await systemClock.sleep(haste.between(10, 90));
  }
  return slowestLookMs;
}

async function keepKilling(
  fleet: Fleet,
  chance: Chance,
  [least, most]: readonly [number, number],
  isOver: () => boolean,
): Promise<void> {
  const launches: Promise<void>[] = [];
  while (true) {
    await systemClock.sleep(chance.between(least, most));
    if (isOver()) break;
    launches.push(fleet.killOne(chance.between(0, 1000)));
  }
  await Promise.all(launches);
}

async function keepPausing(
  fleet: Fleet,
  chance: Chance,
  lengthMs: readonly [number, number] | undefined,
  isOver: () => boolean,
): Promise<void> {
  while (lengthMs && !isOver()) {
    await systemClock.sleep(chance.between(100, 1_000));
    await fleet.pauseOne(chance.between(...lengthMs));
  }
}

/** Resolves when nothing is left to do, or to what is left when time is up. */
async function rest(theatre: Theatre, looks: number): Promise<string | undefined> {
  let left: string | undefined;
  for (const end = Date.now() + HANG_MS; Date.now() < end;) {
    left = await leftToDo(theatre, looks);
    if (left === undefined) return undefined;
    await systemClock.sleep(50);
  }
  return left;
}

/** `looks`: how often everything that is unknown must have been looked at again. */
async function leftToDo(
  { telegram, store: { db } }: Theatre,
  looks: number,
): Promise<string | undefined> {
  const states = ["executing", ...(looks > 0 ? ["pending"] as const : [])] as const;
  const [updates, messages, changes, loans] = await Promise.all([
    db.selectFrom("inbox").select("update_id").where("state", "=", "new").execute(),
    db.selectFrom("messages").select("key").where("state", "=", "due").execute(),
    db.selectFrom("changes").select("code").where((is) =>
      is.or([
        is("state", "in", states),
        // What has a time of its own waits for it.
        is.and([is("state", "=", "approved"), ...(looks > 1 ? [] : [is("scheduled_at", "is", null)])]),
        is.and([is("state", "=", "unknown"), is("next_check_at", "is not", null), is("checks", "<=", looks)]),
      ])
    ).execute(),
    // What was given an hour more is over after the last of the looks.
    db.selectFrom("loans").select("code").where("ended_at", "is", null).where("next_at", "is not", null)
      .where("code", looks < LATER_MS.length - 1 ? "in" : "not in", [""]).execute(),
  ]);
  const counts = { "posts to deliver": telegram.pending().length, updates, messages, changes, loans };
  const left = Object.entries(counts).map((
    [what, rows],
  ) => [what, typeof rows === "number" ? rows : rows.length]);
  if (left.every(([, count]) => count === 0)) return undefined;
  return left.map(([what, count]) => `${count} ${what}`).join(", ");
}
