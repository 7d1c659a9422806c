import * as z from "zod";
import type { BitdefenderClient } from "../../clients/bitdefender.ts";
import type { Hours } from "../../clients/bitdefender/answers.ts";
import { ILLEGIBLE, readable } from "../../clients/json.ts";
import { asOf, formatNumber, inQuotes } from "../format.ts";
import { BadInput, type Context, operationsOf, type View } from "../operation.ts";
import type { Block, Button, Line, MonthsPicture, Reply } from "../reply.ts";
import { companyChoices, ofCompany, type OwnCompany } from "./companies.ts";
import { companyOption } from "./ec2_state.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

const MOST_MONTHS = 12;

export const usageEc2 = read({
  verb: "usage",
  target: "ec2",
  summary: "Amazon EC2 hours by instance category, of a month or of several as a picture",
  example: "/usage ec2 Acme Corp months=6",
  input: z.object({
    company: companyOption,
    month: z.string().optional().meta({ placeholder: "mm/yyyy" }),
    months: z.coerce.number().int().min(1).max(MOST_MONTHS).optional().meta({ placeholder: "6" }),
  }),
  choices: { company: companyChoices },
  async run(context, { company, month, months }) {
    if (month !== undefined && months !== undefined) {
      throw new BadInput("month= asks for one month and months= for the last ones: leave one of them out.");
    }
    const asked = months === undefined
      ? [month === undefined ? undefined : monthOf(month, context.now)]
      : lastMonths(months, context.now);
    const { scope, value } = await ofCompany(
      context,
      company,
      (companyId) => Promise.all(asked.map((targetMonth) => hoursOf(context, companyId, targetMonth))),
    );
    return { scope, usage: value, isSeries: months !== undefined, at: context.now };
  },
  render: (used, view) => used.isSeries ? renderSeries(used, view) : renderMonth(used, view),
});

interface MonthOfUse {
  readonly month: string;
  readonly hours: Hours;
}

interface Used {
  readonly scope: OwnCompany;
  readonly usage: readonly MonthOfUse[];
  readonly at: number;
}

async function hoursOf(
  { client, call, now }: Context<BitdefenderClient>,
  companyId: string | undefined,
  targetMonth: string | undefined,
): Promise<MonthOfUse> {
  const hours = await client.getHourlyUsageForAmazonEC2Instances({ companyId, targetMonth }, call);
  return { month: targetMonth ?? currentMonth(now), hours };
}

function renderMonth({ scope, usage, at }: Used, view: View): Reply {
  const { month, hours } = usage[0] ?? { month: currentMonth(at), hours: {} };
  return {
    mark: totalOf(hours) > 0 ? "info" : "absent",
    title: [`${totalWord(hours)} EC2 hours in ${month} · `, { data: scope.name }],
    blocks: hoursTable(hours),
    footer: asOf(at, view.now),
    buttons: [[earlier(scope, month)]],
  };
}

/** The month before this one, of the same company. */
function earlier({ companyId }: OwnCompany, month: string): Button {
  const [of = 1, year = 1970] = month.split("/").map(Number);
  const before = currentMonth(Date.UTC(year, of - 2));
  const command = ["/usage ec2", companyId, `month=${before}`].filter(Boolean).join(" ");
  return { label: `‹ ${before}`, action: { command } };
}

function renderSeries({ scope, usage, at }: Used, view: View): Reply {
  const total = usage.reduce((sum, { hours }) => sum + totalOf(hours), 0);
  const isWhole = usage.every(({ hours }) => isKnown(hours));
  const words = `${isWhole ? "" : "at least "}${formatNumber(total)} EC2 hours in ${
    monthsWord(usage.length)
  }`;
  const latest = usage.at(-1)?.month;
  return {
    mark: total > 0 ? "info" : "absent",
    title: [`${words} · `, { data: scope.name }],
    blocks: [
      {
        kind: "table",
        header: ["Month", "Hours"],
        rows: usage.map(({ month, hours }): Line[] => [
          month === latest ? `${month} so far` : month,
          totalWord(hours),
        ]),
      },
      {
        kind: "details",
        summary: "By category",
        blocks: usage.flatMap(({ month, hours }): readonly Block[] => [
          { kind: "text", text: { bold: month } },
          ...(Object.keys(hours).length > 0 ? hoursTable(hours) : [{ kind: "text", text: "none" } as const]),
        ]),
      },
    ],
    footer: asOf(at, view.now),
    picture: pictureOf(`EC2 hours · ${scope.name}`, usage),
  };
}

/** So many categories have bars of their own; a phone shows no more at once. */
const MOST_CATEGORIES = 6;

function pictureOf(title: string, usage: readonly MonthOfUse[]): MonthsPicture {
  const sums = new Map<string, number>();
  for (const [category, spent] of usage.flatMap(({ hours }) => Object.entries(hours))) {
    sums.set(category, (sums.get(category) ?? 0) + (readable(spent) ?? 0));
  }
  const categories = [...sums].sort(([, one], [, other]) => other - one).map(([category]) => category);
  const shown = categories.slice(0, MOST_CATEGORIES);
  const rest = categories.slice(MOST_CATEGORIES);
  return {
    kind: "months",
    title,
    months: usage.map(({ month }) => month.replace(/\/\d\d/, "/")),
    rows: [
      { name: "All categories", values: usage.map(({ hours }) => isKnown(hours) ? totalOf(hours) : null) },
      ...shown.map((category) => ({
        name: category,
        values: usage.map(({ hours }) => spentOn(hours, [category])),
      })),
      ...(rest.length === 0 ? [] : [{
        name: `${rest.length} more`,
        values: usage.map(({ hours }) => spentOn(hours, rest)),
      }]),
    ],
    footer: `Each row to its own scale · the last month is not over · ?: not known`,
  };
}

/** Null when one of them is not known. */
function spentOn(hours: Hours, categories: readonly string[]): number | null {
  const all = categories.map((category) => category in hours ? readable(hours[category]) : 0);
  return all.some((spent) => typeof spent !== "number")
    ? null
    : all.reduce((sum: number, spent) => sum + (spent ?? 0), 0);
}

function monthsWord(count: number): string {
  return count === 1 ? "this month" : `${count} months`;
}

export function hoursTable(hours: Hours): readonly Block[] {
  const known = (spent: Hours[string]) => readable(spent) ?? 0;
  const rows = Object.entries(hours)
    .sort(([, one], [, other]) => known(other) - known(one))
    .map(([category, spent]): Line[] => [{ data: category }, hoursWord(spent)]);
  if (rows.length === 0) return [];
  return [{ kind: "table", header: ["Category", "Hours"], rows: [...rows, ["Total", totalWord(hours)]] }];
}

function hoursWord(spent: Hours[string]): string {
  if (spent === ILLEGIBLE) return "not readable";
  return typeof spent === "number" ? formatNumber(spent) : "not given";
}

/** What could not be read may be any number. */
export function totalWord(hours: Hours): string {
  return `${isKnown(hours) ? "" : "at least "}${formatNumber(totalOf(hours))}`;
}

function isKnown(hours: Hours): boolean {
  return Object.values(hours).every((spent) => typeof spent === "number");
}

/** `3/2026` is what people type; the API wants `03/2026`. */
function monthOf(given: string, now: number): string {
  const [, month = "", year = ""] = /^(0?[1-9]|1[0-2])\/(\d{4})$/.exec(given.trim()) ?? [];
  if (month === "") {
    throw new BadInput(`${inQuotes(given)} is not a month. Type it as mm/yyyy, for example month=03/2026.`);
  }
  if (Date.UTC(Number(year), Number(month) - 1) > now) {
    throw new BadInput(`${inQuotes(given)} has not begun yet. The latest is month=${currentMonth(now)}.`);
  }
  return `${month.padStart(2, "0")}/${year}`;
}

/** The last so many months, this one included, the oldest first. */
function lastMonths(count: number, now: number): string[] {
  const date = new Date(now);
  return Array.from(
    { length: count },
    (_, index) => currentMonth(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - (count - 1 - index))),
  );
}

function currentMonth(now: number): string {
  const date = new Date(now);
  return `${String(date.getUTCMonth() + 1).padStart(2, "0")}/${date.getUTCFullYear()}`;
}

export function totalOf(hours: Hours): number {
  return Object.values(hours).reduce((total: number, each) => total + (readable(each) ?? 0), 0);
}
