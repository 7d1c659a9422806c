import { type Guard, guardsOf } from "./guard.ts";

const LEAKS = "tests/security/guards_test.ts";
const ANSWERS = ["tests/bot/answered_anyway_test.ts", "tests/bot/personal_file_test.ts"];
const LINKS = ["tests/approvals/secrets_test.ts", LEAKS];

/** Guards of what goes out and comes back: to vendors, to Telegram, into the store. */
export const outwardGuards: readonly Guard[] = [
  ...guardsOf("clients/http/attempt.ts", [
    "tests/clients/http_write_test.ts",
    "tests/clients/http_secrets_test.ts",
    "tests/clients/http_test.ts",
    "tests/clients/heavy_answer_test.ts",
  ], [
    [
      "a write has a connection of its own",
      "request.write ? Deno.createHttpClient({ poolMaxIdlePerHost: 0, http2: false }) : undefined",
      "undefined",
    ],
    ["credentials stay at home", 'redirect: "manual",', 'redirect: "follow",'],
    ["no answer is larger than may be read", "if (bytes > maxBytes) throw", "if (false) throw"],
    [
      "no answer has more values than fit the memory",
      "if (valuesIn(text) > MOST_VALUES) throw",
      "if (false) throw",
    ],
    [
      "what nobody knows of a write is not taken for a refusal",
      "wire.write && sent && (atTheGate",
      "false && (atTheGate",
    ],
    [
      "a write that certainly never left is a refusal",
      "wire.write && sent && (atTheGate",
      "wire.write && (atTheGate",
    ],
    ["a vendor's words are cleaned", "cleanWords(said, secretsOf(request, wire))", "said"],
  ]),
  ...guardsOf("clients/http/client.ts", [
    "tests/clients/http_write_test.ts",
    "tests/clients/http_read_test.ts",
    "tests/clients/http_test.ts",
  ], [
    ["a write is attempted once", "isWrite(request) || admission.trial ? 1 :", "admission.trial ? 1 :"],
    ["a write is not sent again with a new token", "if (!isWrite(request)) continue;", "continue;"],
    ["a web page is no answer", 'if (isMarkup(body)) return "the answer is a web page";'],
  ]),
  ...guardsOf("clients/http/error_text.ts", ["tests/clients/error_text_test.ts"], [
    [
      "what we sent is found however it comes back",
      "withoutSought(visible, soughtSecrets(secrets), REDACTION_MARK)",
      "secrets.reduce((text, secret) => text.replaceAll(secret, REDACTION_MARK), visible)",
    ],
    ["what looks like a token is hidden", "hideTokens(known.slice(0, MAX_READ))", "known.slice(0, MAX_READ)"],
  ]),
  ...guardsOf("clients/path.ts", ["tests/clients/path_test.ts"], [
    ["a path leads nowhere else", "  if (hasDotSegment(built)) {", "  if (false as boolean) {"],
    ["what is escaped twice is seen", "return once === text ? text : fullyDecoded(once);", "return once;"],
  ]),
  ...guardsOf("bot/access/members.ts", [LEAKS, "tests/bot/access_test.ts"], [
    ["a bot is no member", "if (member.user.is_bot) return false;"],
    [
      "who is restricted and has left is no member",
      'member.status === "restricted" ? member.is_member',
      "false ? false",
    ],
  ]),
  ...guardsOf("bot/dispatch/attachment.ts", [LEAKS, "tests/bot/documents_test.ts"], [
    ["a document is measured while it is fetched", "if (size > MOST_DOCUMENT_BYTES) return undefined;"],
    ["a document is fetched from Telegram alone", ', redirect: "error" }', " }"],
    [
      "what nobody looked through is deleted",
      "return { documentError, documentUnseen: true };",
      "return { documentError };",
    ],
  ]),
  ...guardsOf("bot/dispatch/router.ts", [LEAKS], [
    [
      "a secret is wiped whose sender may no longer ask",
      "if (handle !== undefined) ctx.onCommit((transaction) => wipeSecrets(transaction, handle));",
    ],
  ]),
  ...guardsOf("bot/dispatch/dispatcher.ts", [LEAKS, ...ANSWERS], [
    ["the words of what went wrong are not kept", "finished.eraseStored();"],
    ["a secret is wiped whose request failed", "if (cleanUp) finished.onCommit(cleanUp);"],
    ["a secret is wiped whose request was set aside", "await resumed?.cleanUp?.(store.db);"],
    [
      "a file of the bot's own is no document",
      "this.isOwn(message.reply_to_message) ? undefined : message.reply_to_message",
      "message.reply_to_message",
    ],
  ]),
  ...guardsOf("bot/queue/inbox.ts", [LEAKS], [
    [
      "the words of a failed update are not kept",
      'claimed_by: null, body: "{}" } as const',
      "claimed_by: null } as const",
    ],
  ]),
  ...guardsOf("bot/dispatch/callbacks.ts", [...ANSWERS, "tests/crash/orphan_test.ts"], [
    [
      "a press that cannot be answered gets a message",
      "if (ctx.notice !== await soon()) ctx.sayNotice();",
      "await soon();",
    ],
    [
      "a card that came twice is closed",
      "ctx.onCommit((transaction) => adoptMessage(store, transaction, closed, messageId));",
    ],
  ]),
  ...guardsOf("bot/context.ts", ANSWERS, [
    [
      "what only the bot sees is answered to one person",
      "(reply.personal === true || ephemeralId !== undefined)",
      "(reply.personal === true)",
    ],
  ]),
  ...guardsOf("bot/telegram/update.ts", ANSWERS, [
    [
      "the General topic is not named",
      "is_topic_message && message_thread_id !== GENERAL_TOPIC",
      "is_topic_message",
    ],
    [
      "a thread outside forums is not named",
      "is_topic_message && message_thread_id !== GENERAL_TOPIC",
      "message_thread_id !== GENERAL_TOPIC",
    ],
  ]),
  ...guardsOf("bot/outbox/files.ts", ANSWERS, [
    [
      "a file for one person is shown to no other",
      "if (await keepsFilesPrivate(courier, only)) return",
      "if (true) return",
    ],
    [
      "where a file is tried out, nothing stays",
      "if (ephemeral_message_id === undefined) await api.deleteMessage(chat_id, message_id);\n  else {",
      "{",
    ],
  ]),
  ...guardsOf("bot/outbox/sender.ts", [...LINKS, "tests/bot/undelivered_test.ts"], [
    [
      "what is sealed is not said anew to everyone",
      "if (sealed !== null && ephemeral_id !== null) throw error;",
    ],
    ["a link that cannot be edited in comes anew", ".catch((error) => this.showSealedAnew(error));", ";"],
    [
      "a group that moved is followed",
      "if (refusal?.migratedTo !== undefined) {",
      "if (false as boolean && refusal?.migratedTo !== undefined) {",
    ],
  ]),
  ...guardsOf("bot/render/sanitize.ts", [
    "tests/bot/render_clean_test.ts",
    "tests/bot/render_properties_test.ts",
    "tests/security/card_test.ts",
  ], [
    ["a name of two alphabets is pointed at", "truncate(line, max) + hintFor(line)", "truncate(line, max)"],
    ["what nobody sees is not copied along", String.raw`.replace(/[^\P{C}\n\t]|\p{DI}/gu, "")`, ""],
  ]),
  ...guardsOf("bot/render/keyboard.ts", [
    "tests/bot/render_keyboard_test.ts",
    "tests/security/press_test.ts",
    LEAKS,
  ], [
    ["what a press carries is no longer than Telegram's", "if (bytes(data) > DATA_MAX) return undefined;"],
    ["a handle is one", "if (!HANDLE.test(rest)) return undefined;"],
  ]),
  ...guardsOf("bot/vault.ts", ["tests/approvals/secrets_test.ts", LEAKS, "tests/security/handover_test.ts"], [
    [
      "a sealed value opens only where it was sealed for",
      ", additionalData: new TextEncoder().encode(boundTo)",
      "",
    ],
  ]),
  ...guardsOf("bot/secrets/entry.ts", ["tests/approvals/secret_page_test.ts", ...LINKS], [
    [
      "a page is posted once",
      `.where("used_at", "is", null).where("expires_at", ">", now).returning("field")`,
      `.where("expires_at", ">", now).returning("field")`,
    ],
    [
      "a page is posted in time",
      `.where("used_at", "is", null).where("expires_at", ">", now).returning("field")`,
      `.where("used_at", "is", null).returning("field")`,
    ],
  ]),
  ...guardsOf("bot/secrets/handover.ts", ["tests/approvals/handover_test.ts"], [
    [
      "a credential is shown once",
      'await this.take(row.token_hash, { ...entry, event: "credential_shown" }) ? credentials : undefined',
      "credentials",
    ],
  ]),
  ...guardsOf("bot/store/audit.ts", ["tests/approvals/audit_test.ts", "tests/security/audit_test.ts"], [
    ["no row is missing", "if (row.seq !== last.seq + 1) return missing(last.seq + 1);"],
    [
      "rows follow each other",
      'if (row.prev !== last.hash) return { row: row.seq, why: "it does not follow the row before" };',
    ],
    ["rows are what was written", "sealOf(row) !== row.hash ||", "false ||"],
    [
      "the last row is the one that is remembered",
      "(row.seq === known.seq && row.hash !== known.hash)",
      "false",
    ],
    ["rows cut off the end are missed", "if (last.seq < known.seq) return", "if (false) return"],
    ["rows slipped in behind the head are found", "if (last.seq > seq) return", "if (false) return"],
    ["our secrets are not written into the audit", "redactWords(value, redact) : value", "value : value"],
  ]),
  ...guardsOf("bot/commands/audit.ts", ["tests/approvals/audit_test.ts"], [
    ["the audit is walked once in a while", "store.now() - last.endedAt < PAUSE_MS", "false"],
  ]),
  ...guardsOf("bot/approvals/request.ts", ["tests/approvals/twin_test.ts"], [
    ["the same from two chats is one", "if (twin) {\n", "if (false as boolean && twin) {\n"],
  ]),
  ...guardsOf("bot/dispatch/undelivered.ts", ["tests/bot/undelivered_test.ts"], [
    [
      "an answer that reaches nobody is in the audit",
      "if (row.key.startsWith(IN_PRIVATE)) {",
      "if (false) {",
    ],
    ["an answer goes to who asked for it", "asker === undefined) return;", "true) return;"],
  ]),
];
