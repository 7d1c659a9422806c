import { z } from "zod";
import type { Installed, Mapping, OpsRamp } from "../../clients/opsramp.ts";
import { operationsOf } from "../operation.ts";
import { SET_BUT_NOT_SHOWN } from "../placeholder.ts";
import type { Block, Inline, Line, Reply } from "../reply.ts";
import { shownAddress } from "../shown_address.ts";
import { appOf, findInstalled, nameOf, statusOf, works } from "./installation.ts";

const { read } = operationsOf<OpsRamp>("opsramp");

export const show = read({
  verb: "show",
  target: "opsramp",
  summary: "Show one installed integration with its authentication, mappings and notifier",
  example: "/show opsramp Service Desk",
  input: z.object({
    id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }),
  }),
  run: (context, { id }) => findInstalled(context, id),
  render: renderInstalled,
});

function renderInstalled(installed: Installed): Reply {
  const { inboundConfig, outboundConfig } = installed;
  const name = nameOf(installed);
  const isSaid = installed.status !== undefined || installed.state !== undefined;
  return {
    mark: !isSaid ? "info" : works(installed) ? "fine" : "attention",
    title: isSaid ? [{ data: name }, " is ", { data: statusOf(installed) }] : { data: name },
    blocks: [
      { kind: "facts", facts: facts(installed) },
      ...mappingBlocks("Inbound", inboundConfig?.mapAttributes ?? []),
      ...mappingBlocks("Outbound", outboundConfig?.mapAttributes ?? []),
    ],
    footer: { code: installed.id },
    buttons: [[
      { label: "Refresh", action: { command: `/show opsramp ${installed.id}` } },
      { label: "Copy id", action: { copy: installed.id } },
    ]],
  };
}

type Fact = readonly [label: string, value: Line];

function facts(installed: Installed): readonly Fact[] {
  return [
    ["Id", { code: installed.id }],
    ["App", appLine(installed)],
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
      {
        kind: "table",
        header: ["OpsRamp", "Third party"],
        rows: mapping.attrValues.map((
          pair,
        ) => [{ data: pair.attrValue }, { data: pair.thirdPartyAttrValue }]),
      },
    ],
  }));
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
