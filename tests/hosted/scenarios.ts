import assert from "node:assert/strict";
import { ENABLE_BY_KEYS, SECRET } from "../approvals/secret_page.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { MINUTE_MS } from "./platform.ts";
import type { Scenario, Scene } from "./scene.ts";

export const DISABLE = "/disable ec2 Globex reason=leaving";
export const DISABLED = "disableAmazonEC2Integration";
const ENABLED = "configureAmazonEC2IntegrationUsingCrossAccountRole";

/** How often GravityZone was asked for this. */
export function asked({ platform: { gravityzone } }: Scene, what: string): number {
  return gravityzone.calls.filter(({ method }) => method === what).length;
}

const status: Scenario = {
  name: "the bot answers cold and warm",
  async play(scene) {
    await scene.platform.rest();
    assert.match(render(await scene.say(BEN, "/status bitdefender")), /2 of 14 need action/);
    assert.match(render(await scene.say(BEN, "/ping")), /pong/);
    await scene.platform.rest();
    assert.match(render(await scene.say(BEN, "/status")), /vendors/);
  },
};

const approval: Scenario = {
  name: "a change is approved and run by processes that do not know of it",
  async play(scene) {
    const { platform, telegram } = scene;
    const card = await scene.say(ANA, DISABLE);
    await platform.rest();
    await telegram.press(BEN, card, "Approve");
    await platform.rest();
    await scene.within("the change to be carried out", async () => await scene.state() === "accepted");
    assert.equal(asked(scene, DISABLED), 1);
    assert.match(render(card), /accepted/i);
  },
};

const expiry: Scenario = {
  name: "a request that nobody decides expires with no request at all",
  environment: { APPROVAL_TTL: "3m" },
  async play(scene) {
    const card = await scene.say(ANA, DISABLE);
    await scene.within("the end of it", async () => await scene.state() === "expired");
    await scene.within("the card to say so", () => /Expired/.test(render(card)));
    assert.equal(asked(scene, DISABLED), 0);
  },
};

const unknown: Scenario = {
  name: "what stays unknown is found out by the clock alone",
  async play(scene) {
    const { platform: { gravityzone }, telegram } = scene;
    let dark = false;
    gravityzone.faults.always("getCompanyDetailsByAWSAccountId", () => dark ? { status: 503 } : undefined);
    gravityzone.faults.always(ENABLED, () => {
      dark = true;
      return { status: 500 };
    });
    const card = await scene.say(ANA, "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/night");
    await telegram.press(BEN, card, "Approve");
    await scene.within("the outcome that is not known", async () => await scene.state() === "unknown");
    dark = false;
    await scene.within("the look that finds out", async () => await scene.state() === "not applied");
    assert.equal(asked(scene, ENABLED), 1);
  },
};

const secret: Scenario = {
  name: "a secret is entered over several processes, and its link is in no trace",
  async play(scene) {
    const { platform, telegram } = scene;
    telegram.say(ANA, GROUP, ENABLE_BY_KEYS);
    const link = await telegram.until(() => /http:\S+\/secret#[\w-]+/.exec(scene.toldOnly(ANA))?.[0]);
    const { origin, pathname, hash } = new URL(link);
    assert.equal(`${origin}${pathname}`, `${platform.url}/secret`);
    const token = hash.slice(1);
    await platform.rest();
    const door = await fetch(link);
    assert.match(door.headers.get("content-security-policy") ?? "", /script-src 'sha256-/);
    assert.match(await door.text(), /location\.hash/);
    await platform.rest();
    const opened = await post(link, { token, step: "open" });
    assert.match(opened, /type="password" name="secret"/);
    await platform.rest();
    assert.match(await post(link, { token, step: "send", secret: SECRET }), /stored encrypted/);
    assert.match(await post(link, { token, step: "open" }), /no longer works/);
    const card = await scene.within("the card", () => scene.said(/\[ Approve \]/));
    await telegram.press(BEN, card, "Approve");
    await scene.within("the secret to arrive", () => sentSecrets(scene) === 1);
    await platform.end("SIGINT");
    assert.ok(platform.traced().includes("/secret"), "the page's visits are traced");
    assert.ok(!platform.traced().includes(token), "the token is not");
    assert.equal(sentSecrets(scene), 1);
  },
};

export async function post(link: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(link, { method: "POST", body: new URLSearchParams(fields) });
  return await response.text();
}

function sentSecrets({ platform: { gravityzone } }: Scene): number {
  return gravityzone.calls.filter(({ params }) => JSON.stringify(params).includes(SECRET.slice(0, 9))).length;
}

const files: Scenario = {
  name: "a document that one process was sent is read by the next, and files are sent back",
  async play(scene) {
    const { platform, telegram } = scene;
    const { message_id } = telegram.say(ANA, GROUP, "", {
      document: { name: "change.json", content: JSON.stringify({ name: "Sophos EU" }) },
    });
    await platform.rest();
    telegram.say(ANA, GROUP, "/update sophos 1", { replyTo: message_id });
    const card = await telegram.until(() => scene.said(/\[ Approve \]/), "the card");
    await platform.rest();
    await telegram.press(BEN, card, "Approve");
    await scene.within("the outcome", () => /Applied/.test(render(card)));
    assert.equal(
      platform.halo.calls.filter(({ method, path }) => method === "POST" && /Sophos/.test(path)).length,
      1,
    );
    await platform.rest();
    telegram.say(BEN, GROUP, "/audit export");
    await scene.within("the files", () => telegram.calls("sendDocument").length > 1);
  },
};

const thaw: Scenario = {
  name: "who stood still knows how late it is, and answers at once",
  async play(scene) {
    const { platform, telegram } = scene;
    const card = await scene.say(ANA, DISABLE);
    await platform.rest(20 * MINUTE_MS, "asleep");
    const page = await post(`${platform.url}/secret`, { token: "x".repeat(43), step: "open" });
    assert.match(page, /no longer works/);
    const { text } = await telegram.press(BEN, card, "Approve");
    assert.match(text ?? "", /expired/i);
    assert.equal(asked(scene, DISABLED), 0);
  },
};

const late: Scenario = {
  name: "who stood still does what became due meanwhile as soon as the clock ticks",
  async play(scene) {
    const { platform } = scene;
    const card = await scene.say(ANA, DISABLE);
    await platform.rest(20 * MINUTE_MS, "asleep");
    assert.equal(await platform.tick(), true, platform.output());
    assert.equal(await scene.state(), "expired");
    assert.match(render(card), /Expired/);
  },
};

/** What has to hold whatever the platform does with idle processes. */
export const SCENARIOS: readonly Scenario[] = [
  status,
  approval,
  expiry,
  unknown,
  secret,
  files,
  thaw,
  late,
];
