import { CATALOG, type CatalogType } from "./catalog.ts";

/** What the emulated account holds before anyone calls it: 31 integrations of nine types, some of them ailing. */

export type Status = "Initializing" | "Refreshing" | "Active" | "Error" | "Warning" | "Disabled";

export interface Owner {
  attribute_type: string;
  attribute_value: string[];
  source_integration_id?: string;
  source_integration_name?: string;
}

export interface OwnersMapping {
  key_name: string;
  attribute_type: string;
  source_integration_id?: string;
  source_integration_name?: string;
}

/** One integration as the emulated server keeps it; the v4 and v2 shapes are views of it. */
export interface Stored {
  id: string;
  name: string;
  type: string;
  category: string;
  /** Null is against the documents, and happens. */
  status: Status | string | null;
  details: string | null;
  connector_id: string | null;
  /** Shown by v2 alone. */
  connection?: Record<string, unknown>;
  /** Seconds and nanoseconds since the epoch. */
  synced: { seconds: number; nanos: number } | null;
  /** When a refresh or a first load ends, epoch ms. */
  settlesAt: number | null;
  integration_config: Record<string, unknown>;
  secret_store_config: Record<string, Record<string, unknown>> | null;
  connected_resource_types: string[] | null;
  custom_access_details: string | null;
  owner: Owner | null;
  owners_mapping: OwnersMapping | null;
}

export interface StoredResource {
  id: string;
  name: string;
  type: string;
  status: { status: string; message: string | null };
  integration: string;
}

export interface StoredPermission {
  id: string;
  name: string;
  resource_type: string;
  integration: string;
}

export interface World {
  integrations: Stored[];
  catalog: CatalogType[];
  resources: StoredResource[];
  permissions: StoredPermission[];
  tags: Record<string, Record<string, string>>;
  connectors: StoredConnector[];
}

/** Apono's v3 shape of a connector. */
export interface StoredConnector {
  id: string;
  name: string;
  status: string;
  version: string;
  last_connected: string | null;
  is_latest_version: boolean;
  cloud_provider_type: string;
  sessions: unknown[];
}

export function believableWorld(): World {
  const integrations = INTEGRATIONS.map(integration);
  const resources = integrations.flatMap(resourcesOf);
  return {
    integrations,
    connectors: [
      connector("eu-west-connector", "EU West", "CONNECTED"),
      connector("us-east-connector", "US East", "CONNECTED"),
      connector("edge-connector", "Edge", "DISCONNECTED"),
    ],
    catalog: [...structuredClone(CATALOG)],
    resources,
    permissions: integrations.flatMap(permissionsOf),
    tags: Object.fromEntries(
      resources.slice(0, 12).map((resource, index) => [resource.id, {
        env: index % 3 === 0 ? "production" : "staging",
        team: index % 2 === 0 ? "payments" : "platform",
      }]),
    ),
  };
}

function connector(id: string, name: string, status: string): StoredConnector {
  const isConnected = status === "CONNECTED";
  return {
    id,
    name,
    status,
    version: isConnected ? "1.7.2" : "1.6.0",
    last_connected: "2026-10-07T21:14:05.250Z",
    is_latest_version: isConnected,
    cloud_provider_type: "AWS",
    sessions: [],
  };
}

type Row = readonly [name: string, type: string, status?: Status, details?: string];

const INTEGRATIONS: readonly Row[] = [
  ["PostgreSQL Production", "postgresql"],
  ["PostgreSQL Staging", "postgresql"],
  ["PostgreSQL Analytics", "postgresql", "Error", "Secret prod/analytics/apono is unreachable."],
  ["PostgreSQL Billing", "postgresql"],
  ["Orders DB", "postgresql"],
  ["MySQL Storefront", "mysql"],
  [
    "MySQL Legacy CRM",
    "mysql",
    "Warning",
    "2 of 14 databases could not be read: permission denied for user apono",
  ],
  ["MySQL Reporting", "mysql"],
  ["AWS Payments", "aws-account"],
  ["AWS Platform", "aws-account"],
  ["AWS Data Lake", "aws-account"],
  ["AWS Sandbox", "aws-account", "Disabled"],
  ["AWS Security", "aws-account"],
  ["AWS EC2 Payments", "aws-ec2-ssm"],
  ["AWS EC2 Platform", "aws-ec2-ssm"],
  ["GCP Organization", "gcp-organization"],
  ["GCP Analytics", "gcp-organization", "Refreshing"],
  ["Kubernetes EU", "k8s-roles"],
  ["Kubernetes US", "k8s-roles"],
  ["Kubernetes Edge", "k8s-roles", "Error", "Connector edge-connector is unreachable."],
  ["Kubernetes Staging", "k8s-roles"],
  ["MongoDB Catalogue", "mongodb"],
  ["MongoDB Sessions", "mongodb"],
  ["MongoDB Events", "mongodb"],
  ["GitHub Enterprise", "github"],
  ["GitHub Open Source", "github"],
  ["Google Workspace", "google-idp"],
  ["Okta Directory", "okta-idp"],
  ["Okta Contractors", "okta-idp"],
  ["PostgreSQL DR", "postgresql", "Initializing"],
  ["MySQL Archive", "mysql"],
];

const DIRECTORY = 27;

const CONFIGURATION: Readonly<Record<string, (slug: string, index: number) => Record<string, unknown>>> = {
  postgresql: (slug) => ({
    hostname: `${slug}.db.internal.example.com`,
    port: "5432",
    dbname: "postgres",
    sslmode: "require",
  }),
  mysql: (slug) => ({ hostname: `${slug}.db.internal.example.com`, port: "3306" }),
  mongodb: (slug) => ({ hostname: `${slug}.db.internal.example.com`, port: "27017" }),
  "aws-account": (_slug, index) => ({ account_id: String(111222333000 + index), region: "eu-west-1" }),
  "aws-ec2-ssm": () => ({ region: "eu-west-1" }),
  "gcp-organization": (_slug, index) => ({ organization_id: String(880011220000 + index) }),
  "k8s-roles": (slug) => ({ cluster_name: slug }),
  github: (slug) => ({ organization: slug }),
  "google-idp": () => ({ domain: "example.com" }),
  "okta-idp": (slug) => ({ domain: `${slug}.okta.example.com` }),
};

const RESOURCE_TYPES: Readonly<Record<string, string[]>> = {
  postgresql: ["postgresql-cluster", "postgresql-database"],
  mysql: ["mysql-database", "mysql-table"],
  mongodb: ["mongodb-database", "mongodb-collection"],
  "aws-account": ["aws-account-s3-bucket", "aws-account-role"],
  "aws-ec2-ssm": ["aws-ec2-instance"],
  "gcp-organization": ["gcp-project", "gcp-folder"],
  "k8s-roles": ["k8s-namespace", "k8s-cluster-role"],
  github: ["github-repository", "github-team"],
  "google-idp": [],
  "okta-idp": [],
};

/** Integrations without a connector and with people instead of resources. */
const DIRECTORIES: ReadonlySet<string> = new Set(["google-idp", "okta-idp"]);
const FIRST_SYNC_SECONDS = 1_774_452_615;

function integration([name, type, status = "Active", details]: Row, index: number): Stored {
  const slug = name.toLowerCase().replaceAll(" ", "-");
  const types = RESOURCE_TYPES[type] ?? [];
  const directory = DIRECTORIES.has(type);
  return {
    id: idOf(index),
    name,
    type,
    category: directory ? "USER-INFORMATION" : "RESOURCES",
    status,
    details: details ?? (status === "Active" ? `${types.length * 3} resources loaded` : null),
    connector_id: directory ? null : slug.includes("edge") ? "edge-connector" : "eu-west-connector",
    synced: status === "Initializing"
      ? null
      : { seconds: FIRST_SYNC_SECONDS + index * 61, nanos: 123_456_789 },
    settlesAt: null,
    integration_config: CONFIGURATION[type]?.(slug, index) ?? {},
    secret_store_config: secretStoreOf(type, slug, index),
    connected_resource_types: types.length === 0 ? null : [...types],
    custom_access_details: index === 0 ? "Connect to the VPN before accessing the databases" : null,
    owner: index % 4 === 0 && !directory ? directoryOwner() : null,
    owners_mapping: index === 1
      ? {
        key_name: "owner",
        attribute_type: "group",
        source_integration_id: idOf(DIRECTORY),
        source_integration_name: "Okta Directory",
      }
      : null,
  };
}

function directoryOwner(): Owner {
  return {
    attribute_type: "user",
    attribute_value: ["dba@example.com", "ana@example.com"],
    source_integration_id: idOf(DIRECTORY),
    source_integration_name: "Okta Directory",
  };
}

function secretStoreOf(type: string, slug: string, index: number): Stored["secret_store_config"] {
  const kinds = CATALOG.find((entry) => entry.type === type)?.supported_secret_types ?? [];
  if (kinds.length === 0) return null;
  if (type === "gcp-organization") return { gcp: { project: "access", secret_id: `${slug}-apono` } };
  if (slug === "mysql-legacy-crm") {
    return { apono: { parameters: { username: "apono", password: "s3cr3t-crm" } } };
  }
  if (index % 5 === 1 && kinds.includes("HASHICORP_VAULT")) {
    return { hashicorp_vault: { secret_engine: "prod", path: `${slug}/apono` } };
  }
  return { aws: { region: "eu-west-1", secret_id: `prod/${slug}/apono` } };
}

function resourcesOf(stored: Stored): StoredResource[] {
  return (stored.connected_resource_types ?? []).flatMap((type, kind) =>
    ["orders", "customers", "audit"].map((name, index) => ({
      id: `${stored.id.slice(-4)}-${kind}${index}`,
      name: `${stored.name.toLowerCase().replaceAll(" ", "-")}/${name}`,
      type,
      status: stored.status === "Error"
        ? { status: "Error", message: stored.details }
        : { status: "Active", message: null },
      integration: stored.id,
    }))
  );
}

function permissionsOf(stored: Stored): StoredPermission[] {
  return (stored.connected_resource_types ?? []).flatMap((type, kind) =>
    ["READ_ONLY", "READ_WRITE", "ADMIN"].map((name, index) => ({
      id: `p-${stored.id.slice(-4)}-${kind}${index}`,
      name,
      resource_type: type,
      integration: stored.id,
    }))
  );
}

function idOf(index: number): string {
  return `5f1c${String(index).padStart(4, "0")}-7d1b-4b8e-9a55-0c3a6e2f${
    String(4096 + index * 37).padStart(4, "0")
  }`;
}
