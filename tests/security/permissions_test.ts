import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openOutside } from "../bot/process.ts";
import { openFile } from "../approvals/database.ts";
import { leastPermissions, start } from "../deploy/process.ts";
import { serve } from "../sandbox/serve.ts";
import { ANA, BEN, EMULATED, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, render } from "../sandbox/telegram.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("permissionFlags: with them the bot asks its vendors, decides a change and writes its file", async () => {
  await using database = await openFile();
  await using outside = openOutside({ DATABASE_URL: database.url });
  const { telegram, gravityzone } = outside;
  const bot = await outside.launch();
  const shown = (words: RegExp) =>
    telegram.until(() => telegram.answers(GROUP).find((answer) => words.test(render(answer))), String(words));
  telegram.say(BEN, GROUP, "/status");
  await shown(new RegExp(`of ${EMULATED} vendors need attention`));
  telegram.say(ANA, GROUP, "/disable ec2 Globex reason=off-boarding");
  const card = await telegram.until(() =>
    telegram.answers(GROUP).find((answer) => buttonsOf(answer).some(({ text }) => text === "Approve"))
  );
  await telegram.press(BEN, card, "Approve");
  await shown(/ accepted: /);
  assert.equal(gravityzone.calls.filter(({ method }) => method === "disableAmazonEC2Integration").length, 1);
  assert.ok((await Deno.stat(database.path)).size > 0);
  assert.equal((await bot.terminate()).code, 0, bot.output());
  assert.doesNotMatch(bot.output(), /NotCapable|"ERROR"/);
});

Deno.test("permissionFlags: code inside the process gets neither out of it nor anywhere it should not", async () => {
  await using database = await openFile();
  await using outside = openOutside({ DATABASE_URL: database.url });
  await using elsewhere = serve(() => new Response("never to be read"));
  const file = await Deno.makeTempFile();
  try {
    await using intruder = start({
      command: Deno.execPath(),
      args: [
        "run",
        "-q",
        "--frozen",
        ...leastPermissions(outside.environment),
        "tests/security/break_out.ts",
        file,
        elsewhere.url,
      ],
      cwd: ROOT,
      environment: { ...outside.environment, SOMEONES_KEY: "abc" },
    });
    await intruder.says('"attempts"');
    const results = attemptsIn(intruder.output());
    assert.deepEqual(results["see another variable"], "unset");
    assert.equal(Object.keys(results).length, 16);
    for (const [name, result] of Object.entries(results)) {
      assert.match(result, REFUSED, name);
    }
    assert.equal(await Deno.readTextFile(file), "");
  } finally {
    await Deno.remove(file);
  }
});

const REFUSED =
  /^(unset|NotCapable\b|TypeError: A remote specifier was requested|TypeError: .*not found in cache.*--cached-only)/s;

function attemptsIn(output: string): Record<string, string> {
  const line = output.split("\n").find((one) => one.startsWith('{"attempts"')) ?? "{}";
  return (JSON.parse(line) as { attempts: Record<string, string> }).attempts;
}
