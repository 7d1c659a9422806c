import { type Bitdefender, MOST_COMPANIES_BY_NAME } from "../../clients/bitdefender.ts";
import { ClientError } from "../../clients/errors.ts";
import { BadInput, type Context } from "../operation.ts";
import { fold, NothingFits, resolve } from "../resolve.ts";

type Ctx = Context<Bitdefender>;

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
  const found = await search(context, part);
  if (found) return found;
  throw new BadInput("Our key may not look companies up by name. Type the company's 24-character id.");
}

/**
 * Falls back to the list one level below the own company where the key lacks the Companies area or the tenant the
 * method; undefined where there is no list either.
 */
async function search(context: Ctx, part: string): Promise<CompaniesLike | undefined> {
  const wanted = part.replace(/^\*+/, "").trim();
  try {
    const found = await find(context, `*${wanted}`);
    // The search may be stricter about letter case and quotes than people are.
    const companies = found.length > 0 ? found : filterByName(await find(context, "*"), wanted);
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
  const { companies = [] } = await search(context, company.name) ?? {};
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
  const found = await find(context, start);
  return found.filter((candidate) => fold(candidate.name) === fold(start));
}

async function find(context: Ctx, nameFilter: string): Promise<readonly Company[]> {
  const params = { nameFilter, maxResults: MOST_COMPANIES_BY_NAME };
  return (await context.client.findCompaniesByName(params, context.call))
    .map(({ id, name, type }) => ({ id, name, type }));
}

function filterByName(companies: readonly Company[], part: string): readonly Company[] {
  return companies.filter((candidate) => fold(candidate.name).includes(fold(part)));
}
