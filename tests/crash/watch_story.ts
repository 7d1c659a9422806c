import assert from "node:assert/strict";
import { GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import type { Ground } from "./ground.ts";
import type { Story } from "./story.ts";

const EVERY_MS = 10_000;
const [ACTIVE, ERROR] = [5, 6];
const NAME = "vcenter-au";

/** Every replica looks at GravityZone, and at it alone. */
export const ONLY_GRAVITYZONE = {
  WATCH_EVERY: `${EVERY_MS}ms`,
  APONO_API_TOKEN: undefined,
  OPSRAMP_CLIENT_ID: undefined,
  OPSRAMP_CLIENT_SECRET: undefined,
  OPSRAMP_TENANT_ID: undefined,
  OPSRAMP_API_URL: undefined,
  HALO_CLIENT_ID: undefined,
  HALO_CLIENT_SECRET: undefined,
  HALO_API_URL: undefined,
  HALO_AUTH_URL: undefined,
} as const;

/** An integration breaks and is mended: whatever becomes of the bot, one episode, told once and its end too. */
export const watched: Story = {
  name: "watch",
  environment: ONLY_GRAVITYZONE,
  async play(ground) {
    const { store, gravityzone } = ground;
    const one = [...gravityzone.world.integrations.values()].flat().find(({ name }) => name === NAME);
    assert.ok(one);
    await looking(ground, "the starting state", async () => {
      const row = await store.db.selectFrom("items").select("settled").where("name", "=", NAME)
        .executeTakeFirst();
      return row?.settled === 1;
    });
    one.status = ERROR;
    await looking(ground, "the alert", () => says(ground, `🔴 ${NAME} `));
    one.status = ACTIVE;
    await looking(ground, "the recovery", () => says(ground, `🟢 ${NAME} `));
    await proveOneEpisode(ground);
  },
};

/** Opened once, closed once, and told by one alert. */
async function proveOneEpisode({ store: { db } }: Ground): Promise<void> {
  const episodes = await db.selectFrom("episodes").select(["id", "kind", "closed_at", "state"])
    .where("name", "=", NAME).execute();
  assert.deepEqual(episodes.map(({ kind, state }) => [kind, state]), [["alert", "fine"]]);
  const told = await db.selectFrom("alert_episodes").innerJoin("alerts", "alerts.id", "alert")
    .select(["alerts.chat_id", "alerts.sound"]).where("episode", "=", episodes[0]?.id ?? "").execute();
  assert.deepEqual(told.map(({ chat_id, sound }) => [chat_id, sound]), [[GROUP, 1]]);
}

/** Lets the time of one look after the other pass until it has come. */
async function looking(ground: Ground, what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  let last: number | null | undefined = null;
  await ground.until(what, async () => {
    if (await look()) return true;
    const row = await ground.store.db.selectFrom("looks").select("ended_at").executeTakeFirst();
    // With too many looks missing nobody was watching, and equal looks would not be in a row.
    if (row && row.ended_at !== last) {
      last = row.ended_at;
      await ground.advance(EVERY_MS * 1.1);
    }
    return false;
  });
}

function says({ telegram }: Ground, beginning: string): boolean {
  return telegram.answers(GROUP).some((message) => render(message).startsWith(beginning));
}
