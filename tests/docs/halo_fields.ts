import type { FieldKind, Product } from "../../clients/halo/product.ts";
import { PRODUCTS } from "../../clients/halo/products.ts";
import type { Fate, FieldsOfPage } from "./fields.ts";

const SET = "`/create` and `/update` set it, `/show` shows it";

const BY_KIND: Readonly<Record<FieldKind, Fate>> = {
  text: SET,
  address: SET,
  integer: SET,
  flag: SET,
  time: SET,
  any: SET,
  rows: "a document with `/create` or `/update` sets it, `/show` shows it, folded",
  secret: "set with `=?` on the private page, never shown: HaloPSA stores it",
  shown: "HaloPSA sets it, `/show` shows it",
};

const SIGN_IN = "not set or shown: a step of signing in to the product, which is done in HaloPSA itself";

const EXPORTS =
  "not set or shown: `/export tenable status` tells of them, and they may hold addresses that open anywhere";

/** What the bot has no use for, and why. */
const WITHOUT: Readonly<Record<string, Readonly<Record<string, Fate>>>> = {
  DynatraceDetails: { webhook_salt: "not set or shown: it belongs to a stored secret" },
  TenableDetails: { exports: EXPORTS },
  ManageEngineDetails: { _code: SIGN_IN, _otp: SIGN_IN, _disconnect: SIGN_IN },
};

const IN_A_LIST = "all of it is in the folded lists of `/show`, and set as a document";

/** The types of rows in lists, which the page only names. */
const ROWS = [
  "ExternalLink_List",
  "IntegrationExport",
  "IntegrationExportData",
  "IntegrationFieldMapping",
  "IntegrationSiteMapping",
  "KeyPair2",
  "WebhookSubscriptionAction",
  "XTypeMapping",
  "XTypeMappingCriteria",
];

/** The page "RMM & Security Endpoints". */
export const haloFields: FieldsOfPage = {
  vendor: "HaloPSA",
  of: {
    "/{Vendor}Details": {
      id: "the id or the name in `/show`, `/update`, `/delete`, `/enable` and `/disable`",
      includedetails: "sent as true, so that `/show` has the lists",
      doDecrypt: "never sent: it would bring a password in clear text",
      body: "an array of one: several integrations are changed one by one, each with an approval of its own",
    },
    "/{Vendor}/Get": {
      answer: "`/live` shows its first fields and sends all of it as a file, secrets masked",
    },
    "/KaseyaVSAX/…Webhook/{detailsId}": { detailsId: "the id or the name in `/webhook kaseya`" },
    "/Tenable/Export": { chunk_size: "`chunk=` of `/export tenable start`" },
    "/Tenable/Status": { answer: "`/export tenable status` shows the newest export" },
    TenableCreateExport: { chunk_size: "`chunk=` of `/export tenable start`" },
    ...Object.fromEntries(PRODUCTS.map((product) => [product.details, fieldsOf(product)])),
    ...Object.fromEntries(ROWS.map((type) => [type, { "every field": fateOfRows(type) }])),
  },
};

function fateOfRows(type: string): Fate {
  return type.startsWith("IntegrationExport") ? EXPORTS : IN_A_LIST;
}

function fieldsOf({ details, fields, sync }: Product): Readonly<Record<string, Fate>> {
  const known = [...fields].map(([name, kind]): [string, Fate] => {
    if (name === "id") return [name, "every reply shows it, and HaloPSA makes it"];
    if (name === "_warning") return [name, "`/show` shows it as HaloPSA's warning"];
    if (sync.enabled.includes(name)) {
      return [name, "`/enable`, `/disable`, `/update`; `/status` counts by it"];
    }
    const isSync = [...sync.lastSync, ...sync.lastError, ...sync.tokenExpiry, ...sync.authorized].includes(
      name,
    );
    if (isSync) return [name, `${BY_KIND[kind]}; \`/status\` judges by it`];
    return [name, BY_KIND[kind]];
  });
  return { ...Object.fromEntries(known), ...WITHOUT[details] };
}
