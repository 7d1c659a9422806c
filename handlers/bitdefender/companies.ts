import { z } from "zod";
import {
  type BitdefenderClient,
  type CompanyDetails,
  MOST_COMPANIES_BY_ACCOUNT,
  MOST_COMPANIES_BY_NAME,
} from "../../clients/bitdefender.ts";
import { ClientError } from "../../clients/errors.ts";
import { asOf, inQuotes } from "../format.ts";
import { BadInput, type Context, operationsOf, type View } from "../operation.ts";
import type { Block, Button, Line, Reply } from "../reply.ts";
import { fold, NothingFits, resolve } from "../resolve.ts";
import type { TableColumn } from "../resource.ts";
import { columnsOf } from "../resource_operations.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

type Ctx = Context<BitdefenderClient>;

interface Whois {
  readonly accountId: string;
  readonly companies: readonly CompanyDetails[];
  readonly at: number;
}

export const whois = read({
  verb: "whois",
  target: null,
  summary: "Companies that have set up Amazon EC2 with an AWS account",
  example: "/whois 111222345123",
  input: z.object({
    account: z.string().meta({ positional: true, rest: true, placeholder: "aws account id" }),
  }),
  async run(context, { account }): Promise<Whois> {
    const accountId = accountIdOf(account);
    const companies = await context.client.getCompanyDetailsByAWSAccountId({ accountId }, context.call);
    return { accountId, companies, at: context.now };
  },
  render: renderWhois,
});

export const findCompanies = read({
  verb: "find",
  target: null,
  summary: "Bitdefender companies by part of their name",
  example: "/find acme",
  input: z.object({ name: z.string().meta({ positional: true, rest: true, placeholder: "name" }) }),
  async run(context, { name }): Promise<CompaniesLike & { name: string }> {
    return { name: name.trim(), ...await companiesLike(context, name) };
  },
  render: renderFound,
});

/** People copy account ids with the dashes and spaces the AWS console shows. */
function accountIdOf(account: string): string {
  const digits = account.replace(/[\s-]/g, "");
  if (/^\d{12}$/.test(digits)) return digits;
  throw new BadInput(
    `An AWS account id has 12 digits; ${inQuotes(account.trim())} has not. Try /whois 111222345123.`,
  );
}

function renderWhois({ accountId, companies, at }: Whois, view: View): Reply {
  const [only, ...others] = companies;
  if (!only) {
    return {
      mark: "absent",
      title: ["No company uses AWS account ", { code: accountId }],
      footer: asOf(at, view.now),
    };
  }
  const capped = companies.length >= MOST_COMPANIES_BY_ACCOUNT;
  return {
    mark: "info",
    title: [
      others.length === 0
        ? "1 company uses AWS account "
        : `${capped ? "At least " : ""}${companies.length} companies use AWS account `,
      { code: accountId },
    ],
    blocks: [
      ...(capped ? [limitReached()] : []),
      ...(others.length === 0 ? [{ kind: "facts", facts: factsOf(only) } as const] : [
        columnsOf(COLUMNS, companies),
        { kind: "details", summary: "phones and addresses", blocks: [columnsOf(REST, companies)] } as const,
      ]),
    ],
    footer: asOf(at, view.now),
  };
}

function limitReached(): Block {
  const text = `GravityZone names at most ${MOST_COMPANIES_BY_ACCOUNT} companies here; there may be more.`;
  return { kind: "text", text };
}

function factsOf(company: CompanyDetails): readonly (readonly [string, Line])[] {
  const { contactPerson: contact } = company;
  const facts: (readonly [string, Line | undefined])[] = [
    ["Company", { data: company.name }],
    ["Id", { code: company.id }],
    ["Type", typeOf(company)],
    ["Managed from above", yesNo(company.canBeManagedByAbove)],
    ["Suspended", yesNo(company.isSuspended)],
    ["Contact", contact ? contactOf(company) : undefined],
    ["Role", shown(contact?.companyRole)],
    ["Contact's phone", shown(contact?.phoneNumber)],
    ["Phone", shown(company.phone)],
    ["Address", shown(company.address)],
    ["Country", countryOf(company)],
    ["Created (UTC)", shown(company.createdAt)],
  ];
  return facts.flatMap(([label, value]) => value === undefined ? [] : [[label, value] as const]);
}

const COLUMNS: readonly TableColumn<CompanyDetails>[] = [
  { title: "Company", cell: ({ name }) => ({ data: name }) },
  { title: "Type", cell: typeOf },
  { title: "Managed", cell: ({ canBeManagedByAbove }) => yesNo(canBeManagedByAbove) },
  { title: "Suspended", cell: ({ isSuspended }) => yesNo(isSuspended) },
  { title: "Contact", cell: contactOf },
  { title: "Id", cell: ({ id }) => ({ code: id }) },
];

/** What the table above has no room for. */
const REST: readonly TableColumn<CompanyDetails>[] = [
  { title: "Company", cell: ({ name }) => ({ data: name }) },
  { title: "Phone", cell: ({ phone }) => shown(phone) ?? "" },
  { title: "Contact's phone", cell: ({ contactPerson }) => shown(contactPerson?.phoneNumber) ?? "" },
  { title: "Role", cell: ({ contactPerson }) => shown(contactPerson?.companyRole) ?? "" },
  { title: "Address", cell: ({ address }) => shown(address) ?? "" },
  { title: "Country", cell: (company) => countryOf(company) ?? "" },
  { title: "Created (UTC)", cell: ({ createdAt }) => shown(createdAt) ?? "" },
];

function countryOf({ country, state }: CompanyDetails): Line | undefined {
  return shown([country, state].filter(isGiven).join(", "));
}

function renderFound({ name, companies, capped }: CompaniesLike & { name: string }): Reply {
  if (companies.length === 0) {
    return {
      mark: "absent",
      title: ["No company fits “", { data: name }, "”"],
      blocks: [{ kind: "text", text: "Try a shorter part of the name." }],
    };
  }
  const count = companies.length === 1
    ? "1 company fits"
    : `${capped ? "At least " : ""}${companies.length} companies fit`;
  const limit = `GravityZone names at most ${MOST_COMPANIES_BY_NAME}; type more of the name to see the rest.`;
  return {
    mark: "info",
    title: [`${count} “`, { data: name }, "”"],
    blocks: [
      ...(capped ? [{ kind: "text", text: limit } as const] : []),
      {
        kind: "table",
        header: ["Company", "Type", "Id"],
        rows: companies.map((company) => [{ data: company.name }, typeOf(company), { code: company.id }]),
      },
    ],
    ...(companies.length <= 3 && { buttons: companies.map((company) => [statusButton(company)]) }),
  };
}

function statusButton({ id, name }: { id: string; name: string }): Button {
  return {
    label: `EC2 of ${name.slice(0, 24)} · …${id.slice(-4)}`,
    action: { command: `/status ec2 ${id}` },
  };
}

const COMPANY_TYPES: Readonly<Record<number, string>> = { 0: "Partner", 1: "Customer" };

function typeOf({ type }: { type?: number | null | undefined }): string {
  return typeof type === "number" ? COMPANY_TYPES[type] ?? `Unknown (${type})` : "not said";
}

function contactOf({ contactPerson }: CompanyDetails): Line {
  const parts = [contactPerson?.fullName, contactPerson?.email].filter(isGiven);
  return parts.length === 0 ? "not said" : { data: parts.join(", ") };
}

function yesNo(value: boolean | null | undefined): string {
  if (typeof value !== "boolean") return "not said";
  return value ? "yes" : "no";
}

function shown(value: string | null | undefined): Line | undefined {
  return isGiven(value) ? { data: value } : undefined;
}

/** The vendor writes "N/A" where a country or state is not specified. */
function isGiven(value: string | null | undefined): value is string {
  return typeof value === "string" && value !== "" && value !== "N/A";
}

export interface Company {
  readonly id: string;
  readonly name: string;
  readonly type?: number | null | undefined;
}

/** Whom a read is about. The id is absent when the key may not ask for the name of its own company. */
export interface Scope {
  readonly companyId?: string;
  readonly name: string;
}

const WHAT = { noun: "company", plural: "companies", field: "company", find: "/find <part of the name>" };
const ID = /^[0-9a-f]{24}$/i;

/** The one company that `query` means: its id, its exact name, or part of it. */
export async function resolveCompany(context: Ctx, query: string): Promise<Company> {
  const wanted = query.trim();
  if (wanted === "") throw new BadInput("Which company? Type its name or its id.");
  if (ID.test(wanted)) return await companyById(context, wanted.toLowerCase());
  const { companies, capped } = await companiesLike(context, wanted);
  const known = companies.some((candidate) => fold(candidate.name) === fold(wanted));
  const more = capped && !known ? await companiesStartingWith(context, wanted) : [];
  return resolve(wanted, [...companies, ...more], { ...WHAT, capped });
}

/** Loads something of a company; without a name, of the key's own company and without a second round trip. */
export async function ofCompany<T>(
  context: Ctx,
  query: string | undefined,
  load: (companyId: string | undefined) => Promise<T>,
): Promise<{ scope: Scope; value: T }> {
  if (query === undefined) {
    const [scope, value] = await Promise.all([ownCompany(context), load(undefined)]);
    return { scope, value };
  }
  const { id, name } = await resolveCompany(context, query);
  return { scope: { companyId: id, name }, value: await load(id) };
}

export interface CompaniesLike {
  readonly companies: readonly Company[];
  /** The vendor's limit was reached: there may be more. */
  readonly capped: boolean;
}

/** Companies whose name contains `part`. */
export async function companiesLike(context: Ctx, part: string): Promise<CompaniesLike> {
  const found = await searchOrList(context, part);
  if (found) return found;
  throw new BadInput("Our key may not look companies up by name. Type the company's 24-character id.");
}

/**
 * Falls back to the list one level below the own company where the key lacks the Companies area or the tenant the
 * method; undefined where there is no list either.
 */
async function searchOrList(context: Ctx, part: string): Promise<CompaniesLike | undefined> {
  const wanted = part.replace(/^\*+/, "").trim();
  try {
    const found = await search(context, `*${wanted}`);
    // The search may be stricter about letter case and quotes than people are.
    const companies = found.length > 0 ? found : filterByName(await search(context, "*"), wanted);
    return { companies, capped: found.length >= MOST_COMPANIES_BY_NAME };
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const listed = await listedCompanies(context);
    return listed && { companies: filterByName(listed, wanted), capped: false };
  }
}

/** Undefined where the key may not read the list. */
async function listedCompanies({ client, call }: Ctx): Promise<readonly Company[] | undefined> {
  try {
    return await client.getCompaniesList({}, call);
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** The method or its area is not there for this key; another way may be. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ClientError && (error.kind === "not_offered" || error.kind === "rights_refused");
}

/** Names that contain this one's or start like it: what an approver could take it for. */
export async function lookAlikes(context: Ctx, company: Company): Promise<readonly string[]> {
  const { companies = [] } = await searchOrList(context, company.name) ?? {};
  return companies.filter((other) => other.id !== company.id).map((other) => other.name).sort().slice(0, 5);
}

async function ownCompany(context: Ctx): Promise<Scope> {
  try {
    const { id, name } = await context.client.getCompanyDetails({}, context.call);
    return { companyId: id, name };
  } catch (error) {
    if (isUnavailable(error)) return { name: "the company of the key" };
    throw error;
  }
}

async function companyById(context: Ctx, companyId: string): Promise<Company> {
  try {
    const { id, name, type } = await context.client.getCompanyDetails({ companyId }, context.call);
    return { id, name, type };
  } catch (error) {
    if (isUnavailable(error)) return await listedById(context, companyId);
    if (error instanceof ClientError && ["rejected", "not_found"].includes(error.kind)) {
      throw new NothingFits(`No company has the id "${companyId}". Type ${WHAT.find} to see what there is.`);
    }
    throw error;
  }
}

async function listedById(context: Ctx, companyId: string): Promise<Company> {
  const listed = await listedCompanies(context);
  return listed?.find((candidate) => candidate.id === companyId) ?? { id: companyId, name: companyId };
}

/** An exact name may hide behind the limit of a search for a part of it. */
async function companiesStartingWith(context: Ctx, start: string): Promise<readonly Company[]> {
  return (await search(context, start)).filter((candidate) => fold(candidate.name) === fold(start));
}

async function search(context: Ctx, nameFilter: string): Promise<readonly Company[]> {
  const params = { nameFilter, maxResults: MOST_COMPANIES_BY_NAME };
  return (await context.client.findCompaniesByName(params, context.call))
    .map(({ id, name, type }) => ({ id, name, type }));
}

function filterByName(companies: readonly Company[], part: string): readonly Company[] {
  return companies.filter((candidate) => fold(candidate.name).includes(fold(part)));
}
