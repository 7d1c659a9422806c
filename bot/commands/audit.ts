import { z } from "zod";
import { type Line, type Reply, textBlock } from "../../handlers/reply.ts";
import { personLine } from "../approvals/card.ts";
import { parseDuration } from "../settings.ts";
import { type AuditFilter, type AuditProof, countAudit, latestAudit, verifyAudit } from "../store/audit.ts";
import type { AuditTable } from "../store/schema.ts";
import { type Builtin, builtin } from "./builtin.ts";

const SHOWN = 10;
const MOST_SHOWN = 50;

const filters = {
  company: z.string().optional(),
  person: z.string().optional(),
  since: z.string().refine(
    (text) => sinceOf(text, 0) !== undefined,
    "takes a time such as 2h or a day such as 2026-11-20",
  )
    .optional(),
  code: z.string().optional(),
};

/** `/audit`, `/audit export`, `/audit verify`. */
export const auditCommands: readonly Builtin[] = [
  builtin({
    verb: "audit",
    summary: "The last entries of the audit",
    example: "/audit 20 since=2h",
    need: "read",
    risk: "read",
    input: z.object({
      n: z.coerce.number().int().min(1).max(MOST_SHOWN).optional().meta({
        positional: true,
        placeholder: "n",
      }),
      ...filters,
    }),
    async execute({ store }, ctx, input) {
      ctx.answer(auditReply(await latestAudit(store.db, filterOf(input, store.now()), input.n ?? SHOWN)));
    },
  }),
  builtin({
    verb: "audit",
    target: "export",
    summary: "The whole audit as files, JSON lines and CSV",
    example: "/audit export since=30d",
    need: "approve",
    input: z.object(filters),
    async execute({ store }, ctx, input) {
      const filter = filterOf(input, store.now());
      const { rows, last } = await countAudit(store.db, filter);
      if (rows === 0) return ctx.answer(NOTHING);
      ctx.audit({ event: "audit_exported", detail: JSON.stringify(input) });
      const title = `The audit as JSON lines and CSV: ${rows} row${rows === 1 ? "" : "s"}`;
      ctx.answer({ mark: "fine", title }, { export: { ...filter, until: last } });
    },
  }),
  builtin({
    verb: "audit",
    target: "verify",
    summary: "Whether the audit is what was written",
    example: "/audit verify",
    need: "read",
    risk: "read",
    input: z.object({}),
    execute: async ({ store }, ctx) => ctx.answer(proofReply(await verifyAudit(store.db))),
  }),
];

function proofReply(proof: AuditProof): Reply {
  if (proof.intact) {
    return { mark: "fine", title: `intact: ${proof.rows} rows, each following the one before` };
  }
  const { row, why } = proof;
  const text = `Row ${row}: ${why}. Keep a copy of the database before doing anything else.`;
  return { mark: "down", title: `broken at row ${row}`, blocks: [textBlock(text)] };
}

const NOTHING: Reply = { mark: "info", title: "Nothing in the audit fits" };

function auditReply(rows: readonly AuditTable[]): Reply {
  if (rows.length === 0) return NOTHING;
  return {
    mark: "info",
    title: `The last ${rows.length} entr${rows.length === 1 ? "y" : "ies"} of the audit`,
    blocks: [{ kind: "table", header: ["when", "what", "who"], rows: rows.map(rowOf) }],
    footer: { code: "/audit verify" },
  };
}

function rowOf({ at, event, reason_code, operation, code, person_id, person_name }: AuditTable): Line[] {
  const words = [event, reason_code && `(${reason_code})`, operation].filter(Boolean).join(" ");
  const what = { data: words, max: 60 };
  return [
    { time: at },
    code ? [{ code }, " ", what] : what,
    person_id === null ? "the bot" : personLine(person_name ?? "", person_id),
  ];
}

/** What happened, for people who have not read how the bot works. */
export function stepWords(event: string, reason: string | null): string {
  if (event === "refused" && reason !== null) return `refused: ${REFUSED[reason] ?? plainly(reason)}`;
  return STEPS[event] ?? plainly(event);
}

const STEPS: Readonly<Record<string, string>> = {
  approve: "approved",
  reject: "rejected",
  withdraw: "taken back",
  expire: "expired",
  supersede: "stopped, nothing was sent",
  claim: "started",
  take_over: "taken over by another instance",
  send: "sent to the vendor",
  apply: "applied",
  apply_partly: "partly applied",
  accept: "accepted by the vendor",
  fail: "not applied",
  mark_unknown: "result unknown",
  applied_late: "applied, but late",
  partly_late: "partly applied, but late",
  still_not_applied: "still not applied",
  still_partly_applied: "still partly applied",
  settle_applied: "said to be applied",
  settle_not_applied: "said not to be applied",
  unfrozen: "freeze lifted",
  held_back: "asked if still wanted",
  secret_asked: "secret page sent",
  secret_entered: "secret entered",
  credential_offered: "new credential ready",
  credential_shown: "new credential shown",
  credential_withheld: "new credential not shown",
  chat_migrated: "the group has a new id",
};

const REFUSED: Readonly<Record<string, string>> = {
  malformed_command: "not understood",
  own_change: "own request",
  not_operator: "may not ask for changes",
  not_approver: "may not approve",
  literal_secret: "a secret in the chat",
  stale_message: "sent too long ago",
};

function plainly(code: string): string {
  return code.replaceAll("_", " ");
}

type FilterInput = Omit<AuditFilter, "since"> & { readonly since?: string | undefined };

function filterOf({ since, ...rest }: FilterInput, now: number): AuditFilter {
  return { ...rest, since: since === undefined ? undefined : sinceOf(since, now) };
}

/** A time before now ("2h") or a day; epoch ms. */
function sinceOf(text: string, now: number): number | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return Math.max(0, now - ago);
  const day = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(day) ? undefined : day;
}
