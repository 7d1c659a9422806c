import assert from "node:assert/strict";
import { openConversation } from "./conversation.ts";
import { isWatched, playScript, readScript, ScriptMistake } from "./script.ts";

const SCRIPTS = new URL("scripts/", import.meta.url);

for (const { name } of Deno.readDirSync(SCRIPTS)) {
  Deno.test(`--script ${name} goes as it is written`, async () => {
    const transcript = await play(await Deno.readTextFile(new URL(name, SCRIPTS)));
    assert.match(transcript, /^Ana: \//m);
  });
}

Deno.test("--script shows what was done and what came of it", async () => {
  const transcript = await play("# Is it there?\nBen: /ping\n> pong\n> not: Rejected");
  assert.match(transcript, /^# Is it there\?\n\nBen: \/ping\n\n {4}🟢 pong\n {4}Version/);
});

Deno.test("--script tells for whom alone an answer is, and what a press was answered with", async () => {
  const transcript = await play(`
    Ana: /disable ec2 Globex reason=test
    Ana presses Approve
    > only Ana sees: someone else has to approve it
    Ana: /withdraw <code> wrong company
    > Withdrawn
  `);
  assert.match(transcript, /\(notice, only Ana sees this\)\n {4}⛔ You asked for this change/);
  assert.match(transcript, /^Ana: \/withdraw [2-9A-Z]{5} wrong company$/m);
  assert.match(transcript, /\(the message above now reads\)\n {4}ℹ️ Withdrawn/);
});

Deno.test("--script enters a secret on the page that the link leads to", async () => {
  const transcript = await play(`
    Ana: /enable ec2 Initech key=AKIAIOSFODNN7EXAMPLE secret=?
    > only Ana sees: Open the page
    Ana enters secret = wJalrXUtnFEMI/K7MDENG
    > Enable the EC2 integration of Initech
    Ben presses Approve
    > GravityZone accepted
  `);
  assert(!transcript.replace(/^Ana enters .*$/m, "").includes("wJalrXUtnFEMI"));
});

Deno.test("--script answers a question by a reply, and fills in a form", async () => {
  await play(`
    Ana: /rotate externalid Globex
    > Type the reason in reply
    Ana replies: new trust policy
    > new trust policy
    Ana: /map opsramp Service Desk
    Ana presses Fill in a form
    Ana enters direction = in; entity = INCIDENT; attribute = priority; thirdParty = Ticket.priority
    > priority
  `);
});

Deno.test("--script lets time pass", async () => {
  await play(`
    Ana: /disable ec2 Globex reason=test
    > until
    time passes 16m
    > Expired
    > Nobody decided in time
  `);
});

/** What goes wrong, and the line it is blamed on. */
const MISTAKES: readonly [name: string, script: string, line: number, sentence: RegExp][] = [
  [
    "what was not answered",
    "Ana: /ping\n\n> pong\n> pang",
    4,
    /"pang" was not answered\. Answered was:\n\n {4}🟢 pong/,
  ],
  [
    "what was answered to someone else",
    "Ana: /whoami\n> only Ben sees: You are",
    2,
    /not answered to Ben alone/,
  ],
  ["what must not be answered", "Ana: /ping\n> not: pong", 2, /"pong" must not be answered, but was/],
  ["an answer to silence", "Oskar, in private: /ping\n> pong", 2, /There was no answer\./],
  ["silence that is none", "Ana: /ping\n> (nothing)", 2, /no answer was expected, but one came/],
  [
    "a button that is not there",
    "Ana: /ping\nBen presses Approve\n> Applied",
    2,
    /Ben sees no button "Approve"/,
  ],
  ["a page that is not there", "Ana enters secret = x\n> Enable", 1, /Ana has no link to a page/],
  ["a line that says nothing", "Ana: /ping\n> pong\nEve: /status", 3, /"Eve: \/status" says nothing known\./],
  ["a time that is none", "Ana: /ping\n> pong\ntime passes soon", 3, /"soon" is no time\. Write it as 90s/],
  ["an expectation of nothing", "Ana: /ping\n>", 2, /after ">" comes what must be answered/],
  ["an integration that is nowhere", "Nonesuch is mended\n> x", 1, /No integration is called "Nonesuch"/],
  ["a token without an end", "the token of Sophos ends in 5d\n> x", 1, /knows no end of a token of Sophos/],
  ["a script without expectations", "Ana: /ping", 1, /the script expects nothing/],
];

for (const [name, script, line, sentence] of MISTAKES) {
  Deno.test(`--script names the line of ${name}`, async () => {
    await assert.rejects(play(script), (error) => {
      assert(error instanceof ScriptMistake, String(error));
      assert(error.message.startsWith(`line ${line}: `), error.message);
      assert.match(error.message, sentence);
      return true;
    });
  });
}

Deno.test("--script ends with 1 and the line when something else is answered, and with 0 when not", async () => {
  const file = await Deno.makeTempFile({ suffix: ".txt" });
  try {
    await Deno.writeTextFile(file, "Ana: /ping\n> pong\n");
    assert.deepEqual([(await run(file)).code, (await run(file)).err], [0, ""]);
    await Deno.writeTextFile(file, "Ana: /ping\n> pang\n");
    const { code, out, err } = await run(file);
    assert.equal(code, 1);
    assert.match(out, /^\nAna: \/ping\n\n {4}🟢 pong/);
    assert(err.startsWith(`${file}, line 2: "pang" was not answered.`), err);
  } finally {
    await Deno.remove(file);
  }
  const { code, err } = await run(file);
  assert.deepEqual([code, err], [2, `${file} cannot be read: there is no such file.\n`]);
});

async function play(script: string): Promise<string> {
  const steps = readScript(script);
  await using conversation = await openConversation({ watched: isWatched(steps) });
  let transcript = "";
  await playScript(steps, conversation, (part) => Promise.resolve(void (transcript += part)));
  return transcript;
}

async function run(file: string): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", new URL("main.ts", import.meta.url).href, "--script", file],
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}
