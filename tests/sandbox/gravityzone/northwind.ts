import { type Company, createWorld, ec2Of, type Integration, type World } from "./world.ts";

/** Ids of the default world, for tests and demonstrations. */
export const ids = {
  northwind: "52f0c1a0e6a0b4f6c9d0e2b7",
  acmeCorp: "55115935b1a43dcc4a7b23c6",
  acmeCorporation: "55115935b1a43dcc4a7b91aa",
  acmeLabs: "55115935b1a43dcc4a7b77fe",
  globex: "5a7f21c4b1a43d1f107b0b02",
  initech: "5c90ab17b1a43d1f107b0c03",
} as const;

const ACTIVE = 5;

/** A managed service provider with five customers, three of which are easily mistaken for each other. */
export function northwind(now: number, key?: string): World {
  const own = company(ids.northwind, "Northwind MSP", { type: 0, parentId: null });
  const world = createWorld(own, key);
  for (const customer of customers()) world.companies.set(customer.id, customer);
  seedIntegrations(world);
  seedEc2(world, now);
  return world;
}

/** `count` VMware integrations on one company; every 50th has a problem, the problems cycle. */
export function generateIntegrations(count: number, status?: (index: number) => number): Integration[] {
  const problems = [6, 3, 7, 0, 2];
  const cycle = (index: number) =>
    index % 50 === 49 ? problems[Math.floor(index / 50) % problems.length] ?? 6 : ACTIVE;
  return Array.from({ length: count }, (_, index) =>
    vmware(
      (0x6a0000000000 + index).toString(16).padStart(24, "0"),
      `vcenter-${String(index + 1).padStart(5, "0")}`,
      (status ?? cycle)(index),
    ));
}

export function company(id: string, name: string, fields: Partial<Company> = {}): Company {
  const domain = `${name.toLowerCase().replace(/[^a-z]+/g, "-")}.example`;
  return {
    id,
    name,
    type: 1,
    parentId: ids.northwind,
    address: "Str Example No 1",
    phone: "0040740000001",
    canBeManagedByAbove: true,
    isSuspended: false,
    createdAt: "2017-02-21T15:02:54",
    country: "RO",
    state: "N/A",
    contactPerson: {
      fullName: "Dana Ionescu",
      email: `dana@${domain}`,
      phoneNumber: "0040740000002",
      companyRole: "Head of IT",
    },
    ...fields,
  };
}

export function vmware(id: string, name: string, status: number, host = `${name}.example`): Integration {
  return {
    id,
    name,
    type: 1,
    specifics: {
      hostname: host,
      port: 443,
      username: "svc-gravityzone",
      viewType: 1,
      retryAuthentication: true,
      retryAuthenticationTimeToWait: 5,
      retryAuthenticationMaxAttempts: 3,
      verifyTLSCertificate: true,
    },
    category: { virtualization: true, directoryServices: false },
    status,
  };
}

function customers(): Company[] {
  return [
    company(ids.acmeCorp, "Acme Corp", { country: "CA", state: "CA-BC" }),
    company(ids.acmeCorporation, "Acme Corporation", { country: "US", state: "US-NY" }),
    company(ids.acmeLabs, "Acme Labs"),
    company(ids.globex, "Globex", { country: "US", state: "US-CA" }),
    company(ids.initech, "Initech", { isSuspended: true, canBeManagedByAbove: false }),
  ];
}

function seedIntegrations(world: World): void {
  const own = ["eu", "us", "uk", "de", "fr", "nl", "se", "pl", "sg", "jp", "au", "br", "lab", "dr"];
  const statuses: Record<string, number> = { eu: 3, us: 6, lab: 4 };
  world.integrations.set(
    ids.northwind,
    own.map((region, index) =>
      vmware(
        integrationId(index),
        `vcenter-${region}`,
        statuses[region] ?? ACTIVE,
        `vc-${region}.northwind.example`,
      )
    ),
  );
  world.integrations.set(ids.acmeCorp, [
    vmware(integrationId(32), "acme-plant-1", ACTIVE),
    vmware(integrationId(33), "acme-plant-2", 7),
  ]);
  world.integrations.set(ids.globex, [vmware(integrationId(48), "globex-hq", ACTIVE)]);
}

function seedEc2(world: World, now: number): void {
  const acme = ec2Of(world, ids.acmeCorp);
  acme.externalId = "5e93f474a30a2db85dd6046d6d5fg188";
  acme.configured = { by: "role", roleArn: "arn:aws:iam::111222345123:role/test", accountId: "111222345123" };
  acme.usage.set(monthOf(now), { micro: 11, medium: 157 });
  const globex = ec2Of(world, ids.globex);
  globex.externalId = "7b21c0d9a30a2db85dd6046d6d5fg421";
  globex.configured = {
    by: "role",
    roleArn: "arn:aws:iam::444555666777:role/gravityzone",
    accountId: "444555666777",
  };
  globex.usage.set(monthOf(now), { micro: 720, large: 64, "2xlarge": 8 });
  ec2Of(world, ids.acmeLabs).externalId = "91cc02e7a30a2db85dd6046d6d5fg007";
}

/** The form the API wants months in, in UTC. */
export function monthOf(epochMs: number): string {
  const date = new Date(epochMs);
  return `${String(date.getUTCMonth() + 1).padStart(2, "0")}/${date.getUTCFullYear()}`;
}

function integrationId(index: number): string {
  return `679b6952a5d00afed203${index.toString(16).padStart(4, "0")}`;
}
