/** What a GravityZone tenant holds, as far as the Integrations, Companies and Network APIs show it. */
export interface World {
  readonly apiKey: { key: string; enabledApis: string[]; createdAt: string };
  /** The company the key belongs to; the default of every `companyId`. */
  ownCompanyId: string;
  readonly companies: Map<string, Company>;
  /** By company id. */
  readonly integrations: Map<string, Integration[]>;
  /** By company id. */
  readonly ec2: Map<string, Ec2>;
  /** The AWS account an access key belongs to; unknown keys get one made from their letters. */
  readonly accountOfKey: Map<string, string>;
  /** Which of the vendor's two descriptions of EC2 the tenant goes by: one integration of a company, or several by name. */
  manual: "older" | "present";
  /** What a method without a result answers: null as in the page's examples, something else, or no result at all. */
  nothing: "null" | "true" | "absent";
  /** A page of integrations never has more rows, whatever `perPage` asks for and the answer repeats. */
  mostRows: number;
  /** How many integrations the total of a list counts beyond those that its pages have; NaN: the total is null. */
  hidden: number;
  /** Counts external IDs, so that each new one differs and a test can foresee it. */
  externalIds: number;
}

export interface Company {
  readonly id: string;
  /** 0 partner, 1 customer. */
  type: number;
  name: string;
  parentId: string | null;
  address: string;
  phone: string;
  canBeManagedByAbove: boolean;
  isSuspended: boolean;
  createdAt: string;
  country: string;
  state: string;
  contactPerson?: { fullName: string; email: string; phoneNumber: string; companyRole: string };
}

export interface Integration {
  readonly id: string;
  name: string;
  type: number;
  specifics: Record<string, unknown>;
  category: Record<string, boolean>;
  status: number;
}

export type Configured =
  | { readonly by: "role"; readonly roleArn: string; readonly accountId: string }
  | { readonly by: "keys"; readonly keyId: string; readonly keySecret: string; readonly accountId: string };

export interface Ec2 {
  /** By the present manual the newest one: those that an integration uses stay with it and are no longer told. */
  externalId: string | null;
  /** By the older manual, the only one. */
  configured: Configured | null;
  /** By the present manual, by name. */
  readonly named: Map<string, Configured>;
  /** By the present manual, an external ID serves one integration. */
  isUsed: boolean;
  /** Hours by instance category, by `mm/yyyy`. */
  usage: Map<string, Record<string, number>>;
}

export function createWorld(own: Company, key = "sandbox-gravityzone-key"): World {
  return {
    apiKey: {
      key,
      enabledApis: ["companies", "licensing", "network", "integrations"],
      createdAt: "2026-01-12T09:30:11",
    },
    ownCompanyId: own.id,
    companies: new Map([[own.id, own]]),
    integrations: new Map(),
    ec2: new Map(),
    accountOfKey: new Map(),
    manual: "older",
    nothing: "null",
    mostRows: 100,
    hidden: 0,
    externalIds: 0,
  };
}

/** The company itself and all below it: what the key may see. */
export function visible(world: World, companyId: string): boolean {
  for (let id: string | null = companyId; id !== null; id = world.companies.get(id)?.parentId ?? null) {
    if (id === world.ownCompanyId) return world.companies.has(companyId);
  }
  return false;
}

export function ec2Of(world: World, companyId: string): Ec2 {
  const known = world.ec2.get(companyId);
  if (known) return known;
  const fresh: Ec2 = {
    externalId: null,
    configured: null,
    named: new Map(),
    isUsed: false,
    usage: new Map(),
  };
  world.ec2.set(companyId, fresh);
  return fresh;
}

/** The tenant as it is after the vendor's change: what was set up has its AWS account for a name. */
export function followPresentManual(world: World): void {
  world.manual = "present";
  for (const state of world.ec2.values()) {
    if (!state.configured) continue;
    state.named.set(state.configured.accountId, state.configured);
    state.isUsed = true;
    state.configured = null;
  }
}

/** What a company has set up, by either manual. */
export function configuredOf({ configured, named }: Ec2): readonly Configured[] {
  return [...configured ? [configured] : [], ...named.values()];
}

/** Whether the key is a customer's, which has one company and no parameter to name another. */
export function isCustomersKey(world: World): boolean {
  return world.companies.get(world.ownCompanyId)?.type === 1;
}

/** 32 characters like the page's example, which is not pure hex. */
export function nextExternalId(world: World): string {
  world.externalIds += 1;
  return `${world.externalIds.toString(16).padStart(8, "0")}a30a2db85dd6046d6d5fg188`;
}

export function accountOfKey(world: World, keyId: string): string {
  const known = world.accountOfKey.get(keyId);
  if (known) return known;
  const sum = [...keyId].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 1e12, 7);
  return String(sum).padStart(12, "0");
}
