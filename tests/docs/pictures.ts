/**
 * `deno task pictures`: makes the pictures of README.md from the sandbox, the real bot over emulated vendors, in an
 * installed Chromium.
 */
import { Buffer } from "node:buffer";
import type { Browser, Locator, Page } from "playwright-core";
import { openConversation, SANDBOX_GROUP } from "../sandbox/conversation.ts";
import { serve } from "../sandbox/serve.ts";
import { launch, openChat, sayIn } from "../sandbox/page/chromium.ts";
import { ANA, BEN, openStage, type Stage } from "../sandbox/stage.ts";
import { setIntegration } from "../sandbox/trouble.ts";

const WIDTH = 380;
const MARGIN = 5;
const SOME_LOOKS_MS = 180_000;
const ASKED = '/disable opsramp AWS production reason="rotating its credentials"';

if (import.meta.main) await main();

async function main(): Promise<void> {
  const browser = await launch();
  try {
    await Deno.writeFile("docs/status.png", await pictureOfStatus(browser));
    await Deno.writeFile("docs/approval.png", await pictureOfApproval(browser));
    await Deno.writeFile("docs/night.png", await pictureOfNight(browser));
  } finally {
    await browser.close();
  }
}

async function pictureOfStatus(browser: Browser): Promise<Uint8Array> {
  await using sandbox = await openSandbox(browser);
  const page = await sandbox.window(ANA);
  await sayIn(page, "/status");
  await page.getByText("vendors need attention").waitFor();
  await page.getByText("as of").waitFor();
  await page.locator(".mine").waitFor();
  return await pictureOf(page.locator(".message"));
}

/** The card as Ben finds it, and below it the same card once he has approved. */
async function pictureOfApproval(browser: Browser): Promise<Uint8Array> {
  await using sandbox = await openSandbox(browser);
  const [ana, ben] = [await sandbox.window(ANA), await sandbox.window(BEN)];
  await sayIn(ana, ASKED);
  await ben.locator(".button.success").waitFor();
  const before = await pictureOf(ben.locator(".message"));
  await ben.locator(".button.success").click();
  const card = ben.locator(".message", { hasText: "read back" });
  await card.waitFor();
  await ben.locator(".message", { hasText: "Applied" }).nth(1).waitFor();
  await ben.locator("#toast").waitFor({ state: "hidden" });
  return await stacked(browser, [before, await pictureOf(card)]);
}

/** What nobody had asked for: the alert, and below it the same message once somebody has acked it and it is over. */
async function pictureOfNight(browser: Browser): Promise<Uint8Array> {
  await using conversation = await openConversation({ watched: true });
  const { stage } = conversation;
  await using sandbox = sandboxOf(browser, stage);
  const ben = await sandbox.window(BEN);
  const breaks = (words?: string) =>
    conversation.happens(() => setIntegration(stage, "Sophos Central", words));
  await conversation.pass(SOME_LOOKS_MS);
  breaks("The refresh token has expired.");
  await conversation.pass(SOME_LOOKS_MS);
  const alert = ben.locator(".message", { hasText: "Sophos Central is down" });
  await alert.waitFor();
  const before = await pictureOf(alert);
  await conversation.press(BEN, "Ack");
  breaks();
  await conversation.pass(SOME_LOOKS_MS);
  const recovered = ben.locator(".message", { hasText: "Sophos Central is fine again" });
  await recovered.waitFor();
  return await stacked(browser, [before, await pictureOf(recovered)]);
}

async function openSandbox(browser: Browser) {
  const stage = await openStage({ telegram: { chats: [SANDBOX_GROUP] } });
  const { window, [Symbol.asyncDispose]: close } = sandboxOf(browser, stage);
  return {
    window,
    async [Symbol.asyncDispose]() {
      await close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** The windows of people who look at this bot. */
function sandboxOf(browser: Browser, stage: Stage) {
  const server = serve(stage.telegram.app.fetch);
  const pages: Page[] = [];
  return {
    async window(person: number): Promise<Page> {
      const page = await openChat(browser, server.url, person, {
        viewport: { width: WIDTH, height: 1_200 },
        colorScheme: "light",
      });
      pages.push(page);
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const page of pages) await page.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** From the first of these messages to the last, without the room that a chat on a long screen has around them. */
async function pictureOf(messages: Locator): Promise<Uint8Array> {
  const first = await messages.first().boundingBox();
  const last = await messages.last().boundingBox();
  if (!first || !last) throw new Error("The chat shows no message");
  const y = first.y - MARGIN;
  const height = last.y + last.height + MARGIN - y;
  return await messages.page().screenshot({ clip: { x: 0, y, width: WIDTH, height } });
}

async function stacked(browser: Browser, pictures: readonly Uint8Array[]): Promise<Uint8Array> {
  const images = pictures.map((bytes) =>
    `<img src="data:image/png;base64,${Buffer.from(bytes).toString("base64")}">`
  );
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 100 } });
  await page.setContent(
    `<body style="margin:0;background:#dfe6ed;display:grid">${images.join("")}</body>`,
  );
  const picture = await page.screenshot({ fullPage: true });
  await page.close();
  return picture;
}
