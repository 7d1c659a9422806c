import { type Fields, fields, Invalid, type Problem, required, text } from "./field.ts";
import { notifierProblems, notifierView } from "./notifier.ts";

/**
 * What OpsRamp keeps of one installed integration, and what an update does to it. Written from the vendor's page
 * "Update Installed Integration" and its samples, quirks included:
 * - `tenant*` (the page's table) and `thirdParty*` (the page's samples) are both understood, `thirdParty*` is said;
 * - mappings are appended to, never replaced and never made unique;
 * - the reply holds only the sections that were named, without passwords.
 */

export interface AttributeValue {
  attrValue: string;
  thirdPartyAttrValue: string;
}

export interface Mapping {
  name: string;
  attrName: string;
  thirdPartyAttrName: string;
  entityType: string;
  thirdPartyEntityType: string;
  parsingProperty?: unknown;
  attrValues: AttributeValue[];
}

export interface Authentication {
  authType: string;
  token?: string;
  webhookUrl?: string;
  apiKeyPairs?: { key: string }[];
  role?: { uniqueId: string; name: string };
}

export interface Installation {
  id: string;
  displayName?: string;
  description?: string;
  integration?: { id: string; name: string; multipleInstallations?: boolean };
  category?: string;
  status?: string;
  state?: string;
  installedBy?: string;
  installedTime?: string;
  modifiedTime?: string;
  credential?: Fields;
  inboundConfig?: { authentication?: Authentication; mapAttributes?: Mapping[] };
  outboundConfig?: { baseNotifier?: Fields; mapAttributes?: Mapping[] };
}

/** What an update needs that is not in the request. */
export interface Surroundings {
  roles: readonly { uniqueId: string; name: string }[];
  secret(): string;
  /** Whether a mapping must have value pairs, as the page's "all fields are mandatory" can be read. */
  wantsPairs: boolean;
  /** "+0000", as the vendor writes times. */
  now(): string;
}

/** Checks the whole request first, so that a refused one changes nothing; returns the vendor's partial reply. */
export function update(stored: Installation, body: Fields, around: Surroundings): Fields {
  const inbound = section(body, "inboundConfig");
  const outbound = section(body, "outboundConfig");
  const notifier = outbound?.baseNotifier ?? outbound?.notifier;
  const problems = [
    ...("displayName" in body ? required(body, "displayName") : []),
    ...(inbound?.authentication
      ? authenticationProblems(stored, fields(inbound.authentication), around)
      : []),
    ...(notifier ? notifierProblems(fields(notifier)) : []),
  ];
  const inboundMaps = mappings(inbound?.mapAttributes, "inboundConfig", { problems, around });
  const outboundMaps = mappings(outbound?.mapAttributes, "outboundConfig", { problems, around });
  if (problems.length > 0) throw new Invalid(problems);

  if (text(body.displayName)) stored.displayName = String(body.displayName);
  if (text(body.description)) stored.description = String(body.description);
  if (inbound) stored.inboundConfig ??= {};
  if (outbound) stored.outboundConfig ??= {};
  if (inbound?.authentication) authenticate(stored, fields(inbound.authentication), around);
  if (inboundMaps) {
    stored.inboundConfig!.mapAttributes = merge(stored.inboundConfig?.mapAttributes, inboundMaps);
  }
  if (outboundMaps) {
    stored.outboundConfig!.mapAttributes = merge(stored.outboundConfig?.mapAttributes, outboundMaps);
  }
  if (notifier) stored.outboundConfig!.baseNotifier = { ...fields(notifier) };
  stored.modifiedTime = around.now();
  return echo(stored, inbound, outbound);
}

/** How a whole record is answered: the notifier's `type`, its passwords and all of its JWT fields are never said. */
export function view(stored: Installation): Fields {
  const { outboundConfig, ...rest } = structuredClone(stored);
  if (!outboundConfig) return { ...rest };
  const { baseNotifier, ...others } = outboundConfig;
  return {
    ...rest,
    outboundConfig: { ...(baseNotifier ? { baseNotifier: notifierView(baseNotifier) } : {}), ...others },
  };
}

function echo(stored: Installation, inbound: Fields | undefined, outbound: Fields | undefined): Fields {
  const whole = view(stored) as { inboundConfig?: Fields; outboundConfig?: Fields };
  return {
    id: stored.id,
    ...(stored.displayName ? { displayName: stored.displayName } : {}),
    ...(stored.integration ? { integration: stored.integration } : {}),
    ...(inbound ? { inboundConfig: named(whole.inboundConfig, inbound) } : {}),
    ...(outbound ? { outboundConfig: named(whole.outboundConfig, outbound) } : {}),
    ...(stored.category ? { category: stored.category } : {}),
  };
}

function named(whole: Fields | undefined, asked: Fields): Fields {
  const keys = new Set(Object.keys(asked).map((key) => key === "notifier" ? "baseNotifier" : key));
  return Object.fromEntries(Object.entries(whole ?? {}).filter(([key]) => keys.has(key)));
}

function authenticate(stored: Installation, wanted: Fields, around: Surroundings): void {
  const before = stored.inboundConfig?.authentication;
  const authType = String(wanted.authType);
  const uniqueId = text(fields(wanted.role).uniqueId);
  const role = around.roles.find((known) => known.uniqueId === uniqueId) ?? before?.role;
  const kept = before?.authType === authType ? before : credentials(authType, around);
  stored.inboundConfig!.authentication = { ...kept, authType, ...(role ? { role } : {}) };
}

function credentials(authType: string, around: Surroundings): Authentication {
  if (authType === "OAUTH2") return { authType, apiKeyPairs: [{ key: around.secret() }] };
  const token = around.secret();
  return {
    authType,
    token,
    webhookUrl: `https://api.opsramp.example/integrations/webhook/incident?vtoken=${around.secret()}`,
  };
}

function authenticationProblems(stored: Installation, wanted: Fields, around: Surroundings): Problem[] {
  const problems = required(wanted, "authType");
  if (problems.length === 0 && !["WEBHOOK", "OAUTH2"].includes(String(wanted.authType))) {
    problems.push({ fieldName: "authType", message: `Invalid authType ${String(wanted.authType)}` });
  }
  const uniqueId = text(fields(wanted.role).uniqueId);
  if (stored.category === "Custom" && wanted.role === undefined) problems.push(...required({}, "role"));
  if (wanted.role !== undefined && !around.roles.some((role) => role.uniqueId === uniqueId)) {
    problems.push({ fieldName: "role", message: `No role found with UUID : ${uniqueId ?? ""}` });
  }
  return problems;
}

/** An entry is found again by entity and OpsRamp attribute; what is stored of the third party stays as it is. */
function merge(stored: Mapping[] | undefined, added: readonly Mapping[]): Mapping[] {
  const result = [...stored ?? []];
  for (const mapping of added) {
    const found = result.find((known) =>
      known.attrName === mapping.attrName && known.entityType === mapping.entityType
    );
    if (found) {
      found.attrValues.push(...mapping.attrValues);
      if (mapping.parsingProperty !== undefined) found.parsingProperty = mapping.parsingProperty;
    }
    if (!found) result.push(mapping);
  }
  return result;
}

function mappings(
  value: unknown,
  at: string,
  { problems, around }: { problems: Problem[]; around: Surroundings },
): Mapping[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    problems.push({ fieldName: `${at}.mapAttributes`, message: "mapAttributes must be an array" });
    return undefined;
  }
  return value.map((item) => mapping(fields(item), problems, around));
}

function mapping(item: Fields, problems: Problem[], { wantsPairs }: Surroundings): Mapping {
  const both = (name: string) => text(item[`thirdParty${name}`]) ?? text(item[`tenant${name}`]);
  const entityType = text(item.entityType)?.toUpperCase() ?? "";
  const name = text(item.name) ?? "";
  const prefix = ENTITIES[entityType];
  if (!name) problems.push({ fieldName: "name", message: "name is mandatory" });
  if (!prefix) problems.push({ fieldName: "entityType", message: `Invalid entityType ${entityType}` });
  for (const wanted of ["AttrName", "EntityType"]) {
    if (!both(wanted)) {
      problems.push({ fieldName: `thirdParty${wanted}`, message: `thirdParty${wanted} is mandatory` });
    }
  }
  const pairs = Array.isArray(item.attrValues) ? item.attrValues.map(fields) : [];
  if (wantsPairs && pairs.length === 0) problems.push(...required({}, "attrValues"));
  for (const { attrValue, thirdPartyAttrValue, tenantAttrValue } of pairs) {
    problems.push(...required({ attrValue }, "attrValue"));
    problems.push(
      ...required({ thirdPartyAttrValue: thirdPartyAttrValue ?? tenantAttrValue }, "thirdPartyAttrValue"),
    );
  }
  return {
    name,
    attrName: `${prefix ?? ""}.${ATTRIBUTES[name.toLowerCase()] ?? camel(name)}`,
    thirdPartyAttrName: both("AttrName") ?? "",
    entityType,
    thirdPartyEntityType: both("EntityType") ?? "",
    ...(item.parsingProperty === undefined ? {} : { parsingProperty: item.parsingProperty }),
    attrValues: pairs.map((pair) => ({
      attrValue: String(pair.attrValue ?? ""),
      thirdPartyAttrValue: String(pair.thirdPartyAttrValue ?? pair.tenantAttrValue ?? ""),
    })),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  ALERT: "alert",
  PROBLEM: "problem",
  INCIDENT: "incident",
  CHANGE: "change",
  SERVICEREQUEST: "serviceRequest",
  TASK: "task",
};

const ATTRIBUTES: Readonly<Record<string, string>> = {
  status: "status.name",
  priority: "priority.name",
  "assignee group name": "assigneeGroup.name",
};

function camel(name: string): string {
  const [first = "", ...others] = name.split(/\s+/).filter(Boolean);
  return first.charAt(0).toLowerCase() + first.slice(1) +
    others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function section(body: Fields, name: string): Fields | undefined {
  return body[name] === undefined ? undefined : fields(body[name]);
}
