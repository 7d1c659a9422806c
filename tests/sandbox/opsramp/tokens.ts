import { fields } from "./field.ts";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface TokenRules {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly tokenLifeSeconds?: number;
  readonly expiresInAsText?: boolean;
  readonly expiredStatus?: 401 | 407;
}

export interface Tokens {
  /** Answers the token endpoint, which takes a form and nothing else. */
  grant(call: { method: string; contentType: string | null; body: unknown }): Answer;
  /** What is wrong with an `Authorization` header, if anything. */
  refuse(authorization: string | null): Answer | undefined;
  expire(): void;
}

/** OpsRamp's client-credentials tokens: opaque, two hours less a second, refused with 407 when they have ended. */
export function createTokens(rules: TokenRules, now: () => number): Tokens {
  const ends = new Map<string, number>();
  const life = rules.tokenLifeSeconds ?? 7_199;

  return {
    grant(call) {
      const form = call.contentType?.startsWith("application/x-www-form-urlencoded") ? fields(call.body) : {};
      if (call.method !== "POST" || form.grant_type !== "client_credentials") {
        const words = `Unsupported grant type: ${String(form.grant_type)}`;
        return refusal(400, "unsupported_grant_type", words);
      }
      const known = form.client_id === (rules.clientId ?? "key") &&
        form.client_secret === (rules.clientSecret ?? "secret");
      if (!known) return refusal(401, "unauthorized", "Bad API credentials");
      const token = crypto.randomUUID();
      ends.set(token, now() + life * 1_000);
      const expires = rules.expiresInAsText ? String(life) : life;
      return {
        status: 200,
        body: { access_token: token, token_type: "bearer", expires_in: expires, scope: "global:manage" },
      };
    },
    refuse(authorization) {
      const end = ends.get(authorization?.match(/^bearer (.+)$/i)?.[1] ?? "");
      if (end === undefined) return refusal(401, "invalid_token", "Invalid access token");
      if (now() < end) return undefined;
      return refusal(rules.expiredStatus ?? 407, "invalid_token", "Token expired");
    },
    expire: () => ends.forEach((_, token) => ends.set(token, 0)),
  };
}

function refusal(status: number, error: string, description: string): Answer {
  return { status, body: { error, error_description: description } };
}
