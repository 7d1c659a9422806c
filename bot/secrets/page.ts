import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { createHash } from "node:crypto";
import { utc } from "../render/layout.ts";
import { plainWords } from "../render/text.ts";
import { changeTitle } from "../store/changes.ts";
import type { OpenEntry, SecretEntry } from "./entry.ts";
import type { CredentialHandover, Credentials, OpenOffer } from "./handover.ts";

const MOST_BODY_BYTES = 64 * 1024;
const WITH_TOKEN = "/secret/:token{[\\w-]{43}}";
/** Where addresses are traced: the token stands behind #, and a script puts it into the form. */
const WITHOUT_TOKEN = "/secret";

/** A page's token, and what its form has to send along so that the next page knows it. */
interface Door {
  readonly token: string;
  readonly fields: Markup | "";
}

/**
 * The page on which one person enters one request's secrets, or sees what a change made, once. Opening it takes
 * nothing and shows nothing: Telegram's link previews and a second look are harmless.
 */
export function secretPages(secretEntry: SecretEntry, handover: CredentialHandover): Hono {
  const open = async (context: Context, door: Door) => {
    const entry = await secretEntry.find(door.token);
    if (entry) return await page(context, 200, "Enter the secret", form(door, entry));
    const offer = await handover.find(door.token);
    return await (offer ? page(context, 200, "A credential for you", offered(door, offer)) : gone(context));
  };
  const send = async (context: Context, door: Door, body: FormData | undefined) => {
    const entry = await secretEntry.find(door.token);
    if (entry) return await enter(context, door, entry, body, secretEntry);
    const credentials = await handover.reveal(door.token);
    return await (credentials ? page(context, 200, "Shown once", revealed(credentials)) : gone(context));
  };
  const limit = bodyLimit({ maxSize: MOST_BODY_BYTES, onError: tooLong });
  return new Hono()
    .get(WITH_TOKEN, (context) => open(context, { token: context.req.param("token"), fields: "" }))
    .post(
      WITH_TOKEN,
      limit,
      async (context) =>
        await send(context, { token: context.req.param("token"), fields: "" }, await bodyOf(context)),
    )
    .get(WITHOUT_TOKEN, (context) => knock(context))
    .post(WITHOUT_TOKEN, limit, async (context) => {
      const body = await bodyOf(context);
      const door = doorOf(textOf(body?.get("token")));
      return await (body?.get("step") === "send" ? send(context, door, body) : open(context, door));
    });
}

async function bodyOf(context: Context): Promise<FormData | undefined> {
  return await context.req.formData().catch(() => undefined);
}

function doorOf(token: string): Door {
  const fields = html`
    <input type="hidden" name="token" value="${token}"><input type="hidden" name="step" value="send">
  `;
  return { token, fields };
}

async function enter(
  context: Context,
  door: Door,
  entry: OpenEntry,
  body: FormData | undefined,
  secretEntry: SecretEntry,
): Promise<Response> {
  const again = (problem: string) =>
    page(context, 400, "Enter the secret", form(door, entry, `Nothing was stored: ${problem}`));
  if (!body) return again("what came is no form.");
  const values = Object.fromEntries(entry.fields.map((field) => [field, textOf(body.get(field))]));
  const empty = entry.fields.filter((field) => values[field] === "");
  if (empty.length > 0) return again(`${empty.join(", ")} ${empty.length === 1 ? "is" : "are"} empty.`);
  if (!await secretEntry.enter(door.token, values)) return gone(context);
  const received = html`
    <p>It is stored encrypted for this one request, which now goes on in Telegram.</p>
    <p>You can close this page.</p>
  `;
  return page(context, 200, "Received", received);
}

function tooLong(context: Context): Promise<Response> {
  const what = html`<p>Nothing was stored. Go back and enter it again.</p>`;
  return page(context, 413, "That is too long", what);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function gone(context: Context): Promise<Response> {
  const why = html`
    <p>It was used already, or its ten minutes are over.</p>
    <p>If the request does not go on in Telegram, send the command there again to get a new link.</p>
    <p>A credential that you did not see here is in the vendor's console: /change with its code says where.</p>
  `;
  return page(context, 410, "This link is no longer good", why);
}

function form(door: Door, { fields, purpose, expiresAt }: OpenEntry, problem?: string): Markup {
  return html`
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : ""}
    <dl>
      <dt>For</dt>
      <dd>${purpose}</dd>
      <dt>Until</dt>
      <dd>${utc(expiresAt)}</dd>
    </dl>
    <form method="post" autocomplete="off">
      ${door.fields}
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

type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

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
dl{margin:.8rem 0 0}
dt{margin-top:.8rem;font-weight:600}
dd{margin:.3rem 0 0}
dd code{display:block;padding:.7rem;font-weight:400;border:1px solid light-dark(#7c8a97,#5d7387);border-radius:.5rem;-webkit-user-select:all;user-select:all}
dl+form{margin-top:1.2rem}
input{display:block;box-sizing:border-box;width:100%;margin-top:.3rem;padding:.7rem;font:inherit;color:inherit;background:light-dark(#fff,#0e1621);border:1px solid light-dark(#7c8a97,#5d7387);border-radius:.5rem}
button{width:100%;padding:.8rem;font:inherit;font-weight:600;border:0;border-radius:.5rem;background:#1769b5;color:#fff}
:focus-visible{outline:3px solid light-dark(#1769b5,#6ab3f3);outline-offset:2px}
.problem{margin:0 0 1rem;padding:.6rem .8rem;border-left:4px solid #d24545;border-radius:.3rem;background:light-dark(#fdeeee,#3a2024)}
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
async function page(
  context: Context,
  status: 200 | 400 | 410 | 413,
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

/** What waits behind the button; none of it is secret. */
function offered(door: Door, { change, labels, expiresAt }: OpenOffer): Markup {
  return html`
    <dl>
      <dt>What</dt>
      <dd>${labels}</dd>
      <dt>Change</dt>
      <dd>${change.code} · ${plainWords(changeTitle(change).title)}</dd>
      <dt>Until</dt>
      <dd>${utc(expiresAt)}</dd>
    </dl>
    <form method="post">${door.fields}<button type="submit">Show it</button></form>
    <p class="note">It is shown once and then wiped, so be ready to put it where it belongs.</p>
  `;
}

/** Without a script there is no copy button: touching a value selects all of it. */
function revealed(credentials: Credentials): Markup {
  return html`
    <dl>
      ${credentials.map(({ label, value }) =>
        html`
          <dt>${label}</dt>
          <dd><code>${value}</code></dd>
        `
      )}
    </dl>
    <p class="note">
      The bot has wiped it. Copy it now: this page does not open again. Touch a value to select all of it.
    </p>
  `;
}
