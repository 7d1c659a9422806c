import assert from "node:assert/strict";
import { verifyAudit } from "../../bot/store/audit.ts";
import type { DatabaseKind } from "../approvals/database.ts";
import { underPolicy, writePolicy } from "../approvals/policy_file.ts";
import { type Ground, openGround } from "../crash/ground.ts";
import { atRest, ENABLE, openCard, writesTo } from "../crash/story.ts";
import { ANA, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";

const CROWD = Array.from({ length: 50 }, (_, at) => 1001 + at);
const NEEDED = 25;

const POLICY = `version = 1
[people]
ana = ${ANA}
${CROWD.map((id) => `p${id} = ${id}`).join("\n")}
[groups]
crowd = [${CROWD.map((id) => `"p${id}"`).join(", ")}]
[[allow]]
name = "ask"
who = ["ana"]
what = ["enable ec2"]
[[need]]
name = "many"
approve = [{ of = ["crowd"], count = ${NEEDED} }]
`;

/** A chat of one's own each: what is said in one chat is handled in order, and would be no race. */
const TELEGRAM = {
  persons: [
    { id: ANA, name: "Ana", started: true },
    ...CROWD.map((id) => ({ id, name: `P${id}`, started: true })),
  ],
  chats: [{ id: GROUP, title: "On-call", members: [ANA, ...CROWD] }],
};

/** Half of fifty who vote at once count, and of those who regret it meanwhile none; each change runs once. */
export async function voteAtOnce(database: DatabaseKind, replicas: number): Promise<void> {
  await withCrowd(database, replicas, async (ground) => {
    const { telegram } = ground;
    const first = await askedFor(ground, ENABLE);
    for (const id of CROWD) telegram.say(id, id, `/approve ${first}`);
    await over(ground, first);

    const second = await askedFor(ground, ENABLE.replace("Acme Labs", "Globex"));
    const early = CROWD.slice(0, NEEDED - 1);
    for (const id of early) telegram.say(id, id, `/approve ${second}`);
    const votes = async () => (await votesFor(ground, second)).size;
    await ground.until("the early votes", async () => await votes() === early.length);
    await atRest(ground);
    for (const id of early.slice(0, 12)) {
      const copy = telegram.answers(id).findLast((message) => render(message).includes("[ Take back ]"));
      telegram.pressAndGo(id, copy!, "Take back");
    }
    for (const id of CROWD.slice(NEEDED - 1)) telegram.say(id, id, `/approve ${second}`);
    await over(ground, second);
  });
}

async function withCrowd(
  database: DatabaseKind,
  replicas: number,
  play: (ground: Ground) => Promise<void>,
): Promise<void> {
  const policy = await writePolicy(POLICY);
  try {
    await using ground = await openGround({ database, environment: underPolicy(policy), telegram: TELEGRAM });
    for (let started = 0; started < replicas; started++) await ground.launch();
    await play(ground);
    assert.equal(writesTo(ground).length, 2);
    assert.ok((await verifyAudit(ground.store.db)).intact);
  } finally {
    await Deno.remove(policy);
  }
}

async function askedFor(ground: Ground, words: string): Promise<string> {
  const { db } = ground.store;
  ground.telegram.say(ANA, GROUP, words);
  const { code } = await ground.until(
    "a change that waits",
    () => db.selectFrom("changes").select("code").where("state", "=", "pending").executeTakeFirst(),
  );
  await openCard(ground);
  return code;
}

/** It has run, on exactly as many votes as it needs: those that stood by the audit, and no later one. */
async function over(ground: Ground, code: string): Promise<void> {
  const { db } = ground.store;
  await ground.until(
    "the change to be applied",
    async () =>
      (await db.selectFrom("changes").select("state").where("code", "=", code).executeTakeFirst())?.state ===
        "applied",
  );
  await atRest(ground);
  const rows = await db.selectFrom("audit").select(["event", "person_id"]).where("code", "=", code)
    .where("event", "in", ["vote", "take_back", "approve"]).orderBy("seq").execute();
  const standing = new Set<number>();
  for (const { event, person_id } of rows) {
    assert.ok(person_id !== null && (event === "take_back") === standing.has(person_id));
    if (event === "take_back") standing.delete(person_id);
    else standing.add(person_id);
    assert.equal(event === "approve", standing.size === NEEDED);
  }
  assert.equal(rows.at(-1)?.event, "approve");
  assert.deepEqual(await votesFor(ground, code), standing);
}

async function votesFor({ store }: Ground, code: string): Promise<ReadonlySet<number>> {
  const votes = await store.db.selectFrom("votes").select("person_id").where("code", "=", code).execute();
  return new Set(votes.map(({ person_id }) => person_id));
}
