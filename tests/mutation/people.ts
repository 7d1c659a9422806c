import { APPROVAL, type Guard, guardsOf, REQUESTS, SPEAKERS } from "./guard.ts";

/** Guards between a message or a press and what it asks for: who speaks, where, and what it may lead to. */
export const peopleGuards: readonly Guard[] = [
  ...guardsOf("bot/access/policy.ts", SPEAKERS, [
    ["a place is known before its people are", "if (!place.allowed) return place;"],
    ["a group has to be on the allow-list", `if (!isPrivate(question.chat)) return refuse("unknown_chat");`],
    [
      "with both lists set, only they are known in private",
      `if (policy.operators && policy.approvers && !policy.membersOnly) return refuse("unknown_person");`,
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
    [
      "a person's rights do not let a strange group in",
      "if (!isPrivate(chat) || policy.membersOnly) return false;",
      "if (policy.membersOnly) return false;",
    ],
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
  ...guardsOf("bot/telegram/update.ts", SPEAKERS, [
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
  ...guardsOf("bot/dispatch/callbacks.ts", [...new Set([...APPROVAL, ...REQUESTS])], [
    [
      "who presses may read",
      `if (!await this.router.allows(ctx, "read", "press")) return void await this.answer(ctx, id);`,
    ],
    ["a press counts in the card's chat", "card?.chat_id === ctx.chat.id &&", "card !== undefined &&"],
    [
      "a press counts at the card itself",
      "(card.message_id === null || card.message_id === ctx.press?.messageId)",
      "true",
    ],
    [
      "a foreign button decides nothing",
      "if (!atCard && !isOffered) return await this.refuseForeign(ctx, change, card);",
    ],
    [
      "who presses Undo may ask for changes",
      'if (!await this.router.allows(ctx, "request", `/${press.do}`)) return;',
    ],
    [
      "a press types nothing but reads",
      `parsed.kind !== "command" || parsed.command.risk !== "read"`,
      `parsed.kind !== "command"`,
    ],
    ["a stored command is one", `if (prompt?.kind !== "command") return`, "if (!prompt) return"],
    ["a choice is made once", "if (isChange && prompt.used_at !== null)", "if (false)"],
    [
      "the choice is marked as made",
      "ctx.onCommit((transaction) => usePrompt(this.deps.store, transaction, handle));",
    ],
    ["a button does only what it is for", `if (!kinds.includes(prompt.kind)) return "unknown_button";`],
    ["a choice counts where it was offered", `if (prompt.chat_id !== ctx.chat.id) return "foreign_button";`],
    [
      "a choice is for who it was offered to",
      `if (prompt.person_id !== null && prompt.person_id !== ctx.person.id) return "not_for_you";`,
    ],
  ]),
  ...guardsOf("bot/access/policy.ts", [...new Set([...SPEAKERS, ...REQUESTS])], [
    [
      "changes are requested, not read",
      `return need ?? (risk === "read" ? "read" : "request");`,
      `return "read";`,
    ],
  ]),
  ...guardsOf("bot/dispatch/router.ts", [...new Set([...SPEAKERS, ...REQUESTS])], [
    [
      "what a command takes is judged",
      "if (!await this.allows(ctx, this.needFor(parsed.command), `/${parsed.command.verb}`)) return;",
    ],
    [
      "what was typed long ago is held back",
      "if (isStale(ctx, parsed.command)) return holdBack(ctx, parsed);",
    ],
    [
      "what is resumed is judged anew",
      "if (command && await this.allows(ctx, this.needFor(command), `/${verb}`)) {",
      "if (command) {",
    ],
    [
      "a secret that was typed is deleted",
      "this.deleteMessage(ctx, place)",
      "Promise.resolve(true)",
    ],
    ["a secret that was typed is blanked in the store", "ctx.eraseStored();"],
  ]),
  ...guardsOf("bot/dispatch/dispatcher.ts", [...SPEAKERS, "tests/security/document_test.ts"], [
    [
      "commands of other bots",
      `return ctx.refuse("other_bot_command");`,
    ],
    [
      "strangers learn nothing, not even what is wrong",
      `if (!await router.allows(ctx, "read", typed)) return;`,
    ],
    [
      "a document is fetched for who may do what it is for",
      "if (!await router.allows(ctx, router.needOf(parsed), text)) return;",
    ],
    ["a document is fetched for what takes one", "router.takesDocument(parsed)", "true"],
    ["talk in groups", `if (ctx.chat.type !== "private" || !mayRead) return;`, "if (!mayRead) return;"],
    [
      "strangers who talk in private",
      `if (ctx.chat.type !== "private" || !mayRead) return;`,
      `if (ctx.chat.type !== "private") return;`,
    ],
  ]),
  ...guardsOf("bot/dispatch/unauthorized.ts", [...SPEAKERS, "tests/bot/unauthorized_test.ts"], [
    ["nobody is answered who spoke in no chat", "if (!chat) ctx.suppressReply();"],
    ["strangers get no answer", `reasons[reason] === null ? reason : "unknown_chat"`, "reason"],
    ["strangers do not fill the audit", "unrecorded: !granted", "unrecorded: false"],
    ["who works here is recorded each time", "if (await this.members.isKnown(ctx.person.id))", "if (false)"],
    [
      "talk that nobody typed is not recorded",
      `if (message && !messageText(message).startsWith("/")) {`,
      "if (false) {",
    ],
    ["a strange group is left", "await bot.api.leaveChat(chat.id)", "await Promise.resolve()"],
    ["an admin group is not left", "|| config.adminChats.includes(chat.id)) return;", ") return;"],
  ]),
  ...guardsOf("bot/dispatch/undelivered.ts", [...SPEAKERS, "tests/bot/undelivered_test.ts"], [
    [
      "a migrated group is not followed silently",
      "if (!config.adminChats.includes(from) || config.adminChats.includes(to)) return undefined;",
      "return undefined;",
    ],
    ["a move is told once", "if (!news) return undefined;"],
    [
      "a button that counts elsewhere does not come along",
      'row.filter(({ action }) => !("handle" in action))',
      "row",
    ],
  ]),
  ...guardsOf("bot/pickers/picker.ts", ["tests/pickers/picker_test.ts"], [
    [
      "a half-finished command is its asker's alone",
      `if (prompt.person_id !== ctx.person.id) return void ctx.refuse("not_for_you");`,
    ],
    [
      "a half-finished command stays in its chat",
      `if (prompt.chat_id !== ctx.chat.id) return void ctx.refuse("foreign_button");`,
    ],
    ["a half-finished command that was left is over", "prompt.used_at !== null || "],
    ["a half-finished command ends by itself", "prompt.expires_at <= store.now() || "],
    ["a half-finished command takes each step once", " || step !== state.step"],
  ]),
];
