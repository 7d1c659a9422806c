import {
  type BitdefenderClient,
  MOST_COMPANIES_BY_NAME,
  refusesParameter,
} from "../../clients/bitdefender.ts";
import type { CompanyDetails } from "../../clients/bitdefender/answers.ts";
import { ClientError, type FailureKind } from "../../clients/errors.ts";
import type { Rows } from "../../clients/json.ts";
import { inQuotes } from "../format.ts";
import { BadInput, type Candidate, type Context, ValueNeeded } from "../operation.ts";
import { fold, type Named, NothingFits, resolve } from "../resolve.ts";

type Ctx = Context<BitdefenderClient>;

/** A company, as calls are made about it. */
export interface Company
  extends Named, Partial<Pick<CompanyDetails, "type" | "isSuspended" | "parentCompanyId">> {
  /** How calls name it. Absent for the key's own, which every call is about that names none. */
  readonly companyId?: string;
}

/** The key's own company. The id is absent when the key may not ask for it. */
export type OwnCompany = Partial<Company> & Pick<Company, "name">;

const CUSTOMER = 1;
const WHAT = { noun: "company", plural: "companies", field: "company", find: "/find <part of the name>" };
const ID = /^[0-9a-f]{24}$/i;

/** The one company that `query` means: its id, its exact name, or part of it. */
export async function resolveCompany(context: Ctx, query: string): Promise<Company> {
  const wanted = query.trim();
  if (wanted === "") throw new BadInput("Which company? Type its name or its id.");
  if (ID.test(wanted)) return await companyById(context, wanted.toLowerCase());
  const { companies, unread, capped, others } = await companiesLike(context, wanted);
  return resolve(wanted, companies, {
    ...WHAT,
    ...(others && { others }),
    unread: unread.length,
    ...(capped && { capped: MOST_COMPANIES_BY_NAME }),
  });
}

/**
 * The company that a change is about, read whole. It may be left out only where the key belongs to a customer: a
 * partner who forgets it must not change the partner's own company.
 */
export async function companyToChange(context: Ctx, query: string | undefined): Promise<OwnCompany> {
  if (query !== undefined) {
    const company = await resolveCompany(context, query);
    return ID.test(query.trim()) ? company : await companyById(context, company.id);
  }
  const own = await ownCompany(context);
  if (await isCustomers(context, own)) return own;
  throw new ValueNeeded(
    "Which company? Our key belongs to a partner: type the company's name or its id as well.",
    "company",
  );
}

/** The companies below the key's own; a customer's key has none to choose from, and names none. */
export async function companyChoices(context: Ctx): Promise<readonly Candidate[] | undefined> {
  const own = await ownCompany(context);
  if (await isCustomers(context, own)) return undefined;
  const [listed, searched] = await Promise.all([
    listedCompanies(context),
    ifOffered(search(context, "*"), "rejected"),
  ]);
  const all = [...listed?.items ?? [], ...searched?.items ?? []];
  return [...new Map(all.map((company) => [company.id, company])).values()]
    .toSorted((one, other) => one.name.localeCompare(other.name, "en"))
    .map(({ id, name, isSuspended }) => ({ value: id, name, about: isSuspended ? ["suspended"] : [] }));
}

/** Loads something of a company; without a name, of the key's own company and without a second round trip. */
export async function ofCompany<T>(
  context: Ctx,
  query: string | undefined,
  load: (companyId: string | undefined) => Promise<T>,
): Promise<{ scope: OwnCompany; value: T }> {
  if (query === undefined) {
    const [scope, value] = await Promise.all([ownCompany(context), load(undefined)]);
    return { scope, value };
  }
  return await about(context, await resolveCompany(context, query), load);
}

/**
 * Loads something of this company. A customer's key may not name a company at all, not even its own, which is learnt
 * from the refusal; the scope then says so.
 */
export async function about<T>(
  context: Ctx,
  company: OwnCompany,
  load: (companyId: string | undefined) => Promise<T>,
): Promise<{ scope: OwnCompany; value: T }> {
  try {
    return { scope: company, value: await load(company.companyId) };
  } catch (error) {
    if (company.companyId === undefined || !isRejected(error)) throw error;
    const own = await ownCompany(context);
    if (own.id === company.id) return { scope: own, value: await load(undefined) };
    throw refusesParameter(error) ? reachesOnlyItsOwn(own) : error;
  }
}

export interface CompaniesLike {
  readonly companies: readonly Company[];
  /** What those are called that could not be read. */
  readonly unread: readonly string[];
  /** The vendor's limit was reached: there may be more. */
  readonly capped: boolean;
  /** All that were seen, where none of them fits. */
  readonly others?: readonly Company[];
}

/** Companies whose name contains `part`. */
export async function companiesLike(context: Ctx, part: string): Promise<CompaniesLike> {
  const found = await searchOrList(context, part);
  if (found) return found;
  // A customer's key has nothing to search in: it reaches one company.
  const own = await ownCompany(context);
  if (!isKnown(own)) {
    throw new BadInput("Our key may not look companies up by name. Type the company's 24-character id.");
  }
  const companies = namedLike([own], part);
  if (companies.length === 0 && await isCustomers(context, own)) throw reachesOnlyItsOwn(own);
  return { companies, unread: [], capped: false };
}

/**
 * The vendor compares letters, and people type other quotes, dashes and blanks than stand in the name: unless it is all
 * plain, the vendor is asked for one plain word of it, and the rest is compared here. Falls back to the list one level
 * below the own company where the key lacks the Companies area or the tenant the method; undefined where there is no
 * list either.
 */
async function searchOrList(context: Ctx, part: string): Promise<CompaniesLike | undefined> {
  const wanted = part.replace(/^\*+/, "").trim();
  const word = plainestWord(wanted);
  const filter = `*${PLAIN.test(wanted) ? wanted : word}`;
  const found = await ifOffered(search(context, filter));
  if (!found) {
    const listed = await listedCompanies(context);
    if (!listed) return undefined;
    const companies = namedLike(listed.items, wanted);
    return { companies, unread: listed.unread, capped: false, others: listed.items };
  }
  const fitting = namedLike(found.items, wanted);
  const isExact = ({ name }: Company) => fold(name) === fold(wanted);
  if (fitting.some(isExact) || fitting.length > 0 && !isCapped(found)) {
    return { companies: fitting, unread: found.unread, capped: isCapped(found) };
  }
  // The search may be stricter about letter case and blanks than people are.
  const any = await search(context, "*");
  const isAll = any.items.length > 0 && !isCapped(any);
  // Where there are more than one answer holds, it may stand beyond the limit.
  const [searched, listed] = isAll ? [[]] : await Promise.all([
    Promise.all([filter === `*${word}` ? found : search(context, `*${word}`), search(context, wanted)]),
    listedCompanies(context),
  ]);
  const all = [any, ...searched, ...listed ? [listed] : []];
  const late = namedLike(all.flatMap(({ items }) => items), wanted);
  return {
    ...(fitting.length + late.length === 0 && { others: all.flatMap(({ items }) => items) }),
    companies: fitting.length === 0 ? late : [...fitting, ...late.filter(isExact)],
    unread: [...new Set([found, ...searched].flatMap(({ unread }) => unread))],
    // What is spelt otherwise than it can be asked for is found among those that were named, or not at all.
    capped: isCapped(any) || isCapped(found) || searched.some(isCapped),
  };
}

/** The companies below the key's own, as far as they are named; undefined where the key may not ask for any. */
export async function companiesBelow(context: Ctx): Promise<CompaniesLike | undefined> {
  const [found, listed, own] = await Promise.all([
    ifOffered(search(context, "*"), "rejected"),
    listedCompanies(context),
    ownCompany(context),
  ]);
  if (!found && !listed) return undefined;
  const all = [...found?.items ?? [], ...listed?.items ?? []].filter(({ id }) => id !== own.id);
  return {
    companies: [...new Map(all.map((company) => [company.id, company])).values()],
    unread: [...new Set([...found?.unread ?? [], ...listed?.unread ?? []])],
    // The list alone has one level of them.
    capped: found ? isCapped(found) : true,
  };
}

/** What every keyboard spells alike. */
const PLAIN = /^[A-Za-z0-9]+( [A-Za-z0-9]+)*$/;

/** Those whose name contains it, each once, as people compare names. */
function namedLike(companies: readonly Company[], part: string): readonly Company[] {
  const fitting = companies.filter(({ name }) => fold(name).includes(fold(part)));
  return [...new Map(fitting.map((company) => [company.id, company])).values()];
}

/** The longest word of plain letters and digits. */
function plainestWord(name: string): string {
  const words = name.match(/[A-Za-z0-9]+/g) ?? name.match(/[\p{L}\p{N}]+/gu) ?? [name];
  return words.reduce((longest, word) => word.length > longest.length ? word : longest);
}

function isCapped({ items, unread }: Rows<unknown>): boolean {
  return items.length + unread.length >= MOST_COMPANIES_BY_NAME;
}

async function search({ client, call }: Ctx, nameFilter: string): Promise<Rows<Company>> {
  const found = await client.findCompaniesByName({ nameFilter, maxResults: MOST_COMPANIES_BY_NAME }, call);
  return { ...found, items: found.items.map(named) };
}

/** Undefined where the key may not read the list, or belongs to a company that has none below it. */
async function listedCompanies({ client, call }: Ctx): Promise<Rows<Company> | undefined> {
  const listed = await ifOffered(client.getCompaniesList({}, call), "rejected");
  return listed && { ...listed, items: listed.items.map(named) };
}

function named(company: CompanyDetails): Company {
  return { ...company, companyId: company.id };
}

/** The answer, or undefined where the method or its area is not there for this key; another way may be. */
export async function ifOffered<T>(
  answer: Promise<T>,
  ...also: readonly FailureKind[]
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError && ["not_offered", "rights_refused", ...also].includes(error.kind)) {
      return undefined;
    }
    throw error;
  }
}

/** Names that contain this one's or start like it: what an approver could take it for. */
export async function lookAlikes(context: Ctx, company: OwnCompany): Promise<readonly string[]> {
  if (company.companyId === undefined) return [];
  const { companies = [] } = await searchOrList(context, company.name) ?? {};
  return companies.filter((other) => other.id !== company.id).map((other) => other.name).sort().slice(0, 5);
}

async function ownCompany({ client, call }: Ctx): Promise<OwnCompany> {
  return await ifOffered(client.getCompanyDetails({}, call)) ?? { name: "the company of the key" };
}

function isKnown(own: OwnCompany): own is Company {
  return own.id !== undefined;
}

/** Whether the key belongs to a customer: the account says so, or a call that names a company is refused for that. */
async function isCustomers({ client, call }: Ctx, { id = NO_COMPANY, type }: OwnCompany): Promise<boolean> {
  if (typeof type === "number") return type === CUSTOMER;
  try {
    await client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId: id }, call);
    return false;
  } catch (error) {
    if (isRejected(error)) return refusesParameter(error);
    throw error;
  }
}

const NO_COMPANY = "0".repeat(24);

async function companyById(context: Ctx, companyId: string): Promise<Company> {
  const { client, call } = context;
  try {
    const found = await ifOffered(client.getCompanyDetails({ companyId }, call));
    if (found) return named(found);
  } catch (error) {
    if (!isRejected(error)) throw error;
    const own = await ownCompany(context);
    if (isKnown(own) && own.id === companyId) return own;
    if (refusesParameter(error)) throw reachesOnlyItsOwn(own);
    if (!isAboutCompany(error)) throw error;
    throw new NothingFits(`No company has the id "${companyId}". Type ${WHAT.find} to see what there is.`);
  }
  return await companyElsewhere(context, companyId);
}

/** What other calls tell of a company that the key may not ask for: the list has its name, the search also how it stands. */
async function companyElsewhere(context: Ctx, companyId: string): Promise<Company> {
  const isIt = ({ id }: Company) => id === companyId;
  const listed = (await listedCompanies(context))?.items.find(isIt);
  const found = await ifOffered(search(context, `*${listed ? plainestWord(listed.name) : ""}`));
  return found?.items.find(isIt) ?? listed ?? { id: companyId, name: companyId, companyId };
}

function isRejected(error: unknown): error is ClientError {
  return error instanceof ClientError && (error.kind === "rejected" || error.kind === "not_found");
}

/** The vendor objects to the company that was named, and not to something else. */
function isAboutCompany({ kind, failure: { detail = "" } }: ClientError): boolean {
  return kind === "not_found" || /compan/i.test(detail);
}

function reachesOnlyItsOwn(own: OwnCompany): BadInput {
  const whose = isKnown(own) ? `to the customer ${inQuotes(own.name)}` : "to a customer";
  return new BadInput(`Our key belongs ${whose} and reaches no other company. Leave the company out.`);
}
