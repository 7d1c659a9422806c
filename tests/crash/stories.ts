/** What people do in the kill tests, whatever happens to the bot meanwhile. */
import assert from "node:assert/strict";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import type { Ground } from "./ground.ts";
import {
  askAndApprove,
  COMPANY,
  decide,
  DISABLE,
  ENABLE,
  ENABLE_METHOD,
  openCard,
  outcome,
  type Story,
  theChange,
  writesTo,
} from "./story.ts";

export const approved: Story = {
  name: "approve",
  async play(ground, end) {
    await askAndApprove(ground);
    await outcome(ground, end);
  },
};

export const rejected: Story = {
  name: "reject",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await decide(ground, BEN, "Reject");
    await outcome(ground, end);
  },
};

export const withdrawn: Story = {
  name: "withdraw",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await openCard(ground);
    ground.telegram.say(ANA, GROUP, `/withdraw ${(await theChange(ground)).code}`);
    await outcome(ground, end);
  },
};

export const expired: Story = {
  name: "expire",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await openCard(ground);
    await ground.advance(16 * 60_000);
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
  },
};

export const moved: Story = {
  name: "supersede",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, ENABLE);
    await openCard(ground);
    ec2Of(ground.gravityzone.world, COMPANY).externalId = "00000000000000000000000000000000";
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
  },
};

export const refusedByVendor: Story = {
  name: "fail",
  async play(ground, end) {
    ground.gravityzone.faults.always(ENABLE_METHOD, {
      error: { code: -32001, message: "Operation not allowed" },
    });
    await approved.play(ground, end);
  },
};

export const cannotBeReadBack: Story = {
  name: "accept",
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, DISABLE);
    await decide(ground, BEN, "Approve");
    await outcome(ground, end);
  },
};

/** The write times out at the vendor's side, and the read-back is not to be had until later. */
export const foundOutLater: Story = {
  name: "lose",
  async play(ground, end) {
    const { gravityzone } = ground;
    let blind = true;
    gravityzone.faults.always(ENABLE_METHOD, { applied: true, status: 504 });
    gravityzone.faults.always(
      "getCompanyDetailsByAWSAccountId",
      () => blind && writesTo(ground).length > 0 ? { status: 503 } : undefined,
    );
    await approved.play(ground, { ...end, state: "unknown" });
    blind = false;
    await ground.advance(61_000);
    await outcome(ground, end);
  },
};

/** The bot is killed while it waits for the vendor's answer; whether the write took effect is up to the vendor. */
export function killedMeanwhile(name: string, fault: { applied: true } | { status: number }): Story {
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
export const ownChange: Story = {
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
export const cardRefused: Story = {
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

export const withSecret: Story = {
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

export const frozen: Story = {
  name: "freeze",
  async play({ telegram, store }) {
    const answered = (words: string) =>
      telegram.until(() => telegram.answers(GROUP).some((message) => render(message).includes(words)), words);
    telegram.say(BEN, GROUP, "/freeze opsramp incident 4711");
    await answered("Frozen: ");
    assert.equal((await store.db.selectFrom("freezes").select("target").execute()).length, 1);
    telegram.say(BEN, GROUP, "/unfreeze opsramp");
    await answered("allowed again");
    assert.equal((await store.db.selectFrom("freezes").select("target").execute()).length, 0);
  },
};

export const read: Story = {
  name: "read",
  async play({ telegram }) {
    telegram.say(ANA, GROUP, "/find Globex");
    await telegram.until(
      () => telegram.transcript(GROUP).includes("5a7f21c4b1a43d1f107b0b02"),
      "the company's id",
    );
  },
};
