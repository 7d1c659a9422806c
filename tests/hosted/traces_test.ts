import assert from "node:assert/strict";
import { postgres, testWith } from "../approvals/database.ts";
import { ANA, GROUP } from "../sandbox/stage.ts";
import { openPlatform, type PlatformOptions } from "./platform.ts";

/** What the collector has been sent when a command with a document has been handled and the process has ended. */
async function tracesOf(
  url: string,
  options: Partial<PlatformOptions> = {},
): Promise<{ readonly leaks: number; readonly spans: number }> {
  const { environment, ...others } = options;
  await using platform = openPlatform({ environment: { DATABASE_URL: url, ...environment }, ...others });
  const { telegram } = platform;
  assert.equal(await platform.tick(), true, platform.output());
  telegram.say(ANA, GROUP, "/update sophos 1", { document: { name: "change.json", content: "{}" } });
  await telegram.until(() => telegram.ephemerals(ANA, GROUP).length > 0, "the answer");
  assert.equal(telegram.calls("getFile").length, 1);
  await platform.end("SIGINT");
  const [, secret = ""] = telegram.token.split(":");
  const traced = platform.traced();
  return { leaks: traced.split(secret).length - 1, spans: traced.split("http.request.method").length - 1 };
}

testWith(postgres, "hosted: neither calls nor downloads leave the bot's token in a trace", async (url) => {
  const { leaks, spans } = await tracesOf(url);
  assert.equal(leaks, 0);
  assert.ok(spans > 0, "traces are collected");
});

for (const road of ["calls", "downloads"]) {
  testWith(postgres, `hosted: ${road} by Deno's own fetch would leave the token in traces`, async (url) => {
    const { leaks } = await tracesOf(url, {
      entrypoint: "tests/hosted/plain_fetch.ts",
      environment: { PLAIN: road },
    });
    assert.ok(leaks > 0);
  });
}
