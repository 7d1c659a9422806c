import { code, table } from "../docs/markdown.ts";

/** One operation of a vendor's page, the command that uses it, and the conversation in which it is seen. */
export interface PageOperation {
  /** Method and path, or the method's name, as the page writes them. */
  readonly operation: string;
  /** The head of the command. */
  readonly command: string;
  readonly test: string;
}

export interface Page {
  readonly vendor: string;
  readonly title: string;
  readonly operations: readonly PageOperation[];
}

/** HaloPSA's resources, the target that people type, the label, and the live resource where there is one. */
const HALO: readonly (readonly [resource: string, target: string, label: string, live?: string])[] = [
  ["DattoRmmDetails", "datto", "Datto RMM"],
  ["NCentralDetails", "ncentral", "N-central"],
  ["KaseyaVSAXDetails", "kaseya", "Kaseya VSA X", "KaseyaVSAX"],
  ["SentinelOneDetails", "sentinelone", "SentinelOne", "SentinelOne"],
  ["SophosDetails", "sophos", "Sophos", "Sophos"],
  ["ArmisDetails", "armis", "Armis", "Armis"],
  ["PRTGDetails", "prtg", "PRTG"],
  ["DynatraceDetails", "dynatrace", "Dynatrace"],
  ["TenableDetails", "tenable", "Tenable", "Tenable"],
  ["SnipeITDetails", "snipeit", "Snipe-IT"],
  ["SnowDetails", "snow", "Snow"],
  ["ManageEngineDetails", "manageengine", "ManageEngine", "ManageEngine"],
];

/** List and get take `includedetails`. */
const DETAILED = ["NCentralDetails", "SnowDetails"];

/** Every operation on the pages that the product covers, written down from them. */
export const pages: readonly Page[] = [
  {
    vendor: "Bitdefender",
    title: "getConfiguredIntegrations; Integrations",
    operations: [
      row("getConfiguredIntegrations", "/status bitdefender", "shows the problems first"),
      row("getHourlyUsageForAmazonEC2Instances", "/usage ec2", "shows the hours of a month by category"),
      row(
        "configureAmazonEC2Integration",
        "/enable ec2",
        "sets up access keys whose secret is entered on a private page",
      ),
      row(
        "configureAmazonEC2IntegrationUsingCrossAccountRole",
        "/enable ec2",
        "sets up a role, and is taken back by disabling",
      ),
      row(
        "generateAmazonEC2ExternalIdForCrossAccountRole",
        "/rotate externalid",
        "generates a new ID and says what stops working",
      ),
      row(
        "getAmazonEC2ExternalIdForCrossAccountRole",
        "/externalid",
        "shows the ID with a button that copies it",
      ),
      row(
        "disableAmazonEC2Integration",
        "/disable ec2",
        "asks which company, warns of look-alikes, and is accepted",
      ),
      row("getCompanyDetailsByAWSAccountId", "/whois", "shows the companies of an AWS account"),
    ],
  },
  {
    vendor: "Apono",
    title: "Integrations",
    operations: [
      row("GET /api/admin/v4/integrations", "/list apono", "filters on Apono's side"),
      row(
        "POST /api/admin/v4/integrations",
        "/create apono",
        "checks the catalog, creates, and is taken back by deleting",
      ),
      row(
        "GET /api/admin/v4/integrations/{id}",
        "/show apono",
        "shows all fields, with v2's details and no secret",
      ),
      row(
        "PUT /api/admin/v4/integrations/{id}",
        "/update apono",
        "sends all of it with what changes, and is taken back",
      ),
      row(
        "DELETE /api/admin/v4/integrations/{id}",
        "/delete apono",
        "asks which one is meant, deletes it, and is taken back by creating it again",
      ),
      row("GET /api/v2/integrations", "/list apono", "by v2 filters what v2 cannot"),
      row(
        "POST /api/v2/integrations",
        "/create apono",
        "by v2 creates in v2's words, and is taken back by deleting",
      ),
      row("GET /api/v2/integrations-catalog", "/catalog", "lists the types and the stores they take"),
      row(
        "GET /api/v2/integrations-catalog/{type}",
        "/catalog",
        "of a type shows its parameters and how to create one",
      ),
      row("GET /api/v2/integrations/{id}", "/show apono", "by v2 asks v2 alone"),
      row("PUT /api/v2/integrations/{id}", "/update apono", "by v2 sends all of it in v2's words"),
      row("DELETE /api/v2/integrations/{id}", "/delete apono", "by v2 deletes"),
      row("POST /api/v2/integrations/{id}/refresh", "/refresh apono", "loads the resources anew"),
      row("GET /api/v3/integrations/resources/{resource_id}/user-tags", "/tags", "shows a resource's tags"),
      row(
        "PUT /api/v3/integrations/resources/{resource_id}/user-tags",
        "/tag apono",
        "sends all tags, and is taken back",
      ),
      row(
        "GET /api/v3/integrations/{id}/permissions",
        "/permissions",
        "lists an integration's permissions",
      ),
      row(
        "GET /api/v3/integrations/{id}/resources",
        "/resources",
        "lists an integration's resources of a type",
      ),
    ],
  },
  { vendor: "OpsRamp", title: "Update Installed Integration", operations: opsramp() },
  { vendor: "HaloPSA", title: "RMM & Security Endpoints", operations: halo() },
];

/** What of a page is covered, as a section of a document. */
export function coverageOf({ vendor, title, operations }: Page): string {
  const rows = operations.map(({ operation, command, test }) => [
    code(operation),
    code(command),
    test.slice(command.length).trim(),
  ]);
  return [
    `## ${vendor}`,
    `The page “${title}”.`,
    table(["Operation of the page", "Command", "What its conversation shows"], rows),
  ].join("\n\n");
}

function row(operation: string, command: string, seen: string): PageOperation {
  return { operation, command, test: `${command} ${seen}` };
}

/** The page has one operation with six samples; installed integrations are found, read and switched beside it. */
function opsramp(): readonly PageOperation[] {
  const installed = "/api/v2/tenants/{tenantId}/integrations/installed";
  const samples = [
    "OAUTH2 authentication with a role",
    "WEBHOOK authentication",
    "inbound configuration",
    "outbound configuration",
    "inbound and outbound configuration",
    "outbound JWT authentication",
  ];
  const update = `POST ${installed}/{installedIntgId}`;
  return [
    ...samples.map((sample) => row(update, "/update opsramp", `takes the page's sample "${sample}"`)),
    row(update, "/map opsramp", "sends only the missing pair, and shows the one that conflicts"),
    row(update, "/notifier opsramp", "sends to another address, and is taken back"),
    row(`GET ${installed}/search`, "/list opsramp", "finds by part of a name"),
    row(
      `GET ${installed}/{installedIntgId}`,
      "/show opsramp",
      "shows mappings and where it notifies, and hides the token",
    ),
    row(
      `POST ${installed}/{installedIntgId}/enable`,
      "/enable opsramp",
      "enables, and is taken back by disabling",
    ),
    row(
      `POST ${installed}/{installedIntgId}/disable`,
      "/disable opsramp",
      "disables, and is taken back by enabling",
    ),
  ];
}

function halo(): readonly PageOperation[] {
  return [
    ...HALO.flatMap(([resource, target, label, live]) => {
      const query = DETAILED.includes(resource) ? "?includedetails=true" : "";
      return [
        row(`GET /${resource}${query}`, `/list ${target}`, "lists its integrations with their ids"),
        row(
          `GET /${resource}/{id}${query}`,
          `/show ${target}`,
          "shows one integration, and names what is never shown",
        ),
        row(
          `POST /${resource}`,
          `/create ${target}`,
          "sends an array with the secret from the page, and is taken back by deleting",
        ),
        row(`POST /${resource}`, `/update ${target}`, "sends the id and what changes, and is taken back"),
        row(
          `DELETE /${resource}/{id}`,
          `/delete ${target}`,
          "deletes, and says that its secrets stand in the way back",
        ),
        ...(live
          ? [row(
            `GET /${live}/Get`,
            `/live ${target}`,
            `summarises what ${label} says and brings all of it as a file, secrets masked`,
          )]
          : []),
      ];
    }),
    row(
      "POST /KaseyaVSAX/CreateWebhook/{detailsId}",
      "/webhook kaseya create",
      "registers the webhook, and is taken back by deleting it",
    ),
    row(
      "DELETE /KaseyaVSAX/DeleteWebhook/{detailsId}",
      "/webhook kaseya delete",
      "deletes the webhook, and is taken back by registering a new one",
    ),
    row(
      "POST /Tenable/Export",
      "/export tenable start",
      "starts an export, and is taken back by cancelling it",
    ),
    row("GET /Tenable/Status", "/export tenable status", "shows the progress"),
    row("POST /Tenable/Cancel", "/export tenable cancel", "cancels the one that runs"),
  ];
}
