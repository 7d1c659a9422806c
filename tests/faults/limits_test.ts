import assert from "node:assert/strict";
import { settled } from "../bot/conversation.ts";
import { eventually } from "../eventually.ts";
import { testOnPostgres } from "../approvals/database.ts";
import { ids } from "../sandbox/gravityzone/northwind.ts";
import { ANA, BEN, GROUP, type Stage } from "../sandbox/stage.ts";
import { type Message, render, type Telegram } from "../sandbox/telegram.ts";
import { openDuplicates } from "./duplicates.ts";

const ENABLE = "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone";
const HOLD_S = 60;

testOnPostgres(
  "Sender leaves a chat alone that Telegram limits, whichever replica has something for it",
  async (url) => {
    await using duplicates = await openDuplicates(url);
    const { stage, pass } = duplicates;
    const { telegram } = stage;
    telegram.faults.push({ method: "sendRichMessage", chat: GROUP, retryAfter: HOLD_S });
    const said = [telegram.say(BEN, GROUP, "/ping")];
    await eventually(async () => await held(stage), "the 429 to be noted");
    for (let count = 0; count < 12; count++) {
      said.push(telegram.say(BEN, GROUP, "/ping"));
      telegram.say(ANA, ANA, "/ping");
    }
    await telegram.until(() => telegram.answers(ANA).length === 12, "the answers elsewhere");
    await eventually(async () => (await due(stage)).length === 13, "all of the group's answers to wait");
    pass(HOLD_S * 1000 - 5_000);
    telegram.say(ANA, ANA, "/ping");
    await telegram.until(() => telegram.answers(ANA).length === 13, "an answer elsewhere");
    assert.equal(callsFor(telegram, GROUP).length, 1, "nothing but what was refused was tried");
    pass(5_001);
    await settled(stage);
    assert.deepEqual(
      telegram.answers(GROUP).map(({ reply_to_message }) => reply_to_message?.message_id),
      said.map(({ message_id }) => message_id),
    );
  },
);

testOnPostgres(
  "Sender sends decisions, outcomes, answers and edits in this order after a limit",
  async (url) => {
    await using duplicates = await openDuplicates(url);
    const { stage, pass } = duplicates;
    const { telegram, gravityzone } = stage;
    telegram.say(BEN, GROUP, "/list apono");
    telegram.say(ANA, GROUP, ENABLE);
    await settled(stage);
    const list = telegram.answers(GROUP)[0] as Message;
    const card = telegram.answers(GROUP).find((message) =>
      render(message).includes("[ Approve ]")
    ) as Message;
    const written = Promise.withResolvers<void>();
    gravityzone.faults.next("configureAmazonEC2IntegrationUsingCrossAccountRole", { after: written.promise });
    await telegram.press(BEN, card, "Approve");
    await eventually(
      () => gravityzone.calls.some(({ method }) => method.startsWith("configure")),
      "the write",
    );
    await settled(stage);
    telegram.faults.push({ method: "sendRichMessage", chat: GROUP, retryAfter: HOLD_S });
    telegram.say(BEN, GROUP, "/ping");
    await eventually(async () => await held(stage), "the 429 to be noted");
    const before = telegram.calls().length;
    await telegram.press(BEN, list, "Next");
    await telegram.press(BEN, list, "Next");
    telegram.say(BEN, GROUP, "/whoami");
    await eventually(async () => (await due(stage)).length === 3, "the edit and the answers to wait");
    written.resolve();
    telegram.say(ANA, GROUP, ENABLE.replace("Acme Labs", "Globex"));
    await eventually(
      async () => (await due(stage)).length === 6,
      "two cards, an outcome, two answers and an edit",
    );
    pass(HOLD_S * 1000 + 1);
    await settled(stage);

    const order = telegram.calls().slice(before).filter(({ parameters }) =>
      parameters["chat_id"] !== undefined
    )
      .filter(({ method }) => /^(send|edit)/.test(method)).map(({ parameters }) => kindOf(parameters));
    assert.deepEqual(order, ["decision", "decision", "outcome", "answer", "answer", "edit"]);
    assert.match(render(telegram.answers(GROUP)[0] as Message), /rows 1–10|rows 11–20|rows 21–/);
  },
);

testOnPostgres("putMessage makes one edit of all that a message became while it waited", async (url) => {
  await using duplicates = await openDuplicates(url, { environment: { STATUS_CACHE_TTL: "0" } });
  const { stage, pass } = duplicates;
  const { telegram, gravityzone } = stage;
  telegram.say(BEN, GROUP, "/status bitdefender");
  await settled(stage);
  const status = telegram.last(GROUP) as Message;
  telegram.faults.push({ method: "editMessageText", chat: GROUP, retryAfter: HOLD_S });
  const integrations = gravityzone.world.integrations.get(ids.northwind) ?? [];
  for (const integration of integrations.slice(3, 8)) {
    integration.status = 6;
    await telegram.press(BEN, status, "Refresh");
    await eventually(async () => (await inbox(stage)) === 0, "the press to be handled");
  }
  await eventually(async () => await held(stage), "the 429 to be noted");
  pass(HOLD_S * 1000 + 1);
  await settled(stage);
  const edits = telegram.calls("editMessageText");
  assert.deepEqual(edits.map(({ outcome }) => outcome), [429, "ok"]);
  assert.match(render(status), /7 of 14/, "the last state is shown");
});

/** What a call shows, by its words and by what it is about. */
function kindOf(parameters: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(parameters);
  if (/Applied.*\/change /.test(text)) return "outcome";
  if (/Applied|Approve/.test(text)) return "decision";
  return /rows \d+–\d+/.test(text) ? "edit" : "answer";
}

function callsFor(telegram: Telegram, chat: number) {
  return telegram.calls("sendRichMessage").filter(({ parameters }) => Number(parameters["chat_id"]) === chat);
}

async function held({ bot: { store } }: Stage): Promise<boolean> {
  const rows = await store.db.selectFrom("messages").select("key").where("not_before", ">", store.now())
    .execute();
  return rows.length > 0;
}

async function due({ bot: { store } }: Stage): Promise<{ key: string }[]> {
  return await store.db.selectFrom("messages").select("key").where("state", "=", "due").where(
    "chat_id",
    "=",
    GROUP,
  ).execute();
}

async function inbox({ bot: { store } }: Stage): Promise<number> {
  return (await store.db.selectFrom("inbox").select("update_id").where("state", "=", "new").execute()).length;
}
