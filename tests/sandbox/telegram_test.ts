import assert from "node:assert/strict";
import { Api, Bot, GrammyError, HttpError, InputFile } from "grammy";
import { serve } from "./serve.ts";
import { createTelegram, type TelegramOptions, type Update } from "./telegram.ts";

const ANA = 101;
const BEN = 102;
const OSKAR = 666;
const GROUP = -1001;
const SECRET = "a-secret-of-more-than-32-characters";
const NOON = Date.UTC(2026, 10, 21, 12);

interface Answer {
  ok: boolean;
  error_code?: number;
  description?: string;
  result?: unknown;
  parameters?: unknown;
}

/** One Telegram, served, and a bare client for it that shows the answers as they are. */
function open(options: TelegramOptions = {}) {
  const telegram = createTelegram(options);
  const server = serve(telegram.app.fetch);
  const ask = async (method: string, parameters: unknown = {}, token = telegram.token): Promise<Answer> => {
    const response = await fetch(`${server.url}/bot${token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
    return await response.json();
  };
  return {
    telegram,
    ask,
    url: server.url,
    api: new Api(telegram.token, { apiRoot: server.url }),
    async [Symbol.asyncDispose]() {
      await telegram[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A bot's webhook that keeps what it is sent and answers what it is told to. */
function openBot() {
  const received: { update: Update; secret: string | null }[] = [];
  const statuses: number[] = [];
  const server = serve(async (request) => {
    const update: Update = await request.json();
    received.push({ update, secret: request.headers.get("x-telegram-bot-api-secret-token") });
    return new Response(null, { status: statuses.shift() ?? 200 });
  });
  return {
    received,
    statuses,
    url: server.url,
    ids: () => received.map(({ update }) => update.update_id),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const text = { chat_id: GROUP, text: "hello" };
const button = (fields: unknown) => ({ ...text, reply_markup: { inline_keyboard: [[fields]] } });
const entity = (fields: unknown) => ({ ...text, entities: [fields] });
const rich = (...blocks: unknown[]) => ({ chat_id: GROUP, rich_message: { blocks } });
const cell = { text: "x", align: "left", valign: "top" };
const paragraph = { type: "paragraph", text: "x" };
const nest = (depth: number): unknown =>
  depth === 0 ? paragraph : { type: "details", summary: "s", blocks: [nest(depth - 1)] };
const RICH = "Bad Request: can't parse InputRichMessage: Block 1: ";

const REFUSED: [method: string, parameters: unknown, code: number, description: string][] = [
  ["sendPoll", {}, 404, "Not Found: method not found"],
  ["sendMessage", { chat_id: 0 }, 400, "Bad Request: message text is empty"],
  ["sendMessage", { text: "x" }, 400, "Bad Request: chat_id is empty"],
  ["sendMessage", { chat_id: -5, text: "x" }, 400, "Bad Request: chat not found"],
  ["sendMessage", { chat_id: "@nobody", text: "x" }, 400, "Bad Request: chat not found"],
  ["sendMessage", { chat_id: GROUP, text: " \n " }, 400, "Bad Request: text must be non-empty"],
  ["sendMessage", { chat_id: GROUP, text: "x".repeat(4097) }, 400, "Bad Request: message is too long"],
  ["sendMessage", { chat_id: GROUP, text: "😀".repeat(2049) }, 400, "Bad Request: message is too long"],
  [
    "sendMessage",
    { chat_id: OSKAR, text: "x" },
    403,
    "Forbidden: bot can't initiate conversation with a user",
  ],
  ["sendMessage", { ...text, parse_mode: "bbcode" }, 400, "Bad Request: unsupported parse_mode"],
  ["sendMessage", { ...text, message_thread_id: 9 }, 400, "Bad Request: message thread not found"],
  [
    "sendMessage",
    { ...text, reply_parameters: { message_id: 99 } },
    400,
    "Bad Request: message to be replied not found",
  ],
  [
    "sendMessage",
    { ...text, reply_parameters: { quote: "x" } },
    400,
    'Bad Request: can\'t find field "message_id"',
  ],
  [
    "sendMessage",
    { ...text, link_preview_options: { is_disabled: "yes" } },
    400,
    'Bad Request: field "is_disabled" must be of type Boolean',
  ],
  [
    "sendMessage",
    entity({ type: "bold", offset: 100, length: 1 }),
    400,
    "Bad Request: entity begins after the end of the text at UTF-16 offset 100",
  ],
  [
    "sendMessage",
    entity({ type: "bold", offset: 0, length: 100 }),
    400,
    "Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100",
  ],
  [
    "sendMessage",
    entity({ type: "bold", offset: -1, length: 1 }),
    400,
    "Bad Request: receive an entity with incorrect offset -1",
  ],
  [
    "sendMessage",
    { chat_id: GROUP, text: "😀😀", entities: [{ type: "bold", offset: 1, length: 1 }] },
    400,
    "Bad Request: entity begins in a middle of a UTF-16 symbol at UTF-16 offset 1",
  ],
  [
    "sendMessage",
    {
      ...text,
      entities: [{ type: "bold", offset: 0, length: 3 }, { type: "italic", offset: 2, length: 3 }],
    },
    400,
    "Bad Request: entities bold and italic cross at UTF-16 offset 2",
  ],
  [
    "sendMessage",
    entity({ type: "shiny", offset: 0, length: 1 }),
    400,
    "Bad Request: can't parse MessageEntity: Unsupported type specified",
  ],
  [
    "sendMessage",
    entity({ type: "text_link", offset: 0, length: 1 }),
    400,
    "Bad Request: can't parse MessageEntity: Can't find field \"url\"",
  ],
  [
    "sendMessage",
    entity({ type: "text_link", offset: 0, length: 1, url: "nowhere" }),
    400,
    "Bad Request: entity URL 'nowhere' is invalid: Wrong HTTP URL",
  ],
  [
    "sendMessage",
    entity({ type: "text_mention", offset: 0, length: 1, user: { id: 5 } }),
    400,
    "Bad Request: user not found",
  ],
  [
    "sendMessage",
    entity({ type: "date_time", offset: 0, length: 1 }),
    400,
    "Bad Request: can't parse MessageEntity: Can't find field \"unix_time\"",
  ],
  [
    "sendMessage",
    entity({ type: "date_time", offset: 0, length: 1, unix_time: 1, date_time_format: "tD" }),
    400,
    "Bad Request: can't parse MessageEntity: Invalid date-time format specified",
  ],
  ["sendMessage", { ...text, reply_markup: "x" }, 400, "Bad Request: can't parse reply markup JSON object"],
  ["sendMessage", { ...text, reply_markup: [] }, 400, "Bad Request: object expected as reply markup"],
  [
    "sendMessage",
    { ...text, reply_markup: { inline_keyboard: null } },
    400,
    'Bad Request: field "inline_keyboard" must be of type Array',
  ],
  [
    "sendMessage",
    { ...text, reply_markup: { inline_keyboard: [{}] } },
    400,
    'Bad Request: field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
  ],
  [
    "sendMessage",
    button({ text: "x", callback_data: "é".repeat(33) }),
    400,
    "Bad Request: BUTTON_DATA_INVALID",
  ],
  ["sendMessage", button({ text: " ", callback_data: "x" }), 400, "Bad Request: BUTTON_TEXT_INVALID"],
  [
    "sendMessage",
    button({ callback_data: "x" }),
    400,
    "Bad Request: can't parse inline keyboard button: Can't find field \"text\"",
  ],
  [
    "sendMessage",
    button({ text: "x", callback_data: "" }),
    400,
    "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
  ],
  [
    "sendMessage",
    button({ text: "x", callback_data: "x", style: "red" }),
    400,
    "Bad Request: can't parse inline keyboard button: Invalid button style specified",
  ],
  [
    "sendMessage",
    button({ text: "x", copy_text: { text: "x".repeat(257) } }),
    400,
    "Bad Request: BUTTON_COPY_TEXT_INVALID",
  ],
  ["sendMessage", button({ text: "x", pay: true }), 400, "Bad Request: BUTTON_TYPE_INVALID"],
  [
    "sendMessage",
    button({ text: "x", url: "http://localhost:8080/" }),
    400,
    "Bad Request: inline keyboard button URL 'http://localhost:8080/' is invalid: Wrong HTTP URL",
  ],
  [
    "sendMessage",
    button({ text: "x", url: "ftp://a.example/" }),
    400,
    "Bad Request: inline keyboard button URL 'ftp://a.example/' is invalid: Unsupported URL protocol",
  ],
  [
    "sendMessage",
    { ...text, ephemeral_message_parameters: { receiver_user_id: OSKAR } },
    400,
    "Bad Request: USER_NOT_PARTICIPANT",
  ],
  [
    "sendMessage",
    { chat_id: ANA, text: "x", ephemeral_message_parameters: { receiver_user_id: ANA } },
    400,
    "Bad Request: ephemeral messages can be sent only to groups",
  ],
  [
    "sendMessage",
    { ...text, ephemeral_message_parameters: { receiver_user_id: ANA, callback_query_id: "1" } },
    400,
    "Bad Request: QUERY_ID_INVALID",
  ],
  ["sendRichMessage", { chat_id: GROUP }, 400, "Bad Request: rich message is empty"],
  [
    "sendRichMessage",
    { chat_id: GROUP, rich_message: { blocks: [paragraph], html: "x" } },
    400,
    "Bad Request: can't parse InputRichMessage: Exactly one of blocks, html and markdown must be used",
  ],
  ["sendRichMessage", rich({ type: "paragraph" }), 400, `${RICH}Can't find field "text"`],
  ["sendRichMessage", rich({ type: "banner" }), 400, `${RICH}Unsupported rich block type "banner" specified`],
  [
    "sendRichMessage",
    rich({ type: "thinking", text: "x" }),
    400,
    `${RICH}Blocks of type "thinking" can be used only in drafts`,
  ],
  [
    "sendRichMessage",
    rich({ type: "heading", text: "x", size: 7 }),
    400,
    `${RICH}Field "size" must be between 1 and 6`,
  ],
  [
    "sendRichMessage",
    rich({ type: "paragraph", text: { type: "shiny", text: "x" } }),
    400,
    `${RICH}Unsupported rich text type "shiny" specified`,
  ],
  [
    "sendRichMessage",
    rich({ type: "paragraph", text: { type: "date_time", text: "x", unix_time: 1, date_time_format: "x" } }),
    400,
    `${RICH}Invalid date-time format specified`,
  ],
  [
    "sendRichMessage",
    rich({ type: "table", cells: [[{ text: "x", align: "left" }]] }),
    400,
    `${RICH}Can't find field "valign"`,
  ],
  [
    "sendRichMessage",
    rich({ type: "table", cells: [[{ ...cell, align: "justify" }]] }),
    400,
    `${RICH}Field "align" must be one of left, center, right`,
  ],
  [
    "sendRichMessage",
    rich({ type: "table", cells: [Array(21).fill(cell)] }),
    400,
    `${RICH}Too many columns in a table`,
  ],
  ["sendRichMessage", rich({ type: "buttons", buttons: [] }), 400, `${RICH}A row holds 1-8 buttons`],
  [
    "sendRichMessage",
    rich({ type: "table", cells: [[cell]], is_compact: "yes" }),
    400,
    `${RICH}Field "is_compact" must be of type Boolean`,
  ],
  ["sendRichMessage", rich({ type: "paragraph", text: "" }), 400, "Bad Request: text must be non-empty"],
  [
    "sendRichMessage",
    rich({ type: "pre", text: "é".repeat(32_769) }),
    400,
    "Bad Request: message is too long",
  ],
  [
    "sendRichMessage",
    rich(...Array(501).fill(paragraph)),
    400,
    "Bad Request: rich message contains too many blocks",
  ],
  [
    "editMessageText",
    { chat_id: GROUP, message_id: 99, text: "x" },
    400,
    "Bad Request: message to edit not found",
  ],
  ["editMessageText", { chat_id: GROUP, text: "x" }, 400, "Bad Request: message identifier is not specified"],
  ["editMessageText", { chat_id: GROUP, message_id: 99 }, 400, "Bad Request: message text is empty"],
  ["deleteMessage", { chat_id: GROUP, message_id: 99 }, 400, "Bad Request: message to delete not found"],
  [
    "deleteEphemeralMessage",
    { chat_id: GROUP, receiver_user_id: ANA, ephemeral_message_id: 99 },
    400,
    "Bad Request: message to delete not found",
  ],
  [
    "answerCallbackQuery",
    { callback_query_id: "1" },
    400,
    "Bad Request: query is too old and response timeout expired or query ID is invalid",
  ],
  ["sendDocument", { chat_id: GROUP }, 400, "Bad Request: there is no document in the request"],
  [
    "sendDocument",
    { chat_id: GROUP, document: "abc" },
    400,
    "Bad Request: wrong file identifier/HTTP URL specified",
  ],
  ["getFile", { file_id: "abc" }, 400, "Bad Request: invalid file_id"],
  [
    "sendChatAction",
    { chat_id: GROUP, action: "jump" },
    400,
    "Bad Request: wrong parameter action in request",
  ],
  ["getChatMember", { chat_id: GROUP, user_id: 5 }, 400, "Bad Request: user not found"],
  ["leaveChat", { chat_id: ANA }, 400, "Bad Request: chat member status can't be changed in private chats"],
  [
    "setMyCommands",
    { commands: [{ command: "No", description: "x" }] },
    400,
    "Bad Request: BOT_COMMAND_INVALID",
  ],
  [
    "setMyCommands",
    { commands: [{ command: "no", description: "" }] },
    400,
    "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID",
  ],
  [
    "setMyCommands",
    { commands: [], scope: { type: "galaxy" } },
    400,
    "Bad Request: can't parse BotCommandScope: Unsupported type specified",
  ],
  [
    "setWebhook",
    { url: "http://bot.example/hook" },
    400,
    "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
  ],
  [
    "setWebhook",
    { url: "https://bot.example/", secret_token: "not allowed" },
    400,
    "Bad Request: secret token contains unallowed characters",
  ],
  [
    "setWebhook",
    { url: "https://bot.example/", secret_token: "x".repeat(257) },
    400,
    "Bad Request: secret token is too long",
  ],
];

for (const [method, parameters, code, description] of REFUSED) {
  const given = JSON.stringify(parameters).slice(0, 90);
  Deno.test(`${method} refuses ${given} with "${description}"`, async () => {
    await using fake = open();
    assert.deepEqual(await fake.ask(method, parameters), { ok: false, error_code: code, description });
    assert.equal(fake.telegram.answers(GROUP).length, 0);
  });
}

Deno.test("sendRichMessage takes sixteen levels and refuses the seventeenth", async () => {
  await using fake = open();
  assert.equal((await fake.ask("sendRichMessage", rich(nest(15)))).ok, true);
  assert.match((await fake.ask("sendRichMessage", rich(nest(16)))).description ?? "", /Too many levels/);
});

Deno.test("createTelegram answers 401 to a wrong token and says nothing of the chat", async () => {
  await using fake = open();
  const answer = await fake.ask("sendMessage", text, "123456:wrong");
  assert.deepEqual(answer, { ok: false, error_code: 401, description: "Unauthorized" });
  assert.equal(fake.telegram.messages(GROUP).length, 0);
});

Deno.test("createTelegram answers getMe with the bot, in any letter case of the method", async () => {
  await using fake = open();
  assert.equal((await fake.api.getMe()).username, "countersign_bot");
  assert.equal((await fake.ask("GETME")).ok, true);
});

Deno.test("sendMessage appears in the chat with its entities, keyboard and reply", async () => {
  await using fake = open();
  const said = fake.telegram.say(ANA, GROUP, "/status bitdefender");
  const sent = await fake.api.sendMessage(GROUP, "fine", {
    entities: [{ type: "bold", offset: 0, length: 4 }],
    reply_parameters: { message_id: said.message_id },
    reply_markup: { inline_keyboard: [[{ text: "Refresh", callback_data: "r" }]] },
  });
  assert.equal(sent.reply_to_message?.message_id, said.message_id);
  assert.match(
    fake.telegram.transcript(GROUP),
    /Countersign \(bot\).* in reply to 1\n {2}fine\n {2}\[ Refresh \]/,
  );
});

Deno.test("sendMessage takes form bodies, unknown fields and a missing reply that may be missing", async () => {
  await using fake = open();
  const form = new URLSearchParams({
    chat_id: String(GROUP),
    text: "hello",
    sparkle: "yes",
    reply_parameters: JSON.stringify({ message_id: 99, allow_sending_without_reply: true }),
  });
  const response = await fetch(`${fake.url}/bot${fake.telegram.token}/sendMessage`, {
    method: "POST",
    body: form,
  });
  assert.equal((await response.json()).ok, true);
  assert.equal(fake.telegram.last(GROUP)?.text, "hello");
});

Deno.test("sendMessage to a private chat waits until the person has written, and stops when blocked", async () => {
  await using fake = open();
  fake.telegram.say(OSKAR, OSKAR, "/start");
  assert.equal((await fake.ask("sendMessage", { chat_id: OSKAR, text: "x" })).ok, true);
  fake.telegram.block(OSKAR);
  const { description } = await fake.ask("sendMessage", { chat_id: OSKAR, text: "x" });
  assert.equal(description, "Forbidden: bot was blocked by the user");
});

Deno.test("sendMessage says whether the bot was kicked or has left", async () => {
  await using fake = open();
  fake.telegram.removeBot(GROUP, ANA);
  const kicked = await fake.ask("sendMessage", text);
  assert.equal(kicked.error_code, 403);
  assert.equal(kicked.description, "Forbidden: bot was kicked from the group chat");
  fake.telegram.addBot(GROUP, ANA);
  await fake.api.leaveChat(GROUP);
  assert.equal(
    (await fake.ask("getChat", text)).description,
    "Forbidden: bot is not a member of the group chat",
  );
});

Deno.test("sendMessage goes to a topic of a forum", async () => {
  const forum = { id: -1005, title: "Forum", members: [ANA], topics: { 7: "alerts" } };
  await using fake = open({ chats: [forum] });
  const said = fake.telegram.say(ANA, forum.id, "/ping", { thread: 7 });
  const sent = await fake.api.sendMessage(forum.id, "pong", { message_thread_id: 7 });
  assert.equal(said.is_topic_message, true);
  assert.equal(sent.message_thread_id, 7);
});

Deno.test("editMessageText refuses what is not changed, not its own, or has no text", async () => {
  await using fake = open();
  const said = fake.telegram.say(ANA, GROUP, "/ping");
  const sent = await fake.api.sendMessage(GROUP, "pong");
  const file = await fake.api.sendDocument(GROUP, new InputFile(new TextEncoder().encode("{}"), "a.json"));
  const edit = async (message_id: number) =>
    (await fake.ask("editMessageText", { chat_id: GROUP, message_id, text: "pong" })).description;
  assert.match(
    await edit(sent.message_id) ?? "",
    /^Bad Request: message is not modified: specified new message/,
  );
  assert.equal(await edit(said.message_id), "Bad Request: message can't be edited");
  assert.equal(await edit(file.message_id), "Bad Request: there is no text in the message to edit");
});

Deno.test("editMessageText replaces text by rich blocks and takes away a keyboard that is not sent again", async () => {
  await using fake = open();
  const { message_id } = await fake.api.sendMessage(GROUP, "working", {
    reply_markup: { inline_keyboard: [[{ text: "Stop", callback_data: "s", style: "danger" }]] },
  });
  await fake.api.editMessageText(GROUP, message_id, {
    blocks: [{ type: "table", cells: [[{ text: "Apono", align: "left", valign: "top" }]] }],
  });
  const message = fake.telegram.last(GROUP);
  assert.equal(message?.text, undefined);
  assert.equal(message?.reply_markup, undefined);
  assert.equal(message?.rich_message?.blocks[0]?.type, "table");
});

Deno.test("deleteMessage needs a right for others' messages and ends after 48 hours", async () => {
  let now = NOON;
  await using fake = open({
    now: () => now,
    chats: [{ id: GROUP, title: "On-call", members: [ANA], bot: { status: "member" } }],
  });
  const said = fake.telegram.say(ANA, GROUP, "my password is …");
  const remove = async (message_id: number) =>
    (await fake.ask("deleteMessage", { chat_id: GROUP, message_id })).description;
  assert.equal(await remove(said.message_id), "Bad Request: message can't be deleted");
  const old = await fake.api.sendMessage(GROUP, "old");
  now += 49 * 60 * 60 * 1000;
  assert.equal(await remove(old.message_id), "Bad Request: message can't be deleted for everyone");
  const fresh = await fake.api.sendMessage(GROUP, "fresh");
  assert.equal(await remove(fresh.message_id), undefined);
  assert.deepEqual(fake.telegram.answers(GROUP).map((message) => message.text), ["old"]);
});

Deno.test("answerCallbackQuery is taken once, in time, and with at most 200 characters", async () => {
  let now = NOON;
  await using fake = open({ now: () => now });
  await fake.api.sendMessage(GROUP, "sure?", {
    reply_markup: { inline_keyboard: [[{ text: "Approve", callback_data: "a:1", style: "success" }]] },
  });
  const card = fake.telegram.last(GROUP);
  assert.ok(card);
  const answer = async (id: string, words: string) =>
    (await fake.ask("answerCallbackQuery", { callback_query_id: id, text: words, show_alert: true }))
      .description;
  const pressed = fake.telegram.press(BEN, card, "Approve");
  const id = fake.telegram.updates().at(-1)?.callback_query?.id ?? "";
  assert.equal(await answer(id, "x".repeat(201)), "Bad Request: message is too long");
  assert.equal(await answer(id, "done"), undefined);
  assert.deepEqual(await pressed, { show_alert: true, text: "done" });
  assert.match(await answer(id, "done") ?? "", /query is too old/);
  const late = fake.telegram.pressAndGo(BEN, card, "a:1");
  now += 61_000;
  assert.match(await answer(late, "done") ?? "", /query is too old/);
});

Deno.test("press refuses buttons that are not there, and sends forged data when told to", async () => {
  await using fake = open();
  await fake.api.sendMessage(GROUP, "id", {
    reply_markup: { inline_keyboard: [[{ text: "Copy", copy_text: { text: "x" } }]] },
  });
  const message = fake.telegram.last(GROUP);
  assert.ok(message);
  assert.throws(() => fake.telegram.pressAndGo(ANA, message, "Approve"), /no button "Approve".*\[ Copy \]/);
  assert.throws(() => fake.telegram.pressAndGo(ANA, message, "Copy"), /sends nothing/);
  fake.telegram.pressAndGo(ANA, message, "a:forged", { forged: true });
  assert.equal(fake.telegram.updates().at(-1)?.callback_query?.data, "a:forged");
});

Deno.test("sendMessage with ephemeral parameters is seen by its receiver alone, edited and deleted there", async () => {
  await using fake = open();
  await fake.api.sendMessage(GROUP, "⛔ not you", {
    ephemeral_message_parameters: { receiver_user_id: BEN },
  });
  const [denial] = fake.telegram.ephemerals(BEN, GROUP);
  const id = denial?.ephemeral_message_id ?? 0;
  assert.equal(denial?.message_id, 0);
  assert.equal(fake.telegram.messages(GROUP).length, 0);
  assert.equal(fake.telegram.transcript(GROUP, ANA), "");
  await fake.api.editEphemeralMessageText(GROUP, BEN, id, "⛔ still not");
  assert.match(fake.telegram.transcript(GROUP, BEN), /only Ben sees this\n {2}⛔ still not/);
  await fake.api.deleteEphemeralMessage(GROUP, BEN, id);
  assert.equal(fake.telegram.ephemerals(BEN, GROUP).length, 0);
});

Deno.test("createTelegram with legacy knows neither rich nor ephemeral messages", async () => {
  await using fake = open({ legacy: true });
  const sent = await fake.api.sendMessage(GROUP, "seen by all", {
    ephemeral_message_parameters: { receiver_user_id: BEN },
  });
  assert.notEqual(sent.message_id, 0);
  assert.equal(sent.ephemeral_message_id, undefined);
  for (const method of ["sendRichMessage", "editEphemeralMessageText", "deleteEphemeralMessage"]) {
    assert.equal((await fake.ask(method, rich(paragraph))).error_code, 404);
  }
  const edited = await fake.ask("editMessageText", { ...rich(paragraph), message_id: sent.message_id });
  assert.equal(edited.description, "Bad Request: message text is empty");
  const disabled = await fake.ask("sendMessage", button({ text: "x", disabled: {} }));
  assert.match(disabled.description ?? "", /Text buttons are unallowed/);
});

Deno.test("sendDocument takes an upload or a known file, and getFile leads to its content", async () => {
  await using fake = open();
  const content = new TextEncoder().encode('{"a":1}');
  const sent = await fake.api.sendDocument(GROUP, new InputFile(content, "plan.json"), {
    caption: "the plan",
  });
  await fake.api.sendDocument(GROUP, sent.document.file_id);
  const { file_path } = await fake.api.getFile(sent.document.file_id);
  const response = await fetch(`${fake.url}/file/bot${fake.telegram.token}/${file_path}`);
  assert.equal(await response.text(), '{"a":1}');
  assert.equal(fake.telegram.last(GROUP)?.document?.file_name, "plan.json");
  const long = { chat_id: GROUP, document: sent.document.file_id, caption: "x".repeat(1025) };
  assert.equal(
    (await fake.ask("sendDocument", long)).description,
    "Bad Request: message caption is too long",
  );
});

Deno.test("getChatMember and getChatAdministrators tell who is who", async () => {
  await using fake = open();
  const status = async (id: number) => (await fake.api.getChatMember(GROUP, id)).status;
  assert.deepEqual([await status(ANA), await status(BEN), await status(OSKAR)], [
    "creator",
    "member",
    "left",
  ]);
  fake.telegram.leave(BEN, GROUP);
  assert.equal(await status(BEN), "left");
  const administrators = await fake.api.getChatAdministrators(GROUP);
  assert.deepEqual(administrators.map(({ user }) => user.first_name), ["Ana", "Countersign"]);
});

Deno.test("setMyCommands shows each person the narrowest menu", async () => {
  await using fake = open();
  const menu = (person: number, chat: number) =>
    fake.telegram.menu(person, chat).map(({ command }) => command);
  await fake.api.setMyCommands([{ command: "help", description: "Help" }]);
  await fake.api.setMyCommands([{ command: "status", description: "Status" }], {
    scope: { type: "chat_member", chat_id: GROUP, user_id: ANA },
  });
  assert.deepEqual([menu(ANA, GROUP), menu(BEN, GROUP), menu(ANA, ANA)], [["status"], ["help"], ["help"]]);
  await fake.api.deleteMyCommands();
  assert.deepEqual(menu(BEN, GROUP), []);
});

Deno.test("getUpdates gives updates until they are confirmed, of the kinds asked for", async () => {
  await using fake = open();
  fake.telegram.say(ANA, GROUP, "/one");
  fake.telegram.say(ANA, GROUP, "/two");
  const first = await fake.api.getUpdates({ limit: 1 });
  const again = await fake.api.getUpdates({ limit: 1 });
  assert.deepEqual(first, again);
  assert.equal(first[0]?.message?.text, "/one");
  const next = await fake.api.getUpdates({
    offset: (first[0]?.update_id ?? 0) + 1,
    allowed_updates: ["callback_query"],
  });
  assert.equal(next[0]?.message?.text, "/two");
  fake.telegram.say(ANA, GROUP, "/three");
  assert.deepEqual(await fake.api.getUpdates({ offset: (next[0]?.update_id ?? 0) + 1 }), []);
});

Deno.test("getUpdates waits for the next update and is ended by another getUpdates", async () => {
  await using fake = open();
  const polls = [fake.ask("getUpdates", { timeout: 50 }), fake.ask("getUpdates", { timeout: 50 })];
  assert.equal((await Promise.race(polls)).error_code, 409);
  fake.telegram.say(ANA, GROUP, "/ping");
  const answers = await Promise.all(polls);
  const received = answers.flatMap(({ result }) => (result ?? []) as Update[]);
  assert.deepEqual(received.map(({ message }) => message?.text), ["/ping"]);
});

Deno.test("getUpdates is refused while a webhook is set", async () => {
  await using fake = open();
  await fake.api.setWebhook("http://127.0.0.1:9/telegram");
  assert.match(
    (await fake.ask("getUpdates")).description ?? "",
    /^Conflict: can't use getUpdates method while/,
  );
  await fake.api.deleteWebhook();
  assert.equal((await fake.ask("getUpdates")).ok, true);
});

Deno.test("setWebhook posts updates with the secret, in order, and repeats what was not answered with 2xx", async () => {
  await using bot = openBot();
  await using fake = open({ delivery: "manual" });
  await fake.api.setWebhook(bot.url, { secret_token: SECRET });
  fake.telegram.say(ANA, GROUP, "/one");
  fake.telegram.say(ANA, GROUP, "/two");
  fake.telegram.say(BEN, BEN, "/other");
  bot.statuses.push(500, 200);
  await fake.telegram.deliver();
  const texts = () => bot.received.map(({ update }) => update.message?.text);
  assert.deepEqual(texts().toSorted(), ["/one", "/other"]);
  const info = await fake.api.getWebhookInfo();
  const isOneRefused = texts()[0] === "/one";
  assert.equal(info.pending_update_count, isOneRefused ? 2 : 1);
  assert.equal(info.last_error_message, "Wrong response from the webhook: 500 Internal Server Error");
  await fake.telegram.deliver();
  assert.deepEqual(texts().filter((said) => said !== "/other").slice(-2), ["/one", "/two"]);
  assert.equal((await fake.api.getWebhookInfo()).pending_update_count, 0);
  assert.deepEqual(new Set(bot.received.map(({ secret }) => secret)), new Set([SECRET]));
});

Deno.test("redeliver sends the same update_id once more", async () => {
  await using bot = openBot();
  await using fake = open();
  await fake.api.setWebhook(bot.url);
  fake.telegram.say(ANA, GROUP, "/ping");
  await fake.telegram.deliver();
  fake.telegram.redeliver(bot.ids()[0] ?? 0);
  await fake.telegram.deliver();
  assert.equal(bot.ids().length, 2);
  assert.equal(new Set(bot.ids()).size, 1);
});

Deno.test("say reaches a bot in privacy mode only as a command, a reply or a mention", async () => {
  await using fake = open({
    chats: [{ id: GROUP, title: "On-call", members: [ANA], bot: { status: "member" } }],
  });
  const { telegram } = fake;
  const answer = await fake.api.sendMessage(GROUP, "pong");
  telegram.say(ANA, GROUP, "good morning");
  telegram.say(ANA, GROUP, "/ping@other_bot");
  telegram.say(ANA, GROUP, "/ping@Countersign_Bot");
  telegram.say(ANA, GROUP, "thanks", { replyTo: answer.message_id });
  telegram.say(ANA, GROUP, "ask @countersign_bot");
  const texts = telegram.updates().map((update) => update.message?.text);
  assert.deepEqual(texts, ["/ping@Countersign_Bot", "thanks", "ask @countersign_bot"]);
});

Deno.test("say shapes the messages that a bot must not trust", async () => {
  await using fake = open();
  const { telegram } = fake;
  const anonymous = telegram.say(ANA, GROUP, "/x", { anonymousAdmin: true });
  assert.deepEqual([anonymous.from?.id, anonymous.sender_chat?.id], [1_087_968_824, GROUP]);
  const channel = telegram.say(ANA, GROUP, "/x", {
    senderChat: { id: -100500, type: "channel", title: "News" },
  });
  assert.deepEqual([channel.from?.id, channel.sender_chat?.id], [136_817_688, -100500]);
  const forwarded = telegram.say(ANA, GROUP, "/x", {
    forwardOrigin: { type: "hidden_user", date: 1 },
    date: 5,
  });
  assert.deepEqual([forwarded.forward_origin?.["type"], forwarded.date], ["hidden_user", 5]);
  telegram.edit(forwarded, "/y");
  assert.equal(telegram.updates().at(-1)?.edited_message?.text, "/y");
  assert.throws(() => telegram.say(OSKAR, GROUP, "/x"), /Oskar \(666\) is not in On-call/);
});

Deno.test("migrate moves the group and answers the old id with the new one", async () => {
  await using fake = open();
  const target = fake.telegram.migrate(GROUP, ANA);
  assert.deepEqual(await fake.ask("sendMessage", text), {
    ok: false,
    error_code: 400,
    description: "Bad Request: group chat was upgraded to a supergroup chat",
    parameters: { migrate_to_chat_id: target },
  });
  const kinds = fake.telegram.updates().map(({ message }) =>
    message?.migrate_to_chat_id ?? message?.migrate_from_chat_id
  );
  assert.deepEqual(kinds, [target, GROUP]);
  assert.equal((await fake.api.sendMessage(target, "still here")).chat.type, "supergroup");
});

Deno.test("faults refuse, delay, and lose answers before or after the call took effect", async () => {
  await using fake = open();
  const { faults } = fake.telegram;
  faults.push({ method: "sendMessage", retryAfter: 3 }, { method: "sendMessage", chat: ANA, status: 502 });
  assert.deepEqual(await fake.ask("sendMessage", text), {
    ok: false,
    error_code: 429,
    description: "Too Many Requests: retry after 3",
    parameters: { retry_after: 3 },
  });
  assert.equal((await fake.ask("sendMessage", text)).ok, true);
  assert.equal((await fake.ask("sendMessage", { chat_id: ANA, text: "x" })).error_code, 502);
  faults.push({ drop: true }, { drop: true, after: "accepted" });
  await assert.rejects(fake.api.sendMessage(GROUP, "lost"), HttpError);
  assert.equal(fake.telegram.answers(GROUP).length, 1);
  await assert.rejects(fake.api.sendMessage(GROUP, "accepted"), HttpError);
  assert.equal(fake.telegram.last(GROUP)?.text, "accepted");
  assert.equal(faults.left(), 0);
});

Deno.test("faults hold a call until a test lets it go", async () => {
  await using fake = open();
  const gate = Promise.withResolvers<void>();
  fake.telegram.faults.push({ method: "sendMessage", hold: gate.promise });
  const held = fake.ask("sendMessage", text);
  await fake.ask("getMe");
  assert.equal(fake.telegram.answers(GROUP).length, 0);
  gate.resolve();
  assert.equal((await held).ok, true);
});

Deno.test("calls lists what was asked of Telegram and how it ended", async () => {
  await using fake = open();
  await fake.ask("sendMessage", { ...text, text: "" });
  await fake.ask("sendMessage", text);
  const calls = fake.telegram.calls("sendMessage");
  assert.deepEqual(calls.map(({ outcome }) => outcome), [400, "ok"]);
  assert.deepEqual(calls[1]?.parameters, text);
});

Deno.test("join, leave and addBot send what Telegram sends about them", async () => {
  await using fake = open();
  const { telegram } = fake;
  await fake.api.getUpdates({ allowed_updates: ["message", "chat_member", "my_chat_member"] });
  telegram.join(OSKAR, GROUP);
  telegram.leave(OSKAR, GROUP);
  telegram.removeBot(GROUP, ANA);
  telegram.addBot(GROUP, ANA);
  const kinds = telegram.updates().map((update) => Object.keys(update)[1]);
  assert.deepEqual(kinds, [
    "chat_member",
    "message",
    "chat_member",
    "message",
    "my_chat_member",
    "my_chat_member",
    "message",
  ]);
});

Deno.test("raw queues any update under the next id", async () => {
  await using fake = open();
  fake.telegram.say(ANA, GROUP, "/ping");
  const channel = { id: -100500, type: "channel", title: "News" };
  const { update_id } = fake.telegram.raw({
    channel_post: { message_id: 1, date: 1, chat: channel, text: "/ping" },
  });
  const updates = await fake.api.getUpdates();
  assert.deepEqual(updates.map((update) => update.update_id), [update_id - 1, update_id]);
});

Deno.test("until rejects with the chats when nothing comes", async () => {
  await using fake = open({ patienceMs: 20 });
  fake.telegram.say(ANA, GROUP, "/status");
  await assert.rejects(
    fake.telegram.until(() => fake.telegram.last(GROUP), "an answer"),
    /an answer did not happen within 20 ms\n── On-call \(-1001\)\n#1 Ana .*\n {2}\/status/,
  );
});

Deno.test("createTelegram carries a grammY bot by long polling: command, keyboard, press, edit", async () => {
  await using fake = open();
  const bot = new Bot(fake.telegram.token, { client: { apiRoot: fake.url } });
  bot.command(
    "ping",
    (context) =>
      context.reply("pong", {
        reply_markup: { inline_keyboard: [[{ text: "Again", callback_data: "again" }]] },
      }),
  );
  bot.callbackQuery("again", async (context) => {
    await context.answerCallbackQuery("once more");
    await context.editMessageText("pong pong");
  });
  const running = bot.start({ timeout: 1 });
  fake.telegram.say(ANA, GROUP, "/ping");
  const answer = await fake.telegram.until(() => fake.telegram.last(GROUP), "an answer to /ping");
  assert.deepEqual(await fake.telegram.press(BEN, answer, "Again"), { show_alert: false, text: "once more" });
  await fake.telegram.until(() => answer.text === "pong pong", "the edit");
  await bot.stop();
  await running;
});

Deno.test("createTelegram's refusals reach grammY as GrammyError", async () => {
  await using fake = open();
  await assert.rejects(
    fake.api.sendMessage(-5, "x"),
    (error) =>
      error instanceof GrammyError && error.error_code === 400 && /chat not found/.test(error.description),
  );
});

Deno.test("setMessageReaction takes what Telegram allows bots, where the chat takes reactions", async () => {
  await using at = open({
    chats: [
      { id: GROUP, title: "On-call", members: [ANA] },
      { id: -1002, title: "Quiet", members: [ANA], withoutReactions: true },
    ],
  });
  const { message_id } = at.telegram.say(ANA, GROUP, "/status");
  const quiet = at.telegram.say(ANA, -1002, "/status").message_id;
  const react = async (reaction: unknown, chat_id = GROUP, id = message_id) =>
    (await at.ask("setMessageReaction", { chat_id, message_id: id, reaction })).description ?? "taken";
  const emoji = (...all: string[]) => all.map((one) => ({ type: "emoji", emoji: one }));
  assert.equal(await react(emoji("👀")), "taken");
  assert.equal(at.telegram.reaction(GROUP, message_id), "👀");
  assert.equal(await react(emoji("✅")), "Bad Request: REACTION_INVALID");
  assert.equal(await react(emoji("👀", "👍")), "Bad Request: REACTIONS_TOO_MANY");
  assert.match(await react({ emoji: "👍" }), /can't parse reactions/);
  assert.match(await react(emoji("👍"), GROUP, 99), /message to react not found/);
  assert.equal(await react(emoji("👍"), -1002, quiet), "Bad Request: REACTION_INVALID");
  assert.equal(await react([]), "taken");
  assert.equal(at.telegram.reaction(GROUP, message_id), undefined);
});
