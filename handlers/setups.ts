import { address, choice, clientId, optional, secretKey, setupOf, text } from "./variable.ts";

/**
 * How each vendor is set up, in the order people see them. Apart from what is done there: the configuration is read, and
 * messages are taken in, before all of that is loaded.
 */
export const setups = {
  bitdefender: setupOf("bitdefender", {
    apiUrl: address("BITDEFENDER_API_URL", "GravityZone's Access URL, ends in `/api`", { path: "/api" }),
    apiKey: secretKey("BITDEFENDER_API_KEY", "GravityZone API key"),
  }),
  apono: setupOf("apono", {
    apiUrl: address("APONO_API_URL", "Apono's API", { default: "https://api.apono.io" }),
    token: secretKey("APONO_API_TOKEN", "Apono personal or service-account token"),
    api: choice("APONO_API", "`v4`, or `v2` for accounts that have only that", ["v4", "v2"], "v4"),
  }),
  opsramp: setupOf("opsramp", {
    apiUrl: address("OPSRAMP_API_URL", "OpsRamp's API origin"),
    tenantId: text("OPSRAMP_TENANT_ID", "OpsRamp tenant"),
    clientId: clientId("OPSRAMP_CLIENT_ID", "OpsRamp OAuth2 key"),
    clientSecret: secretKey("OPSRAMP_CLIENT_SECRET", "OpsRamp OAuth2 secret"),
  }),
  halo: setupOf("halo", {
    apiUrl: address("HALO_API_URL", "HaloPSA resource server, ends in `/api`", { path: "/api" }),
    authUrl: address("HALO_AUTH_URL", "HaloPSA authorisation server, ends in `/auth`", { path: "/auth" }),
    clientId: clientId("HALO_CLIENT_ID", "HaloPSA application id"),
    clientSecret: secretKey("HALO_CLIENT_SECRET", "HaloPSA application secret"),
    tenant: optional(text("HALO_TENANT", "HaloPSA tenant, for Halo-hosted instances")),
  }),
};
