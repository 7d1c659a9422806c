import * as fc from "fast-check";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { bending, type Bent, bent, letPass } from "./answers.ts";
import type { Target } from "./campaign.ts";
import { openLink, secretValue } from "./entries.ts";
import { Finding, type Ground } from "./ground.ts";

export interface Wanted {
  readonly command: string;
  readonly plan: readonly Bent[];
  readonly execution: readonly Bent[];
  /** How many answers of the execution come as they should: the first plan again, the later ones change and look. */
  readonly from: number;
}

const COMMANDS = [
  "/enable ec2 Globex role=arn:aws:iam::111222345123:role/test",
  "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=?",
  "/disable ec2 Acme Corp reason=x",
  "/rotate externalid Acme Corp reason=x",
  "/create apono type=postgresql name=Orders connector=eu-west config.hostname=db.example.com secret.apono.username=? secret.apono.password=?",
  "/update apono Orders DB config.port=5433",
  "/delete apono Orders DB reason=x",
  "/refresh apono Orders DB",
  '/update opsramp Service Desk name="Service Desk EU"',
  '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open="In Progress"',
  "/notifier opsramp Service Desk uri=https://desk.example.com/api auth=NONE",
  "/disable opsramp Service Desk reason=x",
  "/create datto url=https://example.com new_client_secret=?",
  "/update ncentral 1 new_password=?",
  "/delete sophos 1 reason=x",
  "/disable prtg 1",
  "/webhook kaseya create 2",
  "/export tenable start chunk=1000",
];

/** Changes, with the vendor answering what it never should while it is asked, told and looked at again. */
export const writeTarget: Target<Wanted> = {
  name: "vendor answers to changes",
  casesPerGround: 60,
  inputs: fc.record({
    command: fc.constantFrom(...COMMANDS),
    plan: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, {
      weight: 1,
      arbitrary: fc.array(bent, { maxLength: 2 }),
    }),
    execution: fc.array(bent, { minLength: 1, maxLength: 3 }),
    from: fc.nat(8),
  }),
  async attack(ground, { command, plan, execution, from }) {
    const { telegram } = ground.stage;
    letPass(ground);
    ground.meddle = plan.length > 0 ? bending(plan) : undefined;
    telegram.say(ANA, GROUP, command);
    await ground.rest();
    await enterSecrets(ground);
    const code = await pending(ground);
    ground.meddle = bending(execution, from);
    if (code !== undefined) telegram.say(BEN, GROUP, `/approve ${code}`);
    await ground.rest();
    await lookAgain(ground);
    ground.meddle = undefined;
    if (code !== undefined) await settledOf(ground, code);
    await clear(ground);
  },
};

async function enterSecrets(ground: Ground): Promise<void> {
  const link = openLink(ground, ANA);
  if (!link) return;
  const page = await ground.request(link);
  const names = [...(await page.text()).matchAll(/name="([^"]*)"/g)].map(([, name = ""]) => name);
  const fields = names.filter((name) => name !== "viewport").map((name) => [name, secretValue(ground)]);
  ground.entered.push(...fields.map(([, value = ""]) => value));
  const answer = await ground.request(link, { method: "POST", body: new URLSearchParams(fields) });
  await answer.body?.cancel();
  await ground.rest();
}

async function pending({ stage: { bot: { store } } }: Ground): Promise<string | undefined> {
  const row = await store.db.selectFrom("changes").select("code").where("state", "=", "pending")
    .orderBy("created_at", "desc").limit(1).executeTakeFirst();
  return row?.code;
}

/** An unknown outcome is looked at again after a while. */
async function lookAgain(ground: Ground): Promise<void> {
  ground.stage.clock.advance(61_000);
  ground.stage.bot.store.notifier.local("changes");
  await ground.rest();
}

async function settledOf({ stage: { bot: { store } } }: Ground, code: string): Promise<void> {
  const { state } = await store.db.selectFrom("changes").select("state").where("code", "=", code)
    .executeTakeFirstOrThrow();
  if (["pending", "approved", "executing"].includes(state)) {
    throw new Finding("lost", `${code} is still ${state}`);
  }
}

/** What is left over from this case must not meet the next one. */
async function clear({ stage: { bot: { store } } }: Ground): Promise<void> {
  await store.db.updateTable("changes").set({ next_check_at: null }).where("state", "=", "unknown").execute();
}
