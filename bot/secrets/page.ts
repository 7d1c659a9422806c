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

  const limit = bodyLimit({
    maxSize: MOST_BODY_BYTES,
    onError: (context) =>
      show(context, 413, "That is too long", html`<p>Nothing was stored. Go back and enter it again.</p>`),
  });
  app.post("/secret/:token", limit, async (context) => {
    const token = context.req.param("token");
    if (!TOKEN.test(token)) return context.notFound();
    const entry = await secrets.find(token);
    if (!entry) return gone(context);
    const body = await context.req.formData().catch(() => undefined);
    if (!body) {
      return show(
        context,
        400,
        "Enter the secret",
        form(entry.fields, "Nothing was stored: what came is no form."),
      );
    }
    const values = Object.fromEntries(entry.fields.map((field) => [field, textOf(body.get(field))]));
    const empty = entry.fields.filter((field) => values[field] === "");
    if (empty.length > 0) {
      const problem = `Nothing was stored: ${empty.join(", ")} ${empty.length === 1 ? "is" : "are"} empty.`;
      return show(context, 400, "Enter the secret", form(entry.fields, problem));
    }
    if (!await secrets.enter(token, values)) return gone(context);
    return show(
      context,
      200,
      "Received",
      html`
        <p>It is stored encrypted for this one request, which now goes on in Telegram.</p>
        <p>You can close this page.</p>
      `,
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
    html`
      <p>It was used already, or its ten minutes are over.</p>
      <p>If the request does not go on in Telegram, send the command there again to get a new link.</p>
    `,
  );
}

function form(fields: readonly string[], problem?: string): Markup {
  return html`
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : ""}
    <form method="post" autocomplete="off">
      ${fields.map(input)}
      <button type="submit">Send it to the bot</button>
    </form>
    <p class="note">
      Stored encrypted, shown to nobody, used for this one request, then wiped. This page works once.
    </p>
  `;
}

function input(field: string, index: number): Markup {
  const focus = index === 0 ? raw(" autofocus") : "";
  return html`
    <label>
      <code>${field}</code>
      <input type="password" name="${field}" required autocomplete="off" autocapitalize="off"
        spellcheck="false" ${focus}>
    </label>
  `;
}

const STYLE = `
:root{color-scheme:light dark;font:17px/1.5 system-ui,sans-serif;background:light-dark(#eef1f5,#0e1621);color:light-dark(#101820,#edf2f7)}
body{margin:0 auto;max-width:27rem;padding:1rem}
main{padding:1.1rem 1.2rem 1.3rem;border-radius:.9rem;background:light-dark(#fff,#17212b);overflow-wrap:anywhere}
h1{margin:0 0 .6rem;font-size:1.3rem;line-height:1.3}
p{margin:.6rem 0 0}
.brand,.note{font-size:.88rem;color:light-dark(#566573,#9db0c1)}
.brand{margin:0 0 .2rem}
.note{margin-top:1rem}
label{display:block;margin:0 0 1rem}
code{font-size:.95rem;font-weight:600}
input{display:block;box-sizing:border-box;width:100%;margin-top:.3rem;padding:.7rem;font:inherit;color:inherit;background:light-dark(#fff,#0e1621);border:1px solid light-dark(#7c8a97,#5d7387);border-radius:.5rem}
button{width:100%;padding:.8rem;font:inherit;font-weight:600;border:0;border-radius:.5rem;background:#1769b5;color:#fff}
:focus-visible{outline:3px solid light-dark(#1769b5,#6ab3f3);outline-offset:2px}
.problem{margin:0 0 1rem;padding:.6rem .8rem;border-left:4px solid #d24545;border-radius:.3rem;background:light-dark(#fdeeee,#3a2024)}
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
  status: 200 | 400 | 410 | 413,
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
      <body>
        <main>
          <p class="brand">Countersign</p>
          <h1>${title}</h1>
          ${await content}
        </main>
      </body>
    </html>
  `;
  return context.html(await page, status);
}
