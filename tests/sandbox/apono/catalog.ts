export interface CatalogParameter {
  id: string;
  label: string;
  values: string[];
  default: string;
  optional: boolean;
}

export interface CatalogType {
  name: string;
  type: string;
  description: string;
  params: CatalogParameter[];
  requires_secret: boolean;
  supported_secret_types: string[];
}

/** What the emulated account may integrate with, and what each type asks for. */
export const CATALOG: readonly CatalogType[] = [
  catalogType("PostgreSQL", "postgresql", "An open-source relational database", [
    parameter("hostname", "Hostname"),
    parameter("port", "Port", { default: "5432" }),
    parameter("dbname", "Database Name", { default: "postgres" }),
    parameter("sslmode", "SSL Mode", {
      values: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
      default: "require",
      optional: true,
    }),
  ], ["AWS", "GCP", "KUBERNETES", "HASHICORP_VAULT"]),
  catalogType("MySQL", "mysql", "An open-source relational database", [
    parameter("hostname", "Hostname"),
    parameter("port", "Port", { default: "3306" }),
  ], ["AWS", "GCP", "AZURE", "KUBERNETES", "HASHICORP_VAULT"]),
  catalogType("MongoDB", "mongodb", "A document database", [
    parameter("hostname", "Hostname"),
    parameter("port", "Port", { default: "27017" }),
    parameter("auth_source", "Authentication Source", { default: "admin", optional: true }),
  ], ["AWS", "KUBERNETES", "HASHICORP_VAULT"]),
  catalogType("AWS Account", "aws-account", "One account of Amazon Web Services", [
    parameter("account_id", "Account ID"),
    parameter("region", "Region", { values: ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"] }),
    parameter("role_arn", "Role ARN", { optional: true }),
  ], []),
  catalogType("AWS EC2 by SSM", "aws-ec2-ssm", "Sessions on EC2 instances", [
    parameter("region", "Region", { values: ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"] }),
  ], []),
  catalogType("GCP Organization", "gcp-organization", "Projects of one Google Cloud organization", [
    parameter("organization_id", "Organization ID"),
    parameter("customer_id", "Customer ID", { optional: true }),
  ], ["GCP"]),
  catalogType("Kubernetes Roles", "k8s-roles", "Roles of one cluster", [
    parameter("cluster_name", "Cluster Name"),
    parameter("server_url", "Server URL", { optional: true }),
  ], []),
  catalogType("GitHub", "github", "Repositories and teams of one organization", [
    parameter("organization", "Organization"),
  ], ["AWS", "HASHICORP_VAULT"]),
  catalogType("Google Workspace", "google-idp", "People and groups", [parameter("domain", "Domain")], []),
  catalogType("Okta", "okta-idp", "People and groups", [parameter("domain", "Domain")], ["AWS"]),
];

function catalogType(
  name: string,
  type: string,
  description: string,
  params: CatalogParameter[],
  kinds: string[],
): CatalogType {
  return {
    name,
    type,
    description,
    params,
    requires_secret: kinds.length > 0,
    supported_secret_types: kinds,
  };
}

function parameter(id: string, label: string, more: Partial<CatalogParameter> = {}): CatalogParameter {
  return { id, label, values: [], default: "", optional: false, ...more };
}
