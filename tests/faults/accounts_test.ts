import assert from "node:assert/strict";
import type { AuditTable, InboxTable, LoansTable, MessagesTable } from "../../bot/store/schema.ts";
import { type Evidence, excusedRepeats, findings } from "./accounts.ts";
import type { ChangeRecord, Records } from "./records.ts";
import { enableKey } from "./vendor_proxy.ts";

const COMPANY = "6b0000000000";
const ROLE = "arn:aws:iam::200000000000:role/gravityzone";
const KEY = enableKey(COMPANY, ROLE);

Deno.test("findings finds nothing where everything adds up", () => {
  assert.deepEqual(broken(evidence()), {});
});

const SPOILT: readonly [what: string, spoil: (evidence: Evidence) => Evidence, promise: string][] = [
  ["an update that was accepted and is not in the inbox", (one) => ({
    ...one,
    records: { ...one.records, updates: one.records.updates.slice(1) },
  }), "lost"],
  ["an update that was never accepted", (one) => ({ ...one, updates: new Set([1, 2, 3, 4]) }), "lost"],
  ["a command without an answer", (one) => withMessages(one, ({ key }) => key !== "update:1"), "lost"],
  ["a request without a card", (one) => withMessages(one, ({ key }) => key !== "card:AAAAA"), "lost"],
  ["a decision that the audit does not know", (one) => ({
    ...one,
    deeds: { ...one.deeds, decisions: [...one.deeds.decisions, { updateId: 3, person: 103, code: "AAAAA" }] },
  }), "lost"],
  ["a message that nobody had reason to send again", (one) => ({
    ...one,
    sent: [...one.sent, { chat: 1, id: 99, ephemeral: false, by: 1, at: 5, answerLost: false }],
  }), "doubled"],
  ["a request that made two changes", (one) => {
    const [first] = one.records.changes;
    return withRecords(one, { changes: [...one.records.changes, { ...first!, code: "BBBBB" }] });
  }, "doubled"],
  ["updates of a chat that were finished in the wrong order", (one) =>
    withRecords(one, {
      updates: one.records.updates.map((row) => row.update_id === 1 ? { ...row, finishedIn: 900 } : row),
    }), "out of order"],
  ["an answer that stands above that of an earlier command", (one) =>
    withRecords(one, {
      messages: [...one.records.messages, { ...message("update:2", 10), update_id: 2 }],
    }), "out of order"],
  ["a message that is still to be sent", (one) =>
    withRecords(one, {
      messages: one.records.messages.map((row) => ({ ...row, state: "due" as const })),
    }), "messages not shown as they are"],
  [
    "a write that arrived twice",
    (one) => ({ ...one, writes: [...one.writes, ...one.writes] }),
    "double writes",
  ],
  ["a write that nobody approved", (one) => ({
    ...one,
    writes: [...one.writes, { key: "generate somebody", effective: false, fault: undefined }],
  }), "writes without approval"],
  ["an approval by the requester", (one) =>
    withRecords(one, {
      changes: one.records.changes.map((change) => ({ ...change, requester_id: 102 })),
    }), "writes without approval"],
  ["a change that says applied of a write without effect", (one) => ({
    ...one,
    writes: [{ key: KEY, effective: false, fault: "500" }],
  }), "outcomes that differ from the vendor"],
  ["a change whose state no audit row explains", (one) =>
    withRecords(one, {
      changes: one.records.changes.map((change) => ({ ...change, state: "rejected" as const })),
    }), "steps that no change may take"],
  ["a change that was sent twice", (one) =>
    withRecords(one, {
      audit: one.records.audit.flatMap((row) => row.event === "send" ? [row, row] : [row]),
    }), "steps that no change may take"],
  ["a dangerous change that one had approved", (one) =>
    withRecords(one, {
      changes: one.records.changes.map((change) => ({ ...change, risk: "danger" as const })),
    }), "runs without enough votes"],
  ["a change whose approval was taken back", (one) =>
    withRecords(one, {
      audit: one.records.audit.flatMap((row) =>
        row.event === "approve" ? [row, { ...row, event: "take_back" }] : [row]
      ),
    }), "runs without enough votes"],
  ["a loan that never began", (one) => withLoan(one), "loans forgotten"],
  ["a loan that nobody took back", (one) => withLoan(one, { next_at: 1 }), "loans forgotten"],
  ["a loan that came to nothing without a word", (one) => withLoan(one, {}), "loans forgotten"],
  ["a loan that was taken back twice", (one) => {
    const backs = ["BACK1", "BACK2"].map((code) => ({ ...change(), code, loan_of: "AAAAA" }));
    return withRecords(one, { changes: [...one.records.changes, ...backs] });
  }, "doubled"],
  ["a change that nobody finished", (one) =>
    withRecords(one, {
      changes: one.records.changes.map((change) => ({
        ...change,
        state: "unknown" as const,
        next_check_at: 1,
      })),
    }), "unresolved"],
];

for (const [what, spoil, promise] of SPOILT) {
  Deno.test(`findings finds ${what}`, () => {
    assert.ok(broken(spoil(evidence()))[promise], JSON.stringify(broken(spoil(evidence()))));
  });
}

Deno.test("excusedRepeats counts second messages by the reason that nobody could know of the first", () => {
  const base = evidence();
  const repeat = { chat: 1, ephemeral: false, by: 1, at: 5_000 };
  const spoilt: Evidence = {
    ...base,
    sent: [
      ...base.sent,
      { ...repeat, id: 98, answerLost: true },
      { ...repeat, id: 99, answerLost: false, by: 2 },
      { ...repeat, id: 97, answerLost: false, takenBack: true },
    ],
    diedAt: (replica) => replica === 2 ? 5_500 : undefined,
  };
  assert.deepEqual(broken(spoilt), {});
  assert.deepEqual(excusedRepeats(spoilt), { answerLost: 1, senderDied: 1, takenBack: 1 });
  assert.deepEqual(broken({ ...spoilt, diedAt: () => undefined }), { doubled: 1 });
});

Deno.test("findings takes it for an answer that nobody can tell, where no look can tell", () => {
  const base = evidence();
  const first: ChangeRecord = { ...change(), code: "BBBBB", state: "unknown", handle: "other" };
  const steps = [["asked", 101], ["approve", 102], ["claim", null], ["send", null], ["mark_unknown", null]];
  const rows = steps.map(([event, person_id], index) => ({
    ...auditRow({ seq: 10 + index, event: String(event), person_id: person_id as number | null }),
    code: "BBBBB",
  }));
  const origin = { ...first, origin_message: 9 };
  const told: Evidence = {
    ...withRecords(base, {
      changes: [origin, ...base.records.changes],
      audit: [...base.records.audit, ...rows],
    }),
    deeds: {
      ...base.deeds,
      decisions: [...base.deeds.decisions, { updateId: 3, person: 102, code: "BBBBB" }],
    },
  };
  assert.deepEqual(broken(told), {});
  const wrote = { key: KEY, effective: true, fault: "cut" } as const;
  assert.deepEqual(broken({ ...told, writes: [wrote, ...told.writes] }), {});
  assert.deepEqual(Object.keys(broken({ ...told, writes: [] })), ["outcomes that differ from the vendor"]);
});

Deno.test("findings takes no decision for lost that was refused before anybody looked at what it was about", () => {
  const base = evidence();
  const typed = { updateId: 3, person: 103, code: "AAAAA" };
  const refused = {
    ...auditRow({ seq: 20, event: "refused", person_id: 103 }),
    code: null,
    reason_code: "membership_unknown" as const,
    operation: "/approve",
  };
  const records = { ...base.records, audit: [...base.records.audit, refused] };
  const once: Evidence = {
    ...base,
    records,
    deeds: { ...base.deeds, decisions: [...base.deeds.decisions, typed] },
  };
  assert.deepEqual(broken(once), {});
  const twice = { ...once, deeds: { ...base.deeds, decisions: [...once.deeds.decisions, typed] } };
  assert.deepEqual(broken(twice), { lost: 1 });
});

function broken(evidence: Evidence): Record<string, number> {
  return Object.fromEntries(
    findings(evidence).filter(({ broken }) => broken.length > 0).map((
      { what, broken },
    ) => [what, broken.length]),
  );
}

function withRecords(evidence: Evidence, records: Partial<Records>): Evidence {
  return { ...evidence, records: { ...evidence.records, ...records } };
}

/** The one change was made for a time; without `loan` there is none. */
function withLoan(evidence: Evidence, loan?: Partial<LoansTable>): Evidence {
  return withRecords(evidence, {
    changes: evidence.records.changes.map((change) => ({ ...change, lasts_ms: 60_000 })),
    loans: loan ? [{ ...LOAN, ...loan }] : [],
  });
}

const LOAN: LoansTable = {
  code: "AAAAA",
  ends_at: 1,
  next_at: null,
  reminders: 1,
  extended_id: null,
  extended_name: null,
  back: null,
  trouble: null,
  ended_at: null,
  outcome: null,
};

Deno.test("findings takes it for no forgotten loan where people know why it is open, or it has ended", () => {
  for (const loan of [{ trouble: '"refused"' }, { ended_at: 1, outcome: "moved" as const }]) {
    assert.deepEqual(broken(withLoan(evidence(), loan)), {});
  }
});

function withMessages(evidence: Evidence, keep: (row: MessagesTable) => boolean): Evidence {
  return withRecords(evidence, { messages: evidence.records.messages.filter(keep) });
}

/** Somebody pings, somebody asks for a change, somebody else approves it, and it is applied. */
function evidence(): Evidence {
  const steps = [["asked", 101], ["approve", 102], ["claim", null], ["send", null], ["apply", null]] as const;
  return {
    records: {
      updates: [update(1, "chat:1"), update(2, "chat:1"), update(3, "press:1")],
      messages: [message("update:1", 11), message("card:AAAAA", 12)],
      changes: [change()],
      loans: [],
      audit: steps.map(([event, person_id], index) => auditRow({ seq: index + 1, event, person_id })),
      proof: { intact: true, rows: steps.length },
    },
    deeds: {
      commands: [{ updateId: 1, chat: 1, message: 1 }, { updateId: 2, chat: 1, message: 2 }],
      decisions: [{ updateId: 3, person: 102, handle: "handle" }],
    },
    updates: new Set([1, 2, 3]),
    accepted: new Set([1, 2, 3]),
    sent: [11, 12].map((id) => ({ chat: 1, id, ephemeral: false, by: 1, at: 1, answerLost: false })),
    writes: [{ key: KEY, effective: true, fault: undefined }],
    slowestLookMs: 20,
    diedAt: () => undefined,
  };
}

function update(update_id: number, lane: string) {
  const times = { received_at: 0, finished_at: 1, finishedIn: 100 + update_id };
  return { update_id, lane, state: "done" as InboxTable["state"], ...times };
}

function message(key: string, message_id: number): MessagesTable {
  return {
    key,
    chat_id: 1,
    thread_id: null,
    reply_to: null,
    receiver_id: null,
    callback_query_id: null,
    reply: "{}",
    version: 1,
    sent_version: 1,
    message_id,
    ephemeral_id: null,
    format: "rich",
    priority: 2,
    silent: 0,
    file_sent: null,
    not_before: 0,
    attempts: 0,
    state: "idle",
    claimed_by: null,
    claimed_until: 0,
    created_at: 0,
    trace: null,
    export: null,
    sealed: null,
    update_id: 0,
  };
}

function change(): ChangeRecord {
  return {
    code: "AAAAA",
    state: "applied",
    verb: "enable",
    plan: JSON.stringify({ input: { company: COMPANY, role: ROLE } }),
    requester_id: 101,
    origin_chat: 1,
    origin_message: 2,
    handle: "handle",
    next_check_at: null,
    risk: "write",
    scheduled_at: null,
    lasts_ms: null,
    loan_of: null,
  };
}

function auditRow(row: Pick<AuditTable, "seq" | "event" | "person_id">): AuditTable {
  const rest = { reason_code: null, person_name: null, chat_id: null, operation: null, target: null };
  return {
    ...rest,
    company: null,
    state: null,
    detail: null,
    trace: null,
    at: 0,
    prev: "",
    hash: "",
    code: "AAAAA",
    ...row,
  };
}
