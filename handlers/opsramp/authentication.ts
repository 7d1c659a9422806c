import { AUTH_TYPES, type Installed, type InstalledUpdate } from "../../clients/opsramp/installed.ts";
import { ValueNeeded } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";
import { type Asked, comparedFields, type Section, type SectionChange } from "./installation.ts";

type State = {
  readonly authType: string | null;
  readonly role: string | null;
  readonly roleName: string | null;
};

/** How others prove to OpsRamp who they are, and the role they get. */
export const authenticationSection: Section<State> = {
  called: "the inbound authentication",
  isIn: (update) => Object.values(authenticationIn(update)).some((value) => value !== undefined),
  compare,
  state: stateOf,
  change,
};

function authenticationIn({ inboundConfig }: InstalledUpdate) {
  return inboundConfig?.authentication ?? {};
}

function compare(installed: Installed, update: InstalledUpdate): Asked {
  const now = stateOf(installed);
  const wanted = authenticationIn(update);
  const role = wanted.role?.uniqueId;
  // A role goes with a way to authenticate, and of those that exist only two can be asked for.
  const authType = AUTH_TYPES.find((known) => known === (wanted.authType ?? now.authType));
  if (!authType) {
    throw new ValueNeeded("Say how it authenticates as well: auth=WEBHOOK or auth=OAUTH2.", "auth");
  }
  if (authType === now.authType && (role === undefined || role === now.role)) {
    const words = now.roleName ?? now.role;
    const withRole = words === null ? [] : [" with the role ", { data: words }];
    return { already: [["inbound authentication is ", { data: authType }, ...withRole]] };
  }
  const uniqueId = role ?? (isCustom(installed) ? now.role : undefined);
  if (uniqueId === null) {
    throw new ValueNeeded(
      "A custom integration needs a role as well: role=ROLE-…, the role's unique ID in OpsRamp.",
      "role",
    );
  }
  return {
    goal: { inboundConfig: { authentication: { authType, ...(uniqueId && { role: { uniqueId } }) } } },
  };
}

/** Custom integrations need a role together with an authentication. */
function isCustom({ integration, category }: Installed): boolean {
  return [integration?.id, category].some((kind) => kind?.toUpperCase() === "CUSTOM");
}

function stateOf(installed: Installed): State {
  const { authType, role } = installed.inboundConfig?.authentication ?? {};
  return { authType: authType ?? null, role: role?.uniqueId ?? null, roleName: role?.name ?? null };
}

/** Another role leaves the credential as it is; another way to authenticate comes with its own. */
function makesCredential(before: State, goal: InstalledUpdate): boolean {
  return authenticationIn(goal).authType !== before.authType;
}

function change(before: State, goal: InstalledUpdate, name: Inline): SectionChange<State> {
  const { authType = "", role } = authenticationIn(goal);
  const isOther = makesCredential(before, goal);
  const newRole = role?.uniqueId === before.role ? undefined : role?.uniqueId;
  return {
    rows: [
      ...(isOther
        ? [{
          label: "Inbound authentication",
          now: before.authType ? { data: before.authType } : "not set",
          after: { data: authType },
        }]
        : []),
      ...(newRole ? [{ label: "Role", now: roleLine(before), after: { code: newRole } }] : []),
    ],
    breaks: [
      ...(isOther && before.authType
        ? [[
          `What sends to `,
          name,
          ` with its present ${before.authType} credential is refused from then on.`,
        ]]
        : []),
      ...(newRole ? [["What sends to ", name, " gets the rights of the new role."]] : []),
    ],
    seen: (now) =>
      comparedFields([
        { label: "inbound authentication", asked: authType, before: before.authType, now: now.authType },
        {
          label: "role",
          asked: newRole,
          before: before.role,
          now: now.role,
          shown: now.roleName ? { data: now.roleName } : undefined,
        },
      ]),
    wayBack: wayBack(before, goal),
    ...(isOther && { makesCredential: true, note: WHERE_CREDENTIALS_ARE }),
    losesCredential: isOther && before.authType !== null,
  };
}

/** The vendor's own page, for whoever cannot be handed the credential here. */
const WHERE_CREDENTIALS_ARE =
  ". Its credential is in OpsRamp: Setup, Account, Integrations and Apps, this integration.";

function wayBack(before: State, goal: InstalledUpdate): SectionChange["wayBack"] {
  if (!before.authType) {
    return { why: "it has no inbound authentication now, and an update cannot remove one" };
  }
  if (makesCredential(before, goal)) {
    return { why: "the present credential is lost, and going back would make another new one" };
  }
  if (!before.role) return { why: "it has no role now, and an update cannot remove one" };
  const authentication = { ...authenticationIn(goal), role: { uniqueId: before.role } };
  return {
    how: ["the role ", { data: before.roleName ?? before.role }],
    body: { inboundConfig: { authentication } },
  };
}

function roleLine({ role, roleName }: State): Line {
  if (!role) return "none";
  return [...(roleName ? [{ data: roleName }, " "] : []), { code: role }];
}

/** Those of one way to authenticate, or all: an answer may still hold those of the way before. */
export function credentialsIn(
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
