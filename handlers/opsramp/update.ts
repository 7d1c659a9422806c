import type { JsonObject } from "../../clients/json.ts";
import type { OpsRampClient } from "../../clients/opsramp.ts";
import type { Installed } from "../../clients/opsramp/installed.ts";
import { AUTH_TYPES, type InstalledUpdate } from "../../clients/opsramp/update.ts";
import { BadInput, type Context, type Nothing, type Plan, type Receipt } from "../operation.ts";
import type { Line } from "../reply.ts";
import { findItem, targetOf } from "../resource.ts";
import { installations, installedName } from "./installation.ts";
import {
  missingTranslations,
  renames,
  storedFor,
  storedTranslations,
  toMappings,
  type Translation,
  wantedTranslations,
} from "./mapping.ts";
import {
  completeNotifier,
  isNotifierSo,
  notifierBody,
  notifierGoal,
  type NotifierState,
  notifierState,
} from "./notifier.ts";
import { refuseLiterals, refusePlaceholders, withSecrets } from "./secret.ts";

/** What the vendor says now, of the sections that an update touches. */
export type State = {
  /** Null where there is no display name of its own. */
  readonly name?: string | null;
  readonly authentication?: AuthenticationState;
  readonly mappings?: readonly Translation[];
  readonly notifier?: NotifierState | null;
};

export type AuthenticationState = {
  readonly authType: string | null;
  readonly role: string | null;
  readonly roleName: string | null;
};

/** What it is to be; only what changes. Secrets stand as "?". */
export type Goal = {
  readonly name?: string;
  readonly authentication?: { readonly authType: typeof AUTH_TYPES[number]; readonly role: string | null };
  /** The missing pairs only. */
  readonly mappings?: readonly Translation[];
  readonly notifier?: JsonObject;
};

export type UpdatePlan = Plan<State> & { readonly after: Goal };

/**
 * Compares what an update asks for with what is there and keeps the difference: the vendor would append mappings
 * again, and would take a notifier that lacks half its fields.
 */
export async function planUpdate(
  context: Context<OpsRampClient>,
  input: JsonObject & { readonly id: string },
  update: InstalledUpdate,
): Promise<UpdatePlan | Nothing> {
  if (update.outboundConfig?.baseNotifier) refuseLiterals(update.outboundConfig.baseNotifier);
  refusePlaceholders(update);
  const installed = await findItem(installations, context, input.id);
  const { state, goal, already } = compare(installed, update);
  if (Object.keys(goal).length === 0) return { nothing: nothing(installed, already) };
  return {
    input: { ...input, id: installed.id },
    target: targetOf(installations, installed),
    before: state,
    after: goal,
  };
}

/** The one write. Where it makes a credential, what is there is read first: the vendor answers old ones as well. */
export async function applyUpdate(
  { client, call }: Context<OpsRampClient>,
  plan: UpdatePlan,
  secrets: Readonly<Record<string, string>>,
): Promise<Receipt> {
  const { target, after } = plan;
  const update = () => client.updateInstalled(target.id, withSecrets(bodyOf(after), secrets), call);
  if (!makesCredential(plan)) {
    await update();
    return {};
  }
  const old = new Set(credentialsIn(await client.getInstalled(target.id, call)).map(({ value }) => value));
  const personal = credentialsIn(await update(), after.authentication?.authType)
    .filter(({ value }) => !old.has(value));
  return personal.length > 0 ? { personal } : {};
}

/** Another role leaves the credential as it is; another way to authenticate comes with its own. */
export function makesCredential({ before, after }: Pick<UpdatePlan, "before" | "after">): boolean {
  return after.authentication !== undefined &&
    after.authentication.authType !== before.authentication?.authType;
}

/** The vendor's request body, with "?" for the secrets. */
export function bodyOf({ name, authentication, mappings = [], notifier }: Goal): InstalledUpdate {
  const inbound = toMappings("in", mappings);
  const outbound = toMappings("out", mappings);
  return {
    ...(name !== undefined && { displayName: name }),
    ...((authentication || inbound.length > 0) && {
      inboundConfig: {
        ...(authentication && { authentication: authenticationBody(authentication) }),
        ...(inbound.length > 0 && { mapAttributes: inbound }),
      },
    }),
    ...((notifier || outbound.length > 0) && {
      outboundConfig: {
        ...(outbound.length > 0 && { mapAttributes: outbound }),
        ...(notifier && { baseNotifier: notifierBody(notifierGoal(notifier)) }),
      },
    }),
  };
}

/** What is there now of the sections that `touched` has. */
export function stateOf(installed: Installed, touched: Goal): State {
  return {
    ...(touched.name !== undefined && { name: installed.displayName ?? null }),
    ...(touched.authentication && { authentication: authenticationState(installed) }),
    ...(touched.mappings && { mappings: storedTranslations(installed, touched.mappings) }),
    ...(touched.notifier && { notifier: notifierState(installed) }),
  };
}

interface Comparison {
  readonly state: State;
  readonly goal: Goal;
  /** What was asked for and is so already. */
  readonly already: readonly Line[];
}

function compare(installed: Installed, update: InstalledUpdate): Comparison {
  const parts = [
    compareName(installed, update),
    compareAuthentication(installed, update),
    compareMappings(installed, update),
    compareNotifier(installed, update),
  ];
  const goal: Goal = Object.assign({}, ...parts.map((part) => part.goal));
  return { goal, state: stateOf(installed, goal), already: parts.flatMap((part) => part.already ?? []) };
}

interface Part {
  readonly goal: Goal;
  readonly already?: readonly Line[];
}

function compareName(installed: Installed, { displayName }: InstalledUpdate): Part {
  if (displayName === undefined) return { goal: {} };
  if (displayName !== installed.displayName) return { goal: { name: displayName } };
  return { goal: {}, already: [["it is called ", { data: displayName }]] };
}

function compareAuthentication(installed: Installed, { inboundConfig }: InstalledUpdate): Part {
  const wanted = inboundConfig?.authentication;
  if (!wanted || (wanted.authType === undefined && wanted.role === undefined)) return { goal: {} };
  const now = authenticationState(installed);
  // A role goes with a way to authenticate, and of those that exist only two can be asked for.
  const authType = AUTH_TYPES.find((known) => known === (wanted.authType ?? now.authType));
  if (!authType) throw new BadInput("Say how it authenticates as well: auth=WEBHOOK or auth=OAUTH2.");
  const role = wanted.role?.uniqueId ?? null;
  if (authType === now.authType && (role === null || role === now.role)) {
    return { goal: {}, already: [["inbound authentication is ", { data: authType }, ...roleWords(now)]] };
  }
  if (!isCustom(installed)) return { goal: { authentication: { authType, role } } };
  const needed = role ?? now.role;
  if (needed === null) {
    throw new BadInput(
      "A custom integration needs a role as well: role=ROLE-…, the role's unique ID in OpsRamp.",
    );
  }
  return { goal: { authentication: { authType, role: needed } } };
}

function compareMappings(installed: Installed, update: InstalledUpdate): Part {
  const wanted = wantedTranslations(update);
  if (wanted.length === 0) return { goal: {} };
  const stored = storedTranslations(installed, wanted);
  const mappings = missingTranslations(wanted, stored);
  if (mappings.length > 0) return { goal: { mappings } };
  const kept = wanted.flatMap((one) => renames(one, storedFor(one, stored)));
  return { goal: {}, already: ["every pair is mapped", ...kept] };
}

function compareNotifier(installed: Installed, { outboundConfig }: InstalledUpdate): Part {
  const wanted = outboundConfig?.baseNotifier;
  if (!wanted) return { goal: {} };
  const state = notifierState(installed);
  if (isNotifierSo(wanted, state)) return { goal: {}, already: ["the notifier is set up like that"] };
  return { goal: { notifier: plain(completeNotifier(wanted, state)) } };
}

function nothing(installed: Installed, already: readonly Line[]): Line {
  if (already.length === 0) throw new BadInput("Say what to change: type an option, or send a document.");
  const facts = already.flatMap((line, at) => [at === 0 ? "" : "; ", line].flat());
  return ["Nothing to change in ", { data: installedName(installed) }, ": ", ...facts];
}

/** Custom integrations need a role together with an authentication. */
function isCustom({ integration, category }: Installed): boolean {
  return [integration?.id, category].some((kind) => kind?.toUpperCase() === "CUSTOM");
}

function authenticationState(installed: Installed): AuthenticationState {
  const { authType, role } = installed.inboundConfig?.authentication ?? {};
  return { authType: authType ?? null, role: role?.uniqueId ?? null, roleName: role?.name ?? null };
}

function authenticationBody(
  { authType, role }: NonNullable<Goal["authentication"]>,
): NonNullable<NonNullable<InstalledUpdate["inboundConfig"]>["authentication"]> {
  return { authType, ...(role !== null && { role: { uniqueId: role } }) };
}

/** Those of one way to authenticate, or all: an answer may still hold those of the way before. */
function credentialsIn(
  installed: Installed,
  authType?: typeof AUTH_TYPES[number],
): readonly { label: string; value: string }[] {
  const { token, webhookUrl, apiKeyPairs } = installed.inboundConfig?.authentication ?? {};
  const webhook = [{ label: "Inbound token", value: token }, { label: "Webhook URL", value: webhookUrl }];
  const oauth2 = (apiKeyPairs ?? []).flatMap(({ key, secret }) => [
    { label: "API key", value: key },
    { label: "API secret", value: secret },
  ]);
  const found = [...(authType === "OAUTH2" ? [] : webhook), ...(authType === "WEBHOOK" ? [] : oauth2)];
  return found.flatMap(({ label, value }) => value === undefined ? [] : [{ label, value }]);
}

function roleWords({ role, roleName }: AuthenticationState): readonly Exclude<Line, readonly unknown[]>[] {
  const words = roleName ?? role;
  return words === null ? [] : [" with the role ", { data: words }];
}

/** Only what JSON can hold: a plan is stored and hashed. */
export function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
