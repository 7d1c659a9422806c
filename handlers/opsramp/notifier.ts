import { leavesOf, mapLeaves } from "../../clients/json.ts";
import {
  GRANT_TYPES,
  type Installed,
  type InstalledUpdate,
  NOTIFIER_AUTH_TYPES,
  NOTIFIER_TYPES,
  type NotifierUpdate,
} from "../../clients/opsramp/installed.ts";
import { ENTER_MARK, soundsSecret } from "../../clients/secrets.ts";
import { addressWarnings, canBeGiven, isSameAddress, withAddresses } from "../address.ts";
import { ENTERED_PRIVATELY, isPlaceholder, namesToken, shownAddress, UNREADABLE } from "../mask.ts";
import { BadInput, type Card, ValueNeeded } from "../operation.ts";
import type { Line } from "../reply.ts";
import { comparedFields, type Section, type SectionChange } from "./installation.ts";

type Readable = typeof READABLE[number];
/** What the vendor lets one read of a notifier that is no secret; null where it says nothing. */
type State = { readonly [Field in Readable]: string | null } | null;

const READABLE = ["baseURI", "authType", "grantType", "userName", "accessTokenURL"] as const;

/** Where OpsRamp notifies, and how it authenticates there. */
export const notifierSection: Section<State> = {
  called: "the notifier",
  isIn: ({ outboundConfig }) => outboundConfig?.baseNotifier !== undefined,
  compare(installed, update) {
    const wanted = notifierIn(update);
    const state = notifierState(installed);
    if (isNotifierSo(wanted, state)) return { already: ["the notifier is set up like that"] };
    return { goal: { outboundConfig: { baseNotifier: completeNotifier(wanted, state) } } };
  },
  state: notifierState,
  change(before, update, installation) {
    const goal = notifierIn(update);
    const redirects = before?.baseURI && goal.baseURI !== undefined &&
      !isSameAddress(goal.baseURI, before.baseURI);
    const hidden = Object.keys(goal).filter((name) => !isReadable(name));
    return {
      rows: notifierRows(goal, before),
      breaks: [
        ...(redirects
          ? [["OpsRamp stops notifying ", { data: shownAddress(before.baseURI), max: 200 }, "."]]
          : []),
        ...(before
          ? [[
            "OpsRamp uses the new values for ",
            installation,
            " at once: with wrong ones nobody is notified.",
          ]]
          : []),
      ],
      warnings: [...newAddressWarnings(goal, before), ...notifierWarnings(goal, before)],
      seen: (now) =>
        comparedFields(
          readableOf(goal).map(({ name, value }) => ({
            label: `notifier ${name}`,
            asked: value,
            before: before?.[name],
            now: now?.[name],
            shown: fieldLine(name, now?.[name] ?? null),
          })),
        ),
      wayBack: wayBack(before, goal),
      ...(hidden.length > 0 && { note: `. Not readable: ${hidden.join(", ")}` }),
    };
  },
};

function notifierIn({ outboundConfig }: InstalledUpdate): NotifierUpdate {
  return outboundConfig?.baseNotifier ?? {};
}

function wayBack(before: State, goal: NotifierUpdate): SectionChange["wayBack"] {
  if (!before) return { why: "there is no notifier now, and an update cannot remove one" };
  if (goal.type !== undefined && typeOf(before) === undefined) {
    return { why: "the present type of the notifier cannot be read" };
  }
  if (before.authType !== "NONE") return { why: "the secrets of the present notifier cannot be read" };
  const { baseURI } = before;
  if (!baseURI) return { why: "the present address of the notifier cannot be read" };
  if (!canBeGiven(baseURI)) {
    return { why: "the present address has a user name or a sign that cannot be typed here" };
  }
  return {
    how: ["the notifier ", { data: shownAddress(baseURI) }, ` as ${USUAL_TYPE} without authentication`],
    body: { outboundConfig: { baseNotifier: { baseURI, authType: "NONE" } } },
  };
}

const LABELS: Readonly<Record<Readable, string>> = {
  baseURI: "Notifies",
  authType: "Notifier authentication",
  grantType: "Grant type",
  userName: "User",
  accessTokenURL: "Access token URL",
};

function notifierState({ outboundConfig }: Installed): State {
  const notifier = outboundConfig?.baseNotifier;
  if (!notifier) return null;
  const { baseURI = null, authType = null, grantType = null, userName = null, accessTokenURL = null } =
    notifier;
  return { baseURI, authType, grantType, userName, accessTokenURL };
}

/** Sent where no type was asked for, as the vendor asks for one. */
const USUAL_TYPE = "REST_API";

/** The type is never answered, but one of the two supports no authentication. */
function typeOf(state: NonNullable<State>): typeof USUAL_TYPE | undefined {
  return state.authType === null || state.authType === "NONE" ? undefined : USUAL_TYPE;
}

/**
 * The whole notifier: what was asked for, completed by what can be read of the present one as long as its kind of
 * authentication stays. Its type is there only where it was asked for. Throws `BadInput` for what the vendor's page
 * calls mandatory and nobody can read.
 */
function completeNotifier(wanted: NotifierUpdate, state: State): NotifierUpdate {
  const authType = wanted.authType ?? oneOf(NOTIFIER_AUTH_TYPES, state?.authType);
  const kept = authType === state?.authType ? state : null;
  const complete = given({
    ...wanted,
    authType,
    baseURI: wanted.baseURI ?? state?.baseURI ?? undefined,
    grantType: wanted.grantType ?? oneOf(GRANT_TYPES, kept?.grantType),
    accessTokenURL: wanted.accessTokenURL ?? kept?.accessTokenURL ?? undefined,
    userName: wanted.userName ?? kept?.userName ?? undefined,
  });
  check(complete);
  return complete;
}

/** True when everything asked for can be read, and reads like that already. */
function isNotifierSo(wanted: NotifierUpdate, state: State): boolean {
  const names = Object.keys(given(wanted));
  return state !== null &&
    names.every((name) =>
      name === "type"
        ? wanted.type === typeOf(state)
        : isReadable(name) && isSameAddress(wanted[name], state[name])
    );
}

/** The readable fields that a notifier is to get. */
function readableOf(notifier: NotifierUpdate): readonly { name: Readable; value: string }[] {
  return READABLE.flatMap((name) => notifier[name] === undefined ? [] : [{ name, value: notifier[name] }]);
}

function notifierRows(goal: NotifierUpdate, state: State): Card["rows"] {
  const readable = readableOf(goal)
    .filter(({ name, value }) => !isSameAddress(value, state?.[name]))
    .map(({ name, value }) => ({
      label: LABELS[name],
      now: fieldLine(name, state?.[name] ?? null),
      after: fieldLine(name, value),
    }));
  const hidden = Object.entries(goal).filter(([name]) => name !== "type" && !isReadable(name));
  return [
    ...readable,
    ...typeRow(goal, state),
    ...hidden.map(([name, value]): Card["rows"][number] => ({
      label: name,
      now: UNREADABLE,
      after: value === ENTER_MARK
        ? ENTERED_PRIVATELY
        : name === "scope"
        ? { data: String(value), max: 200 }
        : "new value, see what will be sent",
    })),
  ];
}

function typeRow({ type }: NotifierUpdate, state: State): Card["rows"] {
  if (type === undefined || (state && typeOf(state) === type)) return [];
  return [{ label: "Notifier type", now: state ? UNREADABLE : "not set", after: type }];
}

function newAddressWarnings(goal: NotifierUpdate, state: State): readonly Line[] {
  return ADDRESSES.flatMap((name) => {
    const before = isReadable(name) ? state?.[name] ?? null : null;
    const after = goal[name];
    return after === undefined || isSameAddress(after, before)
      ? []
      : addressWarnings(TYPED[name] ?? name, before, after);
  });
}

/** What nobody can read and this change may alter: the notifier is sent whole. */
function notifierWarnings(goal: NotifierUpdate, state: State): readonly Line[] {
  if (!state) return [];
  const isTypeGuessed = goal.type === undefined && typeOf(state) === undefined;
  const kept = state.authType === goal.authType ? UNSEEN[goal.authType ?? ""] ?? [] : [];
  const lost = kept.filter((name) => !(name in goal));
  return [
    ...(isTypeGuessed
      ? [
        `Whether the notifier is ${TYPES} now ${UNREADABLE}; it is sent as ${USUAL_TYPE} unless type= says otherwise.`,
      ]
      : []),
    ...(lost.length > 0
      ? [
        `OpsRamp replaces the whole notifier and does not show these. Without a new value they are lost: ${
          lost.join(", ")
        }.`,
      ]
      : []),
  ];
}

const TYPES = NOTIFIER_TYPES.join(" or ");

/** Fields that only one way of authenticating uses: sent with another one they would be kept for nothing. */
const ONLY_WITH = {
  OAUTH2: ["grantType", "apiKey", "apiSecret", "accessTokenURL", "scope"],
  JWT: ["tokenPayload", "tokenURL", "tokenHeaders", "tokensPath", "resourceAuthHeaders"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What a notifier may have that is neither answered nor mandatory, by how it authenticates. */
const UNSEEN: Readonly<Record<string, readonly string[]>> = {
  OAUTH2: ["scope"],
  JWT: ["password", ...ONLY_WITH.JWT],
};

function check(notifier: NotifierUpdate): void {
  const { type, authType, grantType } = notifier;
  if (!authType) {
    const message = "Say how the notifier authenticates: auth=NONE, auth=OAUTH2 or auth=JWT.";
    throw new ValueNeeded(message, "auth");
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
  const missing = needed.filter((name) => !names.has(name)).map((name) => askedFor(name));
  const [first] = missing;
  if (first !== undefined) {
    const message = `A notifier with ${authType} authentication needs ${missing.join(" ")} as well.`;
    throw new ValueNeeded(message, first.replace(/=.*$/, ""));
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

/** What was read, if it is one of those that can be asked for. */
function oneOf<T extends string>(words: readonly T[], read: string | null | undefined): T | undefined {
  return words.find((word) => word === read);
}

function isReadable(name: string): name is Readable {
  return (READABLE as readonly string[]).includes(name);
}

function given<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/** The value of a readable field; of an address without what may be a key. */
function fieldLine(name: Readable, value: string | null): Line {
  if (value === null) return "not set";
  return { data: isAddressField(name) ? shownAddress(value) : value, max: 200 };
}

const ADDRESSES = ["baseURI", "accessTokenURL", "tokenURL"] as const;

function isAddressField(name: string): boolean {
  return (ADDRESSES as readonly string[]).includes(name);
}

/** The same update, its addresses as they are approved and sent. Throws `BadInput` for what is none. */
export function withNormalAddresses(update: InstalledUpdate): InstalledUpdate {
  if (!notifierSection.isIn(update)) return update;
  const baseNotifier = withAddresses(notifierIn(update), (path) => ({
    name: TYPED[path] ?? path,
    always: isAddressField(path),
  }));
  return { ...update, outboundConfig: { ...update.outboundConfig, baseNotifier } };
}

const FIELDS = new Set(["password", "apikey", "apisecret"]);
const HEADERS = /^(tokenheaders|resourceauthheaders)\.(.+)$/;
/** Headers that say what is sent, not who sends it. */
const HARMLESS = new Set(["accept", "accept-language", "accept-encoding", "content-type", "user-agent"]);

/**
 * Whether a field is secret, by the name it is typed with or its path in a document, full or below the notifier.
 * The list form of a header does not say which header it is, so every value in it counts.
 */
export function isNotifierSecret(field: string): boolean {
  const path = belowNotifier(field);
  if (FIELDS.has(path)) return true;
  const [, , header] = HEADERS.exec(path) ?? [];
  if (header !== undefined) return header !== "key" && !/\.key$/.test(header) && !HARMLESS.has(header);
  // `tokensPath` says where in an answer a token is found.
  return !path.startsWith("tokenspath") && soundsSecret(path.split(".").at(-1) ?? "");
}

/** `password=?` or `userName=`: how a field that is missing is typed. */
function askedFor(name: string): string {
  const typed = TYPED[name] ?? name;
  return isNotifierSecret(name) ? `${typed}=?` : `${typed}=`;
}

/** Commands use short names for these two. */
const TYPED: Readonly<Record<string, string>> = { baseURI: "uri", authType: "auth" };

/** Refuses a secret that is written out, without repeating it. */
export function refuseLiterals(notifier: NotifierUpdate): void {
  for (const { path, value } of leavesOf(notifier)) {
    const harmless = HARMLESS.has(headerAt(notifier, path)?.toLowerCase() ?? "");
    const named = path.startsWith("resourceAuthHeaders.") && typeof value === "string" && namesToken(value);
    if (!isNotifierSecret(path) || harmless || named || value === ENTER_MARK) continue;
    throw new BadInput(`${path} is a secret: write "?" for it, and it is asked for on a private page.`);
  }
}

/** Refuses what one of our own replies showed in place of a value, and what "?" cannot ask for. */
export function refusePlaceholders(update: InstalledUpdate): void {
  const found = leavesOf(update).find(({ path, value }) =>
    typeof value === "string" && !(value === ENTER_MARK && isNotifierSecret(path)) &&
    // Nothing is hidden in a mapping, and a third party may well call a value "hidden".
    (path.includes("mapAttributes.") ? value === ENTER_MARK : isPlaceholder(value))
  );
  if (!found) return;
  const field = found.path.replace(/^outboundConfig\.baseNotifier\./, "");
  throw new BadInput(`${field} only stands for a value that is not shown. Type the value itself.`);
}

/** The same update with every secret in its place. Throws `BadInput` when one was not entered. */
export function withEntered(
  update: InstalledUpdate,
  secrets: Readonly<Record<string, string>>,
): InstalledUpdate {
  const notifier = notifierIn(update);
  const entered = new Map(Object.entries(secrets).map(([name, value]) => [belowNotifier(name), value]));
  return withNotifier(update, (leaf, path) => {
    if (leaf !== ENTER_MARK || !isNotifierSecret(path)) return leaf;
    const header = headerAt(notifier, path);
    const names = [path, ...(header === undefined ? [] : [`${path.split(".")[0]}.${header}`])];
    const value = names.map((name) => entered.get(belowNotifier(name))).find((found) => found !== undefined);
    if (value === undefined) throw new BadInput(`${path} was not entered.`);
    return value;
  });
}

/** The body of an update as it may be shown. */
export function shownUpdate(update: InstalledUpdate): InstalledUpdate {
  return withNotifier(update, (leaf, path) => isAddressField(path) ? shownAddress(String(leaf)) : leaf);
}

/** The body of an update as it is sent, its notifier with a type and with other values. */
function withNotifier(
  update: InstalledUpdate,
  change: (leaf: unknown, path: string) => unknown,
): InstalledUpdate {
  if (!notifierSection.isIn(update)) return update;
  const typed: NotifierUpdate = { type: USUAL_TYPE, ...notifierIn(update) };
  const baseNotifier = mapLeaves(typed, change);
  return { ...update, outboundConfig: { ...update.outboundConfig, baseNotifier } };
}

/** In lower case, without the way to the notifier, `[0]` like `.0`. */
function belowNotifier(field: string): string {
  return field.toLowerCase().replace(/\[(\d+)\]/g, ".$1").replace(
    /^(outboundconfig\.)?(base)?notifier\./,
    "",
  );
}

/** The header that `tokenHeaders.0.value` is about. */
function headerAt(notifier: NotifierUpdate, path: string): string | undefined {
  const [list, at] = path.split(".");
  if (list !== "tokenHeaders" && list !== "resourceAuthHeaders") return undefined;
  return notifier[list]?.[Number(at)]?.key;
}
