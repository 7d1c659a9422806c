import type { Fixture } from "../approvals/fixture.ts";
import type { Changing, Conversation, Reading } from "./conversation.ts";

/** One product as the vendor's page tells it; the conversations are the same for all of them. */
export interface PageProduct {
  readonly target: string;
  readonly label: string;
  /** The page's resource. */
  readonly details: string;
  /** List and get take `includedetails`. */
  readonly detailed?: true;
  /** By what an integration is called: its name, or its address where it has none. */
  readonly called: "name" | "url";
  /** A text that people change. */
  readonly text: string;
  /** The page's flag that turns the sync on. */
  readonly flag: string;
  /** A field that is only written. */
  readonly secret: string;
  /** Serves live data under this resource. */
  readonly live?: string;
  /** What the live data must show, and what of it must not. */
  readonly shows?: { readonly fact: string | RegExp; readonly secret?: string };
}

/** The page's twelve. */
export const PRODUCTS: readonly PageProduct[] = [
  {
    target: "datto",
    label: "Datto RMM",
    details: "DattoRmmDetails",
    called: "url",
    text: "url",
    flag: "enableintegrator",
    secret: "new_client_secret",
  },
  {
    target: "ncentral",
    label: "N-central",
    details: "NCentralDetails",
    detailed: true,
    called: "name",
    text: "url",
    flag: "enableintegrator",
    secret: "new_password",
  },
  {
    target: "kaseya",
    label: "Kaseya VSA X",
    details: "KaseyaVSAXDetails",
    called: "name",
    text: "url",
    flag: "enableintegrator",
    secret: "new_integration_key",
    live: "KaseyaVSAX",
    shows: { fact: "live data, 1 entry" },
  },
  {
    target: "sentinelone",
    label: "SentinelOne",
    details: "SentinelOneDetails",
    called: "url",
    text: "url",
    flag: "integrator_enabled",
    secret: "new_access_token",
    live: "SentinelOne",
    shows: { fact: "live data, 2 entries", secret: "s1-token" },
  },
  {
    target: "sophos",
    label: "Sophos",
    details: "SophosDetails",
    called: "name",
    text: "import_entities",
    flag: "halointegrator",
    secret: "new_refresh_token",
    live: "Sophos",
    shows: { fact: /tenants\s+1 entry/, secret: "sophos-token" },
  },
  {
    target: "armis",
    label: "Armis",
    details: "ArmisDetails",
    called: "name",
    text: "url",
    flag: "enableintegrator",
    secret: "new_access_token",
    live: "Armis",
    shows: { fact: /devices\s+2 entries/ },
  },
  {
    target: "prtg",
    label: "PRTG",
    details: "PRTGDetails",
    called: "url",
    text: "url",
    flag: "halointegratorenabled",
    secret: "new_password",
  },
  {
    target: "dynatrace",
    label: "Dynatrace",
    details: "DynatraceDetails",
    called: "name",
    text: "url",
    flag: "enableintegrator",
    secret: "new_webhook_password",
  },
  {
    target: "tenable",
    label: "Tenable",
    details: "TenableDetails",
    called: "name",
    text: "url",
    flag: "enableintegrator",
    secret: "new_integration_key",
    live: "Tenable",
    shows: { fact: /scanners\s+1 entry/, secret: "tenable-token" },
  },
  {
    target: "snipeit",
    label: "Snipe-IT",
    details: "SnipeITDetails",
    called: "name",
    text: "url",
    flag: "enableintegrator",
    secret: "new_integration_key",
  },
  {
    target: "snow",
    label: "Snow",
    details: "SnowDetails",
    detailed: true,
    called: "name",
    text: "url",
    flag: "enableintegrator",
    secret: "new_integration_key",
  },
  {
    target: "manageengine",
    label: "ManageEngine",
    details: "ManageEngineDetails",
    called: "name",
    text: "server_url",
    flag: "enableintegrator",
    secret: "new_refresh_token",
    live: "ManageEngine",
    shows: { fact: /assets\s+0 entries/, secret: "manage-token" },
  },
];

const ADDRESS = "https://harbour.example";
const NEW_ADDRESS = "https://harbour-2.example";

/** The one integration that each conversation finds, called "Harbour" where a product has names. */
function only({ target, details, called, text, flag }: PageProduct): (fixture: Fixture) => void {
  const named = called === "name" ? { name: "Harbour" } : {};
  const synced = { [LAST_SYNC[target] ?? "lastsyncdate"]: "2026-01-01T02:00:00" };
  const record = { id: 7, ...named, [text]: ADDRESS, [flag]: true, ...synced };
  return ({ halo }) => void (halo.records[details] = [record]);
}

/** Where it is not called "lastsyncdate". */
const LAST_SYNC: Readonly<Record<string, string>> = {
  sentinelone: "last_sync",
  sophos: "halointegrator_lastsync",
  prtg: "halointegratorlastsync",
};

function none({ details }: PageProduct): (fixture: Fixture) => void {
  return ({ halo }) => void (halo.records[details] = []);
}

/** Every command that each product has. */
export function conversationsOf(product: PageProduct): readonly Conversation[] {
  return [
    ...readsOf(product),
    creation(product),
    update(product),
    deletion(product),
    ...switches(product),
    misspelt(product),
  ];
}

function readsOf(product: PageProduct): readonly Reading[] {
  const { target, label, live, shows } = product;
  const [resource, query, name] = [resourceOf(product), queryOf(product), nameOf(product)];
  const before = only(product);
  return [
    {
      name: `/status ${target} shows how its integrations sync`,
      said: `/status ${target}`,
      before,
      answered: [`${label}: `, name],
      asked: [`GET ${resource}${query}`],
    },
    {
      name: `/list ${target} lists its integrations with their ids`,
      said: `/list ${target}`,
      before,
      answered: [`1 ${label} integration in HaloPSA`, new RegExp(`${name}\\s+7`)],
      asked: [`GET ${resource}${query}`],
    },
    {
      name: `/show ${target} shows one integration, and names what is never shown`,
      said: `/show ${target} 7`,
      before,
      answered: [new RegExp(`^🟢 ${label} ${name}: syncing`), "Write-only, never shown: ", product.secret],
      asked: [`GET ${resource}/7${query}`],
    },
    ...(live && shows
      ? [{
        name: `/live ${target} summarises what ${label} says and brings all of it as a file, secrets masked`,
        said: `/live ${target}`,
        answered: [`${label}: live data`, shows.fact],
        file: { name: `${target}-live.json`, holds: [/^[[{]/], lacks: shows.secret ? [shows.secret] : [] },
        lacks: shows.secret ? [shows.secret] : [],
        asked: [`GET /api/${live}/Get`],
      }]
      : []),
  ];
}

function creation(product: PageProduct): Changing {
  const { target, label, secret, flag } = product;
  const body = {
    ...(product.called === "name" && { name: "Harbour" }),
    [product.text]: ADDRESS,
    [flag]: true,
  };
  return {
    name: `/create ${target} sends an array with the secret from the page, and is taken back by deleting`,
    said: `/create ${target} ${secret}=?`,
    document: { content: body, as: "caption" },
    before: none(product),
    enters: { [secret]: `entered-${secret}` },
    card: [
      `Add the ${label} integration ${nameOf(product)}?`,
      new RegExp(`${secret}\\s+none\\s+a new value`),
      `"${secret}": "?"`,
    ],
    outcome: "applied",
    answered: [`Read back: the ${label} integration ${nameOf(product)} has id 1.`],
    wrote: [`POST ${resourceOf(product)}`, [{ ...body, [secret]: `entered-${secret}` }]],
    undone: {
      card: [`Delete the ${label} integration ${nameOf(product)}?`, "danger", "Undo    No. "],
      outcome: "applied",
      answered: [`Read back: HaloPSA has no ${label} integration 1.`],
      wrote: [`DELETE ${resourceOf(product)}/1`],
    },
  };
}

function update(product: PageProduct): Changing {
  const { target, label, text } = product;
  const row = (now: string, after: string) => new RegExp(`${text}\\s+${now}\\s+${after}`);
  return {
    name: `/update ${target} sends the id and what changes, and is taken back`,
    said: `/update ${target} ${nameOf(product)} ${text}=${NEW_ADDRESS}`,
    before: only(product),
    card: [
      `Change the ${label} integration ${nameOf(product)}?`,
      row(ADDRESS, NEW_ADDRESS),
      "by setting the old values",
    ],
    outcome: "applied",
    answered: [`Read back: ${text} is now “${NEW_ADDRESS}”.`],
    wrote: [`POST ${resourceOf(product)}`, [{ id: 7, [product.text]: NEW_ADDRESS }]],
    undone: {
      card: [row(NEW_ADDRESS, ADDRESS)],
      outcome: "applied",
      answered: [`Read back: ${text} is now “${ADDRESS}”.`],
      wrote: [`POST ${resourceOf(product)}`, [{ id: 7, [product.text]: ADDRESS }]],
    },
  };
}

function deletion(product: PageProduct): Changing {
  const { target, label } = product;
  return {
    name: `/delete ${target} deletes, and says that its secrets stand in the way back`,
    said: `/delete ${target} 7 reason=replaced`,
    before: only(product),
    card: [
      `Delete the ${label} integration ${nameOf(product)}?`,
      "danger",
      "Undo    No. Its secrets cannot be read",
    ],
    outcome: "applied",
    answered: [`Read back: HaloPSA has no ${label} integration 7.`],
    wrote: [`DELETE ${resourceOf(product)}/7`],
  };
}

/** The sync flag by the product's own name for it, there and back. */
function switches(product: PageProduct): readonly Changing[] {
  const { target, label, flag } = product;
  const sides = [{ verb: "disable", on: false }, { verb: "enable", on: true }] as const;
  const side = (on: boolean): Pick<Changing, "card" | "outcome" | "answered" | "wrote"> => ({
    card: [`Turn ${on ? "on" : "off"} the sync of the ${label} integration ${nameOf(product)}?`],
    outcome: "applied",
    answered: [`Read back: ${flag} is ${on}.`],
    wrote: [`POST ${resourceOf(product)}`, [{ id: 7, [flag]: on }]],
  });
  return sides.map(({ verb, on }) => ({
    name: `/${verb} ${target} turns ${flag} ${on ? "on" : "off"}, and is taken back`,
    said: `/${verb} ${target} 7`,
    before(fixture) {
      only(product)(fixture);
      fixture.halo.records[product.details]![0]![flag] = !on;
    },
    ...side(on),
    undone: side(!on),
  }));
}

function misspelt(product: PageProduct): Conversation {
  const { text } = product;
  return {
    name: `/update ${product.target} with a misspelt field says which one is meant`,
    said: `/update ${product.target} 7 ${text}x=${ADDRESS}`,
    before: only(product),
    refused: [`${product.label} has no field "${text}x". Did you mean ${text}?`],
  };
}

/** Where its configurations are. */
export function resourceOf({ details }: PageProduct): string {
  return `/api/${details}`;
}

export function queryOf({ detailed }: PageProduct): string {
  return detailed ? "?includedetails=true" : "";
}

function nameOf({ called }: PageProduct): string {
  return called === "name" ? "Harbour" : ADDRESS;
}
