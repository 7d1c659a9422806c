import { type Guard, guardsOf } from "./guard.ts";

const VOTES = [
  "tests/approvals/votes_test.ts",
  "tests/approvals/policy_test.ts",
  "tests/approvals/emergency_test.ts",
  "tests/approvals/waiting_test.ts",
  "tests/approvals/policy_properties_test.ts",
];
const WAITING = ["tests/approvals/waiting_test.ts", "tests/approvals/emergency_test.ts"];
const TALKING = [
  "tests/approvals/pass_on_test.ts",
  "tests/approvals/talk_test.ts",
  "tests/approvals/which_change_test.ts",
];
const FILE = ["tests/approvals/policy_properties_test.ts", "tests/bot/config_refusal_test.ts"];

/** Guards of the policy: who may ask for what, whose votes count, and how many of them it takes. */
export const ruleGuards: readonly Guard[] = [
  ...guardsOf("bot/access/rulebook.ts", VOTES, [
    [
      "what no rule allows is allowed to nobody",
      "return this.allows.filter(({ what }) => what.some((pattern) => isMeant(pattern, operation)));",
      "return this.allows;",
    ],
    [
      "a rule counts only where it fits",
      "this.needs.filter(({ fits }) => isFitting(fits, change))",
      "this.needs",
    ],
    [
      "someone approves where no rule names anybody",
      "named ? fitting : [...fitting, this.anyone]",
      "fitting",
    ],
    ["the shortest ttl counts", "Math.min(...times)", "Math.max(...times)"],
    ["a risk is meant as it is", "if (risk !== undefined && risk !== change.risk) return false;"],
    [
      "a company is meant by its id",
      `if (companies && !companies.includes(change.company ?? "")) return false;`,
    ],
    ["what an approval covers has its counts", "`[${listed(of)},${count}]`", "`[${listed(of)}]`"],
  ]),
  ...guardsOf("bot/access/policy.ts", VOTES, [
    ["all needs count", "progress.every(({ given, total })", "progress.some(({ given, total })"],
    [
      "a person counts once within a need",
      "const persons = [...new Set(voters)];\n  return needs",
      "const persons = [...voters];\n  return needs",
    ],
    ["only who is named fills a place", "return of === undefined || of.has(person);", "return true;"],
    ["whoever asks is no approver of it", ".filter((id) => id !== requesterId)", ""],
    ["with a broken glass one vote is still needed", "[{ of: namedIn(need), count: 1 }]", "[]"],
  ]),
  ...guardsOf("bot/access/members.ts", VOTES, [
    [
      "who asks is named by a rule that allows it",
      "return asks.some(({ who }) => who.has(personId)) ? decision : NO_RULE_ALLOWS;",
      "return decision;",
    ],
    [
      "who votes is named by a need",
      "return namesVoter(needs, personId) ? decision : NO_RULE_NAMES;",
      "return decision;",
    ],
  ]),
  ...guardsOf("bot/approvals/decide.ts", VOTES, [
    ["a vote counts once", "if (voted) return undefined;"],
    [
      "a vote that is not enough decides nothing",
      "if (!isMet(progress)) return voteStep",
      "if (false) return voteStep",
    ],
    [
      "only one's own vote is taken back",
      `\n        .where("person_id", "=", person.id).returning("person_id")`,
      `\n        .returning("person_id")`,
    ],
    ["what nobody gave is not taken back", "if (missing) return undefined;"],
    ["no vote counts outside the hours", `if (shut) return refuse("closed_hours", { next: shut });`],
  ]),
  ...guardsOf("bot/approvals/request.ts", VOTES, [
    [
      "what is not allowed is not planned",
      "if (!this.members.mayAsk(operation, ctx.person.id)) {",
      "if (false) {",
    ],
    [
      "what nobody could approve is not asked for",
      "if (ruling.asks && !canBeMet(ruling.needs, ctx.person.id)) {",
      "if (false) {",
    ],
  ]),
  ...guardsOf("bot/approvals/emergency.ts", WAITING, [
    [
      "nobody breaks the glass for themselves",
      `if (change.requester_id === ctx.person.id) return ctx.refuse("own_change", record);`,
    ],
    ["who breaks the glass is named", "if (!glass?.who.has(ctx.person.id)) {", "if (!glass) {"],
    ["the glass is broken once", "if (repeated) return undefined;"],
    [
      "an emergency is no vote",
      "if (!last || !isMet(progressOf(seen.ruling.needs, voters))) return called;",
      "if (!last) return called;",
    ],
    [
      "whoever broke the glass does not review it",
      `if (called.person_id === person.id) return ctx.refuse("own_emergency", record);`,
    ],
    [
      "who reviews is of the policy",
      `if (!members.rules?.people.has(person.id)) return ctx.refuse("no_rule_names_you", record);`,
    ],
    [
      "an emergency is reviewed once",
      `if (!written) return ctx.refuse("nothing_to_review", record);`,
    ],
  ]),
  ...guardsOf("bot/approvals/remind.ts", WAITING, [
    [
      "who has voted, or asked, is not reminded",
      "(id) => id !== requester_id && !voted.includes(id)",
      "() => true",
    ],
    [
      "what has enough votes is not reminded of",
      "if (!need || isMet(progressOf([need], voted))) return [];",
      "if (!need) return [];",
    ],
  ]),
  ...guardsOf("bot/approvals/pass_on.ts", TALKING, [
    [
      "nobody hands their own request over",
      `if (isOwn(ctx, change)) return void ctx.refuse("own_change", about);`,
    ],
    ["who hands it over may decide", "if (denied) return void ctx.refuse(denied, about);"],
    ["it is handed over once", "if (!first) return ctx.answer", "if (false) return ctx.answer"],
    [
      "it goes to somebody else",
      "whoCouldVote(change, view).filter((id) => id !== ctx.person.id)",
      "whoCouldVote(change, view)",
    ],
  ]),
  ...guardsOf("bot/approvals/talk.ts", TALKING, [
    ["who asks may approve", "if (!speaks) return false;"],
    ["no secret is passed on", "if (literalSecretIn(words).length > 0) {", "if (false) {"],
    ["without a policy talk stays talk", "if (!members.rules || said", "if (said"],
  ]),
  ...guardsOf("bot/access/policy_file.ts", FILE, [
    [
      "no service id is a person's",
      `: SERVICE_IDS.has(id) && "is one of`,
      `: false && "is one of`,
    ],
  ]),
  ...guardsOf("bot/access/policy_check.ts", FILE, [
    [
      "what nobody can meet is refused",
      "if (!fits || tried.size === 0 && canBeMet(rule, NOBODY)) return [];",
      "return [];",
    ],
    ["what fits nothing is refused", "return fitting.some(() => true)", "return true"],
    ["no two names mean one person", "return other === undefined", "return true"],
  ]),
  ...guardsOf("bot/config.ts", FILE, [
    [
      "no list stands beside a policy",
      "if (config.policyFile !== undefined && (config.operators || config.approvers)) {",
      "if (false) {",
    ],
  ]),
  ...guardsOf("bot/approvals/precheck.ts", [
    "tests/approvals/waiting_test.ts",
    "tests/approvals/policy_test.ts",
  ], [
    [
      "what was approved for a closed time does not run",
      `if (shut) return { ...notRun("closed_hours")`,
      `if (false) return { ...notRun("closed_hours")`,
    ],
  ]),
  ...guardsOf("bot/approvals/execute.ts", ["tests/approvals/policy_test.ts"], [
    [
      "who goes by another policy runs nothing",
      "if (inForce === undefined || inForce === replicas.policy) {",
      "if (true) {",
    ],
  ]),
];
