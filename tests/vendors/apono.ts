import type { Fixture } from "../approvals/fixture.ts";
import type { StageOptions } from "../sandbox/stage.ts";
import type { Conversation } from "./conversation.ts";

const ORDERS = "5f1c0004-7d1b-4b8e-9a55-0c3a6e2f4244";
const ANALYTICS = "5f1c0002-7d1b-4b8e-9a55-0c3a6e2f4170";
const PRODUCTION = "5f1c0000-7d1b-4b8e-9a55-0c3a6e2f4096";
const OKTA = "5f1c0027-7d1b-4b8e-9a55-0c3a6e2f5095";
const STAGING_CLUSTER = "5f1c0020-7d1b-4b8e-9a55-0c3a6e2f4836";
const V4 = "/api/admin/v4/integrations";
const V2 = "/api/v2/integrations";
const ALL = `GET ${V4}?limit=100`;

/** All of Orders DB as v4 takes it: an update replaces the whole. */
const ORDERS_BODY = {
  name: "Orders DB",
  connector_id: "eu-west-connector",
  integration_config: {
    hostname: "orders-db.db.internal.example.com",
    port: "5432",
    dbname: "postgres",
    sslmode: "require",
  },
  secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/orders-db/apono" } },
  connected_resource_types: ["postgresql-cluster", "postgresql-database"],
  owner: {
    attribute_type: "user",
    attribute_value: ["dba@example.com", "ana@example.com"],
    source_integration_reference: OKTA,
  },
};

/** The same in v2's words, which have no owner. */
const ORDERS_BODY_V2 = {
  name: "Orders DB",
  provisioner_id: "eu-west-connector",
  metadata: ORDERS_BODY.integration_config,
  secret_config: { type: "AWS", region: "eu-west-1", secret_id: "prod/orders-db/apono" },
  connected_resource_types: ["postgresql-cluster", "postgresql-database"],
};

const LEDGER = "type=PostgreSQL name=Ledger connector=eu-west-connector config.HostName=ledger.example.com " +
  "config.sslmode=require secret.aws.region=eu-west-1 secret.aws.secret_id=prod/ledger " +
  'resource_types=postgresql-database access_details="Ask the ledger team"';
const LEDGER_CONFIG = { hostname: "ledger.example.com", sslmode: "require" };
const LEDGER_REST = {
  connected_resource_types: ["postgresql-database"],
  custom_access_details: "Ask the ledger team",
};

function twiceOrders({ apono }: Fixture): void {
  apono.world.integrations.push(apono.world.integrations.find(({ id }) => id === ORDERS)!);
}

function withoutName({ apono }: Fixture): void {
  Object.assign(apono.world.integrations.find(({ id }) => id === ORDERS)!, { name: null });
}

const UNREACHABLE =
  "The connector edge-connector is disconnected: Apono cannot reach the integration through it";

/** Lets v2 count so many integrations as there are, whatever it returns. */
function counting(total: number): NonNullable<StageOptions["onTheWay"]> {
  return async (_vendor, request, passOn) => {
    const answer = await passOn();
    if (new URL(request.url).pathname !== V2) return answer;
    const body = await answer.json();
    return Response.json({ ...body, pagination: { ...body.pagination, total } });
  };
}

const reads: readonly Conversation[] = [
  {
    name: "/status apono joins v4 with the reasons of v2, problems first",
    said: "/status apono",
    answered: [
      "🟡 Apono: 3 of 31 need attention · 1 disabled",
      "Error 2 · Warning 1 · Refreshing 1 · Initializing 1 · Disabled 1 · Active 25",
      /Kubernetes Edge: Error · Connector edge-connector is unreachable · last sync [^]*PostgreSQL Analytics: Error[^]*MySQL Legacy CRM: Warning · 2 of 14 databases could not be read[^]*27 others · 1 disabled/,
    ],
    asked: [ALL, `GET ${V2}`],
  },
  {
    name: "/list apono filters on Apono's side",
    said:
      "/list apono name=*SQL* type=postgresql,mysql status=error category=RESOURCES connector=eu-west-connector",
    answered: ["1 Apono integration", "PostgreSQL Analytics", ANALYTICS],
    lacks: ["Kubernetes Edge"],
    asked: [
      `GET ${V4}?category=RESOURCES&connector_id=eu-west-connector&name=*SQL*&status=ERROR&type=postgresql&type=mysql` +
      "&limit=100",
    ],
  },
  {
    name: "/list apono page_token= is no secret, and is refused in words",
    said: "/list apono page_token=x",
    refused: ["/list apono has no option page_token=: the bot reads all pages", "[ /list apono ]"],
  },
  {
    name: "/list connectors offers a command without any option that is refused",
    said: "/list connectors page_token=z limit=4",
    refused: ["/list connectors has no option page_token=", "[ /list connectors ]"],
  },
  {
    name: "/list apono by v2 counts what fits apart from what did not come",
    said: "/list apono type=postgresql",
    environment: { APONO_API: "v2" },
    stage: { onTheWay: counting(250) },
    answered: [
      "6 Apono integrations of those that came fit",
      "Apono counts 219 more but did not return them.",
    ],
    asked: [`GET ${V2}`],
  },
  {
    name: "/status apono says that our token may not read the reasons",
    said: "/status apono",
    before: ({ apono }) => apono.fail("v2.list", { kind: "status", status: 403 }),
    answered: ["Our token may not read Apono's v2 API, so the reasons are missing."],
    lacks: ["did not answer"],
    asked: [ALL, `GET ${V2}`],
  },
  ...["", null].map((status): Conversation => ({
    name: `/status apono does not know how an integration stands whose status is ${JSON.stringify(status)}`,
    againstDocuments: true,
    said: "/status apono",
    before: ({ apono }) =>
      void Object.assign(apono.world.integrations.find(({ id }) => id === ORDERS)!, { status }),
    answered: [
      "🟡 Apono: 3 of 31 need attention · 1 disabled · 1 not known",
      /26 others · 1 disabled · 1 not known[^]*Orders DB\s+No status/,
    ],
    asked: [ALL, `GET ${V2}`],
  })),
  {
    name: "/catalog has the name of a credential typed, not asked for as a secret",
    said: "/catalog postgresql",
    before: ({ apono }) =>
      void apono.world.catalog.find(({ type }) => type === "postgresql")!.params!.push(
        { id: "credential", label: "Credential", values: [], default: "", optional: false },
        { id: "db_password", label: "Password", values: [], default: "", optional: false },
      ),
    answered: [/To create one: .* config\.credential=… config\.db_password=\?/],
    asked: [`GET ${V2}-catalog/postgresql`],
  },
  {
    name: "/catalog says how many types Apono counts and does not show",
    said: "/catalog",
    before: ({ apono }) =>
      apono.fail("catalog.list", {
        kind: "status",
        status: 200,
        body: {
          data: apono.world.catalog.slice(0, 1),
          pagination: { total: 250, limit: 1, offset: 0 },
        },
      }),
    answered: ["1 of 250 types in Apono's catalog", "Apono counts 249 more but did not return them."],
    asked: [`GET ${V2}-catalog`],
  },
  {
    name: "/catalog of a type that is not among those that Apono shows does not say that there is none",
    said: "/catalog vmware",
    before: ({ apono }) =>
      apono.fail("catalog.list", {
        kind: "status",
        status: 200,
        body: {
          data: apono.world.catalog.slice(0, 1),
          pagination: { total: 250, limit: 1, offset: 0 },
        },
      }),
    refused: ['The 1 of 250 types that Apono shows have no type "vmware"'],
  },
  {
    name: "/status apono counts an integration once that comes twice over the border of a page",
    said: "/status apono",
    before: twiceOrders,
    answered: ["Apono: 3 of 31 need attention"],
    asked: [ALL, `GET ${V2}`],
  },
  {
    name: "/show apono of an integration that comes twice asks nothing",
    said: "/show apono orders",
    before: twiceOrders,
    answered: ["Orders DB: Active"],
    asked: [ALL, `GET ${V4}/${ORDERS}`, `GET ${V2}/${ORDERS}`],
  },
  {
    name: "/list apono shows the others of a row without a name, and says which it is",
    againstDocuments: true,
    said: "/list apono",
    before: withoutName,
    answered: [
      "30 of 31 Apono integrations",
      `1 could not be read: id ${ORDERS}. Look in the vendor's console.`,
    ],
    asked: [ALL],
  },
  {
    name: "/list connectors shows which are connected, and their ids",
    said: "/list connectors",
    answered: [
      "🟡 1 not connected · 3 Apono connectors",
      /Edge · AWS edge-connector\s+disconnected, last connected .*, version 1\.6\.0, not the latest[^]*EU West/,
    ],
    asked: ["GET /api/admin/v3/connectors?limit=100"],
  },
  {
    name: "/resources limit= is no part of a name, and is refused in words",
    said: "/resources Orders DB limit=5",
    refused: ["/resources has no option limit=: the bot reads all pages", "[ /resources Orders DB ]"],
  },
  {
    name: "/list apono shows a screen, and brings the whole list as a file when asked",
    said: "/list apono file=csv",
    answered: [
      "31 Apono integrations",
      /Kubernetes Edge · k8s-roles\s+Error, synced[^]*PostgreSQL Analytics · postgresql\s+Error[^]*MySQL Legacy CRM/,
      "All 31 are in apono-integrations.csv.",
    ],
    file: { name: "apono-integrations.csv", holds: ["Okta Contractors", ORDERS] },
    asked: [ALL],
  },
  {
    name: "/show apono shows all fields, with v2's details and no secret",
    said: "/show apono MySQL Legacy CRM",
    answered: [
      "MySQL Legacy CRM: Warning",
      "2 of 14 databases could not be read",
      /config\.port\s+3306/,
      /Secret\s+kept by Apono, hidden/,
    ],
    lacks: ["s3cr3t-crm"],
    asked: [
      ALL,
      `GET ${V4}/5f1c0006-7d1b-4b8e-9a55-0c3a6e2f4318`,
      `GET ${V2}/5f1c0006-7d1b-4b8e-9a55-0c3a6e2f4318`,
    ],
  },
  {
    name: "/show apono shows a client id only in part, and no token that someone put among the parameters",
    said: "/show apono GitHub Enterprise",
    before: ({ apono }) =>
      void (apono.world.integrations.find(({ name }) => name === "GitHub Enterprise")!.integration_config = {
        client_id: "Iv1.8a61f9b3a7aba766",
        access_token: "ghp_never-to-be-shown",
      }),
    answered: [/config\.client_id\s+Iv1\.••••••/, /config\.access_token\s+hidden/],
    lacks: ["8a61f9b3a7aba766", "ghp_never"],
    asked: [
      ALL,
      `GET ${V4}/5f1c0024-7d1b-4b8e-9a55-0c3a6e2f4984`,
      `GET ${V2}/5f1c0024-7d1b-4b8e-9a55-0c3a6e2f4984`,
    ],
  },
  {
    name: "/show apono of a name that fits several asks which one is meant",
    said: "/show apono kubernetes",
    picks: "Kubernetes Staging",
    answered: ["Kubernetes Staging: Active"],
    asked: [ALL, `GET ${V4}/${STAGING_CLUSTER}`, `GET ${V2}/${STAGING_CLUSTER}`],
  },
  {
    name: "/catalog lists the types and the stores they take",
    said: "/catalog",
    answered: [
      "10 types in Apono's catalog",
      /mysql\s+MySQL\s+needed: aws, gcp, azure, kubernetes, hashicorp_vault/,
    ],
    asked: [`GET ${V2}-catalog`],
  },
  {
    name: "/catalog of a type shows its parameters and how to create one",
    said: "/catalog postgresql",
    answered: [
      /hostname\s+Hostname\s+yes/,
      /port\s+Port\s+default 5432/,
      /sslmode\s+SSL Mode\s+no, default require\s+disable, allow, prefer/,
      "secret.hashicorp_vault.secret_engine=",
      "config.hostname=… secret.aws.region=… secret.aws.secret_id=…",
    ],
    asked: [`GET ${V2}-catalog/postgresql`],
  },
  {
    name: "/catalog of no type there is offers the ones that are spelt most like it",
    said: "/catalog postgersql",
    refused: ['no type "postgersql"', "[ /catalog postgresql ]"],
  },
  {
    name: "/catalog narrows the list by a part of a type or of a name",
    said: "/catalog sql",
    answered: ['2 types in Apono\'s catalog that fit "sql"', /mysql\s+MySQL/, /postgresql\s+PostgreSQL/],
    asked: [`GET ${V2}-catalog/sql`, `GET ${V2}-catalog`],
  },
  {
    name: "/catalog of a part that one type has shows that type",
    said: "/catalog postg",
    answered: ["PostgreSQL (postgresql)", /port\s+Port\s+default 5432/],
    asked: [`GET ${V2}-catalog/postg`, `GET ${V2}-catalog`],
  },
  {
    name: "/resources lists an integration's resources of a type",
    said: "/resources Orders DB type=postgresql-database",
    answered: [
      "3 resources in Orders DB of type postgresql-database",
      /orders-db\/audit · postgresql-database\s+Active[^]*orders-db\/audit\s+4244-12/,
    ],
    asked: [ALL, `GET /api/v3/integrations/${ORDERS}/resources?resource-type=postgresql-database`],
  },
  {
    name: "/permissions lists an integration's permissions",
    said: "/permissions Orders DB",
    answered: ["6 permissions in Orders DB", /READ_WRITE · postgresql-cluster[^]*READ_WRITE\s+p-4244-01/],
    asked: [ALL, `GET /api/v3/integrations/${ORDERS}/permissions`],
  },
  {
    name: "/tags shows a resource's tags",
    said: "/tags 4096-00",
    answered: [/env\s+production/, /team\s+payments/],
    asked: ["GET /api/v3/integrations/resources/4096-00/user-tags"],
  },
];

const changes: readonly Conversation[] = [
  {
    name: "/create apono checks the catalog, creates, and is taken back by deleting",
    said: `/create apono ${LEDGER}`,
    card: [
      "Create the Apono integration Ledger?",
      /Type\s+none\s+postgresql\s+Name\s+none\s+Ledger\s+Connector\s+none\s+eu-west-connector/,
      /config\.hostname\s+none\s+ledger\.example\.com\s+config\.sslmode\s+none\s+require\s+Secret\s+none\s+aws/,
      /Resource types\s+none\s+postgresql-database\s+Access details\s+none\s+Ask the ledger team/,
      "deleted again",
    ],
    outcome: "applied",
    answered: ["Read back: Ledger is there as "],
    wrote: [`POST ${V4}`, {
      type: "postgresql",
      name: "Ledger",
      connector_id: "eu-west-connector",
      integration_config: LEDGER_CONFIG,
      secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/ledger" } },
      ...LEDGER_REST,
    }],
    undone: {
      card: ["Delete the Apono integration Ledger?", "danger"],
      outcome: "applied",
      answered: ["Apono no longer knows "],
      wrote: [new RegExp(`^DELETE ${V4}/[0-9a-f-]{36}$`)],
    },
  },
  {
    name: "/create apono is applied where Apono returns a secret's parts in another order",
    said:
      "/create apono type=mysql name=L config.hostname=h.example.com secret.aws.secret_id=l secret.aws.region=eu-1",
    card: [/Secret\s+none\s+aws region=eu-1 secret_id=l/],
    outcome: "applied",
    answered: ["Read back: L is there as "],
    wrote: [`POST ${V4}`, {
      type: "mysql",
      name: "L",
      integration_config: { hostname: "h.example.com" },
      secret_store_config: { aws: { secret_id: "l", region: "eu-1" } },
    }],
  },
  {
    name: "/create apono takes a document as a caption, and its own store's secrets from a private page",
    said: "/create apono config.hostname=crm.example.com secret.apono.username=? secret.apono.password=?",
    document: {
      content: { type: "mysql", name: "CRM 2", integration_config: { port: "3307" } },
      as: "caption",
    },
    enters: { "secret.apono.username": "apono-user-entered", "secret.apono.password": "hunter2-entered" },
    card: [
      "Create the Apono integration CRM 2?",
      /Secret\s+none\s+kept by Apono \(username, password\), hidden/,
    ],
    outcome: "applied",
    answered: ["Read back: CRM 2 is there as "],
    wrote: [`POST ${V4}`, {
      type: "mysql",
      name: "CRM 2",
      integration_config: { hostname: "crm.example.com", port: "3307" },
      secret_store_config: {
        apono: { parameters: { username: "apono-user-entered", password: "hunter2-entered" } },
      },
    }],
  },
  ...[
    [
      "edge-connector",
      "The connector edge-connector is disconnected: Apono cannot reach the integration through it",
    ],
    ["nowhere", "Apono lists no connector nowhere: check the id"],
  ].map(([connector = "", warning = ""]): Conversation => ({
    name: `/update apono connector=${connector} says on the card what is doubtful about it`,
    said: `/update apono Orders DB connector=${connector}`,
    card: [/Connector\s+eu-west-connector/, warning],
    outcome: "applied",
    answered: [`Connector ${connector}`],
    wrote: [`PUT ${V4}/${ORDERS}`, { ...ORDERS_BODY, connector_id: connector }],
  })),
  {
    name: "/update apono where Apono does not show the connectors says so",
    said: "/update apono Orders DB config.port=5433",
    before: ({ apono }) => apono.fail("v3.connectors", { kind: "status", status: 403 }, 2),
    card: [
      "Our token may not read Apono's list of connectors: whether eu-west-connector is connected is not known.",
    ],
    outcome: "applied",
    answered: ["config.port 5433"],
    wrote: [`PUT ${V4}/${ORDERS}`, {
      ...ORDERS_BODY,
      integration_config: { ...ORDERS_BODY.integration_config, port: "5433" },
    }],
  },
  {
    name: "/create apono names the parameters that the catalog misses and the store that it does not take",
    said:
      "/create apono type=postgresql name=Ledger config.sslmode=maybe secret.azure.vault_url=v secret.azure.name=n",
    refused: [
      "The parameter hostname is missing: add config.hostname=…",
      "The parameter sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full.",
      "The secret store azure is not supported; supported: aws, gcp, kubernetes, hashicorp_vault.",
      "/catalog postgresql",
    ],
  },
  {
    name: "/create apono takes back a secret that was typed into the chat",
    said: "/create apono type=mysql name=CRM config.hostname=h secret.apono.password=hunter2",
    refused: ["secret.apono.password=?", "replace it where it comes from"],
  },
  {
    name: "/update apono sends all of it with what changes, and is taken back",
    said:
      '/update apono Orders DB name="Orders 2" connector=us-connector config.port=5433 config.application_name=apono',
    card: [
      "Change the Apono integration Orders DB?",
      ORDERS,
      /Name\s+Orders DB\s+Orders 2\s+Connector\s+eu-west-connector\s+us-connector/,
      /config\.port\s+5432\s+5433\s+config\.application_name\s+none\s+apono/,
      "the old values are set again",
    ],
    outcome: "applied",
    answered: [
      "Read back: Name Orders 2, Connector us-connector, config.port 5433, config.application_name apono",
    ],
    wrote: [`PUT ${V4}/${ORDERS}`, {
      ...ORDERS_BODY,
      name: "Orders 2",
      connector_id: "us-connector",
      integration_config: { ...ORDERS_BODY.integration_config, port: "5433", application_name: "apono" },
    }],
    undone: {
      card: [/config\.port\s+5433\s+5432/],
      outcome: "applied",
      answered: ["Read back: Name Orders DB, Connector eu-west-connector, config.port 5432"],
      wrote: [`PUT ${V4}/${ORDERS}`, ORDERS_BODY],
    },
  },
  {
    name: "/update apono takes a parameter that sounds secret from a private page, and shows it to nobody",
    said: "/update apono GitHub Enterprise",
    document: {
      content: { integration_config: { webhook: { url: "https://hooks.example.com", secret: "?" } } },
      as: "caption",
    },
    enters: { "integration_config.webhook.secret": "hunter2-entered" },
    card: [/config\.webhook\s+none\s+\{"url":"https:\/\/hooks\.example\.com","secret":"\?"\}/],
    outcome: "accepted",
    answered: ["Apono said yes"],
    wrote: [`PUT ${V4}/5f1c0024-7d1b-4b8e-9a55-0c3a6e2f4984`, {
      name: "GitHub Enterprise",
      connector_id: "eu-west-connector",
      integration_config: {
        organization: "github-enterprise",
        webhook: { url: "https://hooks.example.com", secret: "hunter2-entered" },
      },
      secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/github-enterprise/apono" } },
      connected_resource_types: ["github-repository", "github-team"],
      owner: ORDERS_BODY.owner,
    }],
  },
  {
    name: "/update apono takes a document that it replies to",
    said: "/update apono PostgreSQL Production",
    document: { content: { custom_access_details: "Ask the DBA on call", owner: null }, as: "reply" },
    card: [
      /Access details\s+Connect to the VPN before accessing the databases\s+Ask the DBA on call/,
      /Owner\s+user/,
    ],
    outcome: "applied",
    answered: ["Access details Ask the DBA on call"],
    wrote: [`PUT ${V4}/${PRODUCTION}`, {
      name: "PostgreSQL Production",
      connector_id: "eu-west-connector",
      integration_config: {
        hostname: "postgresql-production.db.internal.example.com",
        port: "5432",
        dbname: "postgres",
        sslmode: "require",
      },
      secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/postgresql-production/apono" } },
      connected_resource_types: ["postgresql-cluster", "postgresql-database"],
      custom_access_details: "Ask the DBA on call",
      owner: null,
    }],
  },
  {
    name: "/update apono says where a document is wrong",
    said: "/update apono Orders DB",
    document: { content: { integration_config: { port: "5433" }, conector_id: "x" }, as: "caption" },
    refused: ["conector_id"],
  },
  {
    name: "/delete apono asks which one is meant, deletes it, and is taken back by creating it again",
    said: "/delete apono orders reason=decommissioned",
    before: ({ apono }) =>
      void (apono.world.integrations.find(({ name }) => name === "MySQL Archive")!.name = "Orders Archive"),
    picks: "Orders DB",
    card: ["Delete the Apono integration Orders DB?", "danger", ORDERS, "under a new id"],
    outcome: "applied",
    answered: [`Read back: Apono no longer knows ${ORDERS}.`],
    wrote: [`DELETE ${V4}/${ORDERS}`],
    undone: {
      card: ["Create the Apono integration Orders DB?"],
      outcome: "applied",
      answered: ["Read back: Orders DB is there as "],
      wrote: [`POST ${V4}`, { type: "postgresql", ...ORDERS_BODY }],
    },
  },
  {
    name: "/refresh apono loads the resources anew",
    said: "/refresh apono Orders DB",
    card: ["Refresh the Apono integration Orders DB?", "Undo    No. "],
    outcome: "applied",
    answered: ["Read back: Apono says Refreshing."],
    wrote: [`POST ${V2}/${ORDERS}/refresh`],
  },
  {
    name: "/update apono name= says that the connector cannot be reached",
    said: '/update apono Kubernetes Edge name="Kubernetes Shop"',
    card: [/Name\s+Kubernetes Edge\s+Kubernetes Shop/, UNREACHABLE],
    outcome: "applied",
    answered: ["Read back: Name Kubernetes Shop"],
    wrote: [/^PUT /, {
      name: "Kubernetes Shop",
      connector_id: "edge-connector",
      integration_config: { cluster_name: "kubernetes-edge" },
      connected_resource_types: ["k8s-namespace", "k8s-cluster-role"],
    }],
  },
  {
    name: "/refresh apono says that the connector cannot be reached",
    said: "/refresh apono Kubernetes Edge",
    card: ["Refresh the Apono integration Kubernetes Edge?", UNREACHABLE],
    outcome: "applied",
    answered: ["Read back: Apono says Refreshing."],
    wrote: [/^POST .*refresh$/],
  },
  ...[
    ["a login page", "<!doctype html><title>Sign in</title>"],
    ["an empty body", undefined],
    ["another document", { ok: true }],
    ["a document that says error", { status: "error" }],
    ["a message beside an error", { message: "Refresh failed", status: "error" }],
  ].map(([what, body]): Conversation => ({
    name: `/refresh apono takes ${what} for no yes`,
    againstDocuments: true,
    said: "/refresh apono Orders DB",
    before: ({ apono }) => apono.fail("v2.refresh", { kind: "status", status: 200, body }),
    card: ["Refresh the Apono integration Orders DB?"],
    outcome: "unknown",
    answered: [
      "Unknown: Refresh the Apono integration Orders DB",
      "Apono did not confirm it, and the integration does not say that it is refreshing.",
    ],
    wrote: [`POST ${V2}/${ORDERS}/refresh`],
  })),
  {
    name: "/tag apono sends all tags, and is taken back",
    said: "/tag apono 4096-00 team=ledger cost-center=7 -Env",
    before: ({ apono }) => void (apono.world.tags["4096-00"]!.tier = "1"),
    card: [/team\s+payments\s+ledger/, /cost-center\s+none\s+7/, /env\s+production\s+removed/],
    outcome: "applied",
    answered: ["Read back"],
    wrote: ["PUT /api/v3/integrations/resources/4096-00/user-tags", {
      tags: { team: "ledger", tier: "1", "cost-center": "7" },
    }],
    undone: {
      card: [/team\s+ledger\s+payments/],
      outcome: "applied",
      answered: ["Read back"],
      wrote: ["PUT /api/v3/integrations/resources/4096-00/user-tags", {
        tags: { env: "production", team: "payments", tier: "1" },
      }],
    },
  },
  {
    name: "/tag apono takes tags that cannot be typed from a document, and a token from a private page",
    said: "/tag apono 4096-00 -env",
    document: { content: { tags: { reason: "audit", id: "", token: "?", team: null } }, as: "caption" },
    enters: { "tags.token": "hunter2-entered" },
    card: [/reason\s+none\s+audit/, /id\s+none\s+empty/, /token\s+none\s+new value, entered privately/],
    outcome: "applied",
    answered: ["Read back: env is now removed, team is now removed, reason is now “audit”, id is now "],
    wrote: ["PUT /api/v3/integrations/resources/4096-00/user-tags", {
      tags: { reason: "audit", id: "", token: "hunter2-entered" },
    }],
  },
];

const V2_ONLY = { APONO_API: "v2" };

/** The same commands for an account that has only the v2 API. */
const onV2: readonly Conversation[] = [
  {
    name: "/status apono by v2 asks v2 alone",
    said: "/status apono",
    environment: V2_ONLY,
    answered: [
      "Apono: 3 of 31 need attention",
      "Kubernetes Edge: Error · Connector edge-connector is unreachable",
    ],
    asked: [`GET ${V2}`],
  },
  {
    name: "/list apono by v2 filters what v2 cannot",
    said: "/list apono name=*SQL* type=postgresql status=error",
    environment: V2_ONLY,
    answered: ["1 Apono integration", ANALYTICS],
    asked: [`GET ${V2}`],
  },
  {
    name: "/show apono by v2 asks v2 alone",
    said: "/show apono Orders DB",
    environment: V2_ONLY,
    answered: ["Orders DB: Active", /config\.port\s+5432/],
    asked: [`GET ${V2}`, `GET ${V2}/${ORDERS}`],
  },
  {
    name: "/create apono by v2 creates in v2's words, and is taken back by deleting",
    said: `/create apono ${LEDGER}`,
    environment: V2_ONLY,
    card: ["Create the Apono integration Ledger?"],
    outcome: "applied",
    answered: ["Read back: Ledger is there as "],
    wrote: [`POST ${V2}`, {
      type: "postgresql",
      name: "Ledger",
      provisioner_id: "eu-west-connector",
      metadata: LEDGER_CONFIG,
      secret_config: { type: "AWS", region: "eu-west-1", secret_id: "prod/ledger" },
      ...LEDGER_REST,
    }],
    undone: {
      card: ["Delete the Apono integration Ledger?"],
      outcome: "applied",
      answered: ["Apono no longer knows "],
      wrote: [new RegExp(`^DELETE ${V2}/[0-9a-f-]{36}$`)],
    },
  },
  {
    name: "/update apono by v2 sends all of it in v2's words",
    said: "/update apono Orders DB config.port=5433",
    environment: V2_ONLY,
    card: [/config\.port\s+5432\s+5433/],
    outcome: "applied",
    answered: ["Read back: config.port 5433"],
    wrote: [`PUT ${V2}/${ORDERS}`, {
      ...ORDERS_BODY_V2,
      metadata: { ...ORDERS_BODY.integration_config, port: "5433" },
    }],
    undone: {
      card: [/config\.port\s+5433\s+5432/],
      outcome: "applied",
      answered: ["Read back: config.port 5432"],
      wrote: [`PUT ${V2}/${ORDERS}`, ORDERS_BODY_V2],
    },
  },
  {
    name: "/delete apono by v2 deletes",
    said: "/delete apono Orders DB reason=decommissioned",
    environment: V2_ONLY,
    card: ["Delete the Apono integration Orders DB?", "danger"],
    outcome: "applied",
    answered: [`Read back: Apono no longer knows ${ORDERS}.`],
    wrote: [`DELETE ${V2}/${ORDERS}`],
    undone: {
      card: ["Create the Apono integration Orders DB?"],
      outcome: "applied",
      answered: ["Read back: Orders DB is there as "],
      wrote: [`POST ${V2}`, { type: "postgresql", ...ORDERS_BODY_V2 }],
    },
  },
];

/** Apono's seventeen operations, through the chat. */
export const conversations: readonly Conversation[] = [...reads, ...changes, ...onV2];
