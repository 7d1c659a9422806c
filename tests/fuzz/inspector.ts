import { sql } from "kysely";
import { verifyAudit } from "../../bot/store/audit.ts";
import type { AuditTable } from "../../bot/store/schema.ts";
import { ANA, BEN, GROUP, type LogLine, type Stage } from "../sandbox/stage.ts";
import type { RecordedCall } from "../sandbox/telegram.ts";
import { Finding, SECRETS } from "./ground.ts";
import { leakIn, wordsIn } from "./leak.ts";

export interface InspectorOptions {
  readonly stage: Stage;
  readonly lines: readonly LogLine[];
  readonly writes: () => readonly string[];
  readonly entered: readonly string[];
}

/** Refusals that are Telegram's right answer to what was made up: chats, messages, persons and presses it never saw. */
const DELIBERATE =
  /query is too old|chat not found|bot can't initiate|bot is not a member|USER_NOT_PARTICIPANT|QUERY_ID_INVALID|message is not modified|message to (edit|delete|be replied|react) not found|message can't be (edited|deleted)|message thread not found|invalid file_id|user not found|no text in the message to edit|identifier is not specified|upgraded to a supergroup/;

/** Errors that say what came in, not that the bot went wrong. */
const EXPECTED_ERRORS = new Set(["chat_migrated", "update_unreadable", "message_given_up"]);

/** The chain is walked once in so many inspections: its length is what that costs. */
const CHAIN_EVERY = 100;

/** Looks at all that is new since it last looked. */
export function createInspector({ stage, lines, writes, entered }: InspectorOptions): () => Promise<void> {
  const { telegram, bot: { store } } = stage;
  let calls = 0;
  let said = 0;
  let seen = 0;
  let sends = 0;
  let rounds = 0;

  return async function inspect() {
    const secrets = [...SECRETS, ...entered];
    const fresh = telegram.calls().slice(calls);
    calls += fresh.length;
    checkCalls(fresh, secrets);
    if (fresh.some(({ method }) => method === "sendDocument")) checkFiles(stage, secrets);
    checkLog(lines.slice(said), secrets);
    said = lines.length;
    const rows = await store.db.selectFrom("audit").selectAll().where("seq", ">", seen).orderBy("seq")
      .execute();
    seen = rows.at(-1)?.seq ?? seen;
    checkAudit(rows, secrets);
    sends += rows.filter(({ event }) => event === "send").length;
    if (writes().length > sends) throw new Finding("unapproved write", writes().join(", "));
    await checkStore(stage);
    checkPrototypes();
    if (rounds++ % CHAIN_EVERY !== 0) return;
    const proof = await verifyAudit(store.db);
    if (!proof.intact) throw new Finding("broken chain", `row ${proof.row}: ${proof.why}`);
  };
}

function checkCalls(calls: readonly RecordedCall[], secrets: readonly string[]): void {
  for (const { method, parameters, outcome, description = "" } of calls) {
    if (outcome !== "ok" && !DELIBERATE.test(description)) {
      throw new Finding(
        "refused payload",
        `${method}: ${description} ${JSON.stringify(parameters).slice(0, 2000)}`,
      );
    }
    if (method === "setWebhook") continue;
    const leak = leakIn(wordsIn(parameters), secrets);
    if (leak !== undefined) throw new Finding("leak", `${leak} in ${method} ${JSON.stringify(parameters)}`);
  }
}

function checkFiles({ telegram }: Stage, secrets: readonly string[]): void {
  for (const { document } of [GROUP, ANA, BEN].flatMap((chat) => telegram.answers(chat).slice(-20))) {
    const file = document && telegram.file(document.file_id);
    const leak = file && leakIn(new TextDecoder().decode(file), secrets);
    if (leak !== undefined) throw new Finding("leak", `${leak} in the file ${document?.file_name}`);
  }
}

function checkLog(lines: readonly LogLine[], secrets: readonly string[]): void {
  for (const { level, event, fields } of lines) {
    const leak = leakIn(wordsIn(fields), secrets);
    if (leak !== undefined) {
      throw new Finding("leak", `${leak} in the log: ${event} ${JSON.stringify(fields)}`);
    }
    if (level === "error" && !EXPECTED_ERRORS.has(event)) {
      throw new Finding("bug", `${event} ${JSON.stringify(fields)}`);
    }
  }
}

function checkAudit(rows: readonly AuditTable[], secrets: readonly string[]): void {
  for (const row of rows) {
    const leak = leakIn(wordsIn(row), secrets);
    if (leak !== undefined) throw new Finding("leak", `${leak} in the audit: ${JSON.stringify(row)}`);
  }
}

async function checkStore(stage: Stage): Promise<void> {
  const { db } = stage.bot.store;
  const failed = await db.selectFrom("inbox").selectAll().where("state", "=", "failed").executeTakeFirst();
  if (failed) {
    throw new Finding("lost", `update ${failed.update_id} was set aside: ${failed.body.slice(0, 500)}`);
  }
  const sent = await db.selectFrom("changes").selectAll().where("sent_at", "is not", null).execute();
  const alone = sent.find(({ decider_id: approver, requester_id: requester }) =>
    approver === null || approver === requester || ![ANA, BEN].includes(approver) ||
    ![ANA, BEN].includes(requester)
  );
  if (alone) {
    throw new Finding("unapproved write", `${alone.code} was sent with the approval of ${alone.decider_id}`);
  }
  await checkCards(stage);
}

/** Whoever may approve must be able to see what. */
async function checkCards({ telegram, bot: { store } }: Stage): Promise<void> {
  const { rows } = await sql<{ code: string; message_id: number; chat_id: number }>`
    select c.code, m.message_id, c.chat_id from changes c join messages m on m.key = 'card:' || c.code
    where c.state = 'pending' and m.state = 'idle'`.execute(store.db);
  for (const { code, message_id, chat_id } of rows) {
    const card = telegram.messages(Number(chat_id)).find((message) =>
      message.message_id === Number(message_id)
    );
    const labels = card?.reply_markup?.inline_keyboard.flat().map(({ text }) => text) ?? [];
    if (card && !labels.includes("Approve")) {
      throw new Finding(
        "overwritten card",
        `the card of ${code} has the buttons ${labels.join(", ") || "none"}`,
      );
    }
  }
}

function checkPrototypes(): void {
  if ("polluted" in {} || "admin" in [] || "polluted" in Object) {
    throw new Finding("bug", "a key of a document has become a property of every object");
  }
}
