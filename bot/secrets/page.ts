import type { Context, Hono } from "hono";
import { html, raw } from "hono/html";
import type { Config } from "../config.ts";
import { type Door, type Markup, oneTimePages, page, textOf } from "../page_shell.ts";
import { utc } from "../render/layout.ts";
import { plainWords } from "../render/text.ts";
import { changeTitle } from "../store/changes.ts";
import type { OpenEntry, SecretEntry } from "./entry.ts";
import type { CredentialHandover, Credentials, OpenOffer } from "./handover.ts";

/** The page on which one person enters one request's secrets, or sees what a change made, once. */
export function secretPages(config: Config, secretEntry: SecretEntry, handover: CredentialHandover): Hono {
  return oneTimePages("secret", config, {
    async open(context, door) {
      const entry = await secretEntry.find(door.token);
      if (entry) return await page(context, 200, "Enter the secret", form(door, entry));
      const offer = await handover.find(door.token);
      return await (offer ? page(context, 200, "A credential for you", offered(door, offer)) : gone(context));
    },
    async send(context, door, body) {
      const entry = await secretEntry.find(door.token);
      if (entry) return await enter(context, door, entry, body, secretEntry);
      const credentials = await handover.reveal(door.token);
      return await (credentials ? page(context, 200, "Shown once", revealed(credentials)) : gone(context));
    },
  });
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
  if (!body) return again("what came is not the form.");
  const values = Object.fromEntries(entry.fields.map((field) => [field, textOf(body.get(field))]));
  const empty = entry.fields.filter((field) => values[field] === "");
  if (empty.length > 0) return again(`${empty.join(", ")} ${empty.length === 1 ? "is" : "are"} empty.`);
  if (!await secretEntry.enter(entry, values)) return gone(context);
  const received = html`
    <p>It is stored encrypted for this one request, which now goes on in Telegram.</p>
    <p>You can close this page.</p>
  `;
  return page(context, 200, "Received", received);
}

function gone(context: Context): Promise<Response> {
  const why = html`
    <p>It was used already, or its ten minutes are over.</p>
    <p>If the request does not go on in Telegram, send the command there again to get a new link.</p>
    <p>A credential that you did not see here is in the vendor's console: /change with its code says where.</p>
  `;
  return page(context, 410, "This link no longer works", why);
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
