import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import { BEN, type Fixture, openFixture } from "../approvals/fixture.ts";
import { everythingWritten } from "../approvals/secret_page.ts";

testOnEach("an access token that a vendor answers is covered, and so is the one after it", async (url) => {
  const tokens = new Set<string>();
  await using fixture = await openFixture({
    environment: { DATABASE_URL: url, STATUS_CACHE_TTL: "0" },
    async onTheWay(vendor, request, passOn) {
      const [, token] = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
      const response = await passOn();
      if (token === undefined || !response.ok || vendor === "Apono") return response;
      tokens.add(token);
      return new Response((await response.text()).replace(NAMES, `$1${token} $2`), response);
    },
  });
  for (const renewed of [false, true]) {
    await lookAround(fixture);
    assert.equal(tokens.size, renewed ? 4 : 2);
    const written = await everythingWritten(fixture);
    for (const token of tokens) assert.ok(!written.includes(token), token);
    assert.match(fixture.groupAnswers().join(), /\[redacted\]/);
    fixture.halo.expireTokens();
    fixture.opsramp.expireTokens();
  }
});

const NAMES = /("(?:name|url|displayName|last_error)": ?")([^"]+)/g;

async function lookAround(fixture: Fixture): Promise<void> {
  for (const command of ["/status", "/status halo", "/list sophos", "/status opsramp", "/list opsramp"]) {
    await fixture.say(BEN, command);
  }
}
