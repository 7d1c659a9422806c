import { z } from "zod";
import {
  type BitdefenderClient,
  MOST_COMPANIES_BY_ACCOUNT,
  MOST_COMPANIES_BY_NAME,
} from "../../clients/bitdefender.ts";
import type { CompanyDetails } from "../../clients/bitdefender/answers.ts";
import { ClientError } from "../../clients/errors.ts";
import { ILLEGIBLE, type Reported, within } from "../../clients/json.ts";
import { asOf, inQuotes } from "../format.ts";
import { BadInput, type Context, operationsOf } from "../operation.ts";
import { type Block, type Button, type Line, type Reply, textBlock } from "../reply.ts";
import { fold, NothingFits, resolve } from "../resolve.ts";
import { type TableColumn, unreadNotes } from "../resource.ts";
import { columnsOf } from "../resource_operations.ts";

const { read } = operationsOf<BitdefenderClient>("bitdefender");

type Ctx = Context<BitdefenderClient>;

export const whois = read({
  verb: "whois",
  target: null,
  summary: "Companies that have set up Amazon EC2 with an AWS account",
  example: "/whois 111222345123",
  input: z.object({
    account: z.string().meta({ positional: true, rest: true, placeholder: "aws account id" }),
  }),
  async run(context, { account }) {
    const accountId = accountIdOf(account);
    const companies = await context.client.getCompanyDetailsByAWSAccountId({ accountId }, context.call);
    return { accountId, companies, at: context.now };
  },
  render({ accountId, companies: { items, unread }, at }, view): Reply {
    const footer = asOf(at, view.now);
    const code = { code: accountId };
    const count = items.length + unread.length;
    if (count === 0) return { mark: "absent", title: ["No company uses AWS account ", code], footer };
    const notes = unreadNotes(unread).map(textBlock);
    const [only, ...others] = items;
    if (only && others.length + unread.length === 0) {
      const blocks: readonly Block[] = [{ kind: "facts", facts: factsOf(only) }];
      return { mark: "info", title: ["1 company uses AWS account ", code], blocks, footer };
    }
    const capped = count >= MOST_COMPANIES_BY_ACCOUNT;
    const limit = `GravityZone names at most ${MOST_COMPANIES_BY_ACCOUNT} companies here; there may be more.`;
    return {
      mark: "info",
      title: [
        count === 1
          ? "1 company uses AWS account "
          : `${capped ? "At least " : ""}${count} companies use AWS account `,
        code,
      ],
      blocks: [
        ...(capped ? [textBlock(limit)] : []),
        ...notes,
        ...(only
          ? [
            columnsOf(COLUMNS, items),
            { kind: "details", summary: "phones and addresses", blocks: [columnsOf(REST, items)] } as const,
          ]
          : []),
      ],
      footer,
    };
  },
});

export const findCompanies = read({
  verb: "find",
  target: null,
  summary: "Bitdefender companies by part of their name",
  example: "/find acme",
  input: z.object({ name: z.string().meta({ positional: true, rest: true, placeholder: "name" }) }),
  run: async (context, { name }) => ({ name: name.trim(), ...await companiesLike(context, name) }),
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

/** What is known of a company, by the words for it; empty where the vendor says nothing. */
const KNOWN = {
  "Company": ({ name }) => ({ data: name }),
  "Id": ({ id }) => ({ code: id }),
  "Type": typeOf,
  "Managed from above": ({ canBeManagedByAbove }) => yesNo(canBeManagedByAbove),
  "Suspended": ({ isSuspended }) => yesNo(isSuspended),
  "Contact": ({ contactPerson: contact }) =>
    contact ? given(within(contact, "fullName"), within(contact, "email")) || NOT_SAID : "",
  "Role": ({ contactPerson }) => given(within(contactPerson, "companyRole")),
  "Contact's phone": ({ contactPerson }) => given(within(contactPerson, "phoneNumber")),
  "Phone": ({ phone }) => given(phone),
  "Address": ({ address }) => given(address),
  "Country": ({ country, state }) => given(country, state),
  "Created (UTC)": ({ createdAt }) => given(createdAt),
} satisfies Record<string, (company: CompanyDetails) => Line>;

function factsOf(company: CompanyDetails): readonly (readonly [string, Line])[] {
  return Object.entries(KNOWN).map(([label, cell]) => [label, cell(company)] as const)
    .filter(([, value]) => value !== "");
}

const COLUMNS: readonly TableColumn<CompanyDetails>[] = [
  { title: "Company", cell: KNOWN.Company },
  { title: "Type", cell: KNOWN.Type },
  { title: "Managed", cell: KNOWN["Managed from above"] },
  { title: "Suspended", cell: KNOWN.Suspended },
  { title: "Contact", cell: (company) => KNOWN.Contact(company) || NOT_SAID },
  { title: "Id", cell: KNOWN.Id },
];

/** What the table above has no room for. */
const REST: readonly TableColumn<CompanyDetails>[] = (
  ["Company", "Phone", "Contact's phone", "Role", "Address", "Country", "Created (UTC)"] as const
).map((title) => ({ title, cell: KNOWN[title] }));

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

const NOT_SAID = "not said";
const NOT_READABLE = "not readable";
const COMPANY_TYPES: Readonly<Record<number, string>> = { 0: "Partner", 1: "Customer" };

function typeOf({ type }: Pick<Company, "type">): string {
  if (type === ILLEGIBLE) return NOT_READABLE;
  return typeof type === "number" ? COMPANY_TYPES[type] ?? `Unknown (${type})` : NOT_SAID;
}

function yesNo(value: Reported<boolean>): string {
  if (value === ILLEGIBLE) return NOT_READABLE;
  if (typeof value !== "boolean") return NOT_SAID;
  return value ? "yes" : "no";
}

/** Those of the values that are there; the vendor writes "N/A" where a country or state is not specified. */
function given(...values: readonly Reported<string>[]): Line {
  if (values.includes(ILLEGIBLE)) return NOT_READABLE;
  const known = values.filter((value) => value && value !== "N/A").join(", ");
  return known && { data: known };
}

export type Company = Pick<CompanyDetails, "id" | "name"> & Partial<Pick<CompanyDetails, "type">>;

/** Whom a read is about. The id is absent when the key may not ask for the name of its own company. */
type Scope = { readonly id?: string; readonly name: string };

const WHAT = { noun: "company", plural: "companies", field: "company", find: "/find <part of the name>" };
const ID = /^[0-9a-f]{24}$/i;

/** The one company that `query` means: its id, its exact name, or part of it. */
export async function resolveCompany(context: Ctx, query: string): Promise<Company> {
  const wanted = query.trim();
  if (wanted === "") throw new BadInput("Which company? Type its name or its id.");
  if (ID.test(wanted)) return await companyById(context, wanted.toLowerCase());
  const { companies, capped } = await companiesLike(context, wanted);
  const isExact = ({ name }: Company) => fold(name) === fold(wanted);
  // An exact name may hide behind the limit of a search for a part of it.
  const more = capped && !companies.some(isExact) ? await search(context, wanted) : [];
  return resolve(wanted, [...companies, ...more.filter(isExact)], { ...WHAT, capped });
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
  const company = await resolveCompany(context, query);
  return { scope: company, value: await load(company.id) };
}

interface CompaniesLike {
  readonly companies: readonly Company[];
  /** The vendor's limit was reached: there may be more. */
  readonly capped: boolean;
}

/** Companies whose name contains `part`. */
async function companiesLike(context: Ctx, part: string): Promise<CompaniesLike> {
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
  const named = (all: readonly Company[]) => all.filter(({ name }) => fold(name).includes(fold(wanted)));
  const found = await ifOffered(search(context, `*${wanted}`));
  if (found) {
    // The search may be stricter about letter case and quotes than people are.
    const companies = found.length > 0 ? found : named(await search(context, "*"));
    return { companies, capped: found.length >= MOST_COMPANIES_BY_NAME };
  }
  const listed = await listedCompanies(context);
  return listed && { companies: named(listed), capped: false };
}

async function search({ client, call }: Ctx, nameFilter: string): Promise<readonly Company[]> {
  return (await client.findCompaniesByName({ nameFilter, maxResults: MOST_COMPANIES_BY_NAME }, call)).items;
}

/** Undefined where the key may not read the list. */
async function listedCompanies({ client, call }: Ctx): Promise<readonly Company[] | undefined> {
  return (await ifOffered(client.getCompaniesList({}, call)))?.items;
}

/** The answer, or undefined where the method or its area is not there for this key; another way may be. */
export async function ifOffered<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError && ["not_offered", "rights_refused"].includes(error.kind)) {
      return undefined;
    }
    throw error;
  }
}

/** Names that contain this one's or start like it: what an approver could take it for. */
export async function lookAlikes(context: Ctx, company: Company): Promise<readonly string[]> {
  const { companies = [] } = await searchOrList(context, company.name) ?? {};
  return companies.filter((other) => other.id !== company.id).map((other) => other.name).sort().slice(0, 5);
}

async function ownCompany({ client, call }: Ctx): Promise<Scope> {
  return await ifOffered(client.getCompanyDetails({}, call)) ?? { name: "the company of the key" };
}

async function companyById(context: Ctx, companyId: string): Promise<Company> {
  const { client, call } = context;
  try {
    const found = await ifOffered(client.getCompanyDetails({ companyId }, call));
    if (found) return found;
  } catch (error) {
    if (!(error instanceof ClientError) || !["rejected", "not_found"].includes(error.kind)) throw error;
    throw new NothingFits(`No company has the id "${companyId}". Type ${WHAT.find} to see what there is.`);
  }
  const listed = await listedCompanies(context);
  return listed?.find(({ id }) => id === companyId) ?? { id: companyId, name: companyId };
}
