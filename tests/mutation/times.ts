import { FREEZES, type Guard, guardsOf, HOLDS, LOANS, STOPS } from "./guard.ts";

/** Guards of what has to do with time: loans and their ways back, schedules, holds, freezes. */
export const timeGuards: readonly Guard[] = [
  ...guardsOf("bot/approvals/loan.ts", LOANS, [
    ["a loan begins once it took effect", "await begin(store, transaction, change);"],
    [
      "only what took effect is lent",
      "change.lasts_ms === null || !TOOK_EFFECT.has(change.state)",
      "change.lasts_ms === null",
    ],
    [
      "an undo by hand ends the loan",
      "if (outcome) await endLoan(store, transaction, loan, { outcome, back: back.code });\n  else if",
      "if",
    ],
    [
      "what came to nothing stays open",
      "else if (back.loan_of !== null) await keepOpen(",
      "else if (false) await keepOpen(",
    ],
    [
      "what the vendor refused is not sent again by itself",
      "next_at: again ? triedAgainAt(loan, store.now()) : null,",
      "next_at: triedAgainAt(loan, store.now()),",
    ],
    ["a short loan is announced at half time", "Math.min(REMIND_BEFORE_MS, lastsMs / 2)", "REMIND_BEFORE_MS"],
    [
      "the rest of what was taken back in part is no one else's work",
      `.where("state", "=", "partly applied")`,
      `.where("state", "=", "superseded")`,
    ],
    ["what moved is said aloud", `const aloud = ended.outcome === "moved";`, "const aloud = false;"],
    [
      "the card of what is lent is shown anew",
      "await putMessage(store, transaction, cardMessage(change, { loan }));",
    ],
  ]),
  ...guardsOf("bot/approvals/way_back.ts", LOANS, [
    [
      "nobody gives their own loan more time",
      `if (change.requester_id === ctx.person.id) return ctx.refuse("own_change", record);`,
    ],
    ["who gives more time may approve", `if (!decision.allowed) return ctx.refuse(decision.reason, record);`],
    [
      "more time is given once",
      "if (!loan || !isOpen(loan) || loan.extended_id !== null) {",
      "if (!loan || !isOpen(loan)) {",
    ],
    [
      "who takes it back may ask or approve",
      "if (!asks.allowed && !approves.allowed) return ctx.refuse(approves.reason, record);",
    ],
    ["only what is due is looked at", `.where("next_at", "<=", store.now())`],
    ["nothing is taken back before its end", "if (loan.ends_at > store.now()) await", "if (false) await"],
    [
      "what moved is not overwritten",
      `if (moved) return await this.end(change, loan, "moved", moved);`,
    ],
    [
      "a way back goes to the account of its loan",
      "|| this.deps.vendors.isOfAnotherAccount(change)) {",
      ") {",
    ],
    [
      "a way back is planned once",
      `.where("ends_at", "=", loan.ends_at).returning("code").executeTakeFirst();\n      if (!mine) return;`,
      `.where("ends_at", "=", loan.ends_at).returning("code").executeTakeFirst();`,
    ],
  ]),
  ...guardsOf("bot/approvals/precheck.ts", LOANS, [
    ["a way back is the one that was planned", `if (!isOfLoan) return notRun("not_on_record");`],
    ["a freeze does not stop a way back", "if (change.loan_of !== null) return undefined;"],
  ]),
  ...guardsOf("bot/approvals/request.ts", LOANS, [
    [
      "what has no way back is not lent",
      `if (unlendable) return refuse("not_lendable", { next: unlendable });`,
    ],
    ["a time that cannot be used asks for nothing", "if (!times) return false;", "if (!times) return true;"],
  ]),
  ...guardsOf("bot/approvals/schedule.ts", STOPS, [
    ["what is over is no time", "if (at <= now) {", "if (false) {"],
    ["too far ahead is no time", "return at <= last ? at : {", "return true ? at : {"],
    ["a loan has a length", "lasts < SHORTEST_LOAN_MS || lasts > LONGEST_LOAN_MS", "false"],
  ]),
  ...guardsOf("bot/approvals/schedule.ts", LOANS, [
    [
      "a way back that needs a secret is not lent",
      "if (askedIn(undo.input, isSecret).length === 0) return undefined;",
      "return undefined;",
    ],
  ]),
  ...guardsOf("bot/approvals/decide.ts", HOLDS, [
    ["what others hold is not approved", `return hold ? refuse("held"`, `return false ? refuse("held"`],
  ]),
  ...guardsOf("bot/approvals/precheck.ts", HOLDS, [
    ["what others hold does not run", "if (hold) return {", "if (false as boolean && hold) return {"],
  ]),
  ...guardsOf("bot/approvals/request.ts", HOLDS, [
    [
      "what others hold is not asked for",
      `if (hold) return refuse("held"`,
      `if (false as boolean) return refuse("held"`,
    ],
  ]),
  ...guardsOf("bot/commands/hold.ts", HOLDS, [
    [
      "nobody takes another's hold",
      "if (held && held.holder_id !== row.holder_id) {",
      "if (false as boolean && held) {",
    ],
    [
      "who releases holds it or may approve",
      "if (decision && !decision.allowed) return",
      "if (false as boolean && decision && !decision.allowed) return",
    ],
  ]),
  ...guardsOf("bot/store/changes.ts", [...HOLDS, ...FREEZES], [
    ["a hold keeps others off, not its holder", `.where("holder_id", "<>", requester_id)`],
    [
      "a hold ends by itself",
      `.where("holder_id", "<>", requester_id).where("ends_at", ">", store.now())`,
      `.where("holder_id", "<>", requester_id)`,
    ],
    [
      "a freeze of a company stops that company alone",
      "(freeze.company === null || freeze.company === company)",
      "true",
    ],
    [
      "a freeze of a vendor stops its targets",
      "new Set([undefined, vendor, target",
      "new Set([undefined, target",
    ],
    [
      "a freeze that is planned stops nothing yet",
      `.where((is) => is.or([is("begins_at", "is", null), is("begins_at", "<=", at)]))`,
    ],
    ["a freeze ends by itself", `.where((is) => is.or([is("ends_at", "is", null), is("ends_at", ">", at)]))`],
  ]),
  ...guardsOf("bot/commands/freeze.ts", FREEZES, [
    [
      "a shorter freeze does not replace a longer one",
      "if (held && endsLater(held, row)) return",
      "if (false as boolean && held) return",
    ],
    ["a freeze of a company names one", "if (input.company !== undefined && !owner) return;"],
  ]),
];
