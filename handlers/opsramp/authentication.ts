import { AUTH_TYPES, type Installed } from "../../clients/opsramp/installed.ts";
import { BadInput } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";
import { type Asked, comparedFields, type Difference, type Goal, sectionOf, type State } from "./section.ts";

type AuthenticationState = NonNullable<State["authentication"]>;
type AuthenticationGoal = NonNullable<Goal["authentication"]>;

/** How others prove to OpsRamp who they are, and the role they get. */
export const authenticationSection = sectionOf("authentication", {
  called: "the inbound authentication",
  compare: (installed, { inboundConfig }) => {
    const { authType, role } = inboundConfig?.authentication ?? {};
    if (authType === undefined && role === undefined) return undefined;
    return compare(installed, { authType, role: role?.uniqueId ?? null });
  },
  state: stateOf,
  body: ({ authType, role }) => ({
    inboundConfig: { authentication: { authType, ...(role !== null && { role: { uniqueId: role } }) } },
  }),
  card: (now, goal, name) => ({
    rows: [
      ...(goal.authType === now.authType ? [] : [{
        label: "Inbound authentication",
        now: now.authType ? { data: now.authType } : "not set",
        after: { data: goal.authType },
      }]),
      ...(goal.role === null || goal.role === now.role
        ? []
        : [{ label: "Role", now: roleLine(now), after: { code: goal.role } }]),
    ],
    breaks: breaksOf(now, goal, name),
  }),
  seen: (before, goal, now) =>
    comparedFields([
      { label: "inbound authentication", asked: goal.authType, before: before.authType, now: now.authType },
      {
        label: "role",
        asked: goal.role,
        before: before.role,
        now: now.role,
        shown: now.roleName ? { data: now.roleName } : undefined,
      },
    ]),
  wayBack(before, goal) {
    if (!before.authType) {
      return { why: "it has no inbound authentication now, and an update cannot remove one" };
    }
    if (goal.authType !== before.authType) {
      return { why: "the present credential is lost, and the way back would make yet another one" };
    }
    if (!before.role) return { why: "it has no role now, and an update cannot remove one" };
    return {
      how: ["the role ", { data: before.roleName ?? before.role }],
      body: {
        inboundConfig: { authentication: { authType: goal.authType, role: { uniqueId: before.role } } },
      },
    };
  },
  note: (before, after) =>
    makesCredential({ before: { authentication: before }, after: { authentication: after } })
      ? WHERE_CREDENTIALS_ARE
      : undefined,
});

/** The vendor's own page, for whoever cannot be handed the credential here. */
const WHERE_CREDENTIALS_ARE =
  ". Its credential is in OpsRamp: Setup, Account, Integrations and Apps, this integration.";

/** Another role leaves the credential as it is; another way to authenticate comes with its own. */
export function makesCredential({ before, after }: Difference): boolean {
  return after.authentication !== undefined &&
    after.authentication.authType !== before.authentication?.authType;
}

/** Those of one way to authenticate, or all: an answer may still hold those of the way before. */
export function credentialsIn(
  installed: Installed,
  authType?: AuthenticationGoal["authType"],
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

function compare(
  installed: Installed,
  wanted: { readonly authType: AuthenticationGoal["authType"] | undefined; readonly role: string | null },
): Asked<AuthenticationGoal> {
  const now = stateOf(installed);
  // A role goes with a way to authenticate, and of those that exist only two can be asked for.
  const authType = AUTH_TYPES.find((known) => known === (wanted.authType ?? now.authType));
  if (!authType) throw new BadInput("Say how it authenticates as well: auth=WEBHOOK or auth=OAUTH2.");
  const { role } = wanted;
  if (authType === now.authType && (role === null || role === now.role)) {
    return { already: [["inbound authentication is ", { data: authType }, ...roleWords(now)]] };
  }
  if (!isCustom(installed)) return { goal: { authType, role } };
  const needed = role ?? now.role;
  if (needed === null) {
    throw new BadInput(
      "A custom integration needs a role as well: role=ROLE-…, the role's unique ID in OpsRamp.",
    );
  }
  return { goal: { authType, role: needed } };
}

/** Custom integrations need a role together with an authentication. */
function isCustom({ integration, category }: Installed): boolean {
  return [integration?.id, category].some((kind) => kind?.toUpperCase() === "CUSTOM");
}

function stateOf(installed: Installed): AuthenticationState {
  const { authType, role } = installed.inboundConfig?.authentication ?? {};
  return { authType: authType ?? null, role: role?.uniqueId ?? null, roleName: role?.name ?? null };
}

function roleWords({ role, roleName }: AuthenticationState): readonly Inline[] {
  const words = roleName ?? role;
  return words === null ? [] : [" with the role ", { data: words }];
}

function roleLine({ role, roleName }: AuthenticationState): Line {
  if (!role) return "none";
  return [...(roleName ? [{ data: roleName }, " "] : []), { code: role }];
}

function breaksOf(now: AuthenticationState, goal: AuthenticationGoal, name: Inline): readonly Line[] {
  return [
    ...(now.authType && goal.authType !== now.authType
      ? [[`What sends to `, name, ` with its present ${now.authType} credential is refused from then on.`]]
      : []),
    ...(goal.role && goal.role !== now.role
      ? [["What sends to ", name, " gets the rights of the new role."]]
      : []),
  ];
}
