import { BitdefenderClient } from "../clients/bitdefender.ts";
import { ClientError } from "../clients/errors.ts";
import type { CallOptions } from "../clients/http/contract.ts";
import { resolveCompany } from "./bitdefender/companies.ts";
import { findCompanies, whois } from "./bitdefender/company_reads.ts";
import { disableEc2, enableEc2 } from "./bitdefender/ec2_changes.ts";
import { externalId, statusEc2, usageEc2 } from "./bitdefender/ec2_reads.ts";
import { rotateExternalId } from "./bitdefender/ec2_rotation.ts";
import {
  integrationsHealth,
  integrationsSight,
  showBitdefender,
  statusBitdefender,
} from "./bitdefender/integrations.ts";
import type { Proof } from "./operation.ts";
import { address, secretKey } from "./variable.ts";
import { defineVendor } from "./vendor.ts";

/** Bitdefender GravityZone: the integrations of a company and its Amazon EC2 integration. */
export const bitdefender = defineVendor({
  name: "bitdefender",
  label: "Bitdefender",
  system: "GravityZone",
  targets: { bitdefender: ["bd", "gravityzone"], ec2: [], externalid: [] },
  variables: {
    apiUrl: address("BITDEFENDER_API_URL", "GravityZone's Access URL, ends in `/api`", { path: "/api" }),
    apiKey: secretKey("BITDEFENDER_API_KEY", "GravityZone API key"),
  },
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
  probe,
});

async function probe(client: BitdefenderClient, call: CallOptions): Promise<Proof> {
  const { enabledApis } = await client.getApiKeyDetails({}, call);
  const enabled = enabledApis.map((area) => area.toLowerCase());
  const { ok, lacks } = sufficiency(enabled);
  const refused = enabled.includes("integrations") ? await refusedReads(client, call) : [];
  return {
    ok: ok && refused.length === 0,
    says: [
      "the key works; enabled: ",
      { data: enabled.join(", ") || "nothing", max: 200 },
      lacks,
      ...refused.map((one) => `; no right for ${one}`),
    ],
  };
}

/** An area alone is not enough: some methods want a role of the key's user besides, such as Network administrator. */
const READS: Readonly<Record<string, (client: BitdefenderClient, call: CallOptions) => Promise<unknown>>> = {
  "getConfiguredIntegrations (/status bitdefender; wants Network administrator)": (client, call) =>
    client.getConfiguredIntegrations({ page: 1, perPage: 1 }, call),
  "getAmazonEC2ExternalIdForCrossAccountRole (/externalid, and every change of EC2)": (client, call) =>
    client.getAmazonEC2ExternalIdForCrossAccountRole({}, call),
  "getHourlyUsageForAmazonEC2Instances (/usage ec2)": (client, call) =>
    client.getHourlyUsageForAmazonEC2Instances({}, call),
};

/** Those of the reads that the key may not do. */
async function refusedReads(client: BitdefenderClient, call: CallOptions): Promise<readonly string[]> {
  const tried = await Promise.all(
    Object.entries(READS).map(async ([name, read]) => {
      try {
        await read(client, call);
        return [];
      } catch (error) {
        // What else goes wrong is no matter of rights, and comes to light where it is asked for.
        return error instanceof ClientError && error.kind === "rights_refused" ? [name] : [];
      }
    }),
  );
  return tried.flat();
}

/** What is lost without the areas that the commands need. */
function sufficiency(enabled: readonly string[]): { ok: boolean; lacks: string } {
  if (!enabled.includes("integrations")) {
    return { ok: false, lacks: "; not enabled: integrations (no Bitdefender command works)" };
  }
  if (enabled.includes("companies")) return { ok: true, lacks: "" };
  return enabled.includes("network")
    ? { ok: true, lacks: "; not enabled: companies (companies are found in the Network list only)" }
    : { ok: false, lacks: "; not enabled: companies, network (companies are known by their id only)" };
}
