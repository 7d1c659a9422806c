import * as z from "zod";
import { monthOf } from "./northwind.ts";
import { invalidParams, methodNotFound } from "./rpc.ts";
import {
  accountOfKey,
  type Company,
  type Configured,
  configuredOf,
  type Ec2,
  ec2Of,
  isCustomersKey,
  nextExternalId,
  visible,
  type World,
} from "./world.ts";

export interface Method {
  readonly service: "integrations" | "companies" | "network" | "general";
  /** The names of what may be sent, with some keys and tenants. */
  readonly parameters: readonly string[];
  run(world: World, params: Record<string, unknown>, now: number): unknown;
}

/** The look-up by AWS account never lists more. */
const MOST_BY_ACCOUNT = 25;
const MOST_BY_NAME = 100;

const id = z.string().regex(/^[0-9a-f]{24}$/);
const company = z.strictObject({ companyId: id.optional() });
/** The present manual's; the older one does not know the parameter. */
const named = company.extend({ integrationName: z.string().min(1).max(128).optional() });
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
      const rows = Math.min(perPage, world.mostRows);
      const data = all.slice((page - 1) * rows, page * rows)
        .map((integration) => ({ ...integration, company: { id: owner.id, name: owner.name } }));
      return { data, total: all.length + world.hidden, page, perPage };
    },
  ),
  getHourlyUsageForAmazonEC2Instances: method(
    "integrations",
    company.extend({ targetMonth: z.string().regex(/^(0[1-9]|1[0-2])\/\d{4}$/).optional() }),
    (world, { companyId, targetMonth }, now) => usageIn(ec2(world, companyId), targetMonth ?? monthOf(now)),
  ),
  configureAmazonEC2Integration: method(
    "integrations",
    named.extend({ keyId: z.string().min(1), keySecret: z.string().min(1) }),
    (world, { companyId, integrationName, keyId, keySecret }) => {
      // A customer's key has no parameter for it; to a partner's key the page says that it is not optional.
      if (companyId === undefined && !isCustomersKey(world)) throw invalidParams("Missing 'companyId'");
      const accountId = accountOfKey(world, keyId);
      setUp(world, ec2(world, companyId), integrationName, { by: "keys", keyId, keySecret, accountId });
    },
  ),
  configureAmazonEC2IntegrationUsingCrossAccountRole: method(
    "integrations",
    named.extend({ crossAccountRoleArn: z.string().regex(arn) }),
    (world, { companyId, integrationName, crossAccountRoleArn: roleArn }) => {
      const accountId = arn.exec(roleArn)?.[1] ?? "";
      const state = ec2(world, companyId);
      // A role trusts GravityZone by the external ID that it was given.
      if (state.externalId === null) throw invalidParams("No External ID was generated for this company.");
      setUp(world, state, integrationName, { by: "role", roleArn, accountId });
      state.isUsed = true;
    },
  ),
  generateAmazonEC2ExternalIdForCrossAccountRole: method("integrations", company, (world, { companyId }) => {
    const state = ec2(world, companyId);
    state.externalId = nextExternalId(world);
    state.isUsed = false;
    state.configured = null;
    return state.externalId;
  }),
  getAmazonEC2ExternalIdForCrossAccountRole: method(
    "integrations",
    company,
    (world, { companyId }) => ec2(world, companyId).externalId,
  ),
  disableAmazonEC2Integration: method("integrations", named, (world, { companyId, integrationName }) => {
    const state = ec2(world, companyId);
    if (world.manual === "older") return void (state.configured = null);
    const [first] = state.named.keys();
    const name = integrationName ?? (state.named.size === 1 ? first : undefined);
    if (name === undefined || !state.named.delete(name)) {
      throw invalidParams("Invalid value for 'integrationName'");
    }
  }),
  getCompanyDetailsByAWSAccountId: method(
    "integrations",
    z.strictObject({ accountId: z.string().regex(/^\d{12}$/) }),
    (world, { accountId }) =>
      managedCompanies(world)
        .filter((candidate) => usesAccount(world.ec2.get(candidate.id), accountId))
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
      managedCompanies(world)
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
      return managedCompanies(world)
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
    parameters: Object.keys(params.shape),
    run(world, given, now) {
      const stranger = Object.keys(given).find((name) => !isOffered(world, name));
      if (stranger !== undefined) throw invalidParams(`Unexpected parameter '${stranger}'`);
      const checked = params.safeParse(given);
      if (checked.success) return run(world, checked.data, now);
      const issue = checked.error.issues[0];
      if (issue?.code === "unrecognized_keys") throw invalidParams(`Unknown parameter '${issue.keys[0]}'`);
      throw invalidParams(`Invalid value for '${issue?.path.join(".") ?? "params"}'`);
    },
  };
}

/** Parameters that only some keys and tenants have. */
function isOffered(world: World, parameter: string): boolean {
  if (/^companyid$/i.test(parameter)) return !isCustomersKey(world);
  return parameter !== "integrationName" || world.manual === "present";
}

/** One external ID serves one integration by the present manual, as many as one likes by the older. */
function setUp(world: World, state: Ec2, name: string | undefined, configured: Configured): void {
  if (world.manual === "older") return void (state.configured = configured);
  const called = name ?? configured.accountId;
  if (configured.by === "role" && state.isUsed && !state.named.has(called)) {
    throw invalidParams("The External ID is used by another integration.");
  }
  state.named.set(called, configured);
}

function usesAccount(state: Ec2 | undefined, accountId: string): boolean {
  return state !== undefined && configuredOf(state).some((configured) => configured.accountId === accountId);
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

/** A customer manages none, and has no method that asks for them. */
function managedCompanies(world: World): Company[] {
  if (isCustomersKey(world)) throw methodNotFound();
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
