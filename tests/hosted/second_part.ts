import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { wallText } from "../../bot/zone.ts";
import { send } from "../forms/filling.ts";
import { seenIn } from "../sandbox/filled_page.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { MINUTE_MS } from "./platform.ts";
import { asked, DISABLE, DISABLED, post } from "./scenarios.ts";
import type { Scenario, Scene } from "./scene.ts";

const ROLE = "arn:aws:iam::999888777666:role/gravityzone";

/** What HaloPSA says of its Sophos integration. */
function sophosSays({ platform: { halo } }: Scene, words: string): void {
  Object.assign(halo.records["SophosDetails"]?.[0] ?? {}, { halointegrator_lasterror: words });
}

/** A time of day so many minutes from now. */
function soon({ now }: Scene, minutes: number): string {
  return wallText("UTC", now() + minutes * MINUTE_MS).slice(-5);
}

const watch: Scenario = {
  name: "an alert, its reminder between two looks, and its end are told by the clock alone",
  environment: { WATCH_EVERY: "3m", WATCH_REMIND: "1m", WATCH_AFTER: "1" },
  async play(scene) {
    const { platform, telegram } = scene;
    await scene.within("the starting state", () => scene.said(/HaloPSA integrations are down/));
    sophosSays(scene, "The refresh token has expired.");
    const alert = await scene.within("the alert", () => scene.said(/^🔴 Sophos Central is down/));
    await platform.pass(MINUTE_MS);
    await platform.pass(MINUTE_MS);
    await scene.within("the reminder", () => scene.said(/Reminder 1 of/));
    await platform.rest();
    await telegram.press(BEN, alert, "Ack");
    sophosSays(scene, "");
    await scene.within("the end of it", () => /is fine again/.test(render(alert)));
    assert.match(render(alert), /Ben acked/);
  },
};

const board: Scenario = {
  name: "a board follows a freeze that begins and ends by itself",
  environment: { WATCH_EVERY: "1m" },
  async play(scene) {
    await scene.say(ANA, "/board");
    const shown = await scene.within("the board", () => scene.said(/\nas of/));
    await scene.platform.rest();
    await scene.say(BEN, "/freeze apono for=5m looking into it");
    await scene.within("the board to say so", () => /apono frozen/.test(render(shown)));
    await scene.within("the board to say that it is over", () => !/frozen/.test(render(shown)));
  },
};

const policy: Scenario = {
  name: "who has not voted is reminded, then others are told, by the clock alone",
  environment: {
    POLICY: fileURLToPath(new URL("../crash/policy.toml", import.meta.url)),
    OPERATORS: undefined,
    APPROVERS: undefined,
  },
  async play(scene) {
    const { platform, telegram } = scene;
    const card = await scene.say(ANA, `/enable ec2 Globex role=${ROLE}`);
    const told = () =>
      telegram.answers(GROUP).filter((one) => /^⏳ Oskar: .* waits/.test(render(one))).length;
    await scene.within("the reminder", () => told() === 1);
    await scene.within("the word to those above", () => told() === 2);
    await platform.rest();
    await telegram.press(BEN, card, "Approve");
    await telegram.until(() => /1 of 2/.test(render(card)), "the vote");
  },
};

const loan: Scenario = {
  name: "a loan is announced and taken back by the clock alone, once",
  async play(scene) {
    const { platform, telegram } = scene;
    const card = await scene.say(ANA, `/enable ec2 Globex role=${ROLE} for=12m`);
    await platform.rest();
    await telegram.press(BEN, card, "Approve");
    await scene.within("the announcement", () => scene.said(/^⏳ Taken back/));
    assert.equal(asked(scene, DISABLED), 0);
    await scene.within("the way back", () => scene.said(/^ℹ️ Taken back as agreed/));
    assert.equal(asked(scene, DISABLED), 1);
  },
};

const scheduled: Scenario = {
  name: "a change that is approved for later runs then, and one that is put off can be stopped",
  environment: { GRACE: "2m" },
  async play(scene) {
    const { platform, telegram } = scene;
    const card = await scene.say(ANA, `/disable ncentral 1 at=${soon(scene, 6)}`);
    await telegram.press(BEN, card, "Approve");
    await platform.pass(MINUTE_MS);
    assert.equal(await scene.state(), "approved");
    await scene.within("its time", async () => await scene.state() === "applied");
    const second = await scene.say(ANA, DISABLE);
    await platform.rest();
    await telegram.press(BEN, second, "Approve");
    await platform.rest();
    await telegram.press(ANA, second, "Stop");
    await platform.pass(5 * MINUTE_MS);
    assert.equal(await scene.state(), "stopped");
    assert.equal(asked(scene, DISABLED), 0);
  },
};

const every: Scenario = {
  name: "a read comes at its time, with nobody asking",
  async play(scene) {
    await scene.say(BEN, `/every ${soon(scene, 3)} /status bitdefender`);
    await scene.within("the read", () => scene.said(/2 of 14 need action/));
  },
};

const moved: Scenario = {
  name: "a request whose target moves meanwhile says so by the clock alone",
  async play(scene) {
    const card = await scene.say(ANA, "/disable sophos 1");
    for (const record of scene.platform.halo.records["SophosDetails"] ?? []) {
      for (const flag of Object.keys(record)) {
        if (record[flag] === true) Object.assign(record, { [flag]: false });
      }
    }
    await scene.within("the card to say so", () => /Superseded/.test(render(card)));
  },
};

const picker: Scenario = {
  name: "a half-finished command goes on where it was",
  async play(scene) {
    const { platform, telegram } = scene;
    telegram.say(ANA, GROUP, "/disable");
    await telegram.until(() => telegram.ephemerals(ANA, GROUP).at(-1), "the question");
    await platform.rest();
    await telegram.press(ANA, scene.question(ANA), "ncentral");
    await platform.rest();
    await telegram.until(() => /which one\?/.test(render(scene.question(ANA))), "the next one");
    await telegram.press(ANA, scene.question(ANA), "N-central EU");
    await telegram.until(() => scene.said(/\[ Approve \]/), "the card");
    assert.equal((await scene.changes()).at(-1)?.target_key, "ncentral:1");
  },
};

const form: Scenario = {
  name: "a form is opened, corrected and sent over several processes",
  async play(scene) {
    const { platform, telegram } = scene;
    telegram.say(ANA, GROUP, "/update sophos 1");
    const offer = await telegram.until(
      () => telegram.seen(ANA, GROUP).findLast((one) => /Fill in a form/.test(render(one))),
      "the offer",
    );
    await platform.rest();
    await telegram.press(ANA, offer, "Fill in a form");
    const link = await telegram.until(() => /http:\S+\/form#[\w-]+/.exec(scene.toldOnly(ANA))?.[0]);
    const token = new URL(link).hash.slice(1);
    await platform.rest();
    const page = await seenIn(await send(link, { token, step: "open" }));
    await platform.rest();
    const unsure = await seenIn(
      await send(link, { ...page.values, client_name: "", name: "x".repeat(10_000) }),
    );
    assert.equal(unsure.status, 400);
    await platform.rest();
    const sent = await seenIn(await send(link, { ...page.values, name: "Sophos EU" }));
    assert.equal(sent.status, 200, sent.html);
    await telegram.until(() => scene.said(/\[ Approve \]/), "the card");
    assert.match(render(scene.said(/\[ Approve \]/)!), /Sophos EU/);
  },
};

const credential: Scenario = {
  name: "a new credential is handed over by a process that did not make it",
  async play(scene) {
    const { platform, telegram } = scene;
    const card = await scene.say(ANA, "/update opsramp Custom Integration auth=WEBHOOK reason=leaked");
    await platform.rest();
    await telegram.press(BEN, card, "Approve");
    const link = await scene.within(
      "the link",
      () => /http:\S+\/secret#[\w-]+/.exec(scene.toldOnly(ANA))?.[0],
    );
    const token = new URL(link).hash.slice(1);
    await platform.rest();
    assert.match(await post(link, { token, step: "open" }), /name="step"/);
    await platform.rest();
    assert.match(await post(link, { token, step: "send" }), /Inbound token[^]*<code>/);
    assert.match(await post(link, { token, step: "open" }), /no longer works/);
  },
};

/** What is told, kept and asked without anybody's asking, and what takes several steps. */
export const SECOND_PART: readonly Scenario[] = [
  watch,
  board,
  policy,
  loan,
  scheduled,
  every,
  moved,
  picker,
  form,
  credential,
];
