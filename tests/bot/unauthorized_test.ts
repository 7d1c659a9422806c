import assert from "node:assert/strict";
import { ANA, BEN, GROUP, openStage, OSKAR, type Stage } from "../sandbox/stage.ts";
import { chatTest, type Exchange, pass, settled } from "./conversation.ts";

const FOREIGN = -2002;
const HOUR_MS = 3_600_000;
const REFUSED = "refused unknown_chat";

const inForeignGroup = {
  telegram: {
    chats: [
      { id: GROUP, title: "On-call", members: [ANA, BEN] },
      { id: FOREIGN, title: "Strangers", members: [OSKAR, ANA] },
    ],
  },
};

const byStranger: Exchange = { said: "/status", by: OSKAR, in: FOREIGN };
const logged = { logged: [{ event: "refused", reason: "unknown_chat" }] };

chatTest("strangers are refused however often they come, and recorded ten times an hour", inForeignGroup, [
  ...times(10, { ...byStranger, audited: [REFUSED] }),
  ...times(3, { ...byStranger, ...logged }),
  { happens: (stage) => pass(stage, HOUR_MS) },
  { ...byStranger, audited: [REFUSED] },
  {
    async happens({ bot }) {
      const rows = await bot.store.db.selectFrom("audit").select("detail").orderBy("seq").execute();
      assert.equal(rows.at(-1)?.detail, "3 more messages of strangers were not recorded");
      const metrics = await (await bot.app.request("/metrics")).text();
      assert.match(metrics, /countersign_refusals_total\{reason="unknown_chat"\} 14\n/);
    },
  },
]);

chatTest("persons of the lists are recorded each time, among strangers too", inForeignGroup, [
  ...times(12, { said: "/status", by: ANA, in: FOREIGN, audited: [REFUSED] }),
]);

chatTest("a member who is on no list is recorded each time as well, once they were let in", {
  environment: { OPERATORS: undefined, APPROVERS: undefined },
  ...inForeignGroup,
}, [
  { said: "/ping", by: ANA, answered: "pong" },
  ...times(12, { said: "/status", by: ANA, in: FOREIGN, audited: [REFUSED] }),
]);

Deno.test("many strangers together are recorded a hundred times an hour", async () => {
  await using stage = await openStage();
  for (let index = 0; index < 110; index++) privately(stage, 7_000 + index % 11, "/status");
  await settled(stage);
  const rows = await stage.bot.store.db.selectFrom("audit").select("seq").execute();
  assert.equal(rows.length, 100);
});

const whoami: Exchange = { said: "/whoami", by: OSKAR, in: OSKAR };

chatTest("/whoami answers a stranger five times an hour, and who may read always", {}, [
  ...times(5, { ...whoami, answered: "You are 666" }),
  { ...whoami, audited: ["refused unknown_person"] },
  ...times(6, { said: "/whoami", by: BEN, in: BEN, answered: "You are 102" }),
  { happens: (stage) => pass(stage, HOUR_MS) },
  { ...whoami, answered: "You are 666" },
]);

chatTest("/whoami tells a stranger nothing but that, and fetches nothing for them", {}, [
  { ...whoami, said: "/whoami all=yes", audited: ["refused unknown_person"] },
  {
    ...whoami,
    saying: { document: { name: "body.json", content: {} } },
    answered: "You are 666",
  },
  { happens: ({ telegram }) => assert.equal(telegram.calls("getFile").length, 0) },
]);

const added: Exchange = {
  happens: ({ telegram }) => telegram.addBot(FOREIGN, OSKAR),
  audited: [REFUSED],
};

chatTest("Added to many strange chats it reports three an hour, and of the others how many", inForeignGroup, [
  ...times(3, { ...added, answered: "I was added to a chat that is not on the allow-list, and left it" }),
  { ...added, answered: /added to one more chat .*, and left it\n.*Switch off “Allow groups”/s },
  { ...added, answered: /added to 2 more chats .*, and left them\n.*The last.*Strangers -2002/s },
  {
    happens({ telegram }) {
      assert.equal(telegram.answers(GROUP).length, 4);
      assert.equal(telegram.calls("leaveChat").length, 5);
    },
  },
]);

for (
  const chat of [
    { id: ANA, type: "group" },
    { id: ANA, type: "supergroup" },
    { id: GROUP, type: "private" },
    { id: 0, type: "group" },
  ]
) {
  const shown = JSON.stringify(chat);
  chatTest(`A chat whose id and type disagree is neither left nor answered: ${shown}`, {
    mayFail: ["update_unreadable"],
  }, [
    {
      happens({ telegram }) {
        const by = { id: ANA, is_bot: false, first_name: "Ana" };
        telegram.raw({ my_chat_member: { chat, from: by, new_chat_member: { status: "administrator" } } });
        telegram.raw({ message: { message_id: 1, date: 1, chat, from: by, text: "/ping" } });
      },
      audited: ["refused unsupported_update", "refused unsupported_update"],
    },
    {
      happens({ telegram }) {
        assert.equal(telegram.calls("leaveChat").length, 0);
        assert.equal(telegram.calls("sendMessage").length, 0);
      },
    },
  ]);
}

const MOVED = -1_001_000_000_000 + GROUP;

chatTest("A group that becomes a supergroup by making the bot an admin is not left, and not obeyed", {
  environment: { OPERATORS: undefined, APPROVERS: undefined },
  mayFail: ["chat_migrated"],
}, [
  {
    happens: ({ telegram }) => void telegram.migrate(GROUP, ANA),
    answered: [{
      says: /It was -1001, it is now -1001000001001.*put the new id into ADMIN_CHATS/s,
      in: MOVED,
    }],
    audited: ["chat_migrated"],
  },
  {
    happens: ({ telegram }) => telegram.addBot(MOVED, ANA, "administrator"),
  },
  ...times(5, {
    said: "/status",
    by: ANA,
    in: MOVED,
    answered: {
      says: /This group has a new id, .* has to put -1001000001001 into ADMIN_CHATS and restart it/s,
      only: ANA,
    },
    audited: ["refused group_moved"],
  }),
  { said: "/status", by: ANA, in: MOVED, audited: [REFUSED] },
  { happens: ({ telegram }) => assert.equal(telegram.calls("leaveChat").length, 0) },
]);

function times(count: number, exchange: Exchange): Exchange[] {
  return Array.from({ length: count }, () => exchange);
}

function privately({ telegram }: Stage, id: number, text: string): void {
  telegram.raw({
    message: {
      message_id: 1,
      date: Math.floor(Date.now() / 1000),
      chat: { id, type: "private" },
      from: { id, is_bot: false, first_name: "Nobody" },
      text,
    },
  });
}
