import { drawn, freshSeed } from "../faults/chance.ts";
import { testStruck } from "./campaign.ts";
import { SCENARIOS } from "./scenarios.ts";
import { testHosted } from "./scene.ts";
import { SECOND_PART } from "./second_part.ts";

/** All of them in every manner are in `scenarios_slow.ts`. */
const SAMPLE = 2;
const seed = freshSeed();

for (const scenario of SCENARIOS) testHosted(scenario, "kill");
for (const scenario of drawn(seed, SCENARIOS, SAMPLE)) testHosted(scenario, "freeze");
for (const scenario of drawn(seed + 1, SCENARIOS, SAMPLE)) testHosted(scenario, "two");
for (const scenario of drawn(seed, SECOND_PART, SAMPLE)) testHosted(scenario, "freeze");
testStruck("kill", seed);
