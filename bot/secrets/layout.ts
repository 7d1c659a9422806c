import { createHash } from "node:crypto";
import type { Context } from "hono";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

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

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const HEADERS = {
  "content-security-policy":
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
};

/** One of the bot's pages; nothing may keep it, frame it or run on it. */
export async function show(
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
