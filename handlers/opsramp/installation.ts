import type { Json, JsonObject } from "../../clients/json.ts";
import type { OpsRampClient } from "../../clients/opsramp.ts";
import type { Installed, InstalledUpdate, Mapping } from "../../clients/opsramp/installed.ts";
import { isSameAddress } from "../address.ts";
import type { Compared } from "../comparison.ts";
import { SET_BUT_NOT_SHOWN, shownAddress } from "../mask.ts";
import type { Card, Plan } from "../operation.ts";
import type { Block, Inline, Line } from "../reply.ts";
import { type Fact, nameOfSeen, type Resource, type Standing, type ToggleState } from "../resource.ts";

/** Every installed id begins like this, so that a typed one need not be searched for. */
const ID = /^INTG-(.+)$/is;

/** What is installed in OpsRamp: listed, shown, enabled and disabled. */
export const installations: Resource<OpsRampClient, Installed> = {
  vendor: "opsramp",
  target: "opsramp",
  label: "OpsRamp",
  noun: ["OpsRamp integration", "OpsRamp integrations"],
  working: "working",
  list: (client, call) => client.listInstalled(call),
  get: (client, id, call) => client.getInstalled(id, call),
  id: ({ id }) => id,
  name: installedName,
  standing,
  lookup: { noun: ["installed integration", "installed integrations"], pattern: ID, idIn, isNoName: true },
  status: {
    summary: "Show which OpsRamp integrations are enabled, and which are not",
    none: "no integration is installed",
    row: (one) => [nameOfSeen(one), { data: one.standing.word }, { data: appOf(one.item) }],
  },
  listing: {
    summary: "List the installed integrations, all or those whose name contains name=",
    example: "/list opsramp name=aws",
    isFiltered: true,
    columns: [
      { title: "Name", cell: ({ name }) => ({ data: name }) },
      { title: "Status", cell: ({ standing }) => ({ data: standing.word }) },
      { title: "App", cell: ({ item }) => ({ data: appOf(item) }) },
      { title: "Id", cell: ({ item }) => ({ code: item.id }) },
    ],
    none: "No OpsRamp integration is installed",
  },
  show: {
    summary: "Show one installed integration with its authentication, mappings and notifier",
    example: "/show opsramp Service Desk",
    facts,
    reply: ({ item, name, standing: { is } }, usual) => ({
      ...(isSilent(item) ? { mark: "info", title: { data: name } } : {}),
      ...(is === "off" && { mark: "attention" }),
      blocks: [
        usual,
        ...mappingBlocks("Inbound", item.inboundConfig?.mapAttributes ?? []),
        ...mappingBlocks("Outbound", item.outboundConfig?.mapAttributes ?? []),
      ],
      footer: { code: item.id },
      buttons: [[
        { label: "Refresh", action: { command: `/show opsramp ${item.id}` } },
        { label: "Copy id", action: { copy: item.id } },
      ]],
    }),
  },
  toggle: {
    help: {
      enable: {
        summary: "Enable an installed integration",
        example: "/enable opsramp Service Desk",
        risk: "write",
      },
      disable: {
        summary: "Disable an installed integration",
        example: '/disable opsramp Service Desk reason="too noisy"',
        risk: "danger",
      },
    },
    words: ["enabled", "disabled"],
    state: toggleState,
    set: (client, { id, on }, call) => client.switchInstalled(id, on, call),
    sends: ({ id, on }) => ({ [on ? "enable" : "disable"]: id }),
    breaks: (name, on) => [
      on
        ? ["Data flows to and from ", name, " again. What that changes is not known."]
        : ["Nothing goes to or comes from ", name, " until it is enabled."],
    ],
    noWayBack: ({ on, word }) =>
      on === null ? ["its status now, ", { data: word }, ", cannot be asked for"] : undefined,
  },
};

export function installedName(installed: Installed): string {
  return installed.displayName ?? installed.integration?.name ?? installed.id;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function idIn(words: string): string | undefined {
  const [, tail] = ID.exec(words) ?? [];
  return tail && `INTG-${UUID.test(tail) ? tail.toLowerCase() : tail}`;
}

/**
 * SDK apps are "Installed" and "Deployed", which says nothing about whether they work, and an SNMP one says nothing at
 * all.
 */
function standing(installed: Installed): Standing {
  const word = (installed.status ?? installed.state ?? "no status").toLowerCase();
  if (word === "disabled") return { word, is: "off" };
  if (SAYS_NOTHING.has(word) || isSilent(installed)) return { word, is: "unknown" };
  return { word, is: word === "enabled" ? "fine" : "problem" };
}

const SAYS_NOTHING: ReadonlySet<string> = new Set(["installed", "deployed"]);

function isSilent({ status, state }: Installed): boolean {
  return status === undefined && state === undefined;
}

/** An SDK app stays "installed" whatever is done to it, so that neither side can be read of it. */
function toggleState(installed: Installed): ToggleState {
  const { word } = standing(installed);
  return { on: word === "enabled" ? true : word === "disabled" ? false : null, word, field: "Status" };
}

/** What kind of integration it is; empty for an SNMP one, which does not say. */
function appOf({ integration, category }: Installed): string {
  return integration?.name ?? integration?.id ?? category ?? "";
}

function facts(installed: Installed): readonly Fact[] {
  return [
    ["Id", { code: installed.id }],
    ...(appOf(installed) === "" ? [] : [["App", appLine(installed)] as const]),
    ...given("Category", installed.category),
    ...given("Description", installed.description, 200),
    ...given("State", installed.status && installed.state),
    ...moment("Installed", installed.installedTime, installed.installedBy),
    ...moment("Modified", installed.modifiedTime, installed.modifiedBy),
    ...inboundFacts(installed.inboundConfig?.authentication),
    ...notifierFacts(installed.outboundConfig?.baseNotifier),
  ];
}

function inboundFacts(
  authentication: NonNullable<Installed["inboundConfig"]>["authentication"],
): readonly Fact[] {
  if (!authentication) return [];
  const { authType, role, token, apiKeyPairs, webhookUrl } = authentication;
  return [
    ...given("Inbound authentication", authType),
    ...(role ? [["Role", roleLine(role)] as const] : []),
    ...hidden("Token", token),
    ...(apiKeyPairs ?? []).flatMap(({ key, secret }) => [
      ...hidden("API key", key),
      ...hidden("API secret", secret),
    ]),
    ...(webhookUrl ? [["Webhook URL", { data: shownAddress(webhookUrl), max: 200 }] as const] : []),
  ];
}

function notifierFacts(notifier: NonNullable<Installed["outboundConfig"]>["baseNotifier"]): readonly Fact[] {
  if (!notifier) return [];
  return [
    ...given("Notifies", notifier.baseURI && shownAddress(notifier.baseURI), 200),
    ...given("Notifier authentication", notifier.authType),
    ...given("Grant type", notifier.grantType),
    ...given("User", notifier.userName),
    ...hidden("Notifier API key", notifier.apiKey),
    ...given("Access token URL", notifier.accessTokenURL && shownAddress(notifier.accessTokenURL), 200),
  ];
}

function mappingBlocks(direction: string, mappings: readonly Mapping[]): readonly Block[] {
  return mappings.map((mapping) => ({
    kind: "details",
    summary: [
      `${direction}: `,
      { data: `${mapping.entityType} ${mapping.name}` },
      " as ",
      { data: `${mapping.thirdPartyEntityType ?? "?"}.${mapping.thirdPartyAttrName ?? "?"}` },
    ],
    blocks: [
      ...(mapping.attrName
        ? [{ kind: "text", text: ["OpsRamp attribute ", { code: mapping.attrName }] } as const]
        : []),
      ...(mapping.parsingProperty
        ? [{ kind: "text", text: ["Parsed by ", parsedBy(mapping.parsingProperty)] } as const]
        : []),
      mapping.attrValues.length === 0
        ? { kind: "text", text: "No values are mapped: they are passed on unchanged." }
        : {
          kind: "table",
          header: ["OpsRamp", "Third party"],
          rows: mapping.attrValues.map((pair) => [
            { data: pair.attrValue },
            { data: pair.thirdPartyAttrValue },
          ]),
        },
    ],
  }));
}

function parsedBy(parsing: Json): Inline {
  return { data: JSON.stringify(parsing), max: 300 };
}

function appLine(installed: Installed): Line {
  const app = appOf(installed);
  const id = installed.integration?.id;
  return [{ data: app }, ...(id && id !== app ? [" ", { code: id }] : [])];
}

function roleLine({ name, uniqueId }: { name: string | undefined; uniqueId: string | undefined }): Line {
  return [...(name ? [{ data: name }, " "] : []), ...(uniqueId ? [{ code: uniqueId }] : [])];
}

function given(label: string, value: string | undefined, max?: number): readonly Fact[] {
  return value ? [[label, { data: value, ...(max && { max }) }]] : [];
}

/** That there is one is worth knowing; not one character of it is. */
function hidden(label: string, value: string | undefined): readonly Fact[] {
  return value ? [[label, SET_BUT_NOT_SHOWN]] : [];
}

function moment(label: string, time: string | undefined, by: string | undefined): readonly Fact[] {
  const at = time === undefined ? NaN : Date.parse(time.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  const when: readonly Inline[] = Number.isNaN(at)
    ? (time ? [{ data: time }] : [])
    : [{ time: at, as: "date" }];
  const line = [...when, ...(by ? [" by ", { data: by }] : [])];
  return line.length > 0 ? [[label, line]] : [];
}

/**
 * `before` has the state of each section that changes, by the section's name. `after` is the body of the vendor's
 * update, with only what changes and "?" for the secrets.
 */
export type UpdatePlan = Plan<Readonly<Record<string, Json>>> & {
  readonly after: InstalledUpdate & JsonObject;
};

/** One part of an installation that the vendor's update may change. `S` is how it is: without secrets. */
export interface Section<S = unknown> {
  /** As a sentence names it: "the mappings". */
  readonly called: string;
  /** Whether an update speaks of it; only then may the others be asked. */
  isIn(update: InstalledUpdate): boolean;
  /** Keeps the difference, or says why nothing is to change. Throws `BadInput` for what cannot be. */
  compare(installed: Installed, update: InstalledUpdate): Asked;
  state(installed: Installed, goal: InstalledUpdate): S;
  change(before: S, goal: InstalledUpdate, name: Inline): SectionChange<S>;
}

export type Asked = { readonly goal: InstalledUpdate } | { readonly already: readonly Line[] };

/** What a goal does to one section. */
export interface SectionChange<S = unknown> extends Pick<Card, "rows" | "details" | "warnings"> {
  readonly breaks?: readonly Line[];
  /** Only what could be read before, and holds no secret, can be put back. */
  readonly wayBack: { readonly why: Line } | {
    readonly how: readonly Inline[];
    readonly body: InstalledUpdate;
  };
  /** Whether the vendor answers with a new one. */
  readonly makesCredential?: boolean;
  /** Whether what is there now is lost for good, and people outside depend on it. */
  readonly losesCredential?: boolean;
  /** A sentence after what was read back. */
  readonly note?: string;
  /** Of what was to change, that which can be read. */
  seen(now: S): readonly Seen[];
}

export interface Seen extends Compared {
  /** Where the label does not hold it. */
  readonly value?: Line;
}

type Value = string | null | undefined;

interface Field {
  readonly label: string;
  readonly asked: Value;
  readonly before: Value;
  readonly now: Value;
  /** What stands for the value of now, where it is not shown as it is. */
  readonly shown?: Line | undefined;
}

/** Of fields with one value each, those that were to change, as they were read back. */
export function comparedFields(fields: readonly Field[]): readonly Seen[] {
  return fields.filter(({ asked, before }) => asked && !isSameAddress(asked, before)).map(comparedField);
}

function comparedField({ label, asked, before, now, shown }: Field): Seen {
  if (isSameAddress(now, asked)) return { label, is: "asked", value: shown ?? { data: now ?? "" } };
  if ((now ?? null) === (before ?? null)) return { label, is: "before" };
  return { label, is: { now: shown ?? (now ? { data: now } : "not set") } };
}
