import assert from "node:assert/strict";
import { openFixture } from "../approvals/fixture.ts";
import { ANA, BEN, GROUP, openStage, OSKAR, type Stage } from "../sandbox/stage.ts";
import type { Saying } from "../sandbox/telegram.ts";
import { chatTest, type Exchange, newest, settled } from "./conversation.ts";

const CHANNEL = { id: -100_777, type: "channel", title: "News" };
const OTHER_BOT = { id: 909, is_bot: true, first_name: "Other", username: "other_bot" };

/** Messages that no person typed here and now; each would be answered if it were one. */
const refused: readonly { what: string; saying: Saying; reason: string; answer?: string; only?: number }[] = [
  {
    what: "an anonymous admin",
    saying: { anonymousAdmin: true },
    reason: "anonymous_sender",
    answer: "Switch off “Remain anonymous”",
  },
  {
    what: "somebody who writes as a channel",
    saying: { senderChat: CHANNEL },
    reason: "anonymous_sender",
    answer: "Switch off “Remain anonymous”",
  },
  {
    what: "somebody who forwards it",
    saying: { forwardOrigin: { type: "hidden_user", sender_user_name: "Ana", date: 1 } },
    reason: "forwarded_message",
    answer: "A forwarded message is not a command from you. Type it yourself.",
    only: BEN,
  },
  {
    what: "somebody who lets another bot write it",
    saying: { viaBot: OTHER_BOT },
    reason: "via_bot",
    answer: "That text was written by another bot. Type the command yourself.",
    only: BEN,
  },
  {
    what: "somebody who quotes another chat",
    saying: { fields: { external_reply: { origin: { type: "hidden_user" } } } },
    reason: "quoted_forward",
    answer: "That replies to a message of another chat. Type the command here.",
    only: BEN,
  },
  {
    what: "a phone that is not online",
    saying: { fields: { is_from_offline: true } },
    reason: "offline_message",
    answer: "A scheduled message may not ask for changes",
    only: BEN,
  },
  {
    what: "the linked channel",
    saying: { senderChat: CHANNEL, fields: { is_automatic_forward: true } },
    reason: "automatic_forward",
  },
  { what: "another bot", saying: { fields: { from: OTHER_BOT } }, reason: "bot_sender" },
  {
    what: "a business connection",
    saying: { fields: { business_connection_id: "b1" } },
    reason: "business_message",
  },
  { what: "a guest", saying: { fields: { guest_query_id: "g1" } }, reason: "guest_message" },
];

for (const { what, saying, reason, answer, only } of refused) {
  for (const command of ["/status bitdefender", "/disable ec2 Globex reason=x"]) {
    chatTest(`${command} from ${what} does nothing`, {}, [{
      said: command,
      saying,
      ...(answer ? { answered: only ? { says: answer, only } : answer } : {}),
      audited: [`refused ${reason}`],
      logged: [{ event: "refused", reason }],
    }]);
  }
}

/** Kinds of update that are not asked for, and may come all the same. */
const kinds: readonly { kind: string; reason: string; answer?: string }[] = [
  { kind: "edited_message", reason: "edited_message", answer: "An edited message changes nothing." },
  { kind: "channel_post", reason: "channel_post" },
  { kind: "edited_channel_post", reason: "channel_post" },
  { kind: "business_message", reason: "business_message" },
  { kind: "edited_business_message", reason: "business_message" },
  { kind: "guest_message", reason: "guest_message" },
];

for (const { kind, reason, answer } of kinds) {
  chatTest(`/status as ${kind} does nothing`, {}, [{
    happens: ({ telegram }) => telegram.raw({ [kind]: typed("/status bitdefender") }),
    ...(answer ? { answered: { says: answer, only: BEN } } : {}),
    audited: [`refused ${reason}`],
  }]);
}

chatTest("An update of a kind that nobody knows does nothing", {}, [{
  happens: ({ telegram }) => telegram.raw({ brain_wave: { from: { id: BEN }, text: "/status" } }),
  audited: ["refused unsupported_update"],
}]);

chatTest("/status@other_bot is for the other bot", {}, [
  { said: "/status@other_bot", audited: ["refused other_bot_command"] },
]);

chatTest("/status@countersign_bot is for this bot, however it is spelt", {}, [
  {
    said: "/STATUS@Countersign_Bot bd",
    answered: "GravityZone: 2 of 14",
    asked: ["getConfiguredIntegrations"],
  },
]);

chatTest("Talk in the group is nobody's business", {}, [
  { happens: ({ telegram }) => telegram.raw({ message: typed("lunch?") }) },
  { happens: ({ telegram }) => telegram.raw({ edited_message: typed("dinner?") }) },
]);

chatTest("A stranger's group learns nothing, and no vendor is asked", { telegram: strangers() }, [
  { said: "/status bitdefender", by: OSKAR, in: -2002, audited: ["refused unknown_chat"] },
  { said: "/nonsense", by: OSKAR, in: -2002, audited: ["refused unknown_chat"] },
  { said: "/help", by: OSKAR, in: -2002, audited: ["refused unknown_chat"] },
  { said: "/status", by: ANA, in: -2002, audited: ["refused unknown_chat"] },
  {
    said: "/status",
    by: OSKAR,
    in: -2002,
    saying: { forwardOrigin: { type: "hidden_user", sender_user_name: "x", date: 1 } },
    audited: ["refused unknown_chat"],
  },
  {
    said: "/whoami",
    by: OSKAR,
    in: -2002,
    answered: { says: /You are 666, this chat is -2002/, only: OSKAR, in: -2002 },
  },
]);

chatTest("A stranger in private learns nothing but who they are", {}, [
  { said: "/start", by: OSKAR, in: OSKAR, audited: ["refused unknown_person"] },
  { said: "/status", by: OSKAR, in: OSKAR, audited: ["refused unknown_person"] },
  { said: "hello", by: OSKAR, in: OSKAR },
  { said: "/disable ec2 Globex reason=x", by: OSKAR, in: OSKAR, audited: ["refused unknown_person"] },
  { said: "/approve ABCDE", by: OSKAR, in: OSKAR, audited: ["refused unknown_person"] },
  { said: "/whoami", by: OSKAR, in: OSKAR, answered: "You are 666, this chat is 666" },
]);

chatTest("A person of the lists is known in private, and told how to talk to the bot", {}, [
  { said: "hello", by: BEN, in: BEN, answered: "Commands begin with a slash. /help lists them." },
  { said: "/ping", by: BEN, in: BEN, answered: "pong" },
]);

chatTest("A member of the group who is on no list may look but not ask for changes", everyoneInGroup(), [
  {
    said: "/status bitdefender",
    by: OSKAR,
    answered: "2 of 14",
    asked: ["getConfiguredIntegrations"],
  },
  {
    said: "/disable ec2 Globex reason=x",
    by: OSKAR,
    answered: { says: "You may read here but not ask for changes", only: OSKAR },
    audited: ["refused not_operator"],
  },
]);

chatTest("A press by somebody outside does nothing", {}, [
  { said: "/status bitdefender", answered: "2 of 14", asked: ["getConfiguredIntegrations"] },
  {
    happens: ({ telegram }) => telegram.raw({ callback_query: query({ from: person(OSKAR), chat: -2002 }) }),
    audited: ["refused unknown_chat"],
  },
]);

const forged: readonly { what: string; data: string; reason: string; notice: RegExp }[] = [
  { what: "nothing known", data: "x", reason: "unknown_button", notice: /no longer known/ },
  { what: "an unknown handle", data: "k:AAAAAAAAAAAAAAAA", reason: "unknown_button", notice: /no longer/ },
  { what: "an unknown page", data: "p:AAAAAAAAAAAAAAAA:2", reason: "unknown_button", notice: /no longer/ },
  { what: "an approval", data: "a:AAAAAAAAAAAAAAAA", reason: "unknown_button", notice: /no longer known/ },
  { what: "an undo", data: "u:AAAAAAAAAAAAAAAA", reason: "unknown_button", notice: /no longer known/ },
  { what: "a kept command", data: "h:AAAAAAAAAAAAAAAA", reason: "unknown_button", notice: /no longer known/ },
  { what: "a change", data: "c:/disable ec2 Globex", reason: "unknown_button", notice: /no longer known/ },
  { what: "a freeze", data: "c:/freeze all", reason: "unknown_button", notice: /no longer known/ },
  { what: "an approval by command", data: "c:/approve ABCDE", reason: "unknown_button", notice: /no longer/ },
  { what: "empty data", data: "", reason: "unknown_button", notice: /no longer known/ },
];

chatTest("A forged button does nothing, whatever it says", {}, [
  { said: "/ping", answered: "pong" },
  ...forged.map(({ data, reason, notice }): Exchange => ({
    pressed: data,
    forged: true,
    notice,
    audited: [`refused ${reason}`],
  })),
]);

chatTest("A press by one of Telegram's service ids does nothing", {}, [
  { said: "/status bitdefender", answered: "2 of 14", asked: ["getConfiguredIntegrations"] },
  ...[1087968824, 777000, 136817688].map((id): Exchange => ({
    happens: ({ telegram }) => telegram.raw({ callback_query: query({ from: person(id) }) }),
    answered: "Switch off “Remain anonymous”",
    audited: ["refused anonymous_sender"],
  })),
  {
    happens: ({ telegram }) => telegram.raw({ callback_query: query({ from: OTHER_BOT }) }),
    audited: ["refused bot_sender"],
  },
  {
    happens: ({ telegram }) =>
      telegram.raw({
        callback_query: { id: "1", from: person(BEN), inline_message_id: "i", data: "c:/ping" },
      }),
    audited: ["refused foreign_button"],
  },
]);

chatTest("A choice is for who asked, in the chat where it was asked", everyoneInGroup(), [
  {
    said: "/status bitdefender acme",
    by: BEN,
    answered: { says: /fits 3 companies/, only: BEN },
    asked: ["findCompaniesByName"],
  },
  {
    happens: press(ANA, GROUP, (stage) => choiceOf(stage)),
    answered: { says: "This choice was offered to someone else.", only: ANA },
    audited: ["refused not_for_you"],
  },
  {
    happens: press(BEN, BEN, (stage) => choiceOf(stage)),
    answered: { says: "This button belongs to another message.", in: BEN },
    audited: ["refused foreign_button"],
  },
  {
    pressed: "Acme Corp ·",
    by: BEN,
    answered: "GravityZone: 1 of 2 needs action · Acme Corp",
    asked: ["getCompanyDetails", "getConfiguredIntegrations"],
  },
]);

chatTest("Added to a strange chat the bot leaves it, and tells the group", { telegram: strangers("left") }, [{
  happens: ({ telegram }) => telegram.addBot(-2002, OSKAR),
  answered:
    /I was added to a chat that is not on the allow-list, and left it\n.*Strangers -2002\n.*Oskar 666/s,
  audited: ["refused unknown_chat"],
}, {
  happens: ({ telegram }) => {
    if (telegram.calls("leaveChat").length !== 1) throw new Error("It did not leave the chat once.");
  },
}]);

chatTest(
  "A group that becomes a supergroup is reported once and not followed",
  { mayFail: ["chat_migrated"], environment: { ADMIN_CHATS: "-1001,-1002" }, telegram: twoGroups() },
  [
    {
      happens: ({ telegram }) => void telegram.migrate(GROUP, ANA),
      answered: [
        { says: /became a supergroup.*It was -1001, it is now -1001000001001/s, in: -1002 },
        { says: "became a supergroup", in: ANA },
        { says: "became a supergroup", in: BEN },
        { says: /became a supergroup.*put the new id into ADMIN_CHATS/s, in: -1001000001001 },
      ],
      audited: ["chat_migrated"],
    },
    {
      said: "/status bitdefender",
      in: -1_001_000_001_001,
      answered: { says: "This group has a new id", only: BEN, in: -1_001_000_001_001 },
      audited: ["refused group_moved"],
    },
  ],
);

chatTest("Where no group is let in yet, a change is refused for want of one, not of membership", {
  environment: { ADMIN_CHATS: String(ANA), OPERATORS: undefined, APPROVERS: undefined },
}, [{
  said: "/disable ec2 Globex reason=test",
  by: ANA,
  in: ANA,
  answered: "There is no group among ADMIN_CHATS",
  audited: ["refused no_group"],
}]);

const membersOnly = { OPERATORS: undefined, APPROVERS: undefined };

chatTest("Without lists, Telegram is asked who is a member", { environment: membersOnly }, [
  { said: "/ping", by: OSKAR, in: OSKAR, audited: ["refused unknown_person"] },
  { said: "/ping", by: BEN, in: BEN, answered: "pong" },
  {
    happens: ({ telegram }) => telegram.leave(BEN, GROUP),
    said: "/ping",
    by: BEN,
    in: BEN,
    audited: ["refused unknown_person"],
  },
  {
    happens: ({ telegram }) => telegram.raw({ message: typed("/disable ec2 Globex reason=x") }),
    answered: /You are no longer a member of the group, so this does nothing/,
    audited: ["refused not_member"],
  },
]);

chatTest("Without lists, nobody is let in while Telegram does not say who is a member", {
  environment: membersOnly,
}, [
  {
    happens: ({ telegram }) => telegram.faults.push({ method: "getChatMember", status: 502, times: 9 }),
    said: "/disable ec2 Globex reason=x",
    answered: { says: "Telegram did not say whether you are a member", only: BEN },
    audited: ["refused membership_unknown"],
  },
  {
    said: "/ping",
    by: BEN,
    in: BEN,
    answered: /^⛔ Telegram did not say whether you are a member/,
    audited: ["refused membership_unknown"],
  },
  { said: "/ping", by: OSKAR, in: OSKAR, audited: ["refused unknown_person"] },
  {
    happens: ({ telegram }) => telegram.faults.clear(),
    said: "/ping",
    by: BEN,
    in: BEN,
    answered: "pong",
  },
]);

Deno.test("talk in the group is not answered, in reply to the bot neither", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/ping");
  const [pong] = fixture.telegram.answers(GROUP);
  await fixture.say(BEN, "good to know, thanks a lot", { replyTo: pong! });
  await fixture.say(BEN, "lunch?");
  assert.deepEqual([fixture.groupAnswers().length, fixture.ephemeralAnswers(BEN)], [1, []]);
});

chatTest("Vocabulary of a stranger cannot break the audit", { telegram: strangers() }, [
  { said: `/${"a".repeat(38)}😀😀`, by: OSKAR, in: -2002, audited: ["refused unknown_chat"] },
  { said: "/x\u0000y \ud800", by: OSKAR, in: OSKAR, audited: ["refused unknown_person"] },
]);

function typed(text: string): Record<string, unknown> {
  return {
    message_id: 9000,
    date: Math.floor(Date.now() / 1000),
    chat: { id: GROUP, type: "group", title: "On-call" },
    from: person(BEN),
    text,
  };
}

function person(id: number): Record<string, unknown> {
  return { id, is_bot: false, first_name: "Somebody" };
}

function query(
  { from, chat = GROUP, data = "c:/status bitdefender" }: {
    from: Record<string, unknown>;
    chat?: number;
    data?: string;
  },
): Record<string, unknown> {
  const type = chat < 0 ? "group" : "private";
  const message = { message_id: 2, date: 1, chat: { id: chat, type, title: "x" } };
  return { id: "77", from, message, chat_instance: "1", data };
}

/** The data behind the first offered choice. */
function choiceOf(stage: Stage): string {
  return String(newest(stage, GROUP, BEN).reply_markup?.inline_keyboard[0]?.[0]?.callback_data);
}

function press(from: number, chat: number, dataOf: (stage: Stage) => string): (stage: Stage) => void {
  return (stage) =>
    void stage.telegram.raw({ callback_query: query({ from: person(from), chat, data: dataOf(stage) }) });
}

function everyoneInGroup() {
  return { telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, OSKAR] }] } };
}

function twoGroups() {
  return {
    chats: [
      { id: GROUP, title: "On-call", members: [ANA, BEN] },
      { id: -1002, title: "Second", members: [ANA, BEN] },
    ],
  };
}

function strangers(status: "member" | "left" = "member") {
  return {
    chats: [
      { id: GROUP, title: "On-call", members: [ANA, BEN] },
      { id: -2002, title: "Strangers", members: [OSKAR, ANA], bot: { status } },
    ],
  };
}

const UNLISTED = { environment: { OPERATORS: undefined, APPROVERS: undefined } };

Deno.test("a stranger's private messages cost one call for each group, however many they are", async () => {
  await using stage = await openStage(UNLISTED);
  const { telegram } = stage;
  for (let said = 0; said < 20; said++) telegram.say(OSKAR, OSKAR, "/status");
  await settled(stage);
  assert.equal(telegram.calls("getChatMember").length, 1);
});

/** What Telegram says with code 400, and what the bot makes of it. */
const REFUSALS = [
  ["Bad Request: user not found", "not_member"],
  ["Bad Request: PARTICIPANT_ID_INVALID", "not_member"],
  ["Bad Request: member list is inaccessible", "membership_unknown"],
  ["Bad Request: CHAT_ADMIN_REQUIRED", "membership_unknown"],
  ["Bad Request: chat not found", "membership_unknown"],
] as const;

for (const [description, reason] of REFUSALS) {
  Deno.test(`getChatMember: “${description}” is ${reason}`, async () => {
    await using stage = await openStage(UNLISTED);
    const { telegram, bot: { store } } = stage;
    telegram.faults.push({ method: "getChatMember", status: 400, description, times: 5 });
    telegram.say(BEN, GROUP, "/disable ec2 Globex reason=off-boarding");
    await settled(stage);
    const rows = await store.db.selectFrom("audit").select("reason_code").execute();
    assert.deepEqual(rows.map(({ reason_code }) => reason_code), [reason]);
  });
}

Deno.test("what a member is refused does not fill the audit", async () => {
  await using stage = await openStage();
  const { telegram, bot: { store } } = stage;
  for (let said = 0; said < 205; said++) telegram.say(BEN, BEN, "/nonsense");
  await settled(stage);
  const rows = await store.db.selectFrom("audit").select("event").execute();
  assert.equal(rows.length, 200);
});
