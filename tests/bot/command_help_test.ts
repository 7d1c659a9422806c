import assert from "node:assert/strict";
import * as z from "zod";
import { type Command, takesDocument, usageOf } from "../../bot/parser/command.ts";
import { help, start } from "../../bot/parser/help.ts";
import { entriesFor } from "../../bot/telegram/menus.ts";
import { parse } from "../../bot/parser/parse.ts";
import { validationMessage } from "../../bot/parser/validation_message.ts";
import type { Operation } from "../../handlers/operation.ts";
import type { Button, Reply } from "../../handlers/reply.ts";
import { aliases, commands } from "./command_vocabulary.ts";

const usages: readonly (readonly [head: string, usage: string])[] = [
  ["/status", "/status"],
  ["/status bitdefender", "/status bitdefender [company]"],
  ["/usage ec2", "/usage ec2 [company] [month=<mm/yyyy>]"],
  ["/whois", "/whois <aws account id>"],
  ["/enable ec2", "/enable ec2 <company> [role=<arn>] [key=<key>] [secret=?]"],
  ["/disable ec2", "/disable ec2 <company> reason=<why>"],
  [
    "/list apono",
    "/list apono [name=<name>] [status=Active|Error|Paused] [limit=<limit>] [deleted=<deleted>] [types=<types>]",
  ],
  [
    "/create apono",
    "/create apono [type=<type>] [name=<name>] [config.<param>=<value>…] [secret.<store.field>=<value>…]",
  ],
  ["/tag apono", "/tag apono <resource id> [<key>=<value>…] [-<key>…]"],
  ["/map opsramp", "/map opsramp <id> in|out ALERT|INCIDENT <attribute> <theirs> [value=third-party value…]"],
  [
    "/notifier opsramp",
    "/notifier opsramp <id> uri=<uri> auth=NONE|OAUTH2|JWT [apiKey=<apiKey>] [apiSecret=?]",
  ],
  ["/export tenable start", "/export tenable start [chunk=<chunk>]"],
  ["/freeze", "/freeze [target] [for=2h] <reason>"],
  ["/audit", "/audit [n] [company=<company>] [since=<since>]"],
];

for (const [head, usage] of usages) {
  Deno.test(`usageOf ${head} says what to type`, () => assert.equal(usageOf(commandAt(head)), usage));
}

Deno.test("usageOf reads the words of a field through every wrapper around it", () => {
  const field = z.string().meta({ positional: true, placeholder: "company" });
  for (
    const wrapped of [
      field.optional(),
      field.default("x"),
      field.nullable().optional(),
    ]
  ) {
    const command: Command = {
      verb: "x",
      target: null,
      summary: "",
      example: "/x",
      input: z.object({ wrapped }),
    };
    assert.equal(usageOf(command), "/x [company]");
  }
});

Deno.test("takesDocument is true only where a field is a document", () => {
  assert.equal(takesDocument(commandAt("/create apono")), true);
  assert.equal(takesDocument(commandAt("/tag apono")), false);
});

Deno.test("help is a short menu, with every verb once, folded, in the part that it belongs to", () => {
  const { blocks = [], buttons = [] } = help(commands);
  const folded = blocks.flatMap((block) => block.kind === "details" ? block.blocks : []);
  const facts = folded.flatMap((block) => block.kind === "facts" ? block.facts : []);
  assert.doesNotMatch(JSON.stringify(blocks.filter(({ kind }) => kind !== "details")), /\/status/);
  const verbs = facts.flatMap(([, said]) => String(said).split(" "));
  const all = new Set(commands.map((command) => `/${command.verb}`));
  assert.deepEqual(verbs.toSorted(), [...all, "/export"].toSorted(), "/export both reads and changes");
  assert.deepEqual(buttons.flat().map(({ label }) => label), facts.map(([label]) => label));
});

Deno.test("help for a verb shows each form with usage, example, risk and who agrees", () => {
  const reply = help(commands, { verb: "Disable" });
  const text = JSON.stringify(reply);
  assert.equal(reply.blocks?.length, 2);
  assert.match(text, /\/disable ec2 <company> reason=<why>/);
  assert.match(text, /"\/disable opsramp 1 reason=maintenance"/);
  assert.match(text, /Dangerous: needs reason=… and one approver other than you/);
});

Deno.test("help for a target takes any name of it", () => {
  assert.match(
    JSON.stringify(help(commands, { verb: "status", target: "BD" }, aliases).title),
    /\/status bitdefender/,
  );
  assert.match(
    JSON.stringify(help(commands, { verb: "export", target: "tenable" }, aliases).title),
    /3 commands begin with/,
  );
  assert.match(
    JSON.stringify(help(commands, { verb: "export", target: "tenable start" }).title),
    /tenable start/,
  );
});

Deno.test("help for a target alone, by any name and with its verb behind it, shows that target's commands", () => {
  const text = JSON.stringify(help(commands, { verb: "ec2" }, aliases));
  for (const verb of ["status", "usage", "enable", "disable"]) {
    assert.match(text, new RegExp(`"/${verb} ec2"`));
  }
  assert.doesNotMatch(text, /bitdefender/);
  assert.match(
    JSON.stringify(help(commands, { verb: "BD" }, aliases).title),
    /"bitdefender"\}," has \d command/,
  );
  assert.deepEqual(
    help(commands, { verb: "ec2", target: "disable" }, aliases),
    help(commands, { verb: "disable", target: "ec2" }, aliases),
  );
});

Deno.test("help folds the names that a command takes by what their values are", () => {
  const command: Command = { ...commandAt("/update datto"), names: [["Text", ["url", "client_id"]]] };
  assert.deepEqual(help([command], { verb: "update" }).blocks?.at(-1), {
    kind: "details",
    summary: "2 fields",
    blocks: [{ kind: "facts", facts: [["Text", "url, client_id"]] }],
  });
});

Deno.test("help says what there is instead of an unknown verb or target", () => {
  assert.match(JSON.stringify(help(commands, { verb: "disabel" })), /\/help disable/);
  assert.match(
    JSON.stringify(help(commands, { verb: "disable", target: "ec3" })),
    /It takes ec2 or opsramp.*\/help disable ec2/,
  );
  assert.match(JSON.stringify(help(commands, { verb: "find", target: "ec2" })), /It takes no target/);
});

Deno.test("help offers the example of a read as a press, and of a change as text", () => {
  assert.deepEqual(actions(help(commands, { verb: "find" })), [{ command: "/find 1" }]);
  assert.deepEqual(actions(help(commands, { verb: "rotate" })), [{
    copy: "/rotate externalid 1 reason=maintenance",
  }]);
});

Deno.test("start leads to /status and /help", () => {
  assert.deepEqual(actions(start(commands)), [{ command: "/status" }, { command: "/help" }]);
});

Deno.test("validationMessage makes reads pressable and changes only copyable", () => {
  assert.deepEqual(actions(refusal("/staus bd")), [{ command: "/status bd" }]);
  assert.deepEqual(actions(refusal("/disabel ec2 Acme")), [{ copy: "/disable ec2 Acme" }]);
  assert.deepEqual(actions(refusal("/aprove K7Q2X")), [{ copy: "/approve K7Q2X" }]);
  assert.deepEqual(actions(refusal(`/disabel ec2 ${"x".repeat(300)}`)), []);
});

Deno.test("validationMessage says what is wrong first, then what to type", () => {
  const reply = refusal("/disable ec2 Acme");
  assert.equal(reply.title, "/disable ec2 needs reason=…, because it is a dangerous change.");
  assert.equal(reply.personal, true);
  assert.match(
    JSON.stringify(reply),
    /\/disable ec2 <company> reason=<why>.*\/disable ec2 Acme reason=.*Nothing was changed/,
  );
});

Deno.test("menu fits Telegram's limits and names every verb once", () => {
  const entries = entriesFor([...commands, strange("Bad-Verb"), strange("long", "x".repeat(400))]);
  assert.equal(new Set(entries.map((entry) => entry.command)).size, entries.length);
  for (const { command, description } of entries) {
    assert.match(command, /^[a-z0-9_]{1,32}$/);
    assert.ok(description.length >= 1 && description.length <= 256);
  }
  assert.equal(entries.find((entry) => entry.command === "disable")?.description, "Disable ec2, opsramp");
  assert.equal(entries.find((entry) => entry.command === "status")?.description, "How every vendor stands");
  assert.equal(entriesFor(Array.from({ length: 120 }, (_, at) => strange(`v${at}`))).length, 100);
});

Deno.test("a vendor's operation is a command as it stands", () => {
  const operations: readonly Operation[] = [];
  const fitting: readonly Command[] = operations;
  assert.deepEqual(entriesFor(fitting), []);
});

function commandAt(head: string): Command {
  const found = commands.find((command) =>
    `/${[command.verb, command.target ?? ""].join(" ")}`.trim() === head
  );
  assert.ok(found, head);
  return found;
}

function strange(verb: string, summary = "Something"): Command {
  return { verb, target: null, summary, example: `/${verb}`, input: z.object({}) };
}

function refusal(text: string): Reply {
  const parsed = parse(text, { commands, aliases, botName: "CountersignBot" });
  assert.ok(parsed.kind === "wrong");
  return validationMessage(parsed, { commands, aliases });
}

function actions(reply: Reply): Button["action"][] {
  return (reply.buttons ?? []).flat().map((button) => button.action);
}
