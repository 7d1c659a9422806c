import { z } from "zod";
import {
  allConfiguredIntegrations,
  type BitdefenderClient,
  type ConfiguredIntegration,
  type ConfiguredIntegrations,
} from "../../clients/bitdefender.ts";
import { asOf, countSummary, formatNumber, toCsv } from "../format.ts";
import { type Context, type Health, operationsOf } from "../operation.ts";
import { type Attachment, type Block, type Line, line, type Reply } from "../reply.ts";
import { resolveCompany } from "./companies.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

/** A longer list does not fit a phone: the problems stay on the screen, all of it goes as a file. */
const MOST_ROWS = 30;
const MOST_PROBLEMS = 20;
const MOST_SETTINGS = 5;

export const statusBitdefender = read({
  verb: "status",
  target: "bitdefender",
  summary: "Integrations configured in GravityZone, problems first",
  example: "/status bitdefender Acme Corp",
  input: z.object({
    company: z.string().optional().meta({ positional: true, rest: true, placeholder: "company" }),
  }),
  async run(context, { company: query }) {
    const company = query === undefined ? undefined : await resolveCompany(context, query);
    return { company, ...await configured(context, company?.id) };
  },
  render({ company, integrations, total, at }, view): Reply {
    const sorted = worstFirst(integrations);
    const problems = sorted.filter(isProblem);
    const inFile = integrations.length > MOST_ROWS;
    const title = integrations.length === 0
      ? "No integrations are configured in GravityZone"
      : `GravityZone: ${summaryOf(integrations, problems.length)}`;
    return {
      mark: integrations.length === 0 ? "absent" : problems.length > 0 ? "attention" : "fine",
      title: [title, ...(company ? [" · ", { data: company.name }] : [])],
      blocks: [
        ...countsOf(sorted),
        ...movedNote(integrations.length, total),
        ...(problems.length > 0 ? [tableOf(problems.slice(0, inFile ? MOST_PROBLEMS : MOST_ROWS))] : []),
        ...(inFile
          ? [fileNote(integrations.length, problems.length)]
          : [...healthyOf(sorted), ...settingsOf(sorted)]),
      ],
      footer: asOf(at, view.now),
      buttons: [[{
        label: "Refresh",
        action: { command: `/status bitdefender${company ? ` ${company.id}` : ""}` },
      }]],
      ...(inFile && { file: fileOf(sorted, at) }),
    };
  },
});

/** One line of `/status` over all vendors. */
export async function integrationsHealth(context: Context<BitdefenderClient>): Promise<Health> {
  const { integrations, at } = await configured(context, undefined);
  const problems = worstFirst(integrations).filter(isProblem);
  const left = problems.length - MOST_PROBLEMS;
  return {
    mark: problems.length === 0 ? "fine" : "attention",
    summary: summaryOf(integrations, problems.length),
    problems: [
      ...problems.slice(0, MOST_PROBLEMS).map((entry) => [
        { data: entry.name },
        statusWord(entry),
        entry.company ? { data: entry.company.name } : "",
      ]),
      ...(left > 0 ? [[`and ${left} more: /status bitdefender`]] : []),
    ],
    at,
  };
}

async function configured(
  context: Context<BitdefenderClient>,
  companyId: string | undefined,
): Promise<ConfiguredIntegrations & { at: number }> {
  const { value, at } = await context.cached(
    `bitdefender:integrations:${companyId ?? "own"}`,
    () => allConfiguredIntegrations(context.client, { companyId }, context.call),
  );
  return { ...value, at };
}

function summaryOf(integrations: readonly ConfiguredIntegration[], problems: number): string {
  const count = integrations.length;
  if (count === 0) return "no integrations configured";
  const active = integrations.filter(({ status }) => status === ACTIVE).length;
  return countSummary({ all: count, problems, working: [active, "active"], need: "action" });
}

function countsOf(sorted: readonly ConfiguredIntegration[]): readonly Block[] {
  const counts = [...Map.groupBy(sorted, statusWord)];
  if (counts.length === 0) return [];
  const text = counts.map(([word, { length }]) => `${word} ${formatNumber(length)}`).join(" · ");
  return [{ kind: "text", text }];
}

function movedNote(read: number, total: number): readonly Block[] {
  if (read === total) return [];
  const counts = `GravityZone counts ${formatNumber(total)}, ${formatNumber(read)} could be read`;
  return [{
    kind: "text",
    text: `${counts}: the list changed meanwhile. Ask again for exact counts.`,
  }];
}

function healthyOf(sorted: readonly ConfiguredIntegration[]): readonly Block[] {
  const healthy = sorted.filter((entry) => !isProblem(entry));
  if (healthy.length === 0) return [];
  return [{ kind: "details", summary: `${healthy.length} without problems`, blocks: [tableOf(healthy)] }];
}

function fileNote(count: number, problems: number): Block {
  const cut = problems > MOST_PROBLEMS
    ? `The worst ${MOST_PROBLEMS} of ${formatNumber(problems)} are shown. `
    : "";
  return { kind: "text", text: `${cut}All ${formatNumber(count)} are in the file, problems first.` };
}

function tableOf(integrations: readonly ConfiguredIntegration[]): Block {
  const rows = integrations.map((entry) => [{ data: entry.name }, statusWord(entry), whereOf(entry)]);
  return { kind: "table", header: ["Name", "Status", "Where"], rows };
}

const FILE_COLUMNS: Readonly<
  Record<string, (entry: ConfiguredIntegration) => string | number | boolean | null | undefined>
> = {
  "name": ({ name }) => name,
  "status": statusWord,
  "type": ({ type }) => wordFor(type, TYPE_WORDS),
  "host": ({ specifics }) => specifics.hostname,
  "port": ({ specifics }) => specifics.port,
  "user name": ({ specifics }) => specifics.username,
  "view": viewOf,
  "verifies TLS": ({ specifics }) => specifics.verifyTLSCertificate,
  "retries authentication": ({ specifics }) => specifics.retryAuthentication,
  "seconds between retries": ({ specifics }) => specifics.retryAuthenticationTimeToWait,
  "retries at most": ({ specifics }) => specifics.retryAuthenticationMaxAttempts,
  "categories": categoriesOf,
  "company": ({ company }) => company?.name,
  "company id": ({ company }) => company?.id,
  "id": ({ id }) => id,
};

function fileOf(sorted: readonly ConfiguredIntegration[], at: number): Attachment {
  const day = new Date(at).toISOString().slice(0, 10);
  const rows = sorted.map((entry) => Object.values(FILE_COLUMNS).map((cell) => cell(entry)));
  const content = toCsv(Object.keys(FILE_COLUMNS), rows);
  return { name: `bitdefender-integrations-${day}.csv`, mime: "text/csv", content };
}

/** What a list for a phone has no room for, of the worst; a long list has all of it in its file. */
function settingsOf(sorted: readonly ConfiguredIntegration[]): readonly Block[] {
  if (sorted.length === 0) return [];
  const blocks: Block[] = [{ kind: "list", items: sorted.slice(0, MOST_SETTINGS).map(settingsLine) }];
  const whose = sorted.length > MOST_SETTINGS ? ` of the first ${MOST_SETTINGS}` : "";
  return [{ kind: "details", summary: `settings and ids${whose}`, blocks }];
}

function settingsLine(entry: ConfiguredIntegration): Line {
  const { port, username, verifyTLSCertificate: tls } = entry.specifics;
  const categories = categoriesOf(entry);
  const settings: readonly Line[] = [
    ...(typeof port === "number" ? [`port ${port}`] : []),
    ...(username ? [["as ", { data: username }]] : []),
    ...(viewOf(entry) ? [viewOf(entry)] : []),
    ...(typeof tls === "boolean" ? [tls ? "TLS verified" : "TLS not verified"] : []),
    ...retriesOf(entry),
    ...(categories ? [{ data: categories }] : []),
    ...(entry.company ? [["company ", { code: entry.company.id }]] : []),
  ];
  return line(
    { data: entry.name },
    " · ",
    { code: entry.id },
    ...settings.flatMap((setting): Line[] => [" · ", setting]),
  );
}

function retriesOf({ specifics }: ConfiguredIntegration): readonly string[] {
  const { retryAuthentication: retries, retryAuthenticationMaxAttempts: most } = specifics;
  if (typeof retries !== "boolean") return [];
  if (!retries) return ["no retries"];
  const wait = specifics.retryAuthenticationTimeToWait;
  const every = typeof wait === "number" ? ` every ${wait} s` : "";
  return [`retries${every}${typeof most === "number" ? `, ${most} at most` : ""}`];
}

function viewOf({ specifics: { viewType } }: ConfiguredIntegration): string {
  return typeof viewType === "number" ? wordFor(viewType, VIEW_WORDS) : "";
}

/** `directoryServices` as the vendor's page writes it: "directory services". */
function categoriesOf({ category }: ConfiguredIntegration): string {
  return Object.keys(category).filter((name) => category[name])
    .map((name) => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()).join(", ");
}

const order = new Intl.Collator("en", { numeric: true });

function worstFirst(integrations: readonly ConfiguredIntegration[]): readonly ConfiguredIntegration[] {
  return [...integrations].sort((one, other) =>
    severity(one.status) - severity(other.status) || one.status - other.status ||
    order.compare(one.name, other.name)
  );
}

/** One column, because a phone has no room for three more. */
function whereOf(entry: ConfiguredIntegration): Line {
  const { hostname } = entry.specifics;
  return [
    wordFor(entry.type, TYPE_WORDS),
    ...(hostname ? [" · ", { data: hostname }] : []),
    ...(entry.company ? [" · ", { data: entry.company.name }] : []),
  ];
}

const STATUS_WORDS: Readonly<Record<number, string>> = {
  0: "Not licensed",
  1: "Available",
  2: "Stopped",
  3: "Action required",
  4: "Pending",
  5: "Active",
  6: "Error",
  7: "License usage reached",
};

const TYPE_WORDS: Readonly<Record<number, string>> = { 1: "VMware" };
const VIEW_WORDS: Readonly<Record<number, string>> = { 1: "VMs and Templates", 2: "Hosts and Clusters" };

const ACTIVE = 5;
/** Worst first. Unknown statuses stand with the problems: nobody has said that they are harmless. */
const PROBLEMS = [6, 3, 7, 0, 2];
const HARMLESS = [4, 1, ACTIVE];

function isProblem({ status }: ConfiguredIntegration): boolean {
  return !HARMLESS.includes(status);
}

/** For sorting: lower is worse. */
function severity(status: number): number {
  if (PROBLEMS.includes(status)) return PROBLEMS.indexOf(status);
  return PROBLEMS.length + 1 + HARMLESS.indexOf(status);
}

function statusWord({ status }: ConfiguredIntegration): string {
  return wordFor(status, STATUS_WORDS);
}

/** The vendor's number in the vendor's words; one that is not documented is shown as it is. */
function wordFor(value: number, words: Readonly<Record<number, string>>): string {
  return words[value] ?? `Unknown (${value})`;
}
