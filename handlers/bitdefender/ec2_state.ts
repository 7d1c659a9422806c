import { type BitdefenderClient, MOST_COMPANIES_BY_ACCOUNT } from "../../clients/bitdefender.ts";
import { ClientError, describe } from "../../clients/errors.ts";
import { isJsonObject, type Json, type JsonObject, readable } from "../../clients/json.ts";
import { type Context, type Plan, type Receipt, unreadable, type Verification } from "../operation.ts";
import { type Line, line } from "../reply.ts";
import { about, companyToChange, ifOffered, lookAlikes } from "./companies.ts";

type Ctx = Context<BitdefenderClient>;

/**
 * All that can be known of a company's EC2 integration. GravityZone has no call that reads one back, so this is
 * what the bot recorded when it enabled it, and whether the vendor lists the company for the AWS account.
 */
export type Ec2State = {
  readonly company: string;
  readonly externalId: string | null;
  /** The role this bot enabled it with; null when it was not this bot, or not with a role. */
  readonly role: string | null;
  readonly account: string | null;
  /** By AWS account; null where the vendor cannot tell. */
  readonly listed: { readonly [account: string]: boolean | null };
};

export interface Ec2Plan<After extends Json = Json> extends Plan<Ec2State> {
  readonly after: After;
  /** How calls name the company; null for a customer's key, which has one and may not name it. */
  readonly companyId: string | null;
  /** Names an approver could take this company's for. */
  readonly lookAlikes: readonly string[];
}

/** What is changed when our key may not read which company it belongs to. */
export const KEYS_OWN = "own";

/** The plan of a change of one company's integration; `also` is an account that matters although it is not recorded. */
export async function planFor<After extends Json>(
  context: Ctx,
  query: string | undefined,
  afterOf: (before: Ec2State) => After,
  { also, typed = {} }: { also?: string | undefined; typed?: JsonObject } = {},
): Promise<Ec2Plan<After>> {
  const company = await companyToChange(context, query);
  const { id = KEYS_OWN, name } = company;
  const known = await recorded(context, id);
  const [{ scope, value: before }, alike] = await Promise.all([
    about(context, company, (companyId) => readEc2State(context, { id, name, companyId }, known, also)),
    lookAlikes(context, company),
  ]);
  const { isSuspended, parentCompanyId } = company;
  return {
    input: { ...(company.id !== undefined && { company: id }), ...typed },
    target: { key: targetKey(id), id, name, ...(company.id !== undefined && { company: id }) },
    before,
    after: afterOf(before),
    depends: {
      suspended: readable(isSuspended) ?? null,
      "parent company": readable(parentCompanyId) ?? null,
    },
    companyId: scope.companyId ?? null,
    lookAlikes: alike,
  };
}

/** How the calls of a plan name its company. */
export function companyIn({ companyId }: Ec2Plan): { readonly companyId?: string } {
  return companyId === null ? {} : { companyId };
}

/** Whom a read-back is about. */
export function aimOf(plan: Ec2Plan): Aim {
  return { ...plan.target, ...companyIn(plan) };
}

/** A company, and how calls name it. */
interface Aim {
  readonly id: string;
  readonly name: string;
  readonly companyId?: string | undefined;
}

/** How the last change made here left an integration that does not work. */
const OFF = ["disabled", "rotated"] as const;

/** What this bot recorded of an integration when it changed it; nobody else can be asked. */
export interface Recorded {
  readonly role: string | null;
  readonly account: string | null;
  /** Null unless this bot switched it off. */
  readonly off: typeof OFF[number] | null;
}

/** What is recorded of an integration that is not there or not known. */
export const NOTHING_RECORDED: Recorded = { role: null, account: null, off: null };

export function targetKey(companyId: string): string {
  return `ec2:${companyId}`;
}

export async function recorded(context: Ctx, companyId: string): Promise<Recorded> {
  const recall = (what: string) => context.recall(`${targetKey(companyId)}:${what}`);
  const [role = null, account = null, off] = await Promise.all(["role", "account", "off"].map(recall));
  return { role, account, off: OFF.find((one) => one === off) ?? null };
}

/** `also` is an account that matters although it is not the recorded one. */
export async function readEc2State(
  context: Ctx,
  { id, name, companyId }: Aim,
  { role, account }: Pick<Recorded, "role" | "account">,
  also?: string | null,
): Promise<Ec2State> {
  const accounts = [...new Set([account, also])].filter((each) => typeof each === "string");
  const [externalId, listings] = await Promise.all([
    context.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, context.call),
    Promise.all(accounts.map(async (each) => [each, await listedFor(context, id, each)] as const)),
  ]);
  return { company: name, externalId, role, account, listed: Object.fromEntries(listings) };
}

/** Whether the vendor lists the company for the account; null where it cannot say. */
export async function listedFor(
  { client, call }: Ctx,
  companyId: string,
  accountId: string,
): Promise<boolean | null> {
  const companies = await ifOffered(client.getCompanyDetailsByAWSAccountId({ accountId }, call));
  if (!companies) return null;
  const { items, unread } = companies;
  if (items.some(({ id }) => id === companyId)) return true;
  return unread.length > 0 || items.length >= MOST_COMPANIES_BY_ACCOUNT ? null : false;
}

/**
 * The verdict on a change, with what is to be recorded of the integration once it took effect. A read-back that fails
 * leaves the outcome open, whatever the vendor said to the write.
 */
export async function readBack(
  { target: { key } }: Ec2Plan,
  { role, account, off }: Recorded,
  judge: () => Promise<Verification>,
): Promise<Verification> {
  try {
    const verdict = await judge();
    if (verdict.state !== "applied" && verdict.state !== "accepted") return verdict;
    return {
      ...verdict,
      remember: { [`${key}:role`]: role, [`${key}:account`]: account, [`${key}:off`]: off },
    };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { state: "unknown", evidence: `The state could not be read back: ${describe(error.failure)}.` };
  }
}

/**
 * What the vendor's list says of a change after which it should (`wanted`) or should not name the company for the
 * account; `why` says why the list may prove nothing.
 */
export function judgeListing(
  { target, before }: Ec2Plan,
  after: Ec2State,
  receipt: Receipt | undefined,
  { account, wanted, why }: { readonly account: string; readonly wanted: boolean; readonly why: Line },
): Verification {
  const is = after.listed[account];
  const says = (word: string) => [
    { data: target.name },
    ` is ${word} listed for AWS account `,
    { code: account },
  ];
  if (is === !wanted) return { state: "not applied", evidence: says(wanted ? "not" : "still"), after };
  if (is === wanted && before.listed[account] === !wanted) {
    return { state: "applied", evidence: says(wanted ? "now" : "no longer"), after };
  }
  return unseen(after, receipt, why);
}

/** When nothing can be read back: what the vendor said is all there is. */
export function unseen(after: Ec2State, receipt: Receipt | undefined, why: Line): Verification {
  const said = receipt ? "GravityZone said yes. " : "GravityZone gave no usable answer. ";
  return { ...unreadable(receipt !== undefined), evidence: line(said, why), ...(receipt && { after }) };
}

/** The integration as a card shows it. */
export function integrationNow(state: Ec2State): Line {
  if (state.role !== null) {
    const gone = state.account !== null && state.listed[state.account] === false;
    return [{ code: state.role }, gone ? " (not listed for its AWS account)" : ""];
  }
  const account = Object.keys(state.listed).find((each) => state.listed[each] === true);
  return account === undefined ? "not known to this bot" : ["AWS account ", { code: account }];
}

export function externalIdNow(state: Ec2State): Line {
  return state.externalId === null ? "none" : { code: state.externalId };
}

/** What an approver should know of the company itself. */
export function companyWarnings({ lookAlikes, depends, target }: Ec2Plan): readonly Line[] {
  return [
    ...(isJsonObject(depends) && depends["suspended"] === true
      ? [[{ data: target.name }, " is suspended in GravityZone."]]
      : []),
    ...(lookAlikes.length === 0 ? [] : [
      lookAlikes.flatMap((name, index) => [index === 0 ? "Not to be confused with " : ", ", { data: name }]),
    ]),
  ];
}
