import { BitdefenderClient } from "../clients/bitdefender.ts";
import type { CallOptions } from "../clients/http/contract.ts";
import { resolveCompany } from "./bitdefender/companies.ts";
import { findCompanies, whois } from "./bitdefender/company_reads.ts";
import { disableEc2, enableEc2 } from "./bitdefender/ec2_changes.ts";
import { externalId, statusEc2 } from "./bitdefender/ec2_reads.ts";
import { rotateExternalId } from "./bitdefender/ec2_rotation.ts";
import { usageEc2 } from "./bitdefender/ec2_usage.ts";
import {
  companySight,
  integrationsHealth,
  integrationsSight,
  statusBitdefender,
} from "./bitdefender/integrations.ts";
import { showBitdefender } from "./bitdefender/show.ts";
import type { Proof } from "./operation.ts";
import { setups } from "./setups.ts";
import { andNoRight, defineVendor, withoutRight } from "./vendor.ts";

/** Bitdefender GravityZone: the integrations of a company and its Amazon EC2 integration. */
export const bitdefender = defineVendor({
  ...setups.bitdefender,
  label: "Bitdefender",
  system: "GravityZone",
  targets: { bitdefender: ["bd", "gravityzone"], ec2: [], externalid: [] },
  unwatched: ["ec2", "externalid"],
  connect: (settings, shared) => new BitdefenderClient({ ...settings, ...shared }),
  operations: [
    statusBitdefender,
    showBitdefender,
    statusEc2,
    usageEc2,
    externalId,
    whois,
    findCompanies,
    enableEc2,
    disableEc2,
    rotateExternalId,
  ],
  health: integrationsHealth,
  sight: integrationsSight,
  company: resolveCompany,
  companySight,
  probe,
});

async function probe(client: BitdefenderClient, call: CallOptions): Promise<Proof> {
  const { enabledApis } = await client.getApiKeyDetails({}, call);
  const enabled = enabledApis.map((area) => area.toLowerCase());
  const { ok, lacks } = sufficiency(enabled);
  const refused = await withoutRight(Object.assign(
    {},
    ...Object.entries(READS).filter(([area]) => enabled.includes(area)).map(([, reads]) =>
      reads(client, call)
    ),
  ));
  return {
    ok: ok && refused.length === 0,
    says: [
      "the key works; enabled: ",
      { data: enabled.join(", ") || "nothing", max: 200 },
      lacks,
      andNoRight(refused),
    ],
  };
}

type Reads = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * Every read that is made here, by its area: an area alone is not enough, some methods want a role of the key's user
 * besides.
 */
const READS: Readonly<Record<string, (client: BitdefenderClient, call: CallOptions) => Reads>> = {
  integrations: (client, call) => ({
    "getConfiguredIntegrations (/status bitdefender; wants Network administrator)": () =>
      client.getConfiguredIntegrations({ page: 1, perPage: 1 }, call),
    "getAmazonEC2ExternalIdForCrossAccountRole (/externalid, and every change of EC2)": () =>
      client.getAmazonEC2ExternalIdForCrossAccountRole({}, call),
    "getHourlyUsageForAmazonEC2Instances (/usage ec2)": () =>
      client.getHourlyUsageForAmazonEC2Instances({}, call),
    "getCompanyDetailsByAWSAccountId (/whois, and whether a change of EC2 took effect)": () =>
      client.getCompanyDetailsByAWSAccountId({ accountId: NO_ACCOUNT }, call),
  }),
  companies: (client, call) => ({
    "getCompanyDetails (whether a company is suspended)": () => client.getCompanyDetails({}, call),
    "findCompaniesByName (companies by their name)": () =>
      client.findCompaniesByName({ nameFilter: "*", maxResults: 1 }, call),
  }),
  network: (client, call) => ({
    "getCompaniesList (companies by their name)": () => client.getCompaniesList({}, call),
  }),
};

/** No account of Amazon's has this number. */
const NO_ACCOUNT = "0".repeat(12);

/** What is lost without the areas that the commands need. */
function sufficiency(enabled: readonly string[]): { ok: boolean; lacks: string } {
  if (!enabled.includes("integrations")) {
    return { ok: false, lacks: "; not enabled: integrations (no Bitdefender command works)" };
  }
  if (enabled.includes("companies")) return { ok: true, lacks: "" };
  const names = enabled.includes("network")
    ? "companies (companies are found in the Network list only"
    : "companies, network (companies are known by their id only";
  return { ok: false, lacks: `; not enabled: ${names}, and whether one is suspended is not known)` };
}
