import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { ANA, type Fixture, openFixture } from "../approvals/fixture.ts";
import { CHROMIUM, launch, PHONE } from "../sandbox/page/chromium.ts";
import { formFor } from "./filling.ts";

const WHY_NOT = CHROMIUM ? "" : " (skipped: no Chromium in /usr/bin)";
/** Where pictures of the pages are put, for whoever wants to look at them. */
const PICTURES = Deno.env.get("FORM_PICTURES");

Deno.test({
  name:
    `the page of a form works on a phone, with a keyboard, for a screen reader, in light and dark${WHY_NOT}`,
  ignore: CHROMIUM === undefined,
  // The browser is another process with pipes of its own, which the driver closes after the test has ended.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const browser = await launch();
    try {
      await using fixture = await openFixture();
      await t.step("chosen, filled in with mistakes, mended and sent", () => fillInByHand(browser, fixture));
      await t.step("everything is reached and sent by keyboard alone", () => byKeyboard(browser, fixture));
      await t.step("lists and numbers of a product are folded until wanted", () => folded(browser, fixture));
    } finally {
      await browser.close();
    }
  },
});

async function openPage(browser: Browser, fixture: Fixture, command: string): Promise<Page> {
  const page = await browser.newPage({ viewport: PHONE, javaScriptEnabled: false });
  await page.goto(await formFor(fixture, ANA, command));
  return page;
}

async function fillInByHand(browser: Browser, fixture: Fixture): Promise<void> {
  const page = await openPage(browser, fixture, "/create apono");
  await readable(page, "first");
  await page.getByLabel("Type of integration").selectOption({ label: "PostgreSQL (postgresql)" });
  await page.getByRole("button", { name: "Go on" }).click();
  await fits(page);
  await readable(page, "empty");
  await page.getByLabel("Name name").fill("Orders");
  await page.getByLabel("Hostname").fill("postgres://ana:hunter2@db.example.com");
  await page.getByRole("button", { name: "Send it to the bot" }).click();
  const alert = page.getByRole("alert");
  assert.match(await alert.innerText(), /Nothing was asked for yet/);
  assert.equal(await page.getByLabel("Name name").inputValue(), "Orders");
  const host = page.getByLabel("Hostname");
  assert.equal(await host.getAttribute("aria-invalid"), "true");
  const [said] = (await host.getAttribute("aria-describedby") ?? "").split(" ").slice(-1);
  assert.match(await page.locator(`#${said}`).innerText(), /looks like a secret/);
  await fits(page);
  await readable(page, "mistakes");
  await alert.getByRole("link", { name: "Hostname" }).click();
  await host.fill("db.example.com");
  await page.getByLabel("Region").fill("eu-west-1");
  await page.getByLabel("Secret id").first().fill("prod/orders");
  await page.getByRole("button", { name: "Send it to the bot" }).click();
  await page.getByRole("heading", { name: "Received" }).waitFor();
  await page.close();
}

async function byKeyboard(browser: Browser, fixture: Fixture): Promise<void> {
  const page = await openPage(browser, fixture, '/map opsramp "Service Desk"');
  const reached: string[] = [];
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press("Tab");
    reached.push(String(await page.evaluate("document.activeElement.getAttribute('name')")));
  }
  const wanted = await page.locator("input:not([type=hidden]), select, textarea").evaluateAll((all) =>
    all.map((one) => one.getAttribute("name") ?? "")
  );
  assert.deepEqual(wanted.filter((name) => !reached.includes(name)), []);
  const order = reached.filter((name) => wanted.includes(name));
  assert.deepEqual(order.slice(0, wanted.length), wanted);
  await page.getByLabel("Direction").selectOption("in");
  await page.getByLabel("OpsRamp's entity").selectOption("INCIDENT");
  await page.getByLabel("OpsRamp's attribute").fill("priority");
  await page.getByLabel("Third-party entity and attribute").fill("Ticket.priority");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Received" }).waitFor();
  await page.close();
}

async function folded(browser: Browser, fixture: Fixture): Promise<void> {
  const page = await openPage(browser, fixture, "/update ncentral 1");
  await fits(page);
  const list = page.getByLabel("Third party's id").first();
  assert.equal(await list.isVisible(), false);
  await page.getByText("Lists", { exact: true }).click();
  assert.equal(await list.isVisible(), true);
  await fits(page);
  await picture(page, "lists");
  await page.close();
}

/** Nothing is wider than the phone. */
async function fits(page: Page): Promise<void> {
  const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
  assert(width <= PHONE.width, `${width} px wide`);
}

/** Runs in the page: the texts whose contrast with what is behind them is below 4.5. */
const FAINT = String.raw`() => {
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (one) => {
    if (!one) return "rgb(255, 255, 255)";
    const colour = getComputedStyle(one).backgroundColor;
    return /rgba\(.*, 0\)$/.test(colour) ? behind(one.parentElement) : colour;
  };
  return [...document.querySelectorAll("label, p, li, legend, summary, button, input, select, dt, dd, h1, a")]
    .filter((one) => one.getClientRects().length > 0)
    .map((one) => {
      const [more, less] = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a);
      return { words: one.textContent.trim().slice(0, 40), ratio: (more + 0.05) / (less + 0.05) };
    })
    .filter(({ ratio }) => ratio < 4.5);
}`;

/** Every text stands out from what is behind it, by the measure of the WCAG, by day and by night. */
async function readable(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await page.evaluate(`(${FAINT})()`), [], colorScheme);
    await picture(page, `${name}-${colorScheme}`);
  }
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
}
