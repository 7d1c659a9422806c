import { type Fields, fields, type Problem, required, text } from "./field.ts";

const VALUES: Readonly<Record<string, readonly string[]>> = {
  type: ["REST_API", "SOAP_API"],
  authType: ["NONE", "OAUTH2", "JWT", "BASIC"],
  grantType: ["CLIENT_CREDENTIALS", "PASSWORD", "REFRESH_TOKEN"],
};

/** What the page does not allow of a notifier: values it does not list, fields it calls mandatory, other shapes. */
export function notifierProblems(wanted: Fields): Problem[] {
  const { type, authType, grantType } = wanted;
  const withUser = ["PASSWORD", "REFRESH_TOKEN"].includes(String(grantType));
  const isSoap = type === "SOAP_API" && authType !== "NONE";
  return [
    ...["type", "baseURI", "authType"].flatMap((name) => required(wanted, name)),
    ...(authType === "OAUTH2"
      ? ["grantType", "apiKey", "apiSecret", ...(withUser ? ["userName", "password"] : [])]
        .flatMap((name) => required(wanted, name))
      : []),
    ...(authType === "OAUTH2" && !text(wanted.accessTokenURL ?? wanted.accessTokenURI)
      ? required({}, "accessTokenURL")
      : []),
    ...(authType === "JWT" ? required(wanted, "tokenURL") : []),
    ...(isSoap
      ? [{ fieldName: "authType", message: "SOAP_API supports only NONE authentication type" }]
      : []),
    ...Object.keys(VALUES).flatMap((name) => unlisted(wanted, name)),
    ...["tokenHeaders", "tokensPath", "resourceAuthHeaders"].flatMap((name) => unpaired(wanted, name)),
    ...(wanted.tokenPayload !== undefined && !isObject(wanted.tokenPayload)
      ? [{ fieldName: "tokenPayload", message: "tokenPayload must be an object" }]
      : []),
  ];
}

/** The `type`, passwords and all JWT fields are never said. */
export function notifierView(notifier: Fields): Fields {
  const shown: Fields = {};
  for (const key of ["baseURI", "authType", "grantType", "userName", "apiKey"]) {
    if (notifier[key] !== undefined) shown[key] = notifier[key];
  }
  const tokenAddress = notifier.accessTokenURL ?? notifier.accessTokenURI;
  return tokenAddress === undefined ? shown : { ...shown, accessTokenURL: tokenAddress };
}

function unlisted(wanted: Fields, name: string): Problem[] {
  const value = text(wanted[name]);
  if (value === undefined || VALUES[name]?.includes(value)) return [];
  return [{ fieldName: name, message: `Invalid ${name} ${value}` }];
}

/** The page's table calls these text; its sample, and what works, are lists of keys and values. */
function unpaired(wanted: Fields, name: string): Problem[] {
  const list = wanted[name];
  if (list === undefined) return [];
  if (!Array.isArray(list)) return [{ fieldName: name, message: `${name} must be a list` }];
  const whole = list.every((item) => text(fields(item).key) && typeof fields(item).value === "string");
  return whole ? [] : [{ fieldName: name, message: `${name} needs a key and value in each entry` }];
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
