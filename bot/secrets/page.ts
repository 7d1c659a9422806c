import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { html, raw } from "hono/html";
import { utc } from "../render/span.ts";
import { type Markup, show } from "./layout.ts";
import { offered, revealed } from "./offer_page.ts";
import type { Offers } from "./offers.ts";
import type { OpenEntry, Secrets } from "./secrets.ts";

const MOST_BODY_BYTES = 64 * 1024;
const TOKEN = /^[\w-]{43}$/;

export interface SecretPagesOptions {
  readonly secrets: Secrets;
  readonly offers: Offers;
}

/**
 * The page on which one person enters one request's secrets, or sees what a change made, once. Opening it takes
 * nothing and shows nothing: Telegram's link previews and a second look are harmless.
 */
export function createSecretPages({ secrets, offers }: SecretPagesOptions): Hono {
  const app = new Hono();

  app.get("/secret/:token", async (context) => {
    const token = context.req.param("token");
    if (!TOKEN.test(token)) return context.notFound();
    const entry = await secrets.find(token);
    if (entry) return show(context, 200, "Enter the secret", form(entry));
    const offer = await offers.find(token);
    return offer ? show(context, 200, "A credential for you", offered(offer)) : gone(context);
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
    if (!entry) return await reveal(context, token, offers);
    const body = await context.req.formData().catch(() => undefined);
    if (!body) {
      return show(
        context,
        400,
        "Enter the secret",
        form(entry, "Nothing was stored: what came is no form."),
      );
    }
    const values = Object.fromEntries(entry.fields.map((field) => [field, textOf(body.get(field))]));
    const empty = entry.fields.filter((field) => values[field] === "");
    if (empty.length > 0) {
      const problem = `Nothing was stored: ${empty.join(", ")} ${empty.length === 1 ? "is" : "are"} empty.`;
      return show(context, 400, "Enter the secret", form(entry, problem));
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

async function reveal(context: Context, token: string, offers: Offers): Promise<Response> {
  const credentials = await offers.reveal(token);
  return credentials ? show(context, 200, "Shown once", revealed(credentials)) : gone(context);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function gone(context: Context): Promise<Response> {
  return show(
    context,
    410,
    "This link is no longer good",
    html`
      <p>It was used already, or its ten minutes are over.</p>
      <p>If the request does not go on in Telegram, send the command there again to get a new link.</p>
      <p>A credential that you did not see here is in the vendor's console: /change with its code says where.</p>
    `,
  );
}

function form({ fields, purpose, expiresAt }: OpenEntry, problem?: string): Markup {
  return html`
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : ""}
    <dl>
      <dt>For</dt>
      <dd>${purpose}</dd>
      <dt>Until</dt>
      <dd>${utc(expiresAt)}</dd>
    </dl>
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
