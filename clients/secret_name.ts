const SECRET = [
  "passw(?:or[dt]|d)?s?",
  "passphrases?",
  "passcodes?",
  "pwd",
  "secrets?",
  "tokens?",
  "credentials?",
  "jwt",
  "bearer",
  "authori[sz]ation",
  "cookies?",
  `(?:${
    [
      "access",
      "account",
      "admin",
      "api",
      "app",
      "auth",
      "client",
      "consumer",
      "decryption",
      "deploy",
      "encryption",
      "function",
      "hmac",
      "integration",
      "licen[cs]e",
      "master",
      "private",
      "root",
      "routing",
      "service",
      "session",
      "shared",
      "signing",
      "ssh",
      "ssl",
      "storage",
      "subscription",
      "tls",
    ].join("|")
  })keys?`,
].join("|");

/** What says something about a secret without being one: `token_expiry`, `secret_id`, `accessTokenURL`. */
const ABOUT = [
  "algorithm",
  "arns?",
  "at",
  "config",
  "count",
  "dates?",
  "enabled",
  "endpoint",
  "engine",
  "expir[a-z]*?",
  "format",
  "ids?",
  "kind",
  "length",
  "lifetime",
  "manager",
  "method",
  "mode",
  "names?",
  "namespace",
  "paths?",
  "payload",
  "policy",
  "project",
  "provider",
  "region",
  "required",
  "rotation",
  "scopes?",
  "store",
  "time",
  "ttl",
  "types?",
  "ur[il]s?",
  "version",
].join("|");

const SECRET_NAME = new RegExp(SECRET);
const ABOUT_A_SECRET = new RegExp(`(?:${SECRET})(?:${ABOUT})+$`);

/** Whether what goes by this name is a secret in all likelihood: a field, a header, a parameter of anyone's. */
export function soundsSecret(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z]/g, "");
  return SECRET_NAME.test(letters.replace(ABOUT_A_SECRET, "")) || /(?:^|[^a-z])(?:pass|creds)$/i.test(name);
}
