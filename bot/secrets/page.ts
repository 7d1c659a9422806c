import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { Secrets } from "./secrets.ts";

const MOST_BODY_BYTES = 64 * 1024;
const TOKEN = /^[\w-]{43}$/;

type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/**
 * The page on which one person enters one request's secrets, once. Opening it takes nothing: Telegram's link
 * previews and a second look are harmless.
 */
export function createSecretPages(secrets: Secrets): Hono {
  const app = new Hono();

  app.get("/secret/:token", async (context) => {
    const token = context.req.param("token");
    if (!TOKEN.test(token)) return context.notFound();
    const entry = await secrets.find(token);
    return entry ? show(context, 200, "Enter the secret", form(entry.fields)) : gone(context);
  });

  app.post("/secret/:token", bodyLimit({ maxSize: MOST_BODY_BYTES }), async (context) => {
    const token = context.req.param("token");
    if (!TOKEN.test(token)) return context.notFound();
    const entry = await secrets.find(token);
    if (!entry) return gone(context);
    const body = await context.req.parseBody();
    const values = Object.fromEntries(entry.fields.map((field) => [field, textOf(body[field])]));
    const empty = entry.fields.filter((field) => values[field] === "");
    if (empty.length > 0) {
      const problem = `Nothing was sent: ${empty.join(", ")} is empty.`;
      return show(context, 400, "Enter the secret", form(entry.fields, problem));
    }
    if (!await secrets.enter(token, values)) return gone(context);
    return show(
      context,
      200,
      "Received",
      html`<p>Stored encrypted for this one request. You can close this page; the request goes on in Telegram.</p>`,
    );
  });

  return app;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function gone(context: Context): Response | Promise<Response> {
  return show(
    context,
    410,
    "This link is no longer good",
    html`<p>It was used already or its ten minutes are over. Nothing was stored. Send the command in Telegram again to get a new one.</p>`,
  );
}

function form(fields: readonly string[], problem?: string): Markup {
  return html`${problem ? html`<p class="problem" role="alert">${problem}</p>` : ""}
<form method="post" autocomplete="off">
${
    fields.map((field) =>
      html`
        <label>${field}<input type="password" name="${field}" required autocomplete="off" autocapitalize="off" spellcheck="false"></label>
      `
    )
  }<button type="submit">Send it to the bot</button>
</form>
<p>It is stored encrypted, shown to nobody, used for this one request and then wiped. This page works once.</p>`;
}

const STYLE = `
:root{color-scheme:light dark;font:17px/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:26rem;padding:1.25rem}
h1{font-size:1.35rem}
label{display:block;margin:1rem 0;font-weight:600;overflow-wrap:anywhere}
input{display:block;box-sizing:border-box;width:100%;margin-top:.35rem;padding:.7rem;font:inherit;border:1px solid #8888;border-radius:.5rem}
button{width:100%;padding:.8rem;font:inherit;font-weight:600;border:0;border-radius:.5rem;background:#1769d2;color:#fff}
.problem{padding:.6rem .8rem;border-left:4px solid #c62828}
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const HEADERS = {
  "content-security-policy":
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
};

async function show(
  context: Context,
  status: 200 | 400 | 410,
  title: string,
  content: Markup,
): Promise<Response> {
  for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body><h1>${title}</h1>
    ${await content}
      </body>
    </html>
  `;
  return context.html(await page, status);
}
