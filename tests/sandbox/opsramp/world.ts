import type { Installation, Mapping } from "./installation.ts";

export const ROLES = [
  { uniqueId: "ROLE-4718b729-50cc-6634-42c4-ecd09558389d", name: "Customer" },
  { uniqueId: "ROLE-4d64a7ca-20ca-7c7c-e439-3977aa9c87a4", name: "Client Administrator" },
  { uniqueId: "ROLE-91f0c1f2-6f1e-4b8e-9a53-0d2f6f5d7c11", name: "Integration Read Only" },
];

/** A client tenant as one finds it: nine installations of several ages, one of them an SNMP one with no app. */
export function createWorld(): Installation[] {
  return [
    serviceDesk(),
    custom(),
    jwtDesk(),
    {
      id: "INTG-09623113-d32e-48eb-8993-5ccfa0e742b1",
      displayName: "AWS production",
      integration: { id: "AWS", name: "AWS", multipleInstallations: true },
      category: "Cloud",
      credential: {
        Name: "AWS production",
        AccountNumber: "320444959714",
        AWSType: "IAM",
        Regions: "eu-west-1",
      },
      installedBy: "m.okafor",
      installedTime: "2023-09-04T11:11:43+0000",
      status: "enabled",
    },
    {
      id: "INTG-5d0f3f0a-3f54-4a39-8b0c-9c6a3f6f0f21",
      displayName: "AWS staging",
      integration: { id: "AWS", name: "AWS", multipleInstallations: true },
      category: "Cloud",
      installedBy: "m.okafor",
      installedTime: "2023-09-05T08:02:10+0000",
      status: "disabled",
    },
    {
      id: "INTG-b7c8f0de-2a6e-4f55-8f0b-6c2c4bb9a0d7",
      displayName: "Datadog EU",
      integration: { id: "DATADOG", name: "Datadog", multipleInstallations: true },
      category: "Monitoring",
      installedBy: "r.lindqvist",
      installedTime: "2024-11-20T17:40:00+0100",
      inboundConfig: {
        authentication: {
          authType: "WEBHOOK",
          token: "gvKn3tqXb82mWc7RyLJd51sZfHpAeU0o",
          webhookUrl: "https://api.opsramp.example/integrations/client_8/webhook/alert?vtoken=k6v4Zr0Qm1",
          role: ROLES[2]!,
        },
      },
      status: "enabled",
    },
    {
      id: "INTG-e2a1c9c4-7a55-4a1f-9f43-2f6f8f1f6a90",
      displayName: "Core switches SNMP",
      installedBy: "opsramp_api_user",
      installedTime: "2022-03-14T09:26:53+0000",
      status: "enabled",
    },
    {
      id: "INTG-c0ffee11-4b3a-4d11-8a6e-8ed0b9a4a733",
      displayName: "Azure AD single sign-on",
      integration: { id: "AZUREAD", name: "Azure Active Directory" },
      category: "SSO",
      installedBy: "h.bauer",
      installedTime: "2022-08-30T12:00:00+0200",
      status: "enabled",
    },
    {
      id: "INTG-77b3f6de-19ab-4b53-b5bd-0a52e5f6f3c8",
      displayName: "vCenter Frankfurt",
      integration: { id: "VCENTER-APP", name: "VMware vCenter" },
      category: "SDK APP",
      installedBy: "h.bauer",
      installedTime: "2025-02-18T15:34:32+0000",
      status: "Installed",
      state: "Deployed",
    },
  ];
}

function serviceDesk(): Installation {
  return {
    id: "INTG-9c584c86-4ba9-4006-9ee2-c41a07b7c761",
    displayName: "Service Desk",
    integration: { id: "CASERVICEDESK", name: "Service Desk" },
    category: "Collaboration",
    installedBy: "r.lindqvist",
    installedTime: "2024-06-18T07:09:46+0100",
    inboundConfig: {
      authentication: { authType: "WEBHOOK", token: "YTxSGJdfkkfE3m7WaE8jYkwmsYjNU3VU" },
      mapAttributes: [statusMapping()],
    },
    outboundConfig: {
      baseNotifier: { type: "REST_API", baseURI: "https://desk.acme.example/api", authType: "NONE" },
      mapAttributes: [statusMapping()],
    },
    status: "enabled",
  };
}

function custom(): Installation {
  return {
    id: "INTG-58431d1c-1bdc-4a68-a49f-34435ead1d14",
    displayName: "Custom Integration",
    description: "Tickets from the plant floor",
    integration: { id: "CUSTOM", name: "Custom", multipleInstallations: true },
    category: "Custom",
    installedBy: "opsramp_api_user",
    installedTime: "2021-06-18T07:09:46+0100",
    inboundConfig: {
      authentication: {
        authType: "OAUTH2",
        apiKeyPairs: [{ key: "EkWC7c1Rj0nXw2TfQz8sLbVh" }],
        role: ROLES[1]!,
      },
    },
    status: "enabled",
  };
}

function jwtDesk(): Installation {
  return {
    id: "INTG-3f62e5c1-643b-41e3-a836-11c616e6f5df",
    displayName: "SMAX tickets",
    integration: { id: "CUSTOM", name: "Custom", multipleInstallations: true },
    category: "Custom",
    installedBy: "m.okafor",
    installedTime: "2025-04-02T06:15:00+0000",
    inboundConfig: {
      authentication: {
        authType: "WEBHOOK",
        token: "7VttjkVtm7qk6AwaRpED4Uh4jdAFpaVb",
        webhookUrl: "https://api.opsramp.example/integrations/client_8/webhook/incident?vtoken=p2Xc9Qd4Lt",
        role: ROLES[0]!,
      },
    },
    status: "disabled",
  };
}

function statusMapping(): Mapping {
  return {
    name: "Status",
    attrName: "incident.status.name",
    thirdPartyAttrName: "stats",
    entityType: "INCIDENT",
    thirdPartyEntityType: "Ticket",
    attrValues: [
      { attrValue: "Ok", thirdPartyAttrValue: "good" },
      { attrValue: "Critical", thirdPartyAttrValue: "bad" },
    ],
  };
}
