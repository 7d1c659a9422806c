import assert from "node:assert/strict";
import { copyKey } from "../../bot/approvals/card.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { postgres, testOn } from "../approvals/database.ts";
import { type Ground, openGround } from "./ground.ts";
import {
  atRest,
  COMPANY,
  ENABLE,
  ENABLE_METHOD,
  openCard,
  proveAudit,
  theChange,
  writesTo,
} from "./story.ts";

const CID = 103;

/** One who asks, two who decide. */
const PEOPLE = {
  environment: { OPERATORS: String(ANA), APPROVERS: `${BEN},${CID}` },
  telegram: {
    persons: [
      { id: ANA, name: "Ana", started: true },
      { id: BEN, name: "Ben", started: true },
      { id: CID, name: "Cid", started: true },
    ],
    chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, CID] }],
  },
};

testOn(postgres, "decide lets one of 50 decisions count, taken at once at three replicas", async () => {
  await using ground = await openReplicas(3);
  const { telegram } = ground;
  telegram.say(ANA, GROUP, ENABLE);
  const card = await openCard(ground);
  const { code } = await theChange(ground);
  const presses = Array.from(
    { length: 20 },
    (_, index) => telegram.press(index % 2 ? BEN : CID, card, index % 3 ? "Approve" : "Reject"),
  );
  // Each chat is handled in order, so the commands come from three chats at once beside the presses.
  for (let index = 0; index < 30; index++) {
    const person = index % 2 ? BEN : CID;
    const chat = index < 10 ? GROUP : person;
    telegram.say(person, chat, `/${index % 3 ? "reject" : "approve"} ${code}`);
  }
  assert.equal(
    (await Promise.all(presses)).filter(({ text }) => text).length,
    20,
    "every press is answered",
  );
  await atRest(ground);

  const { state } = await theChange(ground);
  assert.ok(state === "applied" || state === "rejected", state);
  assert.equal(writesTo(ground).length, state === "applied" ? 1 : 0);
  const events = await eventsOf(ground, code);
  assert.deepEqual(counts(events), {
    asked: 1,
    ...(state === "applied" ? { approve: 1, claim: 1, send: 1, apply: 1 } : { reject: 1 }),
    "refused already_decided": 49,
  });
  await proveAudit(ground);
  const sent = await ground.store.db.selectFrom("messages").select("key").where("sent_version", ">", 0)
    .execute();
  const keys = new Set(sent.map(({ key }) => key));
  const commands = telegram.updates().filter(({ message }) => JSON.stringify(message)?.includes(code));
  assert.equal(commands.length, 30);
  const silent = commands.filter(({ update_id }) => !keys.has(`update:${update_id}`));
  // Whoever decided it in private is answered by the outcome itself.
  assert.equal(silent.length, [BEN, CID].some((person) => keys.has(copyKey(code, person))) ? 1 : 0);
});

testOn(postgres, "decide counts one approval when two replicas get one each", async () => {
  await using ground = await openReplicas(2);
  const { telegram, until, store } = ground;
  const changes = ["111111111111", "222222222222", "333333333333"];
  for (const [index, account] of changes.entries()) {
    telegram.say(ANA, GROUP, `/enable ec2 Acme Labs role=arn:aws:iam::${account}:role/gravityzone`);
    const { code } = await until(
      "the next change",
      () => store.db.selectFrom("changes").select("code").where("state", "=", "pending").executeTakeFirst(),
    );
    telegram.say(BEN, BEN, `/approve ${code}`);
    telegram.say(CID, CID, `/approve ${code}`);
    await until(
      "the outcome",
      () =>
        store.db.selectFrom("changes").select("code").where("code", "=", code).where(
          "state",
          "=",
          "applied",
        )
          .executeTakeFirst(),
    );
    await atRest(ground);
    assert.deepEqual(counts(await eventsOf(ground, code)), {
      asked: 1,
      approve: 1,
      claim: 1,
      send: 1,
      apply: 1,
      "refused already_decided": index + 1,
    });
    assert.equal(writesTo(ground).length, index + 1);
  }
  await proveAudit(ground);
});

testOn(postgres, "runNext runs two approved changes of one target one after the other", async () => {
  await using ground = await openReplicas(2);
  const { telegram, gravityzone, store, until } = ground;
  const held = Promise.withResolvers<void>();
  gravityzone.faults.next(ENABLE_METHOD, { after: held.promise });
  for (const account of ["111111111111", "222222222222"]) {
    telegram.say(ANA, GROUP, `/enable ec2 Acme Labs role=arn:aws:iam::${account}:role/gravityzone`);
  }
  const states = async () => {
    const rows = await store.db.selectFrom("changes").select("state").where("company", "=", COMPANY)
      .execute();
    return rows.map(({ state }) => state).toSorted().join(", ");
  };
  await until("both to be asked for", async () => await states() === "pending, pending");
  const codes = await store.db.selectFrom("changes").select("code").execute();
  telegram.say(BEN, BEN, `/approve ${codes[0]?.code}`);
  telegram.say(CID, CID, `/approve ${codes[1]?.code}`);
  await until("one to run and one to wait", async () => await states() === "approved, executing");
  await until("the one call", () => Promise.resolve(writesTo(ground).length === 1));
  held.resolve();
  await atRest(ground);
  assert.equal(await states(), "applied, superseded");
  assert.equal(writesTo(ground).length, 1);
  await proveAudit(ground);
});

async function openReplicas(count: number): Promise<Ground> {
  const ground = await openGround({ database: postgres, ...PEOPLE });
  await Promise.all(Array.from({ length: count }, () => ground.launch()));
  return ground;
}

/** The steps of one change, and whatever was refused to anyone. */
async function eventsOf({ store }: Ground, code: string): Promise<string[]> {
  const rows = await store.db.selectFrom("audit").select(["event", "reason_code"])
    .where((is) => is.or([is("code", "=", code), is("event", "=", "refused")])).orderBy("seq").execute();
  return rows.map(({ event, reason_code }) => [event, reason_code].filter(Boolean).join(" "));
}

function counts(words: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));
}
