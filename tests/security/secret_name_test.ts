import assert from "node:assert/strict";
import { looksSecret } from "../../bot/parser/secret_scan.ts";
import { withoutSecrets } from "../../clients/halo/record.ts";
import { secretsOf } from "../../clients/http/error_text.ts";
import { soundsSecret } from "../../clients/secrets.ts";
import { isNotifierSecret } from "../../handlers/opsramp/notifier.ts";

const SECRETS = `
  password passwd pwd passwort db_pass pass passphrase admin_password smtpPassword passwords
  secret client_secret clientSecret keySecret apiSecret apisecret webhook_secret secrets secret_value
  token access_token refresh_token accessToken auth_token_value token1 sas_token
  credential credentials creds jwt bearer authorization Authorization Proxy-Authorization cookie Set-Cookie
  api_key apikey apiKey X-API-Key apiKeyPairs access_key secret_access_key account_key encryption_key
  private_key private_key_pem ssh_key ssl_key signing-key integration_key subscription_key
  new_integration_key sdpassword
`;

const OTHERS = `
  key name hostname port role url region id client_id keyId public_key project_key partition_key key_name
  secret_id secret_name secret_arn secret_path secret_engine secret_store_config secretStore secret_config
  secret_version token_expiry tokenexpiry tokenExpiresAt token_id token_type token_count tokens_path tokensPath
  page_token next_page_token nextPageToken tokenPayload tokenURL accessTokenURL accessTokenURI token_endpoint password_policy password_expiry access_key_id
  authType authorized authentication new_method renew_after compass passenger bypass_url monkey
`;

for (const name of namesIn(SECRETS)) {
  Deno.test(`${name} sounds secret, whoever asks`, () => {
    assert.ok(soundsSecret(name));
    assert.ok(looksSecret(name));
    assert.ok(isNotifierSecret(`tokenPayload.${name}`));
    assert.deepEqual(withoutSecrets({ [name]: "hunter2" }), { [name]: "••••••" });
    assert.deepEqual(secretsIn({ [name]: "hunter2" }), ["hunter2"]);
  });
}

for (const name of ["", ...namesIn(OTHERS)]) {
  Deno.test(`${JSON.stringify(name)} does not sound secret`, () => {
    assert.ok(!soundsSecret(name));
    assert.ok(!looksSecret(name) || name.startsWith("new_"));
    assert.ok(!isNotifierSecret(`tokenPayload.${name}`));
    assert.deepEqual(withoutSecrets({ [name]: "hunter2" }), { [name]: "hunter2" });
  });
}

function secretsIn(json: unknown): readonly string[] {
  const request = { method: "POST", write: true } as const;
  return secretsOf({ ...request, operation: "save", path: "/", json }, {
    ...request,
    url: "https://vendor.example.com/",
    headers: new Headers(),
  });
}

function namesIn(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
