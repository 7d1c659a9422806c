import { freshSeed } from "../faults/chance.ts";
import { testStruck } from "./campaign.ts";
import { MANNERS } from "./platform.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SECOND_PART } from "./second_part.ts";
import { testHosted } from "./scene.ts";

const seed = freshSeed();
const CAMPAIGNS = 3;

for (const manner of MANNERS) {
  for (const scenario of [...SCENARIOS, ...SECOND_PART]) testHosted(scenario, manner);
  for (let campaign = 0; campaign < CAMPAIGNS; campaign++) testStruck(manner, seed + campaign);
}
