import { z } from "zod";
import { monthOf } from "./northwind.ts";
import { invalidParams } from "./rpc.ts";
import { accountOfKey, type Company, type Ec2, ec2Of, nextExternalId, visible, type World } from "./world.ts";

export interface Method {
  readonly service: "integrations" | "companies" | "network" | "general";
  run(world: World, params: Record<string, unknown>, now: number): unknown;
}

/** The look-up by AWS account never lists more. */
const MOST_BY_ACCOUNT = 25;
const MOST_BY_NAME = 100;

const id = z.string().regex(/^[0-9a-f]{24}$/);
const company = z.strictObject({ companyId: id.optional() });
const arn = /^arn:aws(?:-[a-z]+)*:iam::(\d{12}):role\/.+$/;

/** Every method by its documented name. */
export const methods: Readonly<Record<string, Method>> = {
  getConfiguredIntegrations: method(
    "integrations",
    z.strictObject({
      companyId: id.optional(),
      // The page's table spells it so, its example does not.
      companyID: id.optional(),
      page: z.int().min(1).optional(),
      perPage: z.int().min(1).max(100).optional(),
    }),
    (world, { companyId, companyID, page = 1, perPage = 30 }) => {
      const owner = companyOf(world, companyId ?? companyID);
      const all = world.integrations.get(owner.id) ?? [];
      const data = all.slice((page - 1) * perPage, page * perPage)
        .map((integration) => ({ ...integration, company: { id: owner.id, name: owner.name } }));
      return { data, total: all.length, page, perPage };
    },
  ),
  getHourlyUsageForAmazonEC2Instances: method(
    "integrations",
    company.extend({ targetMonth: z.string().regex(/^(0[1-9]|1[0-2])\/\d{4}$/).optional() }),
    (world, { companyId, targetMonth }, now) => usageIn(ec2(world, companyId), targetMonth ?? monthOf(now)),
  ),
  configureAmazonEC2Integration: method(
    "integrations",
    z.strictObject({ companyId: id, keyId: z.string().min(1), keySecret: z.string().min(1) }),
    (world, { companyId, keyId, keySecret }) => {
      ec2(world, companyId).configured = {
        by: "keys",
        keyId,
        keySecret,
        accountId: accountOfKey(world, keyId),
      };
      return null;
    },
  ),
  configureAmazonEC2IntegrationUsingCrossAccountRole: method(
    "integrations",
    company.extend({ crossAccountRoleArn: z.string().regex(arn) }),
    (world, { companyId, crossAccountRoleArn: roleArn }) => {
      const accountId = arn.exec(roleArn)?.[1] ?? "";
      const state = ec2(world, companyId);
      // A role trusts GravityZone by the external ID that it was given.
      if (state.externalId === null) throw invalidParams("No External ID was generated for this company.");
      state.configured = { by: "role", roleArn, accountId };
      return null;
    },
  ),
  generateAmazonEC2ExternalIdForCrossAccountRole: method("integrations", company, (world, { companyId }) => {
    const state = ec2(world, companyId);
    state.externalId = nextExternalId(world);
    state.configured = null;
    return state.externalId;
  }),
  getAmazonEC2ExternalIdForCrossAccountRole: method(
    "integrations",
    company,
    (world, { companyId }) => ec2(world, companyId).externalId,
  ),
  disableAmazonEC2Integration: method("integrations", company, (world, { companyId }) => {
    ec2(world, companyId).configured = null;
    return null;
  }),
  getCompanyDetailsByAWSAccountId: method(
    "integrations",
    z.strictObject({ accountId: z.string().regex(/^\d{12}$/) }),
    (world, { accountId }) =>
      visibleCompanies(world)
        .filter((candidate) => world.ec2.get(candidate.id)?.configured?.accountId === accountId)
        .slice(0, MOST_BY_ACCOUNT)
        .map(byAccount),
  ),
  findCompaniesByName: method(
    "companies",
    z.strictObject({
      nameFilter: z.string().min(1),
      maxResults: z.int().min(1).max(MOST_BY_NAME).optional(),
    }),
    (world, { nameFilter, maxResults = 25 }) =>
      visibleCompanies(world)
        .filter((candidate) => nameFits(candidate.name, nameFilter))
        .slice(0, maxResults)
        .map(details),
  ),
  getCompanyDetails: method("companies", company, (world, { companyId }) => {
    const found = companyOf(world, companyId);
    return { ...details(found), ...(found.parentId === null ? {} : { parentCompanyId: found.parentId }) };
  }),
  getCompaniesList: method(
    "network",
    z.strictObject({ parentId: id.optional() }),
    (world, { parentId = world.ownCompanyId }) => {
      const parent = world.companies.get(parentId);
      if (!parent || parent.type !== 0) throw invalidParams("Invalid value for 'parentId'");
      return visibleCompanies(world)
        .filter((candidate) => candidate.parentId === parentId)
        .map(({ id, name }) => ({ id, name }));
    },
  ),
  getApiKeyDetails: method("general", z.strictObject({}), ({ apiKey }) => ({
    enabledApis: [...apiKey.enabledApis],
    createdAt: apiKey.createdAt,
  })),
};

/** Params that are unknown, missing or malformed are refused by name, as the live API does. */
function method<P extends z.ZodObject>(
  service: Method["service"],
  params: P,
  run: (world: World, params: z.output<P>, now: number) => unknown,
): Method {
  return {
    service,
    run(world, given, now) {
      const checked = params.safeParse(given);
      if (checked.success) return run(world, checked.data, now);
      const issue = checked.error.issues[0];
      if (issue?.code === "unrecognized_keys") throw invalidParams(`Unknown parameter '${issue.keys[0]}'`);
      throw invalidParams(`Invalid value for '${issue?.path.join(".") ?? "params"}'`);
    },
  };
}

function companyOf(world: World, companyId: string = world.ownCompanyId): Company {
  const found = world.companies.get(companyId);
  if (!found || !visible(world, companyId)) throw invalidParams("Invalid value for 'companyId'");
  return found;
}

function ec2(world: World, companyId: string | undefined): Ec2 {
  return ec2Of(world, companyOf(world, companyId).id);
}

function usageIn(state: Ec2, month: string): Record<string, number> {
  return { ...state.usage.get(month) };
}

function visibleCompanies(world: World): Company[] {
  return [...world.companies.values()].filter((candidate) => visible(world, candidate.id));
}

/** The start of the name, or any part of it after a leading asterisk. */
function nameFits(name: string, filter: string): boolean {
  const lower = name.toLowerCase();
  return filter.startsWith("*")
    ? lower.includes(filter.slice(1).toLowerCase())
    : lower.startsWith(filter.toLowerCase());
}

function byAccount({ parentId: _parent, ...shown }: Company): Record<string, unknown> {
  return shown;
}

function details(found: Company): Record<string, unknown> {
  return { ...byAccount(found), enforce2FA: false, skip2FAPeriod: 0, industry: 0 };
}
