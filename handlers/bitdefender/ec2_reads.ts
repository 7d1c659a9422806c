import { z } from "zod";
import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import type { Hours } from "../../clients/bitdefender/answers.ts";
import { ILLEGIBLE, readable } from "../../clients/json.ts";
import { asOf, formatNumber, inQuotes } from "../format.ts";
import { BadInput, type Context, operationsOf, type PastChange, type View } from "../operation.ts";
import type { Block, Button, Line, Mark, Reply } from "../reply.ts";
import { ofCompany } from "./companies.ts";
import { KEYS_OWN, listedFor, type Recorded, recorded, targetKey } from "./ec2_state.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

const company = z.string().optional().meta({ positional: true, rest: true, placeholder: "company" });

export const statusEc2 = read({
  verb: "status",
  target: "ec2",
  summary: "Amazon EC2 of a company: external ID, this month's hours, last changes",
  example: "/status ec2 Acme Corp",
  input: z.object({ company }),
  run: (context, input) => readStatus(context, input.company),
  render: renderStatus,
});

export const usageEc2 = read({
  verb: "usage",
  target: "ec2",
  summary: "Amazon EC2 hours of a month by instance category",
  example: "/usage ec2 Acme Corp month=03/2026",
  input: z.object({ company, month: z.string().optional().meta({ placeholder: "mm/yyyy" }) }),
  async run(context, { company: query, month }) {
    const targetMonth = month === undefined ? undefined : monthOf(month);
    const { scope, value: hours } = await ofCompany(
      context,
      query,
      (companyId) =>
        context.client.getHourlyUsageForAmazonEC2Instances({ companyId, targetMonth }, context.call),
    );
    return { scope, hours, month: targetMonth ?? currentMonth(context.now), at: context.now };
  },
  render({ scope, hours, month, at }, view): Reply {
    const total = totalOf(hours);
    return {
      mark: total > 0 ? "info" : "absent",
      title: [`${totalWord(hours)} EC2 hours in ${month} · `, { data: scope.name }],
      blocks: hoursTable(hours),
      footer: asOf(at, view.now),
    };
  },
});

export const externalId = read({
  verb: "externalid",
  target: null,
  summary: "The external ID for a company's cross-account role",
  example: "/externalid Acme Corp",
  input: z.object({ company }),
  async run(context, input) {
    const { scope, value } = await ofCompany(
      context,
      input.company,
      (companyId) => context.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, context.call),
    );
    return { scope, externalId: value, at: context.now };
  },
  render({ scope, externalId, at }, view): Reply {
    const footer = asOf(at, view.now);
    if (externalId === null) {
      return {
        mark: "absent",
        title: ["No external ID was generated for ", { data: scope.name }],
        blocks: [{
          kind: "text",
          text: ["To generate one: ", { code: ["/rotate externalid", scope.id].filter(Boolean).join(" ") }],
        }],
        footer,
      };
    }
    return {
      mark: "info",
      title: ["External ID of ", { data: scope.name }],
      blocks: [{ kind: "facts", facts: [["External ID", { code: externalId }]] }],
      footer,
      buttons: [[copyButton(externalId)]],
    };
  },
});

type Ec2Status = Awaited<ReturnType<typeof readStatus>>;

/** What the vendor says, what this bot knows of the integration, and `listed`: the one look-up that needs it. */
async function readStatus(context: Context<BitdefenderClient>, query: string | undefined) {
  const { scope, value: { value: vendorSide, at } } = await ofCompany(
    context,
    query,
    (companyId) =>
      context.cached(`bitdefender:ec2:${companyId ?? "own"}`, async () => {
        const [externalId, hours] = await Promise.all([
          context.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, context.call),
          context.client.getHourlyUsageForAmazonEC2Instances({ companyId }, context.call),
        ]);
        return { externalId, hours };
      }),
  );
  const companyId = scope.id ?? KEYS_OWN;
  const seen = { scope, ...vendorSide, at };
  const [known, changes] = await Promise.all([
    recorded(context, companyId),
    context.history(targetKey(companyId)),
  ]);
  const listed = known.account === null ? null : await listedFor(context, companyId, known.account);
  return { ...seen, recorded: known, changes, listed };
}

function renderStatus(status: Ec2Status, view: View): Reply {
  const { scope, externalId, hours, recorded: { role, account }, changes, at } = status;
  const facts: (readonly [string, Line])[] = [
    ["External ID", externalId === null ? "none generated" : { code: externalId }],
    ["Role", role === null ? "not recorded by this bot" : { code: role }],
    ...(account === null ? [] : [["AWS account", [{ code: account }, listedWords(status.listed)]] as const]),
    ["Hours this month", totalWord(hours)],
  ];
  const [mark, verdict] = verdictOf(status);
  return {
    mark,
    title: ["EC2 of ", { data: scope.name }, `: ${verdict}`],
    blocks: [
      ...(scope.id === undefined ? [] : [{ kind: "text", text: { code: scope.id } } as const]),
      { kind: "facts", facts },
      ...hoursTable(hours),
      ...changesOf(changes),
    ],
    footer: asOf(at, view.now),
    ...(externalId !== null && { buttons: [[copyButton(externalId)]] }),
  };
}

/** What a company is switched off as, by what was done here last. */
const OFF: Readonly<Record<NonNullable<Recorded["off"]>, readonly [Mark, string]>> = {
  disabled: ["absent", "disabled through this bot"],
  rotated: ["attention", "new external ID, invalid until enabled again"],
};

/** Hours alone are never fine: they stay for the rest of the month, whatever became of the integration. */
function verdictOf(
  { externalId, listed, hours, recorded: { account, off } }: Ec2Status,
): readonly [Mark, string] {
  if (off) return OFF[off];
  if (listed === false) return ["attention", `no longer listed for AWS account ${account}`];
  if (listed === true) return ["fine", `active with AWS account ${account}`];
  const total = totalOf(hours);
  if (total > 0) return ["info", `${totalWord(hours)} hours this month`];
  return externalId === null
    ? ["absent", "not set up, no external ID"]
    : ["info", "external ID present, no hours this month"];
}

function listedWords(listed: boolean | null): string {
  if (listed === null) return " (GravityZone cannot tell whether it is listed)";
  return listed ? " (listed)" : " (not listed any more)";
}

function hoursTable(hours: Hours): readonly Block[] {
  const known = (spent: Hours[string]) => readable(spent) ?? 0;
  const rows = Object.entries(hours)
    .sort(([, one], [, other]) => known(other) - known(one))
    .map(([category, spent]): Line[] => [{ data: category }, hoursWord(spent)]);
  if (rows.length === 0) return [];
  return [{ kind: "table", header: ["Category", "Hours"], rows: [...rows, ["Total", totalWord(hours)]] }];
}

function hoursWord(spent: Hours[string]): string {
  if (spent === ILLEGIBLE) return "not readable";
  return typeof spent === "number" ? formatNumber(spent) : "not said";
}

/** What could not be read may be any number. */
function totalWord(hours: Hours): string {
  const isWhole = Object.values(hours).every((spent) => typeof spent === "number");
  return `${isWhole ? "" : "at least "}${formatNumber(totalOf(hours))}`;
}

function changesOf(changes: readonly PastChange[]): readonly Block[] {
  if (changes.length === 0) return [{ kind: "text", text: "No change was made here through this bot." }];
  const items = changes.slice(0, 5).map((change): Line => [
    { time: change.at, as: "date" },
    " · ",
    { data: change.title },
    ` · ${change.state} · `,
    { data: change.requester },
    " · ",
    { code: change.code },
  ]);
  return [{ kind: "text", text: { bold: "Last changes made here" } }, { kind: "list", items }];
}

/** `3/2026` is what people type; the API wants `03/2026`. */
function monthOf(given: string): string {
  const [, month, year] = /^(0?[1-9]|1[0-2])\/(\d{4})$/.exec(given.trim()) ?? [];
  if (month !== undefined && year !== undefined) return `${month.padStart(2, "0")}/${year}`;
  throw new BadInput(`${inQuotes(given)} is not a month. Type it as mm/yyyy, for example month=03/2026.`);
}

function currentMonth(now: number): string {
  const date = new Date(now);
  return `${String(date.getUTCMonth() + 1).padStart(2, "0")}/${date.getUTCFullYear()}`;
}

function totalOf(hours: Hours): number {
  return Object.values(hours).reduce((total: number, each) => total + (readable(each) ?? 0), 0);
}

function copyButton(externalId: string): Button {
  return { label: "Copy external ID", action: { copy: externalId } };
}
