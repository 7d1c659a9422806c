import { InputFile } from "grammy";
import { z } from "zod";
import type { Line, Reply } from "../../handlers/reply.ts";
import { personLine } from "../approvals/card.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { parseDuration } from "../settings.ts";
import {
  type AuditFilter,
  type AuditProof,
  auditRows,
  csvLines,
  jsonLines,
  latestAudit,
  verifyAudit,
} from "../store/audit.ts";
import type { AuditTable } from "../store/schema.ts";
import { type Builtin, builtin } from "./builtin.ts";

const SHOWN = 10;
const MOST_SHOWN = 50;
/** Telegram takes files up to 50 MB; beyond this many rows they are compressed. */
const PLAIN_ROWS = 50_000;

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
    async execute(parts, ctx, input) {
      await sendFiles(parts, ctx, filterOf(input, parts.store.now()));
      ctx.audit({ event: "audit_exported", detail: JSON.stringify(input) });
      ctx.answer({ mark: "fine", title: "The audit was exported: JSON lines and CSV" });
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

/** Streams the rows into two documents, so that a million of them fit into memory. */
async function sendFiles({ store, bot }: Deps, ctx: UpdateContext, filter: AuditFilter): Promise<void> {
  const { rows } = await store.db.selectFrom("audit").select((is) => is.fn.countAll<number>().as("rows"))
    .executeTakeFirstOrThrow();
  const compressed = Number(rows) > PLAIN_ROWS;
  for (const [name, lines] of [["audit.jsonl", jsonLines], ["audit.csv", csvLines]] as const) {
    const bytes = lines(auditRows(store.db, filter));
    const file = compressed ? new InputFile(gzip(bytes), `${name}.gz`) : new InputFile(bytes, name);
    await bot.api.sendDocument(ctx.chat.id, file, {
      disable_notification: true,
      ...(ctx.threadId === undefined ? {} : { message_thread_id: ctx.threadId }),
    });
  }
}

function proofReply(proof: AuditProof): Reply {
  if (proof.intact) {
    return { mark: "fine", title: `intact: ${proof.rows} rows, each following the one before` };
  }
  const { row, why } = proof;
  return {
    mark: "down",
    title: `broken at row ${row}`,
    blocks: [{
      kind: "text",
      text: `Row ${row}: ${why}. Keep a copy of the database before doing anything else.`,
    }],
  };
}

function auditReply(rows: readonly AuditTable[]): Reply {
  if (rows.length === 0) return { mark: "info", title: "Nothing in the audit fits" };
  return {
    mark: "info",
    title: `The last ${rows.length} entr${rows.length === 1 ? "y" : "ies"} of the audit`,
    blocks: [{ kind: "table", header: ["when", "what", "who"], rows: rows.map(rowOf) }],
    footer: { code: "/audit verify" },
  };
}

function rowOf(row: AuditTable): Line[] {
  const what = [row.event, row.reason_code && `(${row.reason_code})`, row.operation].filter(Boolean).join(
    " ",
  );
  return [
    { time: row.at },
    row.code ? [{ code: row.code }, " ", { data: what, max: 60 }] : { data: what, max: 60 },
    row.person_id === null ? "the bot" : personLine(row.person_name ?? "", row.person_id),
  ];
}

interface FilterInput {
  readonly company?: string | undefined;
  readonly person?: string | undefined;
  readonly since?: string | undefined;
  readonly code?: string | undefined;
}

function filterOf({ company, person, since, code }: FilterInput, now: number): AuditFilter {
  const from = since === undefined ? undefined : sinceOf(since, now);
  return {
    ...(company === undefined ? {} : { company }),
    ...(person === undefined ? {} : /^\d{1,15}$/.test(person) ? { personId: Number(person) } : { person }),
    ...(from === undefined ? {} : { since: from }),
    ...(code === undefined ? {} : { code }),
  };
}

/** A time before now ("2h") or a day; epoch ms. */
function sinceOf(text: string, now: number): number | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return Math.max(0, now - ago);
  const day = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(day) ? undefined : day;
}

async function* gzip(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = ReadableStream.from(bytes) as ReadableStream<Uint8Array<ArrayBuffer>>;
  yield* source.pipeThrough(new CompressionStream("gzip"));
}
