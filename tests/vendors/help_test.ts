import assert from "node:assert/strict";
import { ANA, openFixture } from "../approvals/fixture.ts";

async function answerTo(said: string): Promise<string> {
  await using fixture = await openFixture();
  await fixture.say(ANA, said);
  return fixture.ephemeralAnswers(ANA).at(-1) ?? "";
}

Deno.test("/help names every field that a product takes, by what it takes", async () => {
  for (const said of ["/help create datto", "/help update datto"]) {
    const help = await answerTo(said);
    assert.match(help, /Address +url\n/);
    assert.match(help, /Text +client_id, /);
    assert.match(help, /true or false +match_user, /);
    assert.match(help, /Secret, =\? +new_client_secret, new_webhook_password/);
    assert.doesNotMatch(help, /webhook_guid/, "what HaloPSA sets itself");
  }
  assert.match(await answerTo("/help show datto"), /\/show datto <id or name>/);
});

Deno.test("/help of a target shows what can be done with it", async () => {
  assert.match(await answerTo("/help ec2"), /^ℹ️ ec2 has 4 commands\n[^]*\/enable ec2 +Set up Amazon EC2/);
  for (const target of ["bd", "halo", "tenable", "s1"]) {
    assert.match(await answerTo(`/help ${target}`), /has \d+ commands?\n/, target);
  }
});

Deno.test("/help offers the bot's own commands of several words as they are typed", async () => {
  const rules = await answerTo("/help rules");
  assert.match(rules, /\[ \/freeze status \] \[ \/audit export \] \[ \/audit verify \]/);
  assert.doesNotMatch(rules, /\[ status \]/);
});
