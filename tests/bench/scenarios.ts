import { createLeafing, createRefreshing, createSwitching } from "./writes.ts";
import type { Scene } from "./scene.ts";
import { GROUP, talk } from "./update.ts";

/** Something that people do again and again, one time after the other. */
export interface Scenario {
  readonly what: string;
  readonly everyMs: number;
  readonly once: () => Promise<unknown>;
}

/** Each scenario has a group of its own, so that none waits for another's answer. */
const CHAT = {
  talk: GROUP,
  ping: GROUP - 1,
  status: GROUP - 2,
  refresh: GROUP - 3,
  leaf: GROUP - 4,
  change: GROUP - 5,
};

export const CHATS = Object.values(CHAT);

/** What a busy week of an on-call team has, in minutes; no more calls than the vendors allow. */
export async function createScenarios(scene: Scene): Promise<readonly Scenario[]> {
  const [ping, status] = [scene.groupIn(CHAT.ping), scene.groupIn(CHAT.status)];
  const { ask, approve } = createSwitching(scene.groupIn(CHAT.change));
  return [
    { what: "messages among people", everyMs: 40, once: () => scene.post(talk(scene.nextId(), CHAT.talk)) },
    { what: "`/ping`", everyMs: 250, once: () => ping.say("/ping") },
    { what: "`/status bitdefender`", everyMs: 1_000, once: () => status.say("/status bitdefender") },
    {
      what: "refreshes",
      everyMs: 500,
      once: await createRefreshing(scene.groupIn(CHAT.refresh), "/status bitdefender"),
    },
    { what: "pages turned", everyMs: 300, once: await createLeafing(scene.groupIn(CHAT.leaf)) },
    { what: "changes applied", everyMs: 1_000, once: async () => approve((await ask()).shown) },
  ];
}
