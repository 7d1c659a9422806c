import type { JsonObject } from "../../clients/json.ts";
import type { Installed } from "../../clients/opsramp/installed.ts";
import { NOTIFIER_TYPES, type NotifierUpdate, notifierUpdate } from "../../clients/opsramp/update.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { ENTERED_PRIVATELY, shownAddress, UNREADABLE } from "../mask.ts";
import { BadInput, type Card } from "../operation.ts";
import type { Line } from "../reply.ts";
import { asked } from "./secret.ts";

/** What the vendor lets one read of a notifier that is no secret; null where it says nothing. */
export type NotifierState = { readonly [Field in Readable]: string | null };

const READABLE = ["baseURI", "authType", "grantType", "userName", "accessTokenURL"] as const;
type Readable = typeof READABLE[number];

const LABELS: Readonly<Record<Readable, string>> = {
  baseURI: "Notifies",
  authType: "Notifier authentication",
  grantType: "Grant type",
  userName: "User",
  accessTokenURL: "Access token URL",
};

export function notifierState(installed: Installed): NotifierState | null {
  const notifier = installed.outboundConfig?.baseNotifier;
  if (!notifier) return null;
  return {
    baseURI: notifier.baseURI ?? null,
    authType: notifier.authType ?? null,
    grantType: notifier.grantType ?? null,
    userName: notifier.userName ?? null,
    accessTokenURL: notifier.accessTokenURL ?? null,
  };
}

/** Sent where no type was asked for. */
export const USUAL_TYPE = "REST_API";

/** The type is never answered, but one of the two supports no authentication. */
export function typeOf(state: NotifierState): typeof USUAL_TYPE | undefined {
  return state.authType === null || state.authType === "NONE" ? undefined : USUAL_TYPE;
}

/**
 * The whole notifier: what was asked for, completed by what can be read of the present one as long as its kind of
 * authentication stays. Its type is there only where it was asked for. Throws `BadInput` for what the vendor's page
 * calls mandatory and nobody can read.
 */
export function completeNotifier(wanted: NotifierUpdate, state: NotifierState | null): NotifierUpdate {
  const authType = wanted.authType ?? toAuthType(state?.authType);
  const kept = authType === state?.authType ? state : null;
  const complete = given({
    ...wanted,
    authType,
    baseURI: wanted.baseURI ?? state?.baseURI ?? undefined,
    grantType: wanted.grantType ?? toGrantType(kept?.grantType),
    accessTokenURL: wanted.accessTokenURL ?? kept?.accessTokenURL ?? undefined,
    userName: wanted.userName ?? kept?.userName ?? undefined,
  });
  check(complete);
  return complete;
}

/** True when everything asked for can be read, and reads like that already. */
export function isNotifierSo(wanted: NotifierUpdate, state: NotifierState | null): boolean {
  const names = Object.keys(given(wanted));
  return state !== null &&
    names.every((name) =>
      name === "type" ? wanted.type === typeOf(state) : isReadable(name) && wanted[name] === state[name]
    );
}

/** A notifier as a plan stores it. */
export function notifierGoal(stored: JsonObject): NotifierUpdate {
  return notifierUpdate.parse(stored);
}

/** A notifier as it is sent: the vendor asks for its type. */
export function notifierBody(goal: NotifierUpdate): NotifierUpdate {
  return { type: USUAL_TYPE, ...goal };
}

/** The readable fields that a notifier is to get. */
export function readableOf(notifier: NotifierUpdate): readonly { name: Readable; value: string }[] {
  return READABLE.flatMap((name) => notifier[name] === undefined ? [] : [{ name, value: notifier[name] }]);
}

/** What a notifier is to get and nobody can read back. */
export function unreadableOf(notifier: NotifierUpdate): readonly string[] {
  return Object.keys(given(notifier)).filter((name) => !isReadable(name));
}

export function notifierRows(goal: NotifierUpdate, state: NotifierState | null): Card["rows"] {
  const readable = readableOf(goal)
    .filter(({ name, value }) => state?.[name] !== value)
    .map(({ name, value }) => ({
      label: LABELS[name],
      now: shownValue(name, state?.[name] ?? null),
      after: shownValue(name, value),
    }));
  const hidden = Object.entries(goal).filter(([name]) => name !== "type" && !isReadable(name));
  return [
    ...readable,
    ...typeRow(goal, state),
    ...hidden.map(([name, value]): Card["rows"][number] => ({
      label: name,
      now: UNREADABLE,
      after: value === ENTER_MARK ? ENTERED_PRIVATELY : "new value, see what will be sent",
    })),
  ];
}

function typeRow({ type }: NotifierUpdate, state: NotifierState | null): Card["rows"] {
  if (type === undefined || (state && typeOf(state) === type)) return [];
  return [{ label: "Notifier type", now: state ? UNREADABLE : "not set", after: type }];
}

/** What nobody can read and this change may alter: the notifier is sent whole. */
export function notifierWarnings(goal: NotifierUpdate, state: NotifierState | null): readonly Line[] {
  if (!state) return [];
  const isTypeGuessed = goal.type === undefined && typeOf(state) === undefined;
  const stays = state.authType === "JWT" && goal.authType === "JWT";
  const lost = stays ? ["password", ...ONLY_WITH.JWT].filter((name) => !(name in goal)) : [];
  return [
    ...(isTypeGuessed
      ? [
        `Whether the notifier is ${
          NOTIFIER_TYPES.join(" or ")
        } now ${UNREADABLE}; it is sent as ${USUAL_TYPE} ` +
        "unless type= says otherwise.",
      ]
      : []),
    ...(lost.length > 0
      ? [
        `OpsRamp takes a notifier whole and does not show these. What is not given is lost: ${
          lost.join(", ")
        }.`,
      ]
      : []),
  ];
}

/** Fields that only one way of authenticating uses: sent with another one they would be kept for nothing. */
const ONLY_WITH = {
  OAUTH2: ["grantType", "apiKey", "apiSecret", "accessTokenURL"],
  JWT: ["tokenPayload", "tokenURL", "tokenHeaders", "tokensPath", "resourceAuthHeaders"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

function check(notifier: NotifierUpdate): void {
  const { type, authType, grantType } = notifier;
  if (!authType) {
    throw new BadInput("Say how the notifier authenticates: auth=NONE, auth=OAUTH2 or auth=JWT.");
  }
  if (type === "SOAP_API" && authType !== "NONE") {
    throw new BadInput("A SOAP_API notifier supports only auth=NONE.");
  }
  const names = new Set(Object.keys(notifier));
  refuseForeign(names, authType);
  const withUser = authType === "BASIC" || grantType === "PASSWORD" || grantType === "REFRESH_TOKEN";
  const needed = [
    "baseURI",
    ...(authType === "OAUTH2" ? ["grantType", "accessTokenURL", "apiKey", "apiSecret"] : []),
    ...(withUser ? ["userName", "password"] : []),
    ...(authType === "JWT" ? ["tokenURL"] : []),
  ];
  const missing = needed.filter((name) => !names.has(name)).map((name) => asked(name));
  if (missing.length > 0) {
    throw new BadInput(`A notifier with ${authType} authentication needs ${missing.join(" ")} as well.`);
  }
}

function refuseForeign(names: ReadonlySet<string>, authType: string): void {
  for (const [owner, owned] of Object.entries(ONLY_WITH)) {
    const foreign = owned.filter((name) => names.has(name));
    if (owner !== authType && foreign.length > 0) {
      throw new BadInput(
        `${foreign.join(", ")} belongs to auth=${owner}; this notifier has auth=${authType}.`,
      );
    }
  }
}

function toAuthType(read: string | null | undefined): NotifierUpdate["authType"] {
  return (["NONE", "OAUTH2", "JWT", "BASIC"] as const).find((known) => known === read);
}

function toGrantType(read: string | null | undefined): NotifierUpdate["grantType"] {
  return (["CLIENT_CREDENTIALS", "PASSWORD", "REFRESH_TOKEN"] as const).find((known) => known === read);
}

function isReadable(name: string): name is Readable {
  return (READABLE as readonly string[]).includes(name);
}

function given<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/** The value of a readable field; of an address without what may be a key. */
export function shownValue(name: Readable, value: string | null): Line {
  if (value === null) return "not set";
  return { data: name === "baseURI" || name === "accessTokenURL" ? shownAddress(value) : value, max: 200 };
}
