import { type Guard, guardsOf } from "./guard.ts";

const FORMS = ["tests/forms/form_test.ts", "tests/forms/form_page_test.ts"];
const OUTBOX = [
  "tests/bot/replies_test.ts",
  "tests/security/guards_test.ts",
  "tests/faults/order_test.ts",
  "tests/faults/limits_test.ts",
];
const HTTP = ["tests/bot/service_test.ts", "tests/bot/entrance_test.ts", "tests/faults/silence_test.ts"];
const SCHEDULES = ["tests/bot/every_test.ts"];
const WATCHES = [
  "tests/watch/alert_test.ts",
  "tests/watch/watches_test.ts",
  "tests/watch/simulation_test.ts",
];

/** Guards of what is neither said nor pressed: the webhook, pages, what comes by itself, and what is told unasked. */
export const doorGuards: readonly Guard[] = [
  ...guardsOf("bot/http.ts", HTTP, [
    [
      "only who knows the secret brings updates",
      `if (!isSecret(context.req.header(SECRET_HEADER) ?? "")) return refuse(context, "unauthorised", 401);`,
    ],
    [
      "a secret is as long as ours",
      "let difference = secret.length ^ candidate.length;",
      "let difference = 0;",
    ],
    ["what is loaded is no readiness", "const isReady = isRunning() &&", "const isReady ="],
    ["an update is no longer than it may be", "maxSize: MOST_BODY_BYTES", "maxSize: Infinity"],
    ["what is no update is not kept", `if (!arrival) return await refuse(context, "malformed", 400);`],
    ["the disk is tried once in a while", "if (answer && performance.now() - askedAt < ms) return answer;"],
    ["who cannot hear is not ready", "return problem === undefined ?", "return true ?"],
  ]),
  ...guardsOf("bot/log.ts", ["tests/bot/log_test.ts"], [
    ["an error ends the process once the log is written", "using _held = this.holdUncaught();"],
  ]),
  ...guardsOf("bot/main.ts", ["tests/deploy/failed_start_test.ts"], [
    ["the process ends once its log is written", "await log.written();\n  Deno.exit", "Deno.exit"],
  ]),
  ...guardsOf("bot/queue/inbox.ts", ["tests/bot/inbox_test.ts"], [
    ["who was overtaken finishes nothing", "if (finished === 0) throw new TakenOver(update_id);"],
    ["talk is no work", "const work = arrivals.filter(({ isTalk }) => !isTalk);", "const work = arrivals;"],
  ]),
  ...guardsOf("bot/queue/inbox.ts", ["tests/bot/store_test.ts"], [
    [
      "what another replica holds is left to it",
      `state = 'new' and claimed_until <= \${fill("now")}`,
      `state = 'new' and 0 <= \${fill("now")}`,
    ],
  ]),
  ...guardsOf("bot/queue/inbox.ts", ["tests/bot/reservation_test.ts"], [
    [
      "an update is begun behind what waits in its lane",
      "where not exists (select 1 from inbox where state = 'new' and lane = ${fill(\"lane\")})",
      "where 1 = 1",
    ],
    [
      "a known update is not begun anew",
      'reservation && this.kept === "first"',
      'reservation && this.kept !== "waiting"',
    ],
  ]),
  ...guardsOf("bot/queue/worker.ts", ["tests/bot/reservation_test.ts"], [
    ["what is claimed of a partition that is kept is not lost", "reserved.push(...inOrder);", "continue;"],
    ["what is claimed behind what has begun meanwhile is not lost", "else await this.claimLater(inOrder);"],
    ["a place that was kept in vain is looked at", "if (rows.length === 0) this.lookedAfter.add(partition);"],
    ["who stops keeps no place", "if (!isOpen || active.size", "if (active.size"],
    ["no more is begun than there is room for", "active.size >= job.width || ", ""],
  ]),
  ...guardsOf("bot/outbox/messages.ts", ["tests/bot/reservation_test.ts"], [
    [
      "a message is not sent before what waits in its chat",
      "not exists (select 1 from messages where state = 'due' and chat_id = ${fill(\"chat_id\")})",
      "1 = 1",
    ],
    ["a message waits as long as Telegram wants", 'and ${isFree(fill("chat_id"), fill("created_at"))}`', "`"],
    ["what somebody sends is left to them", "kept.version !== kept.sent_version + 1 || ", ""],
    [
      "what Telegram refused is claimed like any other",
      "case when messages.state = 'idle'",
      "case when messages.state <> 'due'",
    ],
  ]),
  ...guardsOf("bot/outbox/messages.ts", OUTBOX, [
    [
      "our secrets are not written into a message",
      "store.redact ? redactReply(outgoing.reply, store.redact) : outgoing.reply",
      "outgoing.reply",
    ],
    [
      "an answer does not overtake that of an earlier command",
      `.whereRef("earlier.update_id", "<", "messages.update_id")`,
      `.whereRef("earlier.update_id", "<", "earlier.update_id")`,
    ],
    [
      "an answer that cannot be brought holds up nobody for good",
      `.where("earlier.attempts", "<", PATIENT_ATTEMPTS)`,
    ],
  ]),
  ...guardsOf("bot/outbox/sender.ts", OUTBOX, [
    [
      "our secrets leave in no message",
      "this.reply = redactReply(JSON.parse(row.reply) as Reply, deps.redactor.text);",
      "this.reply = JSON.parse(row.reply) as Reply;",
    ],
    [
      "Telegram is given the time that it asks for",
      "refusal.retryAfterMs ?? FIRST_RETRY_MS, true",
      "FIRST_RETRY_MS, true",
    ],
    ["what never arrives is given up", "|| row.attempts >= MOST_ATTEMPTS", ""],
  ]),
  ...guardsOf("bot/forms/open_forms.ts", FORMS, [
    [
      "a form is sent once",
      `.where("token_hash", "=", token_hash).where("used_at", "is", null)`,
      `.where("token_hash", "=", token_hash)`,
    ],
    [
      "a form is sent in time",
      `.where("used_at", "is", null).where("expires_at", ">", now)`,
      `.where("used_at", "is", null)`,
    ],
  ]),
  ...guardsOf("bot/forms/forms.ts", FORMS, [
    ["the vendor is asked nothing for who may not ask", "const tried = mayAsk", "const tried = true"],
    ["a secret does not stand in an open field", ", ...spelledOut(operation, form, texts)]", "]"],
    [
      "an answer is one of those that were offered",
      "if (!first.choices.some(({ value }) => value === answer)) {",
      "if (false) {",
    ],
  ]),
  ...guardsOf("bot/commands/every.ts", SCHEDULES, [
    [
      "a change does not come by itself",
      `if (meant && meant.risk !== "read") {`,
      "if (false as boolean && meant) {",
    ],
    [
      "who has a read come may read it",
      "if (!await maySetHere(parts, ctx, headOf(read), needOf(read))) return;",
    ],
    [
      "who has anything come here may",
      `if (!await maySetHere(parts, ctx, "/every")) return;\n  if (!await`,
      "if (!await",
    ],
    [
      "who ends it may",
      `if (!await maySetHere(parts, ctx, "/every")) return;\n  ctx.onCommit`,
      "ctx.onCommit",
    ],
    ["a chat is not flooded", "if (there.length >= MOST_IN_A_CHAT) return ctx.answer(tooMany());"],
  ]),
  ...guardsOf("bot/dispatch/scheduled.ts", SCHEDULES, [
    ["what comes by itself ends with the right to it", "if (decision.allowed) return", "if (true) return"],
    [
      "what Telegram did not say ends nothing",
      `if (decision.reason === "membership_unknown") return ctx.refuse(decision.reason, { operation: "/every" });`,
    ],
  ]),
  ...guardsOf("bot/watch/alerts.ts", WATCHES, [
    [
      "an alert is acked where it stands",
      `if (alert.chat_id !== ctx.chat.id) return ctx.refuse("foreign_button");`,
    ],
    ["who acks may ask or approve", "if (!asking.allowed && !(await", "if (false && !(await"],
    ["what is over is not acked", "if (alert.closed_at !== null) return", "if (false) return"],
    ["an alert is acked once", `if (what === "ack" && alert.acked_at !== null) return`, "if (false) return"],
    [
      "nothing is told to who may no longer read",
      "if (!mayKnow) return await this.passOver(watching, pending);",
    ],
    ["what changes is not told to who may no longer read", "if (!mayKnow) {", "if (mayKnow === undefined) {"],
    ["what is muted is not told", "if (muted.has(item)) return false;"],
    ["what is muted is not reminded of", "if (!mine || isMuted) return false;", "if (!mine) return false;"],
    [
      "what an absent vendor hides is not told",
      `if (item_id !== null && away.has(vendor) && (kind === "alert" || kind === "start")) return false;`,
    ],
    [
      "what was there before is not told to who watches only now",
      "subscription !== undefined && subscription.since < noticed_at",
      "subscription !== undefined",
    ],
    [
      "a chat is not flooded",
      `return paced ? taken.where("watch_chats.free_at", "<=", now) : taken;`,
      "return taken;",
    ],
    [
      "what nobody watches any more is not reminded of",
      "if (!mayKnow || !watching || !this.watchesAny(watching, open)) {",
      "if (!mayKnow || !watching) {",
    ],
  ]),
  ...guardsOf("bot/watch/look.ts", ["tests/watch/watches_test.ts"], [
    [
      "the first look after a stop may end before it is called blind",
      "trying - seen > LATE_LOOKS * everyMs &&",
      "trying - seen > longestMs &&",
    ],
  ]),
  ...guardsOf("bot/watch/audience.ts", WATCHES, [
    [
      "what Telegram did not say is not told",
      "return !decision.allowed && decision.unsure ? undefined : decision.allowed;",
      "return decision.allowed || decision.unsure === true;",
    ],
    [
      "a private chat is told by its person's right",
      `? await members.judge("read", chatId, { id: chatId, type: "private" })`,
      `? { allowed: true as const }`,
    ],
  ]),
];
