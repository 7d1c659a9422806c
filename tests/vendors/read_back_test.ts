import type { StageOptions } from "../sandbox/stage.ts";
import { type Changing, testConversation } from "./conversation.ts";

const PRTG = "POST /api/PRTGDetails";
const ORDERS = "5f1c0004-7d1b-4b8e-9a55-0c3a6e2f4244";
const INTEGRATIONS = "/api/admin/v4/integrations";
const TAGS = "/api/v3/integrations/resources/4096-00/user-tags";
const INSTALLED = "/api/v2/tenants/client_8/integrations/installed";
const SERVICE_DESK = "INTG-9c584c86-4ba9-4006-9ee2-c41a07b7c761";
const CUSTOM = "INTG-58431d1c-1bdc-4a68-a49f-34435ead1d14";
const SMAX = "INTG-3f62e5c1-643b-41e3-a836-11c616e6f5df";
const READER = "ROLE-91f0c1f2-6f1e-4b8e-9a53-0d2f6f5d7c11";
const CUSTOMER = "ROLE-4718b729-50cc-6634-42c4-ecd09558389d";

/** A vendor that takes what it is sent and from then on answers something else in its place. */
function keepsAs(...spellings: readonly (readonly [sent: string, kept: string])[]): StageOptions {
  return {
    async onTheWay(_vendor, request, passOn) {
      const answer = await passOn();
      if (request.method !== "GET") return answer;
      const text = await answer.text();
      const kept = spellings.reduce((all, [sent, other]) => all.replaceAll(sent, other), text);
      return new Response(kept, answer);
    },
  };
}

/** Looks like an authorization header, so what comes back is hidden from us as well. */
const VEILED = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

const halo: readonly Changing[] = [
  {
    name: "read-back: an address that HaloPSA keeps without its slash is neither as asked nor as before",
    said: "/update prtg 1 url=https://prtg2.northwind.example/",
    stage: keepsAs(["prtg2.northwind.example/", "prtg2.northwind.example"]),
    card: [/url\s+https:\/\/prtg\.northwind\.example\s+https:\/\/prtg2\.northwind\.example\//],
    outcome: "unknown",
    answered: [
      "Read back: url is now “https://prtg2.northwind.example”, neither the old nor the new value.",
      "Nothing will be sent again by itself.",
    ],
    wrote: [PRTG, [{ id: 1, url: "https://prtg2.northwind.example/" }]],
  },
  {
    name: "read-back: of two fields HaloPSA took one",
    said: "/update prtg 1 url=https://prtg2.northwind.example username=other",
    stage: keepsAs(['"username":"other"', '"username":"halo"']),
    card: [/username\s+halo\s+other/],
    outcome: "partly applied",
    answered: [
      "Read back: url is now “https://prtg2.northwind.example”; username unchanged.",
      "In case it is only slow",
      "[ Undo ]",
    ],
    wrote: [PRTG, [{ id: 1, url: "https://prtg2.northwind.example", username: "other" }]],
    undone: {
      card: [/url\s+https:\/\/prtg2\.northwind\.example\s+https:\/\/prtg\.northwind\.example/],
      outcome: "applied",
      answered: ["https://prtg.northwind.example"],
      wrote: [PRTG, [{ id: 1, url: "https://prtg.northwind.example" }]],
    },
  },
  {
    name: "read-back: HaloPSA said yes and kept every old value, whatever became of the secret",
    said: "/update prtg 1 username=other url=https://prtg2.northwind.example new_password=?",
    enters: { new_password: "entered-password" },
    stage: keepsAs(['"username":"other"', '"username":"halo"'], ["prtg2.", "prtg."]),
    card: [/username\s+halo\s+other/],
    outcome: "not applied",
    answered: ["Read back: username, url unchanged. new_password cannot be read back."],
    wrote: [PRTG, [{
      id: 1,
      username: "other",
      url: "https://prtg2.northwind.example",
      new_password: "entered-password",
    }]],
  },
  {
    name: "read-back: a list that HaloPSA keeps otherwise is counted, and an emptied field is called empty",
    said: "/update snow 5 url=https://snow2.northwind.example",
    document: { content: { client_links: [{ halo_id: 4, third_party_id: "NW2" }] }, as: "caption" },
    stage: keepsAs(['"third_party_id":"NW2"', '"third_party_id":"nw2"'], [
      '"https://snow2.northwind.example"',
      "null",
    ]),
    card: ["Change the integration Snow"],
    outcome: "unknown",
    answered: ["client_links is now 1 entry, url is now empty, neither the old nor the new values."],
    wrote: ["POST /api/SnowDetails", [{
      id: 5,
      client_links: [{ halo_id: 4, third_party_id: "NW2" }],
      url: "https://snow2.northwind.example",
    }]],
  },
  {
    name:
      "read-back: a value that looks like a secret is hidden when HaloPSA returns it, and is not called kept",
    said: '/update armis 4 name="Plant West"',
    stage: keepsAs(["Plant West", VEILED]),
    card: ["Plant West"],
    outcome: "accepted",
    answered: ["name cannot be read back from HaloPSA."],
    wrote: ["POST /api/ArmisDetails", [{ id: 4, name: "Plant West" }]],
  },
];

const ordersBody = (settings: object, config: object) => ({
  name: "Orders DB",
  connector_id: "eu-west-connector",
  integration_config: {
    hostname: "orders-db.db.internal.example.com",
    port: "5432",
    dbname: "postgres",
    sslmode: "require",
    ...config,
  },
  secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/orders-db/apono" } },
  connected_resource_types: ["postgresql-cluster", "postgresql-database"],
  owner: {
    attribute_type: "user",
    attribute_value: ["dba@example.com", "ana@example.com"],
    source_integration_reference: "5f1c0027-7d1b-4b8e-9a55-0c3a6e2f5095",
  },
  ...settings,
});

const apono: readonly Changing[] = [
  {
    name: "read-back: a host name that Apono keeps in lower case is neither as asked nor as before",
    said: "/update apono Orders DB config.hostname=DB2.Example.com config.port=5433 config.dbname=orders",
    stage: keepsAs(["DB2.Example.com", "db2.example.com"], ['"dbname":"orders"', '"dbname":"postgres"']),
    card: [/config\.hostname\s+orders-db\S+\s+DB2\.Example\.com/],
    outcome: "unknown",
    answered: [
      "Read back: config.port as asked; config.dbname unchanged; " +
      "config.hostname is now “db2.example.com”, neither the old nor the new value.",
    ],
    wrote: [
      `PUT ${INTEGRATIONS}/${ORDERS}`,
      ordersBody({}, { hostname: "DB2.Example.com", port: "5433", dbname: "orders" }),
    ],
  },
  {
    name: "read-back: the only field is kept by Apono in another spelling",
    said: "/update apono Orders DB config.hostname=DB2.Example.com",
    stage: keepsAs(["DB2.Example.com", "db2.example.com"]),
    card: ["DB2.Example.com"],
    outcome: "unknown",
    answered: ["Read back: config.hostname is now “db2.example.com”, neither the old nor the new value."],
    wrote: [`PUT ${INTEGRATIONS}/${ORDERS}`, ordersBody({}, { hostname: "DB2.Example.com" })],
  },
  {
    name: "read-back: Apono said yes and kept the old values",
    said: "/update apono Orders DB name=Orders2 config.port=5433",
    stage: keepsAs(['"Orders2"', '"Orders DB"'], ['"port":"5433"', '"port":"5432"']),
    card: [/config\.port\s+5432\s+5433/],
    outcome: "not applied",
    answered: ["Read back: Name, config.port unchanged."],
    wrote: [`PUT ${INTEGRATIONS}/${ORDERS}`, ordersBody({ name: "Orders2" }, { port: "5433" })],
  },
  {
    name: "read-back: a new integration that Apono keeps otherwise is there, and what differs is said",
    said: "/create apono type=k8s-roles name=Edge2 config.cluster_name=EDGE2",
    stage: keepsAs(["EDGE2", "edge2"]),
    card: [/config\.cluster_name\s+none\s+EDGE2/],
    outcome: "unknown",
    answered: ["Read back: Edge2 is there as ", ", but config.cluster_name is “edge2”."],
    wrote: [`POST ${INTEGRATIONS}`, {
      type: "k8s-roles",
      name: "Edge2",
      integration_config: { cluster_name: "EDGE2" },
    }],
  },
  {
    name: "read-back: of three tags Apono took one, kept one, and spells one in its own way",
    said: "/tag apono 4096-00 team=Ledger env=staging tier=1",
    stage: keepsAs(["Ledger", "ledger"], ["staging", "production"]),
    card: [/team\s+payments\s+Ledger/, /env\s+production\s+staging/, /tier\s+none\s+1/],
    outcome: "unknown",
    answered: [
      "Read back: tier is now “1”; env unchanged; " +
      "team is now “ledger”, neither the old nor the new value.",
    ],
    wrote: [`PUT ${TAGS}`, { tags: { env: "staging", team: "Ledger", tier: "1" } }],
  },
  {
    name: "read-back: Apono said yes and kept the old tags",
    said: "/tag apono 4096-00 env=staging",
    stage: keepsAs(["staging", "production"]),
    card: [/env\s+production\s+staging/],
    outcome: "not applied",
    answered: ["Read back: env unchanged."],
    wrote: [`PUT ${TAGS}`, { tags: { env: "staging", team: "payments" } }],
  },
];

const opsramp: readonly Changing[] = [
  {
    name: "read-back: a name that OpsRamp keeps in capitals is neither as asked nor as before",
    said: '/update opsramp Service Desk name="Desk EMEA"',
    stage: keepsAs(["Desk EMEA", "DESK EMEA"]),
    card: [/Name\s+Service Desk\s+Desk EMEA/],
    outcome: "unknown",
    answered: ["Read back: name is now “DESK EMEA”, neither the old nor the new value."],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, { displayName: "Desk EMEA" }],
  },
  {
    name: "read-back: OpsRamp said yes and kept the old name",
    said: '/update opsramp Service Desk name="Desk EMEA"',
    stage: keepsAs(["Desk EMEA", "Service Desk"]),
    card: [/Name\s+Service Desk\s+Desk EMEA/],
    outcome: "not applied",
    answered: ["Read back: name unchanged."],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, { displayName: "Desk EMEA" }],
  },
  {
    name: "read-back: OpsRamp gave another role than the one asked for, and its name is shown",
    said: `/update opsramp Custom Integration role=${READER}`,
    stage: keepsAs([READER, CUSTOMER], [
      "Integration Read Only",
      "Customer",
    ]),
    card: [READER],
    outcome: "unknown",
    answered: ["Read back: role is now “Customer”, neither the old nor the new value."],
    wrote: [`POST ${INSTALLED}/${CUSTOM}`, {
      inboundConfig: { authentication: { authType: "OAUTH2", role: { uniqueId: READER } } },
    }],
  },
  {
    name: "read-back: OpsRamp took the address and no longer says how the notifier authenticates",
    said: `/notifier opsramp SMAX uri=https://smax.example auth=NONE`,
    before: ({ opsramp }) =>
      void (opsramp.installations.find(({ displayName }) => displayName === "SMAX tickets")!.outboundConfig =
        {
          baseNotifier: { type: "REST_API", baseURI: "https://old.example", authType: "BASIC" },
        }),
    stage: keepsAs([',"authType":"NONE"', ""]),
    card: [/Notifier authentication\s+BASIC\s+NONE/],
    outcome: "unknown",
    answered: [
      "Read back: notifier baseURI is now “https://smax.example”; " +
      "notifier authType is now not set, neither the old nor the new value.",
    ],
    wrote: [`POST ${INSTALLED}/${SMAX}`, {
      outboundConfig: {
        baseNotifier: { type: "REST_API", baseURI: "https://smax.example", authType: "NONE" },
      },
    }],
  },
  {
    name: "read-back: of three pairs OpsRamp took one, dropped one, and spells one in its own way",
    said: '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open=New Closed=done Resolved=fixed',
    stage: keepsAs(
      ['"thirdPartyAttrValue":"New"', '"thirdPartyAttrValue":"NEW"'],
      [',{"attrValue":"Closed","thirdPartyAttrValue":"done"}', ""],
    ),
    card: ["Change the mappings of Service Desk in OpsRamp?"],
    outcome: "unknown",
    answered: [
      "Read back: INCIDENT Status Resolved=fixed as asked; INCIDENT Status Closed=done unchanged; " +
      "INCIDENT Status Open=New is now “Open=NEW”, neither the old nor the new value.",
    ],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      inboundConfig: {
        mapAttributes: [{
          name: "Status",
          thirdPartyAttrName: "stats",
          entityType: "INCIDENT",
          thirdPartyEntityType: "Ticket",
          attrValues: [
            { attrValue: "Open", thirdPartyAttrValue: "New" },
            { attrValue: "Closed", thirdPartyAttrValue: "done" },
            { attrValue: "Resolved", thirdPartyAttrValue: "fixed" },
          ],
        }],
      },
    }],
  },
  {
    name: "read-back: an address that OpsRamp keeps otherwise is shown without its key",
    said: "/notifier opsramp Service Desk uri=https://DESK.example.com/v2?key=k-7Yq auth=NONE",
    stage: keepsAs(["https://desk.example.com/v2", "https://desk.example.com/v4"]),
    card: ["https://desk.example.com/v2?key=••••••"],
    outcome: "unknown",
    answered: [
      "Read back: notifier baseURI is now “https://desk.example.com/v4?key=••••••”, " +
      "neither the old nor the new value.",
    ],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: {
          type: "REST_API",
          baseURI: "https://desk.example.com/v2?key=k-7Yq",
          authType: "NONE",
        },
      },
    }],
  },
];

for (const conversation of [...halo, ...apono, ...opsramp]) testConversation(conversation);
