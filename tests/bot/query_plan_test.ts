import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../bot/store/database.ts";
import { systemClock } from "../../clients/clock.ts";
import { ANA, BEN, GROUP, openStage } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { newest } from "./conversation.ts";
import { eventually } from "../eventually.ts";

/** These grow with every message and change. */
const GROWING = ["inbox", "messages", "changes", "audit", "prompts"];
/** Of what waits to be handled, and the end of the chain. */
const SHORT = /USING (COVERING )?INDEX (inbox_waiting|messages_due(_in_chat)?|sqlite_autoindex_audit_1)$/;

/** Notes what is asked of SQLite. */
function listen(): { readonly statements: Set<string>; [Symbol.dispose](): void } {
  const statements = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (...args) {
    statements.add(args[0]);
    return prepare.apply(this, args);
  };
  return { statements, [Symbol.dispose]: () => void (DatabaseSync.prototype.prepare = prepare) };
}

Deno.test("no query walks a table that grows", async () => {
  const path = await Deno.makeTempFile({ suffix: ".db" });
  // What a migration asks is asked once.
  await (await openStore({ kind: "sqlite", path }, systemClock)).close();
  using heard = listen();
  {
    await using stage = await openStage({ environment: { DATABASE_URL: `sqlite:${path}` } });
    const { telegram } = stage;
    const shows = (words: string) =>
      eventually(() => telegram.answers(GROUP).some((message) => render(message).includes(words)), words);
    telegram.say(ANA, GROUP, "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone");
    await shows("[ Approve");
    await telegram.press(BEN, newest(stage), "Approve");
    await shows("[ Undo ]");
    await telegram.press(BEN, newest(stage), "Undo");
    await shows("undo of");
    for (const text of ["/status", "/pending", "/freeze ec2 for=1h x", "/unfreeze ec2", "/ping"]) {
      telegram.say(ANA, GROUP, text);
    }
    await shows("pong");
    // Housekeeping comes round by itself.
    for (const work of [/from "changes" where "state" = \? and "expires_at"/, /delete from "inbox"/]) {
      await eventually(() => [...heard.statements].some((statement) => work.test(statement)), String(work));
    }
  }
  using database = new DatabaseSync(path);
  const walks = [...heard.statements].filter(isQuery).flatMap((statement) =>
    database.prepare(`explain query plan ${statement}`).all().map(({ detail }) => String(detail))
      .filter((detail) => GROWING.some((table) => detail.startsWith(`SCAN ${table}`)) && !SHORT.test(detail))
      .map((detail) => `${detail}: ${statement}`)
  );
  assert.deepEqual(walks, []);
  assert.ok(heard.statements.size > 30, "what was heard is too little to say anything");
});

function isQuery(statement: string): boolean {
  return /^\s*(select|insert|update|delete|with)\b/i.test(statement);
}
