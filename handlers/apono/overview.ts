import { z } from "zod";
import type { AponoClient } from "../../clients/apono.ts";
import type { AponoIntegration } from "../../clients/apono/integration.ts";
import { ClientError } from "../../clients/errors.ts";
import { andDisabled, asOf, countSummary } from "../format.ts";
import { type Context, type Health, operationsOf } from "../operation.ts";
import type { Block, Inline, Line, Reply } from "../reply.ts";
import { isProblem, standingOf, statusWord, worstFirst } from "./status_word.ts";

/** All integrations, each with what v2 says about its last load. */
export interface Overview {
  readonly integrations: readonly AponoIntegration[];
  /** How many the vendor counts but did not return. */
  readonly missing: number;
  /** Why there are no details, when v2 refused to give them. */
  readonly withoutDetails: boolean;
  /** When the vendor said it, epoch ms. */
  readonly at: number;
}

export const showStatus = operationsOf<AponoClient>("apono").read({
  verb: "status",
  target: "apono",
  summary: "Show whether the Apono integrations work",
  example: "/status apono",
  input: z.object({}),
  run: overview,
  render: (overview, { now }) => renderOverview(overview, now),
});

export async function health(context: Context<AponoClient>): Promise<Health> {
  const { integrations, at } = await overview(context);
  const problems = integrations.filter(({ status }) => isProblem(status)).toSorted(worstFirst);
  return {
    mark: problems.length > 0 ? "attention" : "fine",
    summary: summaryOf(integrations),
    problems: problems.map(({ name, status, details }) => [
      { data: name },
      statusText(status),
      ...(details ? [{ data: details }] : []),
    ]),
    at,
  };
}

/** v4 has the states, only v2 has the words for them; both are asked at once, and v2 may fail. */
async function overview(context: Context<AponoClient>): Promise<Overview> {
  const { value, at } = await context.cached("apono:status", async () => {
    const { integrations, v2, api } = context.client;
    const [listed, worded] = await Promise.all([
      integrations.list({}, context.call),
      api === "v2" ? undefined : unlessRefused(v2.list({}, context.call)),
    ]);
    const details = new Map(worded?.items.map((one) => [one.id, one.details]));
    return {
      integrations: listed.items.map((one) => ({
        ...one,
        details: one.details ?? details.get(one.id) ?? null,
      })),
      missing: listed.missing,
      withoutDetails: api === "v4" && worded === undefined,
    };
  });
  return { ...value, at };
}

/** Details are worth having, not worth failing for. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError) return undefined;
    throw error;
  }
}

function summaryOf(integrations: readonly AponoIntegration[]): string {
  const count = integrations.length;
  if (count === 0) return "no integrations";
  return countSummary({
    all: count,
    problems: integrations.filter(({ status }) => isProblem(status)).length,
    working: [integrations.filter(({ status }) => standingOf(status) === "fine").length, "active"],
    disabled: integrations.filter(isDisabled).length,
  });
}

function isDisabled({ status }: AponoIntegration): boolean {
  return standingOf(status) === "off";
}

function renderOverview({ integrations, missing, withoutDetails, at }: Overview, now: number): Reply {
  const problems = integrations.filter(({ status }) => isProblem(status)).toSorted(worstFirst);
  const others = integrations.filter(({ status }) => !isProblem(status)).toSorted(worstFirst);
  return {
    mark: problems.length > 0 ? "attention" : integrations.length > 0 ? "fine" : "absent",
    title: ["Apono: ", summaryOf(integrations)],
    blocks: [
      { kind: "text", text: counts(integrations) },
      ...problemBlocks(problems),
      ...notes(missing, withoutDetails && problems.length > 0),
      ...others.length > 0 ? [folded(others)] : [],
    ],
    footer: asOf(at, now),
    buttons: [
      [{ label: "Refresh", action: { command: "/status apono" } }],
      ...problems.slice(0, 3).map(({ id, name }) => [{
        label: `Show ${name}`,
        action: { command: `/show apono ${id}` },
      }]),
    ],
  };
}

/** What one screen holds; the rest is folded, in pages. */
const MOST_PROBLEMS = 8;

function problemBlocks(problems: readonly AponoIntegration[]): readonly Block[] {
  if (problems.length === 0) return [];
  const rest = problems.slice(MOST_PROBLEMS);
  return [
    { kind: "list", items: problems.slice(0, MOST_PROBLEMS).map(problemLine) },
    ...rest.length > 0
      ? [
        {
          kind: "details",
          summary: `${rest.length} more need attention`,
          blocks: [{ kind: "table", rows: rest.map((one) => [problemLine(one)]) }],
        } as const,
      ]
      : [],
  ];
}

function problemLine({ name, status, details, lastSyncAt }: AponoIntegration): Line {
  return [
    { bold: { data: name } },
    ": ",
    statusText(status),
    ...(details ? [" · ", { data: details.replace(/\.$/, ""), max: 200 }] : []),
    ...(lastSyncAt ? [" · last sync ", { time: lastSyncAt, as: "relative" } as const] : []),
  ];
}

/** "Error 2 · Active 25"; an unknown word is the vendor's. */
function counts(integrations: readonly AponoIntegration[]): Line {
  const words = new Map<string, number>();
  for (const { status } of integrations.toSorted(worstFirst)) {
    words.set(statusWord(status), (words.get(statusWord(status)) ?? 0) + 1);
  }
  return [...words].flatMap((
    [word, count],
    index,
  ) => [index > 0 ? " · " : "", { data: word, max: 40 }, ` ${count}`]);
}

function folded(integrations: readonly AponoIntegration[]): Block {
  const disabled = integrations.filter(isDisabled).length;
  return {
    kind: "details",
    summary: `${integrations.length - disabled} without problems${andDisabled(disabled)}`,
    blocks: [{
      kind: "table",
      header: ["Name", "Status", "Last sync"],
      rows: integrations.map(({ name, status, lastSyncAt }) => [
        { data: name },
        statusText(status),
        lastSyncAt ? { time: lastSyncAt, as: "relative" } : "never",
      ]),
    }],
  };
}

function notes(missing: number, withoutDetails: boolean): readonly Block[] {
  const lines = [
    ...missing > 0 ? [`Apono counts ${missing} more but did not return them.`] : [],
    ...withoutDetails ? ["Apono's v2 API did not answer, so the reasons are missing."] : [],
  ];
  return lines.map((text) => ({ kind: "text", text }));
}

/** Known words are ours to write; an unknown one is the vendor's. */
function statusText(status: string): Inline {
  return { data: statusWord(status) };
}
