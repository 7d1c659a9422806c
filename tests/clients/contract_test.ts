import { AponoClient } from "../../clients/apono.ts";
import { BitdefenderClient } from "../../clients/bitdefender.ts";
import { HaloClient } from "../../clients/halo.ts";
import { PRODUCTS } from "../../clients/halo/products.ts";
import { OpsRampClient } from "../../clients/opsramp.ts";
import { createApono as emulateApono } from "../sandbox/apono.ts";
import { createGravityZone } from "../sandbox/gravityzone.ts";
import { ids, northwind } from "../sandbox/gravityzone/northwind.ts";
import { createHalo as emulateHalo } from "../sandbox/halo.ts";
import { createOpsRamp as emulateOpsRamp } from "../sandbox/opsramp.ts";
import { CREDENTIAL, keepsContract, type Subject } from "./contract.ts";

const AWS_ACCOUNT = "999888777666";
const KEY_ID = "AKIAIHEBSE2JFZ6CAAAA";

keepsContract({
  vendor: "GravityZone",
  // It refuses the parameter instead of saying that there is no such company.
  missing: "rejected",
  emulate(now) {
    const world = northwind(now(), CREDENTIAL);
    world.accountOfKey.set(KEY_ID, AWS_ACCOUNT);
    return createGravityZone({ world, now });
  },
  connect({ url, credential, ...options }) {
    const client = new BitdefenderClient({ apiUrl: `${url}/api`, apiKey: credential, ...options });
    return {
      read: (call) => client.getConfiguredIntegrations({}, call),
      readMissing: (call) => client.getCompanyDetails({ companyId: "f".repeat(24) }, call),
      write: (keySecret, call) =>
        client.configureAmazonEC2Integration({ companyId: ids.globex, keyId: KEY_ID, keySecret }, call),
      async isWritten(call) {
        const companies = await client.getCompanyDetailsByAWSAccountId({ accountId: AWS_ACCOUNT }, call);
        return companies.items.some(({ id }) => id === ids.globex);
      },
    };
  },
});

const ORDERS_DB = "5f1c0004-7d1b-4b8e-9a55-0c3a6e2f4244";

for (const api of ["v4", "v2"] as const) keepsContract(apono(api));

function apono(api: "v4" | "v2"): Subject {
  return {
    vendor: "Apono",
    api,
    emulate: (now) => emulateApono({ token: CREDENTIAL, now }),
    connect({ url, credential, ...options }) {
      const { integrations } = new AponoClient({ apiUrl: url, token: credential, api, ...options });
      return {
        read: (call) => integrations.list({}, call),
        readMissing: (call) => integrations.get("5f1c9999-0000-4000-8000-000000000000", call),
        write: (password, call) =>
          integrations.update(ORDERS_DB, {
            name: "Orders DB 2",
            config: { hostname: "orders.example.com", password },
            secretStore: { kind: "aws", fields: { region: "eu-west-1", secret_id: "prod/orders" } },
          }, call),
        isWritten: async (call) => (await integrations.get(ORDERS_DB, call)).name === "Orders DB 2",
      };
    },
  };
}

const CUSTOM = "INTG-58431d1c-1bdc-4a68-a49f-34435ead1d14";

keepsContract({
  vendor: "OpsRamp",
  emulate: (now) => emulateOpsRamp({ clientId: "key", clientSecret: CREDENTIAL, now }),
  isToken: ({ url }) => url.endsWith("/oauth/token"),
  connect({ url, credential, ...options }) {
    const account = { tenantId: "client_8", clientId: "key", clientSecret: credential };
    const client = new OpsRampClient({ apiUrl: url, ...account, ...options });
    return {
      read: (call) => client.getInstalled(CUSTOM, call),
      readMissing: (call) => client.getInstalled("INTG-nowhere", call),
      write: (apiSecret, call) =>
        client.updateInstalled(CUSTOM, {
          displayName: "Renamed",
          outboundConfig: {
            baseNotifier: {
              type: "REST_API",
              baseURI: "https://desk.example.com",
              authType: "OAUTH2",
              grantType: "CLIENT_CREDENTIALS",
              accessTokenURL: "https://desk.example.com/token",
              apiKey: "key-of-the-notifier",
              apiSecret,
            },
          },
        }, call),
      isWritten: async (call) => (await client.getInstalled(CUSTOM, call)).displayName === "Renamed",
    };
  },
});

keepsContract({
  vendor: "HaloPSA",
  emulate: (now) => emulateHalo({ clientId: "client", clientSecret: CREDENTIAL, now }),
  isToken: ({ url }) => url.endsWith("/auth/token"),
  connect({ url, credential, ...options }) {
    const armis = PRODUCTS.find(({ target }) => target === "armis")!;
    const account = { clientId: "client", clientSecret: credential };
    const client = new HaloClient({ apiUrl: `${url}/api`, authUrl: `${url}/auth`, ...account, ...options });
    return {
      read: (call) => client.list(armis, call),
      readMissing: (call) => client.get(armis, 99, call),
      write: (secret, call) => client.save(armis, { id: 4, name: "Renamed", new_access_token: secret }, call),
      isWritten: async (call) => (await client.get(armis, 4, call)).name === "Renamed",
    };
  },
});
