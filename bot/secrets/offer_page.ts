import { html } from "hono/html";
import { stateLine } from "../changes/card.ts";
import { utc, wordsOf } from "../render/span.ts";
import type { Markup } from "./layout.ts";
import type { Credentials, OpenOffer } from "./offers.ts";

/** What waits behind the button; none of it is secret. */
export function offered({ change, labels, expiresAt }: OpenOffer): Markup {
  return html`
    <dl>
      <dt>What</dt>
      <dd>${labels}</dd>
      <dt>Change</dt>
      <dd>${change.code} · ${wordsOf(stateLine(change).title)}</dd>
      <dt>Until</dt>
      <dd>${utc(expiresAt)}</dd>
    </dl>
    <form method="post"><button type="submit">Show it</button></form>
    <p class="note">It is shown once and then wiped, so be ready to put it where it belongs.</p>
  `;
}

/** Without a script there is no copy button: touching a value selects all of it. */
export function revealed(credentials: Credentials): Markup {
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
