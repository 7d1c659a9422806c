import assert from "node:assert/strict";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { databases, testOn } from "./databases.ts";
import type { Ground } from "./ground.ts";
import type { Moment } from "./moment.ts";
import {
  askAndApprove,
  COMPANY,
  decide,
  DISABLE,
  ENABLE,
  ENABLE_METHOD,
  type End,
  openCard,
  outcome,
  type Story,
  survive,
  theChange,
  writesTo,
} from "./story.ts";

const APPLIED: End = { state: "applied", writes: 1 };
const NOTHING_SENT: End = { state: "not applied", writes: 0 };
const ENTERED: End = { state: "accepted", writes: 1, aside: 1 };

const approved: Story = {
  name: "approve",
  async play(ground, end) {
    await askAndApprove(ground);
    await outcome(ground, end);
  },
};

const rejected: Story = {
  name: "reject",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await decide(ground, BEN, "Reject");
    await outcome(ground, end);
  },
};

const withdrawn: Story = {
  name: "withdraw",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await openCard(ground);
    ground.telegram.say(ANA, GROUP, `/withdraw ${(await theChange(ground)).code}`);
    await outcome(ground, end);
  },
};

const expired: Story = {
  name: "expire",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await openCard(ground);
    await ground.advance(16 * 60_000);
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
  },
};

const moved: Story = {
  name: "supersede",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await openCard(ground);
    ec2Of(ground.gravityzone.world, COMPANY).externalId = "00000000000000000000000000000000";
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
  },
};

const refusedByVendor: Story = {
  name: "fail",
  async play(ground, end) {
    ground.gravityzone.faults.always(ENABLE_METHOD, {
      error: { code: -32001, message: "Operation not allowed" },
    });
    await approved.play(ground, end);
  },
};

const cannotBeReadBack: Story = {
  name: "accept",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, DISABLE);
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
  },
};

/** The write times out at the vendor's side, and the read-back is not to be had until later. */
const foundOutLater: Story = {
  name: "lose",
  async play(ground, end) {
    const { gravityzone } = ground;
    let blind = true;
    gravityzone.faults.always(ENABLE_METHOD, { applied: true, status: 504 });
    gravityzone.faults.always(
      "getCompanyDetailsByAWSAccountId",
      () =>
        blind && writesTo(ground).length > 0
          ? { error: { code: -32601, message: "Method not found" } }
          : undefined,
    );
    await approved.play(ground, { ...end, state: "unknown" });
    blind = false;
    await ground.advance(61_000);
    await outcome(ground, end);
  },
};

/** The bot is killed while it waits for the vendor's answer; whether the write took effect is up to the vendor. */
function killedMeanwhile(name: string, fault: { applied: true } | { status: number }): Story {
  return {
    name,
    async play(ground, end) {
      ground.gravityzone.faults.next(ENABLE_METHOD, { hang: true, ...fault });
      await askAndApprove(ground);
      await ground.until("the call", () => Promise.resolve(writesTo(ground).length === 1));
      await ground.kill();
      await outcome(ground, end);
    },
  };
}

/** Someone who may not decides first; that is refused, whatever happens to the bot meanwhile. */
const ownChange: Story = {
  name: "refuse",
  async play(ground, end) {
    const { telegram, store, until } = ground;
    telegram.say(ANA, GROUP, ENABLE);
    telegram.pressAndGo(ANA, await openCard(ground), "Approve");
    const refusals = () =>
      store.db.selectFrom("audit").select("reason_code").where("event", "=", "refused").execute();
    await until("the refusal", async () => (await refusals()).length > 0);
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
    assert.deepEqual((await refusals()).map((row) => row.reason_code), ["own_change"]);
  },
};

/** The group takes nothing from the bot, so nobody could approve: the requester learns it and nothing stays open. */
const cardRefused: Story = {
  name: "card refused",
  async play({ telegram }) {
    const description = "Forbidden: bot was kicked from the group chat";
    telegram.faults.push(
      ...["sendRichMessage", "sendMessage"].map((method) => ({
        method,
        chat: GROUP,
        status: 403,
        description,
        times: 100,
      })),
    );
    telegram.say(ANA, ANA, ENABLE);
    const told = () =>
      telegram.answers(ANA).some((letter) => render(letter).includes("did not take the card"));
    await telegram.until(told, "word to the requester");
  },
};

const SECRET = "the-key-that-only-aws-knows";

const withSecret: Story = {
  name: "secret",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, "/enable ec2 Acme Labs key=AKIAIOSFODNN7EXAMPLE secret=?");
    await enterSecret(ground);
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
    const kept = await ground.store.db.selectFrom("secret_entries").select("sealed").execute();
    assert.deepEqual(kept.filter(({ sealed }) => sealed !== null), []);
    if (end.writes === 0) return;
    assert.equal(writesTo(ground)[0]?.params["keySecret"], SECRET);
  },
};

/** Opens the last link and sends the form until the page takes it, or says that it did. */
async function enterSecret({ telegram, url, until }: Ground): Promise<void> {
  const linkIn = (text: string) => /https?:\S+\/secret\/[\w-]+/.exec(text)?.[0];
  const link = await telegram.until(() => linkIn(telegram.answers(ANA).map(render).join("\n")), "a link");
  assert.ok(link.startsWith(url));
  await until("the secret to be taken", async () => {
    const answer = await fetch(link, { method: "POST", body: new URLSearchParams({ secret: SECRET }) });
    await answer.body?.cancel();
    return answer.status === 200 || answer.status === 410;
  });
}

const frozen: Story = {
  name: "freeze",
  async play({ telegram, store }) {
    const answered = (words: string) =>
      telegram.until(() => telegram.answers(GROUP).some((message) => render(message).includes(words)), words);
    telegram.say(BEN, GROUP, "/freeze opsramp incident 4711");
    await answered("Frozen: ");
    assert.equal((await store.db.selectFrom("freezes").select("target").execute()).length, 1);
    telegram.say(BEN, GROUP, "/unfreeze opsramp");
    await answered("Lifted by ");
    assert.equal((await store.db.selectFrom("freezes").select("target").execute()).length, 0);
  },
};

const read: Story = {
  name: "read",
  async play({ telegram }) {
    telegram.say(ANA, GROUP, "/find Globex");
    await telegram.until(
      () => telegram.transcript(GROUP).includes("5a7f21c4b1a43d1f107b0b02"),
      "the company's id",
    );
  },
};

/** By where the bot dies, one after the other where there are several: what has become of it all in the end. */
type Ends = Readonly<Record<string, End>>;

/**
 * Where a Postgres of one's own for every death takes too long, the deaths follow each other in one life; without
 * `inOneLife` all of them do.
 */
const deaths: readonly { story: Story; ends: Ends; inOneLife?: Ends }[] = [
  {
    story: approved,
    ends: {
      "before webhook": APPLIED,
      "after insert inbox": APPLIED,
      "after webhook": APPLIED,
      "before audit asked": APPLIED,
      "after audit asked": APPLIED,
      "before update messages.sent_version": APPLIED,
      "before webhook 2": APPLIED,
      "after insert inbox 2": APPLIED,
      "before audit approve": APPLIED,
      "after audit approve": APPLIED,
      "before audit claim": APPLIED,
      "after audit claim": APPLIED,
      "before audit send": APPLIED,
      // The mark is there and nobody can know whether the call was made: never a second one, the truth is read back.
      "after audit send": NOTHING_SENT,
      "after vendor write": APPLIED,
      "before audit apply": APPLIED,
      "after audit apply": APPLIED,
      "after audit claim, before audit take_over": APPLIED,
      "after audit claim, after audit take_over": APPLIED,
      "after audit send, before audit take_over": NOTHING_SENT,
      "after audit send, after audit take_over": NOTHING_SENT,
      "after vendor write, after audit take_over, before audit apply": APPLIED,
    },
    inOneLife: {
      "before webhook, after insert inbox, after webhook, before update messages.sent_version": APPLIED,
      "before audit asked, before audit approve, before audit claim, before audit send, before audit apply":
        APPLIED,
      "after audit asked, after audit approve, after audit claim, after vendor write, after audit apply":
        APPLIED,
      "after audit claim, before audit take_over, after audit take_over": APPLIED,
      "after audit send, before audit take_over, after audit take_over": NOTHING_SENT,
    },
  },
  {
    story: killedMeanwhile("call that takes effect", { applied: true }),
    ends: { "while the vendor is at it": APPLIED },
  },
  {
    story: killedMeanwhile("call that does not take effect", { status: 504 }),
    ends: { "while the vendor is at it": { state: "not applied", writes: 1 } },
  },
  {
    story: rejected,
    ends: {
      "before audit reject": { state: "rejected", writes: 0 },
      "after audit reject": { state: "rejected", writes: 0 },
    },
  },
  {
    story: withdrawn,
    ends: {
      "before audit withdraw": { state: "withdrawn", writes: 0 },
      "after audit withdraw": { state: "withdrawn", writes: 0 },
    },
  },
  {
    story: expired,
    ends: {
      "before audit expire": { state: "expired", writes: 0 },
      "after audit expire": { state: "expired", writes: 0 },
    },
  },
  {
    story: moved,
    ends: {
      "before audit supersede": { state: "superseded", writes: 0 },
      "after audit supersede": { state: "superseded", writes: 0 },
    },
  },
  {
    story: refusedByVendor,
    ends: {
      "before audit fail": { state: "not applied", writes: 1 },
      "after audit fail": { state: "not applied", writes: 1 },
    },
  },
  {
    story: cannotBeReadBack,
    ends: {
      // The vendor's yes died with the process, and there is nothing to read back.
      "before audit accept": { state: "unknown", writes: 1 },
      "after audit accept": { state: "accepted", writes: 1 },
    },
    inOneLife: {
      "before audit accept": { state: "unknown", writes: 1 },
      "after audit accept": { state: "accepted", writes: 1 },
    },
  },
  {
    story: foundOutLater,
    ends: {
      "before audit lose": APPLIED,
      "after audit lose": APPLIED,
      "before audit apply": APPLIED,
      "after audit apply": APPLIED,
    },
  },
  {
    story: ownChange,
    ends: { "before audit refused": APPLIED, "after audit refused": APPLIED },
  },
  {
    story: cardRefused,
    ends: {
      "before audit withdraw": { state: "withdrawn", writes: 0, unseen: true },
      "after audit withdraw": { state: "withdrawn", writes: 0, unseen: true },
    },
  },
  {
    story: withSecret,
    ends: {
      "before audit secret_asked": ENTERED,
      "after audit secret_asked": ENTERED,
      "before audit secret_entered": ENTERED,
      "after audit secret_entered": ENTERED,
      "before audit asked": ENTERED,
      "after audit claim": ENTERED,
      "after audit send": { ...ENTERED, state: "unknown", writes: 0 },
    },
    inOneLife: {
      "before audit secret_asked": ENTERED,
      "after audit secret_asked": ENTERED,
      "before audit secret_entered, after audit claim": ENTERED,
      "after audit secret_entered, before audit asked, after audit send": {
        ...ENTERED,
        state: "unknown",
        writes: 0,
      },
    },
  },
  {
    story: frozen,
    ends: {
      "before audit frozen": { writes: 0 },
      "after audit frozen": { writes: 0 },
      "before audit unfrozen": { writes: 0 },
      "after audit unfrozen": { writes: 0 },
    },
  },
  {
    story: read,
    ends: {
      "before update inbox.state": { writes: 0 },
      "after update inbox.state": { writes: 0 },
    },
  },
];

/** So many of them at once: most of the time is spent waiting for processes to start. */
const SIDE_BY_SIDE = 3;

for (const database of databases) {
  for (const { story, ends, inOneLife = following(ends) } of deaths) {
    testOn(database, `createCountersign survives kill -9 at every step of "${story.name}"`, async () => {
      const waiting = Object.entries(database.name === "Postgres" ? inOneLife : ends);
      const failures: string[] = [];
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const [deaths, end] = next;
          await survive(database, story, deaths.split(", ").map(momentOf), end)
            .catch((error: Error) => failures.push(`killed ${deaths}: ${error.stack}`));
        }
      };
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
      assert.equal(failures.join("\n\n"), "");
    });
  }
}

/** One death after the other; they all end in the same way. */
function following(ends: Ends): Ends {
  const [end] = Object.values(ends);
  return end ? { [Object.keys(ends).join(", ")]: end } : {};
}

/** "while …" is no moment of the bot's own: the story kills it. */
function momentOf(words: string): Moment {
  const [, when, at, nth] = /^(before|after) (.*?)(?: (\d))?$/.exec(words) ?? [];
  return { at: at ?? words, when: when === "before" ? when : "after", nth: Number(nth ?? 1) };
}
