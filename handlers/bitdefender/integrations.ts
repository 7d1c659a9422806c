import * as z from "zod";
import {
  allConfiguredIntegrations,
  type BitdefenderClient,
  type ConfiguredIntegrations,
} from "../../clients/bitdefender.ts";
import type { ConfiguredIntegration } from "../../clients/bitdefender/answers.ts";
import { ILLEGIBLE, readable, type Reported, within } from "../../clients/json.ts";
import { asOf, countOf, countSummary, formatNumber, naturally, showButtons, toCsv } from "../format.ts";
import { type Candidate, type Context, type Health, operationsOf } from "../operation.ts";
import { type Attachment, type Block, type Inline, type Line, type Reply, textBlock } from "../reply.ts";
import { unreadNotes } from "../resource.ts";
import type { ItemState, VendorSight } from "../sight.ts";
import { about, companyChoices, ofCompany } from "./companies.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

/** A longer list does not fit a phone: the problems stay on the screen, all of it goes as a file. */
const MOST_ROWS = 30;
const MOST_PROBLEMS = 20;

export const statusBitdefender = read({
  verb: "status",
  target: "bitdefender",
  summary: "Integrations configured in GravityZone, problems first",
  example: "/status bitdefender Acme Corp",
  input: z.object({
    company: z.string().optional().meta({ positional: true, rest: true, placeholder: "company" }),
  }),
  choices: { company: companyChoices },
  async run(context, { company: query }) {
    if (query === undefined) return { company: undefined, ...await readConfigured(context, undefined) };
    const { scope: company, value } = await ofCompany(context, query, (id) => readConfigured(context, id));
    return { company, ...value };
  },
  render({ company, at, ...list }, view): Reply {
    const { integrations } = list;
    const sorted = worstFirst(integrations);
    const problems = sorted.filter(isProblem);
    const inFile = integrations.length > MOST_ROWS;
    const title = isEmpty(list)
      ? "No integrations are configured in GravityZone"
      : `GravityZone: ${summaryOf(list)}`;
    return {
      mark: markOf(list),
      title: [title, ...(company ? [" · ", { data: company.name }] : [])],
      blocks: [
        ...countsOf(sorted),
        ...missingNotes(list),
        ...(problems.length > 0 ? [tableOf(problems.slice(0, inFile ? MOST_PROBLEMS : MOST_ROWS))] : []),
        ...(inFile
          ? [fileNote(integrations.length, problems.length, company?.id)]
          : [...healthyOf(sorted), ...settingsOf(sorted)]),
      ],
      footer: asOf(at, view.now),
      buttons: [
        ...showButtons(problems.map(({ id, name }) => ({
          name,
          command: [`/show bitdefender ${id}`, ...(company?.id ? [`company=${company.id}`] : [])].join(" "),
        }))),
        [{
          label: "Refresh",
          action: { command: ["/status bitdefender", company?.id].filter(Boolean).join(" ") },
        }],
      ],
      ...(inFile && { file: fileOf(sorted, at) }),
    };
  },
});

/** Every field of one. */
export function renderIntegration(entry: ConfiguredIntegration, at: number, now: number): Reply {
  const { name: _name, status: _status, ...others } = FIELDS;
  return {
    mark: isProblem(entry) ? "attention" : entry.status === ACTIVE ? "fine" : "info",
    title: [nameIn(entry), `: ${statusWord(entry)}`],
    blocks: [{
      kind: "facts",
      facts: Object.entries(others).map(([label, field]) => [label, shown(field(entry))] as const),
    }],
    footer: asOf(at, now),
  };
}

/** Those of the key's own company, to choose one of. */
export async function entryChoices(context: Context<BitdefenderClient>): Promise<readonly Candidate[]> {
  const { integrations } = await readConfigured(context, undefined);
  return worstFirst(integrations).map((entry) => ({
    value: entry.id,
    name: entry.name,
    about: [within(entry.company, "name"), within(entry.specifics, "hostname")].map(readable)
      .filter((said) => typeof said === "string"),
    standing: isProblem(entry) ? "problem" : entry.status === ACTIVE ? "fine" : "unknown",
  }));
}

/** One line of `/status` over all vendors. */
export async function integrationsHealth(context: Context<BitdefenderClient>): Promise<Health> {
  const { at, ...list } = await readConfigured(context, undefined);
  const problems = worstFirst(list.integrations).filter(isProblem);
  const left = problems.length - MOST_PROBLEMS;
  return {
    mark: markOf(list),
    summary: summaryOf(list),
    problems: [
      ...problems.slice(0, MOST_PROBLEMS).map((entry) => [
        nameIn(entry),
        statusWord(entry),
        { data: readable(within(entry.company, "name")) ?? "" },
      ]),
      ...(left > 0 ? [[`and ${left} more: /status bitdefender`]] : []),
      ...unreadNotes(list.unread).map((note) => [note]),
    ],
    at,
  };
}

/** Every integration as a watch sees it. */
export async function integrationsSight(context: Context<BitdefenderClient>): Promise<VendorSight> {
  return sightOf(await readConfigured(context, undefined));
}

/** Those of one company; a customer's key names none. */
export async function companySight(
  context: Context<BitdefenderClient>,
  companyId: string,
): Promise<VendorSight> {
  const company = { id: companyId, name: companyId, companyId };
  const { value } = await about(context, company, (id) => readConfigured(context, id));
  return sightOf(value);
}

function sightOf({ at, ...list }: ConfiguredIntegrations & { readonly at: number }): VendorSight {
  return {
    items: list.integrations.map((entry) => ({
      key: keyOf(entry),
      target: "bitdefender",
      id: entry.id,
      name: entry.name,
      company: {
        id: readable(within(entry.company, "id")) ?? null,
        name: readable(within(entry.company, "name")) ?? null,
      },
      state: watchedState(entry),
      word: statusWord(entry),
    })),
    partial: list.unread.length > 0 || seen(list) < list.total ? ["bitdefender"] : [],
    at,
  };
}

function keyOf({ id }: ConfiguredIntegration): string {
  return `bitdefender:${id}`;
}

/** Its name, where it is said how it stands. */
function nameIn(entry: ConfiguredIntegration): Inline {
  return entry.status === ACTIVE ? { data: entry.name } : { data: entry.name, item: keyOf(entry) };
}

/** Of what is pending nobody has said that it works, and of what is available nobody wants anything. */
const WATCHED_STATES: Readonly<Record<number, ItemState>> = {
  0: "attention",
  1: "off",
  2: "down",
  3: "attention",
  4: "unknown",
  5: "fine",
  6: "down",
  7: "attention",
};

function watchedState({ status }: ConfiguredIntegration): ItemState {
  return typeof status === "number" ? WATCHED_STATES[status] ?? "attention" : "unknown";
}

/** The integrations of one company, the key's own without an id. */
export async function readConfigured(
  context: Context<BitdefenderClient>,
  companyId: string | undefined,
): Promise<ConfiguredIntegrations & { at: number }> {
  const { value, at } = await context.cached(
    `bitdefender:integrations:${companyId ?? "own"}`,
    () => allConfiguredIntegrations(context.client, { companyId }, context.call),
  );
  return { ...value, at };
}

function isEmpty({ integrations, unread, total }: ConfiguredIntegrations): boolean {
  return integrations.length + unread.length + total === 0;
}

/** Fine is only what was seen to be: one that is active, and none that is not. */
function markOf(list: ConfiguredIntegrations): Health["mark"] {
  const { integrations, unread, total } = list;
  if (isEmpty(list)) return "absent";
  if (integrations.some(isProblem) || unread.length > 0 || seen(list) !== total) return "attention";
  return integrations.some(({ status }) => status === ACTIVE) ? "fine" : "unknown";
}

/** How many rows came, readable or not. */
function seen({ integrations, unread }: ConfiguredIntegrations): number {
  return integrations.length + unread.length;
}

function summaryOf(list: ConfiguredIntegrations): string {
  if (isEmpty(list)) return "no integrations configured";
  const { integrations, unread, total } = list;
  const active = integrations.filter(({ status }) => status === ACTIVE).length;
  const problems = integrations.filter(isProblem).length;
  return [
    countSummary({ all: integrations.length, problems, working: [active, "active"], need: "action" }),
    ...(unread.length > 0 ? [`${formatNumber(unread.length)} could not be read`] : []),
    ...(seen(list) < total ? [`only ${formatNumber(seen(list))} of ${formatNumber(total)} seen`] : []),
    ...(seen(list) > total ? [`GravityZone counts ${formatNumber(total)}`] : []),
  ].join(" · ");
}

function countsOf(sorted: readonly ConfiguredIntegration[]): readonly Block[] {
  const counts = [...Map.groupBy(sorted, statusWord)];
  if (counts.length === 0) return [];
  const text = counts.map(([word, { length }]) => `${word} ${formatNumber(length)}`).join(" · ");
  return [{ kind: "text", text }];
}

/** What the vendor counts and did not show, showed and does not count, or showed unreadably. */
function missingNotes(list: ConfiguredIntegrations): readonly Block[] {
  const { total, unread } = list;
  if (unread.length > 0) {
    return [
      ...unreadNotes(unread).map(textBlock),
      ...missingNotes({ ...list, unread: [], total: total - unread.length }),
    ];
  }
  if (seen(list) === total) return [];
  const counts = `GravityZone counts ${formatNumber(total)} and showed ${formatNumber(seen(list))}`;
  const text = seen(list) > total
    ? `${counts}: the list changed meanwhile. Ask again for exact counts.`
    : `${counts}: the others are not known. Ask again; if that does not help, look in GravityZone.`;
  return [{ kind: "text", text }];
}

function healthyOf(sorted: readonly ConfiguredIntegration[]): readonly Block[] {
  const healthy = sorted.filter((entry) => !isProblem(entry));
  if (healthy.length === 0) return [];
  return [{ kind: "details", summary: countOf(healthy.length, "other"), blocks: [tableOf(healthy)] }];
}

function fileNote(count: number, problems: number, companyId: string | undefined): Block {
  const cut = problems > MOST_PROBLEMS
    ? `The worst ${MOST_PROBLEMS} of ${formatNumber(problems)} are shown. `
    : "";
  const all = `${cut}All ${formatNumber(count)} are in the file, problems first. `;
  const show = ["/show bitdefender <name>", ...(companyId ? [`company=${companyId}`] : [])].join(" ");
  return { kind: "text", text: [all, { code: show }, " shows one."] };
}

function tableOf(integrations: readonly ConfiguredIntegration[]): Block {
  const rows = integrations.map((entry) => [nameIn(entry), statusWord(entry), whereOf(entry)]);
  return { kind: "table", header: ["Name", "Status", "Where"], rows };
}

type Value = Reported<string | number | boolean>;

/** Every field of the page, by the words for it. */
const FIELDS: Readonly<Record<string, (entry: ConfiguredIntegration) => Value>> = {
  "name": ({ name }) => name,
  "status": statusWord,
  "type": ({ type }) => wordFor(type, TYPE_WORDS),
  "host": ({ specifics }) => within(specifics, "hostname"),
  "port": ({ specifics }) => within(specifics, "port"),
  "user name": ({ specifics }) => within(specifics, "username"),
  "view": ({ specifics }) => wordFor(within(specifics, "viewType"), VIEW_WORDS),
  "verifies TLS": ({ specifics }) => within(specifics, "verifyTLSCertificate"),
  "retries authentication": ({ specifics }) => within(specifics, "retryAuthentication"),
  "seconds between retries": ({ specifics }) => within(specifics, "retryAuthenticationTimeToWait"),
  "retries at most": ({ specifics }) => within(specifics, "retryAuthenticationMaxAttempts"),
  "categories": categoriesOf,
  "company": ({ company }) => within(company, "name"),
  "company id": ({ company }) => within(company, "id"),
  "id": ({ id }) => id,
};

function fileOf(sorted: readonly ConfiguredIntegration[], at: number): Attachment {
  const day = new Date(at).toISOString().slice(0, 10);
  const rows = sorted.map((entry) =>
    Object.values(FIELDS).map((field) => {
      const value = field(entry);
      return value === ILLEGIBLE ? NOT_READABLE : value;
    })
  );
  const content = toCsv(Object.keys(FIELDS), rows);
  return { name: `bitdefender-integrations-${day}.csv`, mime: "text/csv", content };
}

/** What the tables have no room for. */
function settingsOf(sorted: readonly ConfiguredIntegration[]): readonly Block[] {
  if (sorted.length === 0) return [];
  return [{
    kind: "details",
    summary: "settings and ids",
    blocks: [{ kind: "list", items: sorted.map(settingsLine) }],
  }];
}

function settingsLine(entry: ConfiguredIntegration): Line {
  const { name: _name, status: _status, type: _type, host: _host, company: _company, id: _id, ...others } =
    FIELDS;
  const settings = Object.entries(others).flatMap(([label, field]): Inline[] => {
    const value = field(entry);
    return isSaid(value) ? [` · ${label} `, shown(value)] : [];
  });
  return [{ data: entry.name }, " · ", { code: entry.id }, ...settings];
}

function isSaid(value: Value): boolean {
  return value !== undefined && value !== null && value !== "";
}

function shown(value: Value): Inline {
  if (value === ILLEGIBLE) return NOT_READABLE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return isSaid(value) ? { data: String(value) } : "not given";
}

/** `directoryServices` as the vendor's page writes it: "directory services". */
function categoriesOf({ category }: ConfiguredIntegration): Value {
  if (category === ILLEGIBLE) return category;
  const words = (name: string) => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return Object.entries(category ?? {}).filter(([, is]) => is === true || is === ILLEGIBLE)
    .map(([name, is]) => `${words(name)}${is === true ? "" : ` (${NOT_READABLE})`}`).join(", ");
}

function worstFirst(integrations: readonly ConfiguredIntegration[]): readonly ConfiguredIntegration[] {
  return [...integrations].sort((one, other) =>
    severity(one) - severity(other) || naturally(one.name, other.name)
  );
}

/** One column, because a phone has no room for three more. */
function whereOf(entry: ConfiguredIntegration): Line {
  const [type, ...places] = ["type", "host", "company"].map((label) => FIELDS[label]?.(entry));
  return [shown(type), ...places.filter(isSaid).flatMap((place): Inline[] => [" · ", shown(place)])];
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
  return !HARMLESS.some((one) => one === status);
}

/** For sorting: lower is worse. */
function severity(entry: ConfiguredIntegration): number {
  const { status } = entry;
  const among = (some: readonly number[]) => some.findIndex((one) => one === status);
  if (!isProblem(entry)) return PROBLEMS.length + 1 + among(HARMLESS);
  return among(PROBLEMS) < 0 ? PROBLEMS.length : among(PROBLEMS);
}

function statusWord({ status }: ConfiguredIntegration): string {
  if (status === ILLEGIBLE) return "Not readable";
  return wordFor(status, STATUS_WORDS) || "No status";
}

/** The vendor's number in the vendor's words; one that is not documented is shown as it is. */
function wordFor(value: Reported<number>, words: Readonly<Record<number, string>>): string {
  if (value === ILLEGIBLE) return NOT_READABLE;
  return typeof value === "number" ? words[value] ?? `Unknown (${value})` : "";
}

const NOT_READABLE = "not readable";
