import type { Browser, Page } from "playwright-core";

/** Where an installed Chromium is; undefined where there is none. */
export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  isThere,
);

const QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const OFFLINE = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** How wide a small phone is, in CSS pixels. */
export const PHONE = { width: 360, height: 740 };

export async function launch(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: CHROMIUM ?? "", args: [...QUIET, ...OFFLINE] });
}

/** The chat page as one person sees it; it is open once the chats are listed. */
export async function openChat(
  browser: Browser,
  url: string,
  person: number,
  look: Parameters<Browser["newPage"]>[0] = { viewport: PHONE },
): Promise<Page> {
  const page = await browser.newPage(look);
  await page.goto(`${url}/?as=${person}`);
  await page.locator("#chats button[aria-current]").waitFor();
  return page;
}

/** Types it and sends it. */
export async function sayIn(page: Page, words: string): Promise<void> {
  await page.locator("#text").fill(words);
  await page.locator("#text").press("Enter");
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
