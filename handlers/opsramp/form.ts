import { type JsonObject } from "../../clients/json.ts";
import type { OpsRampClient } from "../../clients/opsramp.ts";
import { type Installed, LONGEST_DESCRIPTION } from "../../clients/opsramp/installed.ts";
import { type FieldFacts, type FieldGroup, type FormFacts } from "../form.ts";
import { presentFacts } from "../mask.ts";
import type { Context } from "../operation.ts";
import { findItem, itemField } from "../resource.ts";
import { installations, installedName } from "./installation.ts";

type Asked = Pick<FormFacts, "fields" | "without" | "note">;
type FormOf = (context: Context<OpsRampClient>, known: JsonObject) => Promise<FormFacts>;

/** What a form about one installed integration asks for; which one comes first. */
function formAbout(what: string, asked: (installed: Installed) => Asked): FormOf {
  return async (context, known) => {
    if (typeof known.id !== "string") {
      const first = await itemField(installations, context);
      return { about: `${what} of an OpsRamp integration`, settled: {}, first, fields: [] };
    }
    const installed = await findItem(installations, context, known.id);
    const about = `${what} of ${installedName(installed)} in OpsRamp`;
    return { about, settled: { id: installed.id }, ...asked(installed) };
  };
}

/** `/update opsramp` */
export const installedUpdateForm = formAbout("Settings", (installed) => {
  const { authType, role } = installed.inboundConfig?.authentication ?? {};
  return {
    fields: [
      { path: ["name"], label: "Name", ...presentFacts("name", installed.displayName) },
      {
        path: ["description"],
        label: "Description",
        kind: "lines",
        longest: LONGEST_DESCRIPTION,
        ...presentFacts("description", installed.description),
      },
      {
        path: ["auth"],
        label: "Inbound authentication",
        ...presentFacts("auth", authType),
        help: "Another one makes a new credential, and the present one is refused from then on.",
      },
      {
        path: ["role"],
        label: "Role",
        help: role?.name ? `The role's unique ID. Now: ${role.name}.` : "The role's unique ID, ROLE-….",
        ...presentFacts("role", role?.uniqueId),
      },
    ],
    // They belong to a notifier in a document.
    without: ["password", "apiKey", "apiSecret"],
  };
});

const OAUTH2: FieldGroup = { legend: "With OAUTH2", folded: true };
const JWT: FieldGroup = { legend: "With JWT", folded: true };

/** `/notifier opsramp` */
export const notifierForm = formAbout("Notifier", (installed) => {
  const now = installed.outboundConfig?.baseNotifier;
  const isNew = !now;
  const ofOAuth2: readonly FieldFacts[] = [
    { path: ["grantType"], label: "Grant type", ...presentFacts("grantType", now?.grantType) },
    {
      path: ["accessTokenURL"],
      label: "Access token URL",
      ...presentFacts("accessTokenURL", now?.accessTokenURL),
    },
    { path: ["apiKey"], label: "API key" },
    { path: ["apiSecret"], label: "API secret" },
    { path: ["scope"], label: "Scope" },
    {
      path: ["userName"],
      label: "User name",
      help: "For the grant types PASSWORD and REFRESH_TOKEN.",
      ...presentFacts("userName", now?.userName),
    },
    { path: ["password"], label: "Password" },
  ];
  const ofJwt: readonly FieldFacts[] = [
    { path: ["tokenURL"], label: "Token URL" },
    {
      path: ["tokensPath"],
      label: "Where the token is",
      help: "Its name, a colon and its place in the answer: jwtToken:access.token",
    },
    headerField("tokenHeaders", "Headers that ask for the token"),
    headerField("resourceAuthHeaders", "Headers that notify"),
  ];
  return {
    fields: [
      { path: ["uri"], label: "Base URI", required: isNew, ...presentFacts("uri", now?.baseURI) },
      {
        path: ["auth"],
        label: "Authentication",
        required: isNew,
        ...presentFacts("auth", now?.authType),
      },
      {
        path: ["type"],
        label: "Type",
        help: "OpsRamp does not say what it is now. SOAP_API takes only NONE.",
      },
      ...ofOAuth2.map((field) => ({ ...field, group: OAUTH2 })),
      ...ofJwt.map((field) => ({ ...field, group: JWT })),
    ],
    note: "A token payload is set with a JSON document instead.",
  };
});

function headerField(name: string, label: string): FieldFacts {
  return {
    path: [name],
    label,
    kind: "pairs",
    pairs: { key: "Header", value: "Value", secret: true },
  };
}

/** `/map opsramp`: one attribute, with as many of its values as there are rows. */
export const mapForm = formAbout("Mapping", () => ({
  fields: [
    {
      path: ["direction"],
      label: "Direction",
      required: true,
      choices: [
        { value: "in", label: "in: from the third party to OpsRamp" },
        { value: "out", label: "out: from OpsRamp to the third party" },
      ],
    },
    { path: ["entity"], label: "OpsRamp's entity", required: true },
    {
      path: ["attribute"],
      label: "OpsRamp's attribute",
      required: true,
      help: "Such as priority or status.",
    },
    {
      path: ["thirdParty"],
      label: "Third-party entity and attribute",
      required: true,
      help: "With a dot between them: Ticket.priority",
    },
    {
      path: ["pairs"],
      label: "Values",
      kind: "pairs",
      pairs: { key: "OpsRamp's value", value: "Third-party value" },
      help: "Only what is missing is added. No row: the attribute is mapped without values.",
    },
  ],
}));
