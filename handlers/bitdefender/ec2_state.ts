import * as z from "zod";
import { type BitdefenderClient, MOST_COMPANIES_BY_ACCOUNT } from "../../clients/bitdefender.ts";
import { ClientError, describe } from "../../clients/errors.ts";
import { isJsonObject, type Json, type JsonObject, readable } from "../../clients/json.ts";
import { inQuotes } from "../format.ts";
import {
  ChoiceNeeded,
  type Context,
  type Plan,
  type Receipt,
  unreadable,
  type Verification,
} from "../operation.ts";
import { type Inline, type Line, line } from "../reply.ts";
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
  /** What it is called, where the company may have several. */
  readonly integration?: string;
};

export interface Ec2Plan<After extends Json = Json> extends Plan<Ec2State> {
  readonly after: After;
  /** Integrations of the company that this change is not about, as far as this bot knows. */
  readonly others: readonly string[];
  /** How calls name the company; null for a customer's key, which has one and may not name it. */
  readonly companyId: string | null;
  /** Names an approver could take this company's for. */
  readonly lookAlikes: readonly string[];
}

export const companyOption = z.string().optional()
  .meta({ positional: true, rest: true, placeholder: "company" });

/** How people say whose integration they mean, and which of several. */
export const ec2Input = z.object({
  company: companyOption,
  integration: z.string().trim().min(1).max(128).optional().meta({ placeholder: "name" }),
});

/** What is changed when our key may not read which company it belongs to. */
export const KEYS_OWN = "own";

/** Which integration a change is about, and what else it wants to know. */
interface Asked {
  readonly company?: string | undefined;
  /** The name of one of several. */
  readonly integration?: string | undefined;
  /** An account that matters although it is not recorded. */
  readonly also?: string | undefined;
  /** What else was typed, as a plan keeps it. */
  readonly typed?: JsonObject;
  /** Whether it is about one that is there, so that of several that are known one has to be named. */
  readonly isThere?: boolean;
}

/** The plan of a change of one company's integration. */
export async function planFor<After extends Json>(
  context: Ctx,
  asked: Asked,
  afterOf: (before: Ec2State) => After,
): Promise<Ec2Plan<After>> {
  const company = await companyToChange(context, asked.company);
  const { id = KEYS_OWN, name } = company;
  const all = await recordedAll(context, id);
  const integration = asked.integration ?? (asked.isThere ? onlyOne(all, name) : undefined);
  const known = recordOf(all, integration);
  const [{ scope, value: before }, alike] = await Promise.all([
    about(
      context,
      company,
      (companyId) => readEc2State(context, { id, name, companyId, integration }, known, asked.also),
    ),
    lookAlikes(context, company),
  ]);
  const { isSuspended, parentCompanyId } = company;
  return {
    input: {
      ...(company.id !== undefined && { company: id }),
      ...(integration !== undefined && { integration }),
      ...asked.typed,
    },
    target: { key: targetKey(id), id, name, ...(company.id !== undefined && { company: id }) },
    before,
    after: afterOf(before),
    depends: {
      suspended: readable(isSuspended) ?? null,
      "parent company": readable(parentCompanyId) ?? null,
    },
    companyId: scope.companyId ?? null,
    others: others(all, integration),
    lookAlikes: alike,
  };
}

/** The name of the only integration that is known; nothing where it has none of its own. Throws for several. */
function onlyOne(all: readonly Known[], company: string): string | undefined {
  const standing = all.filter(({ off, name, account }) => off !== "disabled" && (name ?? account) !== null);
  if (standing.length < 2) return standing[0]?.name;
  const options = standing.map(({ name, account, role }) => {
    const called = name ?? account ?? "";
    return { id: called, name: [called, role].filter(Boolean).join(" · ") };
  });
  throw new ChoiceNeeded(
    `${inQuotes(company)} has several EC2 integrations. Which one?`,
    "integration",
    options,
  );
}

/** The names of the other integrations that are known. */
function others(all: readonly Known[], integration: string | undefined): readonly string[] {
  const chosen = recordOf(all, integration);
  // A rotation is recorded of a company without any integration that could be named, too.
  return all.filter((one) => one !== chosen && one.off !== "disabled")
    .flatMap(({ name, account }) => name ?? account ?? []);
}

/** The other integrations that are known, in a sentence. */
export function othersIn({ others, target }: Ec2Plan): readonly Inline[] {
  return [
    { data: target.name },
    " has other EC2 integrations too: ",
    ...others.flatMap((name, at): Inline[] => [at === 0 ? "" : ", ", { data: name }]),
  ];
}

/** How the calls of a plan say whose integration they mean, and which. */
export function namesIn(
  { companyId, before: { integration } }: Ec2Plan,
): { readonly companyId?: string; readonly integrationName?: string } {
  return {
    ...companyIn({ companyId }),
    ...(integration !== undefined && { integrationName: integration }),
  };
}

/** How the calls of a plan name its company. */
export function companyIn({ companyId }: Pick<Ec2Plan, "companyId">): { readonly companyId?: string } {
  return companyId === null ? {} : { companyId };
}

/** Whom a read-back is about. */
export function aimOf(plan: Ec2Plan): Aim {
  return { ...plan.target, ...companyIn(plan), integration: plan.before.integration };
}

/** A company, how calls name it, and which integration of it is meant. */
interface Aim {
  readonly id: string;
  readonly name: string;
  readonly companyId?: string | undefined;
  readonly integration?: string | undefined;
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

/** What is recorded of an integration, and what it is called, where somebody gave it a name. */
export interface Known extends Recorded {
  readonly name?: string;
}

const record = z.object({
  role: z.string().nullable(),
  account: z.string().nullable(),
  off: z.enum(OFF).nullable().catch(null),
});
const recordsByName = z.record(z.string(), record);

/** Every integration of a company that this bot recorded, the one without a name first. */
export async function recordedAll(context: Ctx, companyId: string): Promise<readonly Known[]> {
  const recall = (what: string) => context.recall(`${targetKey(companyId)}:${what}`);
  const [role = null, account = null, off = null, byName] = await Promise.all(
    ["role", "account", "off", "named"].map(recall),
  );
  const unnamed = record.parse({ role, account, off });
  const isThere = role !== null || account !== null || off !== null;
  return [...isThere ? [unnamed] : [], ...namedIn(byName)];
}

function namedIn(kept: string | undefined): readonly Known[] {
  const byName = kept === undefined ? {} : recordsByName.parse(JSON.parse(kept));
  return Object.entries(byName).map(([name, one]) => ({ ...one, name }));
}

/** What is recorded of the one that is called so; that without a name goes by its AWS account. */
export function recordOf(all: readonly Known[], name: string | undefined): Recorded {
  return all.find((one) => one.name === name) ??
    all.find((one) => one.name === undefined && one.account === name) ?? NOTHING_RECORDED;
}

/** `also` is an account that matters although it is not the recorded one. */
export async function readEc2State(
  context: Ctx,
  { id, name, companyId, integration }: Aim,
  { role, account }: Pick<Recorded, "role" | "account">,
  also?: string | null,
): Promise<Ec2State> {
  const accounts = [...new Set([account, also])].filter((each) => typeof each === "string");
  const [externalId, listings] = await Promise.all([
    context.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, context.call),
    Promise.all(accounts.map(async (each) => [each, await listedFor(context, id, each)] as const)),
  ]);
  return {
    company: name,
    externalId,
    role,
    account,
    listed: Object.fromEntries(listings),
    ...(integration !== undefined && { integration }),
  };
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
 * The verdict on a change, with what is to be recorded of the integration once it took effect; null where nothing is. A
 * read-back that fails leaves the outcome open, whatever the vendor said to the write.
 */
export async function readBack(
  context: Ctx,
  plan: Ec2Plan,
  recorded: Recorded | null,
  judge: () => Promise<Verification>,
): Promise<Verification> {
  try {
    const verdict = await judge();
    if (recorded === null || verdict.state !== "applied" && verdict.state !== "accepted") return verdict;
    return { ...verdict, remember: await toRemember(context, plan, recorded) };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { state: "unknown", evidence: `The state could not be read back: ${describe(error.failure)}.` };
  }
}

async function toRemember(
  context: Ctx,
  { target: { key, id }, before: { integration } }: Ec2Plan,
  { role, account, off: now }: Recorded,
): Promise<Readonly<Record<string, string | null>>> {
  const all = await recordedAll(context, id);
  const former = recordOf(all, integration);
  // A new external ID brings nothing back that was disabled.
  const off = now === "rotated" ? former.off ?? now : now;
  const unnamed = all.find(({ name }) => name === undefined);
  if (integration === undefined || former === unnamed) {
    return { [`${key}:role`]: role, [`${key}:account`]: account, [`${key}:off`]: off };
  }
  const byName = Object.fromEntries(
    all.flatMap(({ name, ...one }) => name === undefined ? [] : [[name, one]]),
  );
  return { [`${key}:named`]: JSON.stringify({ ...byName, [integration]: { role, account, off } }) };
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
  // The company is listed for an account, whichever of its integrations uses it.
  const account = state.integration === undefined
    ? Object.keys(state.listed).find((each) => state.listed[each] === true)
    : undefined;
  return account === undefined ? "not known to this bot" : ["AWS account ", { code: account }];
}

export function externalIdNow(state: Ec2State): Line {
  return state.externalId === null ? "none" : { code: state.externalId };
}

/** The integration in a sentence. */
export function integrationOf({ before: { integration }, target }: Ec2Plan): readonly Inline[] {
  return [
    "the EC2 integration ",
    ...(integration === undefined ? [] : [{ data: integration }, " "]),
    "of ",
    { data: target.name },
  ];
}

/** What an approver should know of the company itself. */
export function companyWarnings({ lookAlikes, depends, target }: Ec2Plan): readonly Line[] {
  const suspended = isJsonObject(depends) ? depends["suspended"] : undefined;
  return [
    ...(suspended === true ? [[{ data: target.name }, " is suspended in GravityZone."]] : []),
    ...(suspended === null
      ? [[
        "Whether ",
        { data: target.name },
        " is suspended is not known: our key may not read it.",
      ]]
      : []),
    ...(lookAlikes.length === 0 ? [] : [
      lookAlikes.flatMap((name, index) => [index === 0 ? "Not to be confused with " : ", ", { data: name }]),
    ]),
  ];
}
