import { APPROVAL, BOUNDS, EXECUTION, type Guard, guardsOf, REQUESTS, STOPS } from "./guard.ts";

/** Guards between a request and the vendor's write: asked for, decided about, run once. */
export const changeGuards: readonly Guard[] = [
  ...guardsOf("bot/approvals/decide.ts", APPROVAL, [
    [
      "only the requester withdraws",
      `return isOwn(ctx, change) || refuse("not_requester");`,
      "return true;",
    ],
    ["nobody approves their own change", `if (kind === "approve" && isOwn(ctx, change)) {`, "if (false) {"],
    [
      "the requester's Reject withdraws",
      `asked === "reject" && isOwn(ctx, change) ? "withdraw" : asked`,
      "asked",
    ],
    ["who decides may approve", "if (denied) return refuse(denied);"],
    ["nothing is approved while it is frozen", "if (freeze) return refuse", "if (false) return refuse"],
    ["a late decision does not count", "only: { expiresAfter: now },"],
    [
      "a lost decision is not said to be one",
      "if (!moved) return await this.tellWhatItIs(ctx, change.code, kind);",
    ],
    [
      "a late decision is told that it was late",
      `change?.state !== "pending" || change.expires_at > store.now()`,
      "true",
    ],
  ]),
  ...guardsOf("bot/approvals/state_machine.ts", APPROVAL, [
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
      "if (!change) return undefined;\n  if (!NEEDS",
      "if (!NEEDS",
    ],
    [
      "the secret of what has run or will not run is wiped",
      "if (!NEEDS_SECRETS.has(change.state)) await wipeSecrets(transaction, change.handle);",
    ],
    [
      "the secret of what was approved is kept",
      "if (!NEEDS_SECRETS.has(change.state)) await wipeSecrets(",
      "await wipeSecrets(",
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
    ["what was sent is not superseded", `to: "superseded", unsent: true`, `to: "superseded"`],
    [
      "what was sent is not sent again",
      `send: { from: ["executing"], to: "executing", unsent: true }`,
      `send: { from: ["executing"], to: "executing" }`,
    ],
  ]),
  ...guardsOf("bot/approvals/precheck.ts", BOUNDS, [
    [
      "what runs is what was approved",
      `if (fingerprintOf(change) !== change.hash) return notRun("plan_altered");`,
    ],
    [
      "it runs at the account it was asked for with",
      `if (change.account === null || vendors.isOfAnotherAccount(change)) return notRun("account_changed");`,
    ],
    [
      "the audit shows who asked for it and who approved it",
      `if (!await isOnRecord(store, change, votes)) return notRun("not_on_record");`,
    ],
    [
      "enough have approved it",
      `if (!isMet(progressOf(needs, votes.map(({ person_id }) => person_id)))) return notRun("rights_changed");`,
    ],
    [
      "who asked still belongs to the card's group",
      "origin_chat === chat_id\n      ? members",
      "false\n      ? members",
    ],
    [
      "who approved still belongs to the card's group",
      `members.judgeFor(change, "approve", person_id)`,
      `members.judge("approve", person_id, { id: person_id, type: "private" })`,
    ],
  ]),
  ...guardsOf("bot/approvals/execute.ts", BOUNDS, [
    [
      "what kills every replica is given up",
      "if (left.take_overs >= MOST_TAKE_OVERS) return await giveUp(store, left);",
    ],
  ]),
  ...guardsOf("bot/approvals/settle.ts", BOUNDS, [
    ["who settles may approve", "if (denied) return ctx.refuse(denied, record);"],
    ["nobody settles their own change", `if (isOwn(ctx, change)) return ctx.refuse("own_outcome", record);`],
  ]),
  ...guardsOf("bot/approvals/precheck.ts", EXECUTION, [
    [
      "it runs under the rules it was approved under",
      `if (change.policy !== members.rulingOf(change).digest) return notRun("policy_changed");`,
    ],
    [
      "what could not begin in time does not run",
      "if (store.now() - (change.starts_at ?? Infinity) > MOST_LATE_MS)",
      "if (false)",
    ],
    ["what is frozen does not run", "if (freeze) return", "if (false) return"],
    ["both still may", "?? await rightsLost(change, votes, members, store.db);", ";"],
    [
      "the requester has not approved it",
      `if (votes.some(({ person_id }) => person_id === requester_id)) return notRun("rights_changed");`,
    ],
    ["the requester still may", "if (!requester.allowed)", "if (false)"],
    ["the approver still may", "if (!approver.allowed)", "if (false)"],
    [
      "there still is something to change",
      `if ("nothing" in now) return moved(line("Moved: ", now.nothing));`,
      `if ("nothing" in now) return undefined;`,
    ],
    [
      "nothing has moved since",
      "if (sameJson(factsOf(plan), factsOf(now))) return undefined;",
      "return undefined;",
    ],
    [
      "what cannot be planned again does not run",
      "(error: unknown) => unplannable(error, change, log)",
      "() => undefined",
    ],
  ]),
  ...guardsOf("bot/approvals/precheck.ts", ["tests/approvals/live_card_test.ts"], [
    [
      "what was not answered is no sign that it has moved",
      `found?.reason === "target_moved" && unanswered`,
      "false",
    ],
  ]),
  ...guardsOf("bot/commands/changes.ts", ["tests/approvals/live_card_test.ts"], [
    ["who gives up asks no more", "over.abort();"],
    ["our impatience is no outage of the vendor", "signal: over.signal", "signal: tooLate"],
  ]),
  ...guardsOf("bot/approvals/execute.ts", EXECUTION, [
    ["a failed check stops it", "if (failed) return await this.stop(change, failed);"],
    [
      "without its secret it does not run",
      'if (!secrets) return await this.stop(change, notRun("secret_missing"));',
      "if (!secrets) return;",
    ],
    [
      "the write is marked before it is sent",
      "set: { sent_at: store.now(), claimed_until: store.now() + EXECUTION_LEASE_MS },",
      "set: { claimed_until: store.now() + EXECUTION_LEASE_MS },",
    ],
    ["what comes up in the last moment stops it", "if (failed) throw new LastCheckFailed(failed);"],
    ["a write does not leave after its lease", "sending.claimed_until <= store.now() || ", ""],
    ["a write does not leave after a sleep", " || clock.now() - began >= EXECUTION_LEASE_MS", ""],
    ["what was sent is read back, not sent again", "if (change.sent_at !== null)", "if (false)"],
    [
      "an ambiguous failure is read back",
      "error instanceof ClientError && !error.failure.ambiguous",
      "error instanceof ClientError",
    ],
    ["a refusal is believed", "error instanceof ClientError && !error.failure.ambiguous", "false"],
  ]),
  ...guardsOf("bot/approvals/verify.ts", EXECUTION, [
    ["another change's effect is not this one's", "if (since !== undefined) return", "if (false) return"],
    [
      "what was not there may come later",
      `const told = isSettled(change) ? later(change, seen) : seen;`,
      "const told = seen;",
    ],
  ]),
  ...guardsOf("bot/approvals/execute.ts", EXECUTION, [
    ["only what is approved is run", `.where("state", "=", "approved")\n    .where((is)`, ".where((is)"],
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
    ["only what is under way is renewed", `.where("code", "in", underWay)`],
    ["what is uncertain is looked at when its time has come", `.where("next_check_at", "<=", now)`],
  ]),
  ...guardsOf("bot/approvals/execute.ts", STOPS, [
    [
      "what is approved begins at its time",
      `.where((is) => is.or([is("starts_at", "is", null), is("starts_at", "<=", store.now())]))`,
    ],
  ]),
  ...guardsOf("bot/approvals/decide.ts", STOPS, [
    [
      "who stops may ask or approve",
      `const denied = await this.whyNot(ctx, change, "request") && await this.whyNot(ctx, change);`,
      "const denied = undefined;",
    ],
    [
      "what is dangerous can be stopped before it runs",
      "const starts_at = startOf(change, store.now(), config.graceMs);",
      "const starts_at = store.now();",
    ],
  ]),
  ...guardsOf("bot/approvals/state_machine.ts", STOPS, [
    [
      "only what is approved is stopped",
      `stop: { from: ["approved"]`,
      `stop: { from: ["approved", "executing"]`,
    ],
    ["a change waits for its time", "scheduled_at ?? now, now", "now, now"],
  ]),
  ...guardsOf("bot/approvals/request.ts", REQUESTS, [
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
      "invocation.asked.length > 0 && !await this.secretEntry.isComplete(invocation)",
      "false",
    ],
    [
      "a way back is no plain overwrite",
      `ctx.refuse("undo_moved", { about: auditOf(change) });\n    return false;`,
      "return true;",
    ],
    [
      "only what was done is undone",
      "if (!TOOK_EFFECT.has(change.state)) {",
      "if (false) {",
    ],
    [
      "what has no way back has none",
      `if (!undo.possible) return ctx.refuse("no_way_back"`,
      `if (false) return ctx.refuse("no_way_back"`,
    ],
    [
      "a way back is asked for once",
      "const open = await openUndoOf(this.deps.store, change);",
      "const open = undefined;",
    ],
    [
      "only what came to nothing is asked for again",
      `if (change.state !== "superseded" && change.state !== "expired") {`,
      "if (false) {",
    ],
    ["what was taken back is known to be", "if (await this.isTakenBack(ctx, invocation)) return false;"],
    [
      "it is asked for again once",
      "const open = await openRepeatOf(this.deps.store, change);",
      "const open = undefined;",
    ],
  ]),
];
