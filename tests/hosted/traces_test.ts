import assert from "node:assert/strict";
import { postgres, testWith } from "../approvals/database.ts";
import { textAt } from "../house/imports.ts";
import { sourcePaths } from "../house/program.ts";
import { ANA, BEN, GROUP, OSKAR } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { MINUTE_MS, openPlatform, type Platform } from "./platform.ts";
import { DISABLE } from "./scenarios.ts";
import { openTime, type SimulatedTime } from "./time.ts";

/** Where the bot's token goes along in an address besides Telegram's methods. */
const DOWNLOAD = "file";
/** Only a bot that fetches its updates asks for these. */
const POLLING = ["deleteWebhook", "getUpdates"];

/** Every method of Telegram that the bot's code calls, and the download of files. */
function roads(): string[] {
  const code = sourcePaths().filter((path) => path.startsWith("bot/")).map(textAt).join("\n");
  const calls = code.matchAll(
    /\b(?:api|raw)\s*\.((?:get|set|send|edit|delete|answer|pin|unpin|leave)[A-Z]\w*)\(/g,
  );
  const methods = new Set([...calls].map(([, method = ""]) => method));
  return [...methods, DOWNLOAD].filter((road) => !POLLING.includes(road)).toSorted();
}

const SECOND_GROUP = -1002;
const STRANGE = -1009;

/** Goes every road once. */
async function goEverywhere(platform: Platform, { pass }: SimulatedTime): Promise<void> {
  const { telegram, gravityzone } = platform;
  const called = (method: string) => telegram.until(() => telegram.calls(method)[0], method);
  const answered = async (text: string, words: RegExp) => {
    telegram.say(ANA, GROUP, text);
    return await telegram.until(
      () => telegram.seen(ANA, GROUP).findLast((message) => words.test(render(message))),
      `${words} after ${text}`,
    );
  };
  telegram.addChat({ id: SECOND_GROUP, title: "Second", members: [ANA] });
  assert.equal(await platform.tick(), true, platform.output());
  const card = await answered(DISABLE, /\[ Approve \]/);
  await telegram.press(BEN, card, "Reject");
  await called("editMessageText");
  const question = await answered("/disable", /ncentral/);
  await telegram.press(ANA, question, "ncentral");
  await called("editEphemeralMessageText");
  const { promise, resolve } = Promise.withResolvers<void>();
  gravityzone.faults.next("getConfiguredIntegrations", { after: promise });
  telegram.say(ANA, GROUP, "/status bitdefender");
  await called("setMessageReaction");
  resolve();
  telegram.say(ANA, GROUP, "/update sophos 1", { document: { name: "change.json", content: "{}" } });
  await called("getFile");
  telegram.faults.push({
    method: "sendRichMessage",
    chat: BEN,
    status: 400,
    description: "Bad Request: rich",
  });
  telegram.say(BEN, BEN, "/ping");
  await called("sendMessage");
  telegram.say(ANA, GROUP, "/help notifier opsramp");
  await called("deleteEphemeralMessage");
  telegram.say(ANA, GROUP, "/usage ec2 Globex months=2");
  await called("sendPhoto");
  telegram.say(
    ANA,
    GROUP,
    "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
  );
  await called("deleteMessage");
  await answered("/board", /pinned if I may/);
  await pass(MINUTE_MS);
  await platform.tick();
  await called("pinChatMessage");
  await answered("/board off", /board is off/);
  await pass(MINUTE_MS);
  await platform.tick();
  await called("unpinChatMessage");
  telegram.say(ANA, GROUP, "/doctor");
  await called("getWebhookInfo");
  telegram.addChat({ id: STRANGE, title: "Strange", members: [OSKAR] });
  telegram.addBot(STRANGE, OSKAR);
  await called("leaveChat");
  await platform.deploy("second", { ADMIN_CHATS: String(GROUP) });
  await platform.tick();
  await called("deleteMyCommands");
  await platform.end("SIGINT");
}

/** The roads that were gone, those that the collector knows the token from, and how much it was sent. */
async function traced(
  url: string,
  entrypoint?: string,
): Promise<
  { readonly gone: string[]; readonly leaking: string[]; readonly leaks: number; readonly spans: number }
> {
  await using time = await openTime(url);
  await using platform = openPlatform({
    time,
    environment: { DATABASE_URL: url, ADMIN_CHATS: `${GROUP},${SECOND_GROUP}` },
    ...(entrypoint === undefined ? {} : { entrypoint }),
  });
  await goEverywhere(platform, time);
  const { telegram: { token, calls } } = platform;
  const traces = platform.traced();
  // In the traces an address ends where other letters may begin: the longest name counts.
  const names = roads().toSorted((one, other) => other.length - one.length).join("|");
  const addresses = [
    ...traces.matchAll(new RegExp(`/bot${token}/(${names})`, "g")),
    ...traces.matchAll(new RegExp(`/(${DOWNLOAD})/bot${token}/`, "g")),
  ];
  return {
    gone: [...new Set([...calls().map(({ method }) => method), DOWNLOAD])].toSorted(),
    leaking: [...new Set(addresses.map(([, road = ""]) => road))].toSorted(),
    leaks: traces.split(token.split(":")[1] ?? "").length - 1,
    spans: traces.split("http.request.method").length - 1,
  };
}

testWith(postgres, "hosted: no call and no download leaves the bot's token in a trace", async (url) => {
  const { gone, leaks, spans } = await traced(url);
  assert.deepEqual(gone, roads());
  assert.equal(leaks, 0);
  assert.ok(spans > 0, "traces are collected");
});

testWith(postgres, "hosted: each of them would by Deno's own fetch", async (url) => {
  const { leaking } = await traced(url, "tests/hosted/plain_fetch.ts");
  assert.deepEqual(leaking, roads());
});
