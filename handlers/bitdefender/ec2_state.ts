import { z } from "zod";
import { type BitdefenderClient, MOST_COMPANIES_BY_ACCOUNT } from "../../clients/bitdefender.ts";
import { ClientError, describe } from "../../clients/errors.ts";
import type { Json, JsonObject } from "../../clients/json.ts";
import type { Context, Plan, Verification } from "../operation.ts";
import type { Line } from "../reply.ts";
import { type Company, isUnavailable, lookAlikes, resolveCompany } from "./companies.ts";

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

export interface Ec2Plan extends Plan<Ec2State> {
  /** Names an approver could take this company's for. */
  readonly lookAlikes: readonly string[];
}

/** What is typed where nothing but the company matters. */
export const companyInput = z.object({
  company: z.string().meta({ positional: true, rest: true, placeholder: "company" }),
});

/** The plan of a change of one company's integration; `also` is an account that matters although it is not recorded. */
export async function planFor(
  context: Ctx,
  query: string,
  afterOf: (before: Ec2State) => Json,
  { also, typed = {} }: { also?: string; typed?: JsonObject } = {},
): Promise<Ec2Plan> {
  const company = await resolveCompany(context, query);
  const { id, name } = company;
  const [before, alike] = await Promise.all([
    readEc2State(context, company, await recorded(context, id), also),
    lookAlikes(context, company),
  ]);
  return {
    input: { company: id, ...typed },
    target: { key: targetKey(id), id, name, company: id },
    before,
    after: afterOf(before),
    lookAlikes: alike,
  };
}

export interface Recorded {
  readonly role: string | null;
  readonly account: string | null;
}

/** How the last change made here left an integration that does not work. */
export const OFF = ["disabled", "rotated"] as const;
export type Off = typeof OFF[number];

/** What is recorded of an integration that is not there or not known. */
export const NOTHING_RECORDED: Recorded = { role: null, account: null };

const ROLE_ARN = /^arn:aws(?:-[a-z]+)*:iam::(\d{12}):role\/[\w+=,.@/-]{1,512}$/;

/** The account in a role's ARN; undefined when that is no ARN of a role. */
export function accountOfRole(arn: string): string | undefined {
  return ROLE_ARN.exec(arn)?.[1];
}

export function targetKey(companyId: string): string {
  return `ec2:${companyId}`;
}

export async function recorded(context: Ctx, companyId: string): Promise<Recorded> {
  const [role, account] = await Promise.all([
    context.recall(`${targetKey(companyId)}:role`),
    context.recall(`${targetKey(companyId)}:account`),
  ]);
  return { role: role ?? null, account: account ?? null };
}

/** Whether this bot switched it off; nobody else can be asked. */
export async function switchedOff(context: Ctx, companyId: string): Promise<Off | undefined> {
  const kept = await context.recall(`${targetKey(companyId)}:off`);
  return OFF.find((off) => off === kept);
}

/** What is known once it is enabled with `recorded`. */
export function rememberOn(companyId: string, { role, account }: Recorded): Record<string, string | null> {
  const key = targetKey(companyId);
  return { [`${key}:role`]: role, [`${key}:account`]: account, [`${key}:off`]: null };
}

export function rememberOff(companyId: string, off: Off): Record<string, string | null> {
  return { ...rememberOn(companyId, NOTHING_RECORDED), [`${targetKey(companyId)}:off`]: off };
}

/** `also` is an account that matters although it is not the recorded one. */
export async function readEc2State(
  context: Ctx,
  { id, name }: Company,
  { role, account }: Recorded,
  also?: string,
): Promise<Ec2State> {
  const accounts = [...new Set([account, also])].filter((each): each is string => typeof each === "string");
  const [externalId, listings] = await Promise.all([
    context.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId: id }, context.call),
    Promise.all(accounts.map(async (each) => [each, await listedFor(context, id, each)] as const)),
  ]);
  return { company: name, externalId, role, account, listed: Object.fromEntries(listings) };
}

/** Whether the vendor lists the company for the account; null where it cannot say. */
export async function listedFor(context: Ctx, companyId: string, accountId: string): Promise<boolean | null> {
  try {
    const companies = await context.client.getCompanyDetailsByAWSAccountId({ accountId }, context.call);
    if (companies.some(({ id }) => id === companyId)) return true;
    return companies.length >= MOST_COMPANIES_BY_ACCOUNT ? null : false;
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}

/** What was found when a change was looked for. */
export interface Found {
  /** Whether the vendor said yes to the write. */
  readonly answered: boolean;
  readonly after: Ec2State;
  /** What is to be remembered unless nothing was changed. */
  readonly remember: Record<string, string | null>;
}

/** A read-back that fails leaves the outcome open, whatever the vendor said to the write. */
export async function readBack(judge: () => Promise<Verification>): Promise<Verification> {
  try {
    return await judge();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { state: "unknown", evidence: `The state could not be read back: ${describe(error.failure)}.` };
  }
}

/**
 * What the vendor's list says of a change after which it should (`wanted`) or should not name the company for the
 * account. `is` is null or undefined where the vendor cannot tell; `why` says why the list may prove nothing.
 */
export function judgeListing(
  { target, before }: Ec2Plan,
  found: Found,
  { account, wanted, is, why }: {
    readonly account: string;
    readonly wanted: boolean;
    readonly is: boolean | null | undefined;
    readonly why: Line;
  },
): Verification {
  const { after, remember } = found;
  const says = (word: string) => [
    { data: target.name },
    ` is ${word} listed for AWS account `,
    { code: account },
  ];
  if (is === !wanted) return { state: "not applied", evidence: says(wanted ? "not" : "still"), after };
  if (is === wanted && before.listed[account] === !wanted) {
    return { state: "applied", evidence: says(wanted ? "now" : "no longer"), after, remember };
  }
  return unseen(found, why);
}

/** When nothing can be read back: what the vendor said is all there is. */
export function unseen({ answered, after, remember }: Found, why: Line): Verification {
  return answered
    ? { state: "accepted", evidence: ["GravityZone said yes. ", why].flat(), after, remember }
    : { state: "unknown", evidence: ["GravityZone gave no usable answer. ", why].flat() };
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

export function lookAlikeWarnings({ lookAlikes }: Ec2Plan): readonly Line[] {
  return lookAlikes.length === 0 ? [] : [
    lookAlikes.flatMap((name, index) => [index === 0 ? "Not to be confused with " : ", ", { data: name }]),
  ];
}
