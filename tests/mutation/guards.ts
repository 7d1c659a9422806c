/** One guard, and the smallest edit that takes it away. */
export interface Guard {
  /** What it keeps out or makes sure of. */
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Where it has to be missed: test files or folders. */
  readonly tests: readonly string[];
}

/** Guards of one file. A row is: what it is for, what stands there, what stands there instead (default: nothing). */
function guardsOf(
  file: string,
  tests: readonly string[],
  rows: readonly (readonly [name: string, find: string, replace?: string])[],
): Guard[] {
  return rows.map(([name, find, replace = ""]) => ({ name, file, find, replace, tests }));
}

const MISSING = "tests/crash/guards_test.ts";
const SECRETS = ["tests/changes/secrets_test.ts", "tests/changes/literal_secret_test.ts"];
const SPEAKERS = ["tests/bot/access_test.ts", MISSING];
const APPROVAL = [
  "tests/changes/machine_test.ts",
  "tests/changes/approval_test.ts",
  "tests/changes/button_test.ts",
  MISSING,
  ...SECRETS,
];
const EXECUTION = [
  "tests/changes/execution_test.ts",
  MISSING,
  "tests/crash/due_test.ts",
  ...SECRETS,
  "tests/changes/fault_test.ts",
  "tests/crash/kill_test.ts",
];
const REQUESTS = [
  "tests/changes/card_test.ts",
  "tests/changes/undo_test.ts",
  "tests/changes/button_test.ts",
  MISSING,
  ...SECRETS,
  "tests/changes/execution_test.ts",
];

/** Every guard on the way of a message to a vendor's write. */
export const guards: readonly Guard[] = [
  ...guardsOf("bot/people/access.ts", SPEAKERS, [
    ["a place is known before its people are", "if (!place.allowed) return place;"],
    ["a group has to be on the allow-list", `if (!isPrivate(question.chat)) return refuse("unknown_chat");`],
    [
      "with both lists set, only they are known in private",
      `if (policy.operators && policy.approvers) return refuse("unknown_person");`,
    ],
    [
      "a private chat is known by membership",
      `return question.membership ? ALLOWED : refuse("unknown_person");`,
      "return ALLOWED;",
    ],
    [
      "membership is asked for in private",
      "if (isPrivate(question.chat) && !placeIsListed(policy, question)) return true;",
    ],
    [
      "membership is asked for where no list says who may",
      `question.need !== "read" && listFor(policy, question.need) === undefined`,
      "false",
    ],
    [
      "reading needs no role",
      `if (question.need === "read") return ALLOWED;\n  return decideRole`,
      "return decideRole",
    ],
    [
      "a list decides who may",
      "if (list) return list.has(question.personId) ? ALLOWED : refuse(missing);",
      "if (list) return ALLOWED;",
    ],
    [
      "unknown membership is no membership",
      `if (question.membership === undefined) return refuse("membership_unknown");`,
      "if (question.membership === undefined) return ALLOWED;",
    ],
    [
      "who has left may not",
      `return question.membership ? ALLOWED : refuse("not_member");`,
      "return ALLOWED;",
    ],
    [
      "a chat is allow-listed by its id",
      "if (policy.adminChats.includes(chat.id)) return true;",
      "return true;",
    ],
    ["a person's rights do not let a strange group in", "if (!isPrivate(chat)) return false;"],
    [
      "a private chat is listed by its person",
      "return (policy.operators?.has(personId) || policy.approvers?.has(personId)) ?? false;",
      "return true;",
    ],
    [
      "operators request, approvers approve",
      `need === "approve" ? policy.approvers : policy.operators`,
      `need === "approve" ? policy.operators : policy.approvers`,
    ],
  ]),
  ...guardsOf("bot/people/incoming.ts", SPEAKERS, [
    ["the sender is looked at", "senderProblem(message) ?? originProblem(message)", "originProblem(message)"],
    ["the origin is looked at", "senderProblem(message) ?? originProblem(message)", "senderProblem(message)"],
    [
      "business messages",
      `if (message.business_connection_id || message.sender_business_bot) return "business_message";`,
    ],
    [
      "guest messages",
      `if (message.guest_query_id || message.guest_bot_caller_user) return "guest_message";`,
    ],
    ["automatic forwards", `if (message.is_automatic_forward) return "automatic_forward";`],
    ["posts of channels", `if (message.chat.type === "channel") return "channel_post";`],
    ["senders that are chats", `if (message.sender_chat) return "anonymous_sender";`],
    [
      "messages of Telegram's own ids",
      `if (message.from && SERVICE_IDS.has(message.from.id)) return "anonymous_sender";`,
    ],
    ["messages of bots", `if (message.from?.is_bot) return "bot_sender";`],
    [
      "messages of nobody",
      `if (!from) return refuse("anonymous_sender", message);`,
      "if (!from) throw new Error();",
    ],
    ["forwarded messages", `if (message.forward_origin) return "forwarded_message";`],
    ["messages by way of another bot", `if (message.via_bot) return "via_bot";`],
    ["quotes of another chat", `if (message.external_reply) return "quoted_forward";`],
    ["scheduled messages", `if (message.is_from_offline) return "offline_message";`],
    ["presses of bots", `if (query.from.is_bot) return refused("bot_sender");`],
    [
      "presses of Telegram's own ids",
      `if (SERVICE_IDS.has(query.from.id)) return refused("anonymous_sender");`,
    ],
    ["presses of inline messages", "if (!message || query.inline_message_id)", "if (!message)"],
    [
      "edited messages",
      "if (edited) return refuse(",
      "if (edited) return classifyMessage(edited); if (edited) return refuse(",
    ],
    ["channel posts as such", `if (post) return refuse("channel_post", post);`],
    ["business messages as such", `if (business) return refuse("business_message", business);`],
    [
      "guest messages as such",
      `if (update.guest_message) return refuse("guest_message", update.guest_message);`,
    ],
  ]),
  ...guardsOf("bot/changes/decisions.ts", APPROVAL, [
    [
      "only the requester withdraws",
      `if (verdict === "withdraw" && !own) return turn.refuse("not_requester", record);`,
    ],
    ["nobody approves their own change", `if (verdict === "approve" && own) {`, "if (false) {"],
    ["the requester's Reject withdraws", `asked === "reject" && own ? "withdraw" : asked`, "asked"],
    ["who decides may approve", "if (!decision.allowed) return turn.refuse(decision.reason, record);"],
    ["nothing is approved while it is frozen", "if (freeze) {", "if (false) {"],
    ["a late decision does not count", "only: { expiresAfter: now },"],
    [
      "a lost decision is not said to be one",
      "if (!moved) return await tellWhatItIs(turn, change.code, verdict);",
    ],
    [
      "a late decision is told that it was late",
      `change?.state === "pending" && change.expires_at <= store.now()`,
      "false",
    ],
    [
      "the secret of what was rejected is wiped",
      `if (moved.state !== "approved") await secrets.wipe(`,
      "if (false) await secrets.wipe(",
    ],
    ["the secret of what was approved is kept", `if (moved.state !== "approved") await`, "await"],
  ]),
  ...guardsOf("bot/changes/machine.ts", APPROVAL, [
    ["only this change moves", `.where("code", "=", code).where("state"`, `.where("state"`],
    ["a change moves only from where the event starts", `.where("state", "in", [...from])`],
    [
      "what was sent is past expiry and repetition",
      `if (unsent) update = update.where("sent_at", "is", null);`,
    ],
    [
      "a decision is in time",
      `if (only.expiresAfter !== undefined) update = update.where("expires_at", ">", only.expiresAfter);`,
    ],
    [
      "what is in time does not expire",
      `if (only.expiresUntil !== undefined) update = update.where("expires_at", "<=", only.expiresUntil);`,
    ],
    [
      "only who claimed it goes on",
      `if (only.claimedBy !== undefined) update = update.where("claimed_by", "=", only.claimedBy);`,
    ],
    [
      "only a lease that has ended is taken over",
      `if (only.leaseEndedBefore !== undefined) {`,
      "if (false) {",
    ],
    [
      "what did not move does nothing else",
      "if (!change) return undefined;\n    await step.also",
      "await step.also",
    ],
    [
      "no step without its audit row",
      "await appendAudit(store, transaction, [{ ...auditOf(change), event: step.event, ...step.audit }]);",
    ],
    [
      "only what waits is approved",
      `approve: { from: ["pending"]`,
      `approve: { from: ["pending", "rejected"]`,
    ],
    ["only what waits is rejected", `reject: { from: ["pending"]`, `reject: { from: ["pending", "approved"]`],
    [
      "only what waits is withdrawn",
      `withdraw: { from: ["pending"]`,
      `withdraw: { from: ["pending", "approved"]`,
    ],
    [
      "only what is approved is claimed",
      `claim: { from: ["approved"]`,
      `claim: { from: ["approved", "pending"]`,
    ],
    ["what was sent does not expire", `to: "expired", unsent: true`, `to: "expired"`],
    ["what was sent is not superseded", `to: "superseded", unsent: true`, `to: "superseded"`],
    [
      "what was sent is not sent again",
      `send: { from: ["executing"], to: "executing", unsent: true }`,
      `send: { from: ["executing"], to: "executing" }`,
    ],
  ]),
  ...guardsOf("bot/changes/obstacle.ts", EXECUTION, [
    [
      "what runs is what was approved",
      "if (fingerprint(change.verb, change.target, planOf(change), change.policy) !== change.hash) {",
      "if (false) {",
    ],
    [
      "it runs under the rules it was approved under",
      `if (change.policy !== policyOf(config)) return notRun("policy_changed");`,
    ],
    ["what has expired does not run", "if (change.expires_at <= store.now())", "if (false)"],
    ["what is frozen does not run", "if (freeze) return", "if (false) return"],
    ["both still may", `if (!await bothStillMay(change, people)) return notRun("rights_changed");`],
    [
      "someone has decided, and not the requester",
      "if (change.decider_id === null || change.decider_id === change.requester_id) return false;",
      "if (change.decider_id === null) return false;",
    ],
    ["the requester still may", "return requester.allowed && approver.allowed;", "return approver.allowed;"],
    ["the approver still may", "return requester.allowed && approver.allowed;", "return requester.allowed;"],
    [
      "there still is something to change",
      `if ("nothing" in now) return moved(line("Moved: ", now.nothing));`,
      `if ("nothing" in now) return undefined;`,
    ],
    [
      "nothing has moved since",
      "if (fingerprint(change.verb, change.target, now, change.policy) === change.hash) return undefined;",
      "return undefined;",
    ],
    [
      "what cannot be planned again does not run",
      "return unplannable(error, change, log);",
      "return undefined;",
    ],
  ]),
  ...guardsOf("bot/changes/executor.ts", EXECUTION, [
    ["an obstacle stops it", "if (obstacle) return await stop(change, obstacle);"],
    [
      "without its secret it does not run",
      `return await stop(change, notRun("secret_missing"));`,
      "values = {};",
    ],
    ["the write is marked before it is sent", "set: { sent_at: store.now() },"],
    ["what was sent is read back, not sent again", "if (change.sent_at !== null)", "if (false)"],
    [
      "an ambiguous failure is read back",
      "error instanceof ClientError && !error.failure.ambiguous",
      "error instanceof ClientError",
    ],
    ["a refusal is believed", "error instanceof ClientError && !error.failure.ambiguous", "false"],
    ["a secret is wiped when it has served", "await secrets.wipe(transaction, row.handle);"],
    [
      "a secret is wiped when it is not needed",
      "also: (transaction, row) => secrets.wipe(transaction, row.handle),",
    ],
  ]),
  ...guardsOf("bot/changes/due.ts", EXECUTION, [
    ["only what is approved is run", `.where("state", "=", "approved")`],
    [
      "a busy target does not hold up the others",
      `.where(({ not, exists, selectFrom }) =>`,
      ".where(({ not, exists, selectFrom, lit }) => lit(true) ||",
    ],
    ["a lease that holds is not taken over", "const only = { leaseEndedBefore: now };", "const only = {};"],
    [
      "nobody takes over from themselves",
      '.$if(underWay.size > 0, (query) => query.where("code", "not in", [...underWay]))',
    ],
    ["only what is under way is renewed", `.where("code", "in", [...underWay])`],
    ["an unknown one is looked at when its time has come", `.where("next_check_at", "<=", now)`],
  ]),
  ...guardsOf("bot/changes/requests.ts", REQUESTS, [
    [
      "what was asked long ago is asked about",
      "if (store.now() - turn.at > STALE_MS) {",
      "if (false) {",
    ],
    [
      "without a group nobody could approve",
      `if (chatId === undefined) return refuse("no_group");`,
      "if (chatId === undefined) throw new Error();",
    ],
    [
      "secrets need a key",
      `if (invocation.asked.length > 0 && !config.secretKey) return refuse("no_secret_key");`,
    ],
    ["nothing to change is no request", `if (!("nothing" in plan)) return plan;`, "return plan as Plan;"],
    [
      "a secret is entered before anyone approves",
      "invocation.asked.length > 0 && !await secrets.complete(invocation)",
      "false",
    ],
    [
      "a way back is no plain overwrite",
      `turn.refuse("undo_moved", { about: auditOf(change) });\n    return false;`,
      "return true;",
    ],
    ["only what was done is undone", "if (!done || !undo.possible) {", "if (!undo.possible) {"],
    ["what has no way back has none", "if (!done || !undo.possible) {", "if (!done) {"],
    [
      "a way back is asked for once",
      "const open = await openUndoOf(store, change);",
      "const open = undefined;",
    ],
    [
      "only what came to nothing is asked for again",
      `if (change.state !== "superseded" && change.state !== "expired") {`,
      "if (false) {",
    ],
    [
      "it is asked for again once",
      "const open = await openRepeatOf(store, change);",
      "const open = undefined;",
    ],
  ]),
  ...guardsOf("bot/desk/presses.ts", [...new Set([...APPROVAL, ...REQUESTS])], [
    [
      "who presses may read",
      `if (!await interpreter.allows(turn, "read", "press")) return await answer(turn, id);`,
    ],
    ["a press counts in the card's chat", "card?.chat_id === turn.chat.id &&", "card !== undefined &&"],
    [
      "a press counts at the card itself",
      "(card.message_id === null || card.message_id === turn.press?.messageId)",
      "true",
    ],
    [
      "a foreign button decides nothing",
      `if (!atCard) return turn.refuse("foreign_button", { about: auditOf(change) });`,
    ],
    [
      "who presses Undo may ask for changes",
      'if (!await interpreter.allows(turn, "request", `/${press.do}`)) return;',
    ],
    [
      "a press types nothing but reads",
      `parsed.kind !== "command" || parsed.command.risk !== "read"`,
      `parsed.kind !== "command"`,
    ],
    ["a stored command is one", `if (prompt?.kind !== "command") return`, "if (!prompt) return"],
    ["a choice is made once", "if (isChange && prompt.used_at !== null)", "if (false)"],
    ["the choice is marked as made", "turn.also((transaction) => usePrompt(store, transaction, handle));"],
    ["a button does only what it is for", `if (!kinds.includes(prompt.kind)) return "unknown_button";`],
    ["a choice counts where it was offered", `if (prompt.chat_id !== turn.chat.id) return "foreign_button";`],
    [
      "a choice is for who it was offered to",
      `if (prompt.person_id !== null && prompt.person_id !== turn.person.id) return "not_for_you";`,
    ],
  ]),
  ...guardsOf("bot/desk/interpreter.ts", [...new Set([...SPEAKERS, ...REQUESTS])], [
    [
      "what a command takes is judged",
      "if (!await allows(turn, needOf(parsed.command), `/${parsed.command.verb}`)) return;",
    ],
    [
      "what is resumed is judged anew",
      "if (!command || !await allows(turn, needOf(command), `/${invocation.verb}`)) return;",
      "if (!command) return;",
    ],
    [
      "changes are requested, not read",
      `return command.risk === "read" ? "read" : "request";`,
      `return "read";`,
    ],
    [
      "a secret that was typed is deleted",
      "const deleted = await deleteMessage(turn);",
      "const deleted = true;",
    ],
    ["a secret that was typed is blanked in the store", "turn.blank();"],
  ]),
  ...guardsOf("bot/desk/hearing.ts", SPEAKERS, [
    [
      "commands of other bots",
      `if (first.kind === "for_other_bot") return turn.refuse("other_bot_command");`,
    ],
    [
      "strangers learn nothing, not even what is wrong",
      "if (!await interpreter.allows(turn, need, text)) return;",
    ],
    ["talk in groups", `if (turn.chat.type !== "private") return;`],
    ["strangers who talk in private", "if (!decision.allowed) return;"],
  ]),
  ...guardsOf("bot/desk/strangers.ts", SPEAKERS, [
    ["strangers get no answer", "if (!known) turn.hush();"],
    [
      "talk that nobody typed is not recorded",
      `if (message && !textOf(message).startsWith("/")) return metrics.refused(reason);`,
    ],
    ["a strange group is left", "await api.leaveChat(chat.id)", "await Promise.resolve()"],
    ["an admin group is not left", "|| config.adminChats.includes(chat.id)) return;", ") return;"],
    [
      "a migrated group is not followed silently",
      "if (!config.adminChats.includes(from) || config.adminChats.includes(to)) return;",
      "return;",
    ],
  ]),
];
