import * as z from "zod";
import { plainJson } from "../../clients/json.ts";
import type { OpsRampClient } from "../../clients/opsramp.ts";
import {
  AUTH_TYPES,
  ENTITY_TYPES,
  GRANT_TYPES,
  type InstalledUpdate,
  installedUpdate,
  LONGEST_DESCRIPTION,
  type Mapping,
  NOTIFIER_TYPES,
  type NotifierUpdate,
} from "../../clients/opsramp/installed.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import {
  BadInput,
  type ChangeDefinition,
  type ChangeOperation,
  type Input,
  operationsOf,
  ValueNeeded,
} from "../operation.ts";
import { itemChoices } from "../resource.ts";
import { installations, type UpdatePlan } from "./installation.ts";
import { installedUpdateForm, mapForm, notifierForm } from "./form.ts";
import { isNotifierSecret } from "./notifier.ts";
import { applyUpdate, isDangerous, planUpdate, undoUpdate, updateCard, verifyUpdate } from "./update.ts";

const { change } = operationsOf<OpsRampClient>("opsramp");

const id = z.string().meta({ positional: true, rest: true, placeholder: "id or name" });
const text = z.string().optional();
const secret = z.string().optional().meta({ placeholder: ENTER_MARK });

/** The body of the vendor's update; what is typed beside it comes on top. */
const body = installedUpdate.optional().meta({ document: true });

const updateInput = z.object({
  id,
  name: text.meta({ placeholder: "new name" }),
  description: text,
  auth: z.enum(AUTH_TYPES).optional(),
  role: text.meta({ placeholder: "role id" }),
  password: secret,
  apiKey: secret,
  apiSecret: secret,
  document: body,
});

export const update = commandFor({
  verb: "update",
  summary: "Change an integration's name, description, inbound authentication or role",
  example: '/update opsramp Service Desk name="Service Desk EU"',
  input: updateInput,
  needs: [["name"], ["description"], ["auth"], ["role"]],
  form: installedUpdateForm,
  toUpdate: fromOptions,
});

const mapInput = z.object({
  id: z.string().meta({ positional: true, placeholder: "id or name" }),
  direction: z.enum(["in", "out"]).optional().meta({ positional: true }),
  entity: z.enum(ENTITY_TYPES).optional().meta({ positional: true, placeholder: "ENTITY" }),
  attribute: text.meta({ positional: true, placeholder: "attribute" }),
  thirdParty: text.meta({ positional: true, placeholder: "third-party entity.attribute" }),
  pairs: z.record(z.string(), z.string()).optional().meta({
    open: "",
    placeholder: "value=third-party value",
  }),
  document: body,
});

export const map = commandFor({
  verb: "map",
  summary: "Add attributes and values to an integration's mappings; what is there stays",
  example: '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Open="In Progress"',
  input: mapInput,
  needs: [["direction", "entity", "attribute", "thirdParty"]],
  form: mapForm,
  toUpdate: fromPairs,
});

/** The notifier alone, with the vendor's field names, or the body of an update that has nothing else. */
const notifierBody = z.preprocess(wholeBody, installedUpdate).optional().meta({ document: true });
const headers = z.record(z.string(), z.string()).optional();

const notifierInput = z.object({
  id,
  uri: text.meta({ placeholder: "base URI" }),
  auth: z.enum(["NONE", "OAUTH2", "JWT"]).optional(),
  type: z.enum(NOTIFIER_TYPES).optional(),
  grantType: z.enum(GRANT_TYPES).optional(),
  userName: text,
  password: secret,
  apiKey: secret,
  apiSecret: secret,
  accessTokenURL: text,
  scope: text,
  tokenURL: text,
  tokensPath: text.meta({ placeholder: "name:path" }),
  tokenHeaders: headers.meta({ open: "tokenHeaders.", placeholder: "header" }),
  resourceAuthHeaders: headers.meta({ open: "resourceAuthHeaders.", placeholder: "header" }),
  document: notifierBody,
});

export const notifier = commandFor({
  verb: "notifier",
  summary: "Set where an installed integration notifies, and how it authenticates there",
  example: "/notifier opsramp Service Desk uri=https://desk.example.com/api auth=NONE",
  input: notifierInput,
  needs: [["uri", "auth"]],
  form: notifierForm,
  toUpdate: fromNotifier,
});

interface Command<I extends Input> extends
  Pick<
    ChangeDefinition<OpsRampClient, I, UpdatePlan>,
    "verb" | "summary" | "example" | "input" | "needs" | "form"
  > {
  /** Pure: what was typed, as the body of an update. */
  readonly toUpdate: (input: z.output<I>) => InstalledUpdate;
}

function commandFor<I extends Input & z.ZodType<{ id: string }>>(
  { toUpdate, ...described }: Command<I>,
): ChangeOperation {
  return change<I, UpdatePlan>({
    ...described,
    target: "opsramp",
    risk: "write",
    danger: isDangerous,
    secret: isNotifierSecret,
    choices: { id: itemChoices(installations) },
    plan: (context, input) => planUpdate(context, { ...plainJson(input), id: input.id }, toUpdate(input)),
    render: updateCard,
    apply: applyUpdate,
    verify: verifyUpdate,
    undo: undoUpdate,
  });
}

function fromOptions(input: z.output<typeof updateInput>): InstalledUpdate {
  const { name, description, auth, role, password, apiKey, apiSecret, document = {} } = input;
  if ((description?.trim().length ?? 0) > LONGEST_DESCRIPTION) {
    throw new BadInput(`A description has ${LONGEST_DESCRIPTION} characters at most. Shorten the text.`);
  }
  const { inboundConfig, outboundConfig } = document;
  const typed = Object.entries({ password, apiKey, apiSecret }).filter(([, value]) => value !== undefined);
  if (typed.length > 0 && !outboundConfig?.baseNotifier) {
    const options = typed.map(([field]) => `${field}=`).join(", ");
    throw new BadInput(`${options} belongs to a notifier: use /notifier opsramp instead.`);
  }
  const authentication = {
    ...inboundConfig?.authentication,
    ...(auth && { authType: auth }),
    ...(role && { role: { uniqueId: roleId(role) } }),
  };
  return {
    ...document,
    ...(name?.trim() && { displayName: name.trim() }),
    ...(description?.trim() && { description: description.trim() }),
    inboundConfig: { ...inboundConfig, ...(Object.keys(authentication).length > 0 && { authentication }) },
    ...(outboundConfig?.baseNotifier && {
      outboundConfig: {
        ...outboundConfig,
        baseNotifier: { ...outboundConfig.baseNotifier, ...Object.fromEntries(typed) },
      },
    }),
  };
}

function roleId(role: string): string {
  if (/^ROLE-[\w-]+$/i.test(role)) return role;
  throw new BadInput(`role= takes the unique ID of an OpsRamp role, such as ROLE-4718b729-…, not "${role}".`);
}

function fromPairs(input: z.output<typeof mapInput>): InstalledUpdate {
  const { direction, pairs = {}, document = {} } = input;
  refuseSections(document, "/map", ["mapAttributes"]);
  const inbound = document.inboundConfig?.mapAttributes ?? [];
  const outbound = document.outboundConfig?.mapAttributes ?? [];
  const isTyped = direction !== undefined || Object.keys(pairs).length > 0;
  if (!isTyped && inbound.length === 0 && outbound.length === 0) {
    throw new ValueNeeded(MAP_USAGE, "direction");
  }
  const typed = isTyped ? [typedMapping(input)] : [];
  return {
    inboundConfig: { mapAttributes: [...inbound, ...(direction === "in" ? typed : [])] },
    outboundConfig: { mapAttributes: [...outbound, ...(direction === "out" ? typed : [])] },
  };
}

const MAP_USAGE =
  "Type in or out, the entity, the attribute, the third party's entity.attribute and the values, if any, " +
  'such as: in INCIDENT Status Ticket.stats Open="In Progress". Or send a document.';

function typedMapping(
  { direction, entity, attribute, thirdParty, pairs = {} }: z.output<typeof mapInput>,
): Mapping {
  const values = Object.entries(pairs);
  if (!direction || !entity || !attribute || !thirdParty) {
    const lacks = Object.entries({ direction, entity, attribute, thirdParty }).find(([, said]) => !said);
    throw new ValueNeeded(MAP_USAGE, lacks?.[0] ?? "");
  }
  const [, thirdPartyEntityType, thirdPartyAttrName] = /^([^.]+)\.(.+)$/s.exec(thirdParty) ?? [];
  if (!thirdPartyEntityType || !thirdPartyAttrName) {
    throw new BadInput(
      `"${thirdParty}" needs a dot between the third party's entity and its attribute: Ticket.stats.`,
    );
  }
  const empty = values.find(([, theirs]) => theirs.trim() === "");
  if (empty) throw new BadInput(`Say what the third party calls "${empty[0]}": ${empty[0]}=<its value>.`);
  return {
    entityType: entity,
    name: attribute,
    thirdPartyEntityType,
    thirdPartyAttrName,
    attrValues: values.map(([attrValue, theirs]) => ({ attrValue, thirdPartyAttrValue: theirs.trim() })),
  };
}

function fromNotifier(input: z.output<typeof notifierInput>): InstalledUpdate {
  const { id: _, uri, auth, tokenHeaders, resourceAuthHeaders, tokensPath, document = {}, ...same } = input;
  refuseSections(document, "/notifier", ["baseNotifier"]);
  const typed: NotifierUpdate = {
    ...same,
    baseURI: uri,
    authType: auth,
    tokenHeaders: pairsOf(tokenHeaders),
    tokensPath: tokensPath === undefined ? undefined : tokensPath.split(",").map(placeOf),
    resourceAuthHeaders: pairsOf(resourceAuthHeaders),
  };
  const given = Object.entries(typed).filter(([, value]) => value !== undefined);
  const baseNotifier: NotifierUpdate = {
    ...document.outboundConfig?.baseNotifier,
    ...Object.fromEntries(given),
  };
  if (Object.keys(baseNotifier).length === 0) {
    throw new BadInput("Say what to set: uri= and auth=NONE, OAUTH2 or JWT, or send a document.");
  }
  return { outboundConfig: { baseNotifier } };
}

const SECTIONS = ["displayName", "description", "inboundConfig", "outboundConfig"];

function wholeBody(document: unknown): unknown {
  const names = typeof document === "object" && document !== null ? Object.keys(document) : SECTIONS;
  return names.some((name) => SECTIONS.includes(name))
    ? document
    : { outboundConfig: { baseNotifier: document } };
}

/** A document with more than its command is about is not half used. */
function refuseSections(document: InstalledUpdate, command: string, allowed: readonly string[]): void {
  const sections = [document.inboundConfig, document.outboundConfig].flatMap((section) =>
    Object.keys(section ?? {})
  );
  const named = (["displayName", "description"] as const).filter((name) => document[name]);
  const foreign = [...named, ...sections]
    .filter((name) => !allowed.includes(name));
  if (foreign.length === 0) return;
  throw new BadInput(
    `${command} does not take ${[...new Set(foreign)].join(", ")}. Send it with /update opsramp.`,
  );
}

function pairsOf(record: Readonly<Record<string, string>> | undefined): NotifierUpdate["tokenHeaders"] {
  return record && Object.entries(record).map(([key, value]) => ({ key, value }));
}

/** `jwtToken:rest_access.access_key`; "=" would look like an option. */
function placeOf(typed: string): { key: string; value: string } {
  const [, key, value] = /^\s*([^:\s]+)\s*:\s*(\S+)\s*$/.exec(typed) ?? [];
  if (key && value) return { key, value };
  throw new BadInput(
    `"${typed}" does not say where the token is: type tokensPath=jwtToken:path.in.the.answer.`,
  );
}
