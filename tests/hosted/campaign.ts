import assert from "node:assert/strict";
import { systemClock } from "../../clients/clock.ts";
import { type Chance, createChance } from "../faults/chance.ts";
import { foundCompanies } from "../faults/crowd.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, render } from "../sandbox/telegram.ts";
import type { Manner } from "./platform.ts";
import { type Scenario, type Scene, testHosted } from "./scene.ts";

/** What people said while processes ended or stood still at any moment, and what became of it. */
interface Figures {
  readonly messages: number;
  readonly strikes: number;
  /** Messages that nothing came of. */
  readonly lost: number;
  /** Answers beyond the first one: whoever dies between Telegram's answer and its record repeats the message. */
  readonly repeated: number;
  /** Answers that say something else in the end. */
  readonly overwritten: number;
  /** Writes that arrived at the vendor. */
  readonly writes: number;
  /** Requests that came, or were approved, when they were too old: on a slow machine that may be all. */
  readonly late: number;
  readonly doubled: number;
}

const MESSAGES = 40;
/** Each fourth message asks for a change; all others want to be answered. */
const FOURTH = 4;
const WRITE = "configureAmazonEC2IntegrationUsingCrossAccountRole";
/** Seldom less, so that strikes meet all that comes of a message. */
const LONGEST_PAUSE_MS = 150;

/** Registers the campaign on a platform of this manner. */
export function testStruck(manner: Manner, seed: number): void {
  const scenario: Scenario = {
    name: `of ${MESSAGES} messages under random ends none is lost, no write is doubled, seed ${seed}`,
    async play(scene) {
      const figures = await struck(scene, createChance(seed, "ends"));
      const { lost, doubled, overwritten, writes, late } = figures;
      const words = JSON.stringify(figures);
      assert.deepEqual({ lost, doubled, overwritten }, { lost: 0, doubled: 0, overwritten: 0 }, words);
      assert.ok(writes + late > 0, words);
    },
  };
  testHosted(scenario, manner);
}

async function struck(scene: Scene, chance: Chance): Promise<Figures> {
  const { platform, telegram } = scene;
  const companies = foundCompanies(platform.gravityzone.world, MESSAGES / FOURTH);
  let strikes = 0;
  {
    await using _ = platform.keepTime();
    for (let at = 0; at < MESSAGES; at++) {
      const person = at % 2 ? BEN : ANA;
      if (at % FOURTH === 0) telegram.say(person, GROUP, enable(companies[at / FOURTH] ?? "", at));
      else telegram.say(person, person, "/ping");
      await systemClock.sleep(chance.between(0, LONGEST_PAUSE_MS));
      approve(scene, chance.pick([ANA, BEN]));
      if (!chance.happens(0.3)) continue;
      strikes++;
      await (chance.happens(0.5) ? platform.strike() : platform.end());
    }
    platform.wakeAll();
    await telegram.until(() => telegram.pending().length === 0, "everything to be heard");
    await scene.finish();
  }
  approve(scene, BEN);
  await scene.finish();
  return { messages: MESSAGES, strikes, ...await account(scene) };
}

function enable(name: string, at: number): string {
  return `/enable ec2 ${name} role=arn:aws:iam::${200_000_000_000 + at}:role/gravityzone`;
}

/** Whatever waits. */
function approve({ telegram }: Scene, person: number): void {
  for (const card of telegram.answers(GROUP)) {
    if (buttonsOf(card).some(({ text }) => text === "Approve")) telegram.pressAndGo(person, card, "Approve");
  }
}

async function account(scene: Scene): Promise<Omit<Figures, "messages" | "strikes">> {
  const { platform: { gravityzone }, telegram } = scene;
  const answers = [ANA, BEN].flatMap((person) => telegram.answers(person));
  const pongs = answers.filter((answer) => /pong/.test(render(answer))).length;
  const writes = gravityzone.calls.filter(({ method }) => method === WRITE)
    .map(({ params }) => String(params["crossAccountRoleArn"]));
  // What is heard of late is not asked for, but asked about.
  const doubts = [ANA, BEN].flatMap((person) => telegram.ephemerals(person, GROUP))
    .filter((question) => /still wanted/.test(render(question))).length;
  const asked = MESSAGES / FOURTH;
  const changes = await scene.changes();
  const lostChanges = asked - doubts - changes.length;
  const lostPings = MESSAGES - asked - pongs;
  return {
    lost: Math.max(lostChanges, 0) + Math.max(lostPings, 0),
    repeated: Math.max(-lostPings, 0),
    overwritten: answers.length - pongs,
    writes: writes.length,
    late: doubts + changes.filter(({ state }) => state === "expired").length,
    doubled: writes.length - new Set(writes).size,
  };
}
