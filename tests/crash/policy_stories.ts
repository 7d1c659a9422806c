/** What people do under a policy in the kill tests, whatever happens to the bot meanwhile. */
import { ANA, BEN, GROUP, OSKAR } from "../sandbox/stage.ts";
import type { Ground } from "./ground.ts";
import { ENABLE, openCard, outcome, type Story, theChange } from "./story.ts";

const UNDER_POLICY = {
  environment: {
    OPERATORS: undefined,
    APPROVERS: undefined,
    POLICY: new URL("policy.toml", import.meta.url).pathname,
  },
  telegram: {
    persons: [
      { id: ANA, name: "Ana", started: true },
      { id: BEN, name: "Ben", started: true },
      // To him the bot may not write.
      { id: OSKAR, name: "Oskar" },
    ],
    chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, OSKAR] }],
  },
};

const MINUTES_MS = 60_000;

/** Two who have to approve it are reminded, one is told again, and each of them decides. */
export const reminded: Story = {
  name: "remind",
  ...UNDER_POLICY,
  async play(ground, end) {
    await asked(ground);
    await ground.advance(2 * MINUTES_MS + 1_000);
    await recorded(ground, "reminded");
    await ground.advance(2 * MINUTES_MS);
    await recorded(ground, "escalated");
    await votes(ground, BEN, "vote");
    await votes(ground, OSKAR, "approve");
    await outcome(ground, end);
  },
};

/** One of two is enough, because somebody waives the other; somebody else looks into it. */
export const inEmergency: Story = {
  name: "emergency",
  ...UNDER_POLICY,
  async play(ground, end) {
    const code = await asked(ground);
    ground.telegram.say(OSKAR, GROUP, `/emergency ${code} the site is down`);
    await recorded(ground, "emergency");
    await votes(ground, BEN, "approve");
    await outcome(ground, end);
    ground.telegram.say(BEN, GROUP, `/reviewed ${code} it was`);
    await recorded(ground, "reviewed");
  },
};

/** One asks and is answered, and hands the other half of the decision over. */
export const talkedAbout: Story = {
  name: "talk",
  ...UNDER_POLICY,
  async play(ground, end) {
    const code = await asked(ground);
    ground.telegram.say(BEN, GROUP, "why today?", { replyTo: await openCard(ground) });
    await recorded(ground, "question");
    ground.telegram.say(ANA, GROUP, "the contract ends", { replyTo: await openCard(ground) });
    await recorded(ground, "answered");
    await votes(ground, BEN, "vote");
    ground.telegram.say(BEN, GROUP, `/pass ${code} Oskar`);
    await recorded(ground, "passed_on");
    await votes(ground, OSKAR, "approve");
    await outcome(ground, end);
  },
};

async function asked(ground: Ground): Promise<string> {
  ground.telegram.say(ANA, GROUP, ENABLE);
  await openCard(ground);
  return (await theChange(ground)).code;
}

async function recorded(ground: Ground, event: string, person?: number): Promise<void> {
  await ground.until(`${event} in the audit`, () => isRecorded(ground, event, person));
}

async function isRecorded({ store }: Ground, event: string, person?: number): Promise<boolean> {
  const rows = await store.db.selectFrom("audit").select("person_id").where("event", "=", event).execute();
  return rows.some(({ person_id }) => person === undefined || person_id === person);
}

/** Presses Approve on every card that appears until this is what became of it. */
async function votes(ground: Ground, person: number, event: "vote" | "approve"): Promise<void> {
  const pressed = new Set<number>();
  await ground.until(`the ${event}`, async () => {
    if (await isRecorded(ground, event, person)) return true;
    const card = await openCard(ground);
    if (pressed.has(card.message_id)) return false;
    pressed.add(card.message_id);
    ground.telegram.pressAndGo(person, card, "Approve");
    return false;
  });
}
