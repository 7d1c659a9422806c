import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Browser, Page } from "playwright-core";
import { Api, InputFile } from "grammy";
import { serve } from "../serve.ts";
import { createTelegram } from "../telegram.ts";
import { CHROMIUM, launch, openChat, sayIn } from "./chromium.ts";

const ANA = 101;
const BEN = 102;
const GROUP = -1001;
const WHY_NOT = CHROMIUM ? "" : " (skipped: no Chromium in /usr/bin)";

Deno.test({
  name: `the chat page shows and does what a Telegram app does${WHY_NOT}`,
  ignore: CHROMIUM === undefined,
  // The browser is another process with pipes of its own, which the driver closes after the test has ended.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const browser = await launch();
    try {
      await t.step(
        "a command is typed, answered, approved in another window and edited in place",
        () => approve(browser),
      );
      await t.step("an ephemeral message is shown to its receiver alone", () => whisper(browser));
      await t.step("what people and vendors write stays text", () => escape(browser));
      await t.step("a document is attached with a caption, and downloaded", () => attach(browser));
      await t.step("typing / offers the commands; Tab takes one", () => choose(browser));
      await t.step("an outsider sees nothing of the group until they join", () => join(browser));
      await t.step("a long card fits 360 pixels, and the vendor calls open over it", () => fit(browser));
      await t.step("split shows requester and approver side by side with the calls", () => split(browser));
    } finally {
      await browser.close();
    }
  },
});

async function approve(browser: Browser): Promise<void> {
  await using fake = open();
  const ana = await fake.window(browser, ANA);
  const ben = await fake.window(browser, BEN);
  await sayIn(ana, "/disable ec2 Acme Corp");
  await fake.telegram.until(() => fake.telegram.messages(GROUP).length === 1, "the command");
  await fake.api.sendRichMessage(GROUP, {
    blocks: [
      { type: "heading", text: "⚠️ Disable the EC2 integration of Acme Corp?", size: 4 },
      { type: "table", cells: [[cell("Integration"), cell("disabled")]] },
      { type: "details", summary: "what will be sent", blocks: [{ type: "pre", text: "{}" }] },
    ],
  }, { reply_markup: { inline_keyboard: [[{ text: "Approve", callback_data: "a", style: "success" }]] } });
  await ben.locator("summary").click();
  await ben.locator(".button.success").click();
  const press = await fake.telegram.until(() => fake.telegram.updates().at(-1)?.callback_query, "the press");
  assert.deepEqual([press.from.id, press.data], [BEN, "a"]);
  fake.telegram.say(ANA, GROUP, "meanwhile");
  await ben.getByText("meanwhile").waitFor();
  assert.equal(await ben.locator("details").getAttribute("open"), "");
  await fake.api.answerCallbackQuery(press.id, { text: "On it", show_alert: true });
  await ben.locator("dialog p", { hasText: "On it" }).waitFor();
  await fake.api.editMessageText(GROUP, 2, "✅ Applied");
  await ana.locator(".message", { hasText: "Applied" }).waitFor();
  assert.equal(await ana.locator(".message").count(), 3);
  assert.equal(await ana.locator(".keyboard").count(), 0);
}

async function whisper(browser: Browser): Promise<void> {
  await using fake = open();
  const ana = await fake.window(browser, ANA);
  const ben = await fake.window(browser, BEN);
  await fake.api.sendMessage(GROUP, "⛔ not you", {
    ephemeral_message_parameters: { receiver_user_id: BEN },
  });
  await fake.api.sendMessage(GROUP, "for all");
  await ben.locator(".ephemeral", { hasText: "only you see this" }).waitFor();
  await ana.getByText("for all").waitFor();
  assert.equal(await ana.getByText("not you").count(), 0);
}

async function escape(browser: Browser): Promise<void> {
  await using fake = open();
  const page = await fake.window(browser, ANA);
  const evil = `<img src=x onerror="document.title='owned'"><b>bold</b>`;
  await sayIn(page, evil);
  await fake.api.sendRichMessage(GROUP, { blocks: [{ type: "table", cells: [[cell(evil)]] }] });
  await page.locator("td", { hasText: "<img src=x" }).waitFor();
  assert.equal(await page.locator("#log img, #log .text b, #log td b").count(), 0);
  assert.notEqual(await page.title(), "owned");
}

async function attach(browser: Browser): Promise<void> {
  await using fake = open();
  const page = await fake.window(browser, ANA);
  const buffer = Buffer.from('{"name":"x"}');
  await page.locator("#file").setInputFiles(
    { name: "body.json", mimeType: "application/json", buffer } as never,
  );
  await page.locator("#chip", { hasText: "body.json" }).waitFor();
  await sayIn(page, "/create apono");
  const sent = await fake.telegram.until(() => fake.telegram.messages(GROUP)[0], "the document");
  assert.deepEqual([sent.caption, sent.document?.mime_type], ["/create apono", "application/json"]);
  const content = fake.telegram.file(sent.document?.file_id ?? "");
  assert.equal(new TextDecoder().decode(content), '{"name":"x"}');
  await fake.api.sendDocument(GROUP, new InputFile(new TextEncoder().encode("a,b"), "audit.csv"));
  const link = page.locator(".document", { hasText: "audit.csv" });
  const response = await fetch(`${fake.url}${await link.getAttribute("href")}`);
  assert.equal(await response.text(), "a,b");
}

async function choose(browser: Browser): Promise<void> {
  await using fake = open();
  await fake.api.setMyCommands([
    { command: "status", description: "Do the integrations work?" },
    { command: "whoami", description: "Your ids", is_ephemeral: true },
  ]);
  const page = await fake.window(browser, ANA);
  await page.locator("#text").pressSequentially("/w");
  await page.locator("#menu li", { hasText: "/whoami" }).waitFor();
  await page.locator("#text").press("Tab");
  assert.equal(await page.locator("#text").inputValue(), "/whoami ");
  await page.locator("#text").press("Enter");
  const [whispered] = await fake.telegram.until(() => {
    const found = fake.telegram.updates().map(({ message }) => message).filter((message) =>
      message !== undefined
    );
    return found.length > 0 && found;
  }, "the command");
  assert.equal(whispered?.ephemeral_message_id, 1);
}

async function join(browser: Browser): Promise<void> {
  await using fake = open();
  fake.telegram.say(ANA, GROUP, "secret plans");
  const page = await fake.window(browser, 666);
  await page.getByText("Not a member here").waitFor();
  assert.equal(await page.getByText("secret plans").count(), 0);
  await page.locator("#membership").click();
  await page.getByText("secret plans").waitFor();
}

async function fit(browser: Browser): Promise<void> {
  await using fake = open();
  const long = "55115935b1a43dcc4a7b23c6".repeat(4);
  await fake.api.sendRichMessage(GROUP, {
    blocks: [{ type: "table", cells: [[cell("now"), cell(long)]] }, { type: "pre", text: long }],
  }, {
    reply_markup: {
      inline_keyboard: [[1, 2, 3].map((n) => ({ text: `A long label ${n}`, callback_data: `${n}` }))],
    },
  });
  fake.telegram.panel.add({ vendor: "Apono", operation: "GET integrations", outcome: "200", ms: 51 });
  const page = await fake.window(browser, ANA);
  await page.locator("td").first().waitFor();
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
  assert.equal(await page.evaluate("document.getElementById('log').scrollWidth <= 360"), true);
  await page.locator("#show-calls").click();
  await page.locator("#calls li", { hasText: "GET integrations" }).waitFor();
}

async function split(browser: Browser): Promise<void> {
  await using fake = open();
  const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
  await page.goto(`${fake.url}/?split=1`);
  await page.frameLocator("iframe[title=Ana]").locator("#text").fill("/ping");
  await page.frameLocator("iframe[title=Ana]").locator("#text").press("Enter");
  await page.frameLocator("iframe[title=Ben]").locator(".message", { hasText: "/ping" }).waitFor();
  fake.telegram.panel.add({ vendor: "OpsRamp", operation: "search", outcome: "timed_out", ms: 9 });
  await page.locator("#calls .bad", { hasText: "timed_out" }).waitFor();
  await page.close();
}

function open() {
  const telegram = createTelegram();
  const server = serve(telegram.app.fetch);
  const pages: Page[] = [];
  return {
    telegram,
    url: server.url,
    api: new Api(telegram.token, { apiRoot: server.url }),
    async window(browser: Browser, person: number): Promise<Page> {
      const page = await openChat(browser, server.url, person);
      pages.push(page);
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const page of pages) await page.close();
      await telegram[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function cell(text: string) {
  return { text, align: "left" as const, valign: "top" as const };
}
