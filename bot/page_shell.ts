import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { createHash } from "node:crypto";
import type { Config } from "./config.ts";

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** A form may have long texts in it, and says itself which of them are too long. */
const MOST_BODY_BYTES = { secret: 64 * 1024, form: 1024 * 1024 };

/** A page's token, and what its form has to send along so that the next page knows it. */
export interface Door {
  readonly token: string;
  readonly fields: Markup | "";
}

/** What stands behind a link that is good for one person and once. */
export interface OneTimePage {
  /** Takes nothing and uses up nothing: Telegram's link previews and a second look are harmless. */
  open(context: Context, door: Door): Promise<Response>;
  /** `body` is absent where what came is not the form. */
  send(context: Context, door: Door, body: FormData | undefined): Promise<Response>;
}

/**
 * The routes of such pages. Where addresses are traced the token stands behind #, and a script puts it into the form:
 * only there is a page whose address has none.
 */
export function oneTimePages(
  name: "secret" | "form",
  { addressesAreTraced }: Pick<Config, "addressesAreTraced">,
  { open, send }: OneTimePage,
): Hono {
  const withToken = `/${name}/:token{[\\w-]{43}}` as const;
  const withoutToken = `/${name}` as const;
  const limit = bodyLimit({ maxSize: MOST_BODY_BYTES[name], onError: tooLong });
  const doorIn = (context: Context): Door => ({ token: context.req.param("token") ?? "", fields: "" });
  const pages = new Hono()
    .get(withToken, (context) => open(context, doorIn(context)))
    .post(withToken, limit, async (context) => await send(context, doorIn(context), await bodyOf(context)));
  if (!addressesAreTraced) return pages;
  return pages
    .get(withoutToken, (context) => knock(context))
    .post(withoutToken, limit, async (context) => {
      const body = await bodyOf(context);
      const door = doorOf(textOf(body?.get("token")));
      return await (body?.get("step") === "send" ? send(context, door, body) : open(context, door));
    });
}

async function bodyOf(context: Context): Promise<FormData | undefined> {
  return await context.req.formData().catch(() => undefined);
}

/** What was entered in a field, without blanks around it; a file counts as nothing. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function doorOf(token: string): Door {
  const fields = html`
    <input type="hidden" name="token" value="${token}"><input type="hidden" name="step" value="send">
  `;
  return { token, fields };
}

function tooLong(context: Context): Promise<Response> {
  const what = html`<p>Nothing was stored. Go back and enter it again.</p>`;
  return page(context, 413, "That is too long", what);
}

const STYLE = `
:root{color-scheme:light dark;font:17px/1.5 system-ui,sans-serif;background:light-dark(#eef1f5,#0e1621);color:light-dark(#101820,#edf2f7)}
body{margin:0 auto;max-width:27rem;padding:1rem}
main{padding:1.1rem 1.2rem 1.3rem;border-radius:.9rem;background:light-dark(#fff,#17212b);overflow-wrap:anywhere}
h1{margin:0 0 .6rem;font-size:1.3rem;line-height:1.3}
p{margin:.6rem 0 0}
a{color:light-dark(#1769b5,#6ab3f3)}
.brand,.note,.help,.need{font-size:.88rem;color:light-dark(#566573,#9db0c1)}
.brand{margin:0 0 .2rem}
.note{margin-top:1rem}
.help{margin:.2rem 0 0}
.need{font-weight:400}
label{display:block;margin:0 0 1rem}
code{font-size:.95rem;font-weight:600}
dl{margin:.8rem 0 0}
dt{margin-top:.8rem;font-weight:600}
dd{margin:.3rem 0 0}
dd code{display:block;padding:.7rem;font-weight:400;border:1px solid light-dark(#7c8a97,#5d7387);border-radius:.5rem;-webkit-user-select:all;user-select:all}
dl+form,.problem+form{margin-top:1.2rem}
.field{margin:0 0 1.1rem}
.field label{margin:0;font-weight:600}
.field label code{font-weight:400;font-size:.85rem;color:light-dark(#566573,#9db0c1)}
input,select,textarea{display:block;box-sizing:border-box;width:100%;min-width:0;margin-top:.3rem;padding:.7rem;font:inherit;font-weight:400;color:inherit;background:light-dark(#fff,#0e1621);border:1px solid light-dark(#7c8a97,#5d7387);border-radius:.5rem}
textarea{min-height:5rem;resize:vertical}
fieldset{min-width:0;margin:0 0 1.2rem;padding:.8rem .8rem 0;border:1px solid light-dark(#c3ccd5,#33475b);border-radius:.6rem}
legend{padding:0 .4rem;font-weight:600}
fieldset fieldset{padding:.6rem .6rem 0}
fieldset fieldset .field{margin-bottom:.7rem}
details{margin:0 0 1.2rem;padding:.7rem .8rem;border:1px solid light-dark(#c3ccd5,#33475b);border-radius:.6rem}
summary{font-weight:600;cursor:pointer}
details[open] summary{margin-bottom:.9rem}
button{width:100%;padding:.8rem;font:inherit;font-weight:600;border:0;border-radius:.5rem;background:#1769b5;color:#fff}
button.more{margin:0 0 1rem;padding:.6rem;border:1px solid light-dark(#1769b5,#6ab3f3);background:none;color:light-dark(#1769b5,#6ab3f3)}
button.first{position:absolute;width:1px;height:1px;padding:0;overflow:hidden;clip-path:inset(50%)}
:focus-visible{outline:3px solid light-dark(#1769b5,#6ab3f3);outline-offset:2px}
.problem{margin:0 0 1rem;padding:.6rem .8rem;border-left:4px solid #d24545;border-radius:.3rem;background:light-dark(#fdeeee,#3a2024)}
.problem ul{margin:.4rem 0 0;padding-left:1.2rem}
.mistake{margin:.2rem 0 0;font-weight:600;color:light-dark(#b3261e,#ff9d94)}
[aria-invalid]{border-color:light-dark(#b3261e,#ff9d94);border-width:2px}
`;

/** Takes the token out of the address too, so that the browser's history does not keep it. */
const SCRIPT = `
const [form] = document.forms;
form.token.value = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
form.submit();
`;

/** What stands behind # never comes here by itself. */
async function knock(context: Context): Promise<Response> {
  const content = html`
    <form method="post">
      <input type="hidden" name="token"><input type="hidden" name="step" value="open">
    </form>
    <noscript><p>This page needs scripts: the link's last part is not sent here without one.</p></noscript>
    <script>${raw(SCRIPT)}</script>
  `;
  const answer = await page(context, 200, "Open the link", content);
  const policy = HEADERS[POLICY].replace("form-action", `script-src 'sha256-${SCRIPT_HASH}'; form-action`);
  answer.headers.set(POLICY, policy);
  return answer;
}

const SCRIPT_HASH = createHash("sha256").update(SCRIPT).digest("base64");
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const POLICY = "content-security-policy";
const HEADERS = {
  [POLICY]:
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
};

/** One of the bot's pages; nothing may keep it, frame it or run on it. */
export async function page(
  context: Context,
  status: 200 | 400 | 410 | 413 | 503,
  title: string,
  content: Markup,
): Promise<Response> {
  for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  const markup = html`
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
  return context.html(await markup, status);
}
