/** Stands where a secret would be. Nothing that holds it is ever sent back to a vendor. */
export const HIDDEN_MARK = "••••••";

/** Stands for a secret until it is entered on the secret page. */
export const ENTER_MARK = "?";

/** Stands in a vendor's words for what looked like a secret. */
export const REDACTION_MARK = "[hidden]";

/** Alternatives of an expression, separated by white space. */
function anyOf(words: string): string {
  return `(?:${words.trim().split(/\s+/).join("|")})`;
}

/** Whose keys are secret: `apiKey`, `signing_key`. */
const KEYS_OF = anyOf(`
  access account admin api app auth client consumer decryption deploy encryption function hmac
  integration licen[cs]e master private root routing service session shared signing ssh ssl storage
  subscription tls
`);

const SECRET = anyOf(`
  passw(?:or[dt]|d)?s? passphrases? passcodes? pwd secrets? tokens? credentials? jwt bearer
  authori[sz]ation cookies?
  ${KEYS_OF}keys?
`);

/** What says something about a secret without being one: `token_expiry`, `secret_id`, `accessTokenURL`. */
const ABOUT = anyOf(`
  algorithm arns? at config count dates? enabled endpoint engine expir[a-z]*? format ids? kind length
  lifetime manager method mode names? namespace paths? payload policy project provider region required
  rotation scopes? store time ttl types? ur[il]s? version
`);

const SECRET_NAME = new RegExp(SECRET);
const ABOUT_A_SECRET = new RegExp(`${SECRET}${ABOUT}+$`);
/** Says where a list goes on: `page_token`, `nextPageToken`. */
const PLACE_IN_A_LIST = /(?:page|next|continuation|cursor)token$/;

/** Whether what goes by this name is a secret in all likelihood: a field, a header, a parameter of anyone's. */
export function soundsSecret(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z]/g, "");
  const bare = letters.replace(ABOUT_A_SECRET, "").replace(PLACE_IN_A_LIST, "");
  return SECRET_NAME.test(bare) || /(?:^|[^a-z])(?:pass|creds)$/i.test(name);
}

/** Whether a secret is named in it, as what is meant (`secret`) or as what it is about (`secret_id`). */
export function speaksOfSecret(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replace(/[^a-z]/g, ""));
}

/**
 * Whether a value is the name of a credential that is kept elsewhere, as in `credential=vcenter-admin`. The name is no
 * secret; what does not read like one is taken for the credential itself.
 */
export function namesCredential(name: string, value: string): boolean {
  return /(?:^|[^a-z])credential$/i.test(name) && READS_LIKE_A_NAME.test(value);
}

/** Words, each with a number at its end at most. */
const READS_LIKE_A_NAME = /^(?=.{1,64}$)\p{L}+\d{0,4}(?:[ ._/-]+(?:\p{L}+\d{0,4}|\d{1,4}))*$/u;

/** Letters alone are words, as in "Basic monitoring": a credential is long, and has digits, padding or a base64 look. */
const TOKEN = String.raw`(?=\S*(?:\d|=|[a-z][A-Z]\S*[a-z][A-Z]))[\w+/=.~-]{16,}`;

const SECRET_VALUE = new RegExp(
  [
    // Looks back from the dot: to look ahead from every "eyJ" would take long where there are many.
    String.raw`\.(?<=\beyJ[\w-]{8,}\.)`,
    String.raw`\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+${TOKEN}`,
    "-----BEGIN",
    String.raw`:\/\/[^/\\\s:@]*:[^/\\\s@]+@`,
  ].join("|"),
);

/** Whether a text holds a JWT, an authorization header, a key block or an address with a password in it. */
export function holdsSecret(text: string): boolean {
  return SECRET_VALUE.test(text);
}
