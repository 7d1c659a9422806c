import assert from "node:assert/strict";
import { unreachable } from "../../bot/error_reply.ts";
import type { Failure } from "../../clients/errors.ts";

const WORDS: readonly [failure: Partial<Failure> & Pick<Failure, "kind">, words: string][] = [
  [{ kind: "unreachable" }, "unreachable"],
  [{ kind: "unreachable", status: 503 }, "unreachable (503)"],
  [{ kind: "unreachable", retryAfterMs: 30_000 }, "unreachable, next try in 30 s"],
  [{ kind: "unreachable", status: 503, retryAfterMs: 30_000 }, "unreachable (503)"],
  [{ kind: "timed_out" }, "unreachable: did not answer in time"],
  [{ kind: "credentials_refused", status: 401 }, "unreachable: refused our key (401)"],
  [{ kind: "rights_refused", status: 403 }, "unreachable: does not let our key do this (403)"],
  [{ kind: "rate_limited", status: 429 }, "unreachable: asks us to slow down (429)"],
];

for (const [failure, words] of WORDS) {
  Deno.test(`unreachable says of ${JSON.stringify(failure)}: ${words}`, () => {
    assert.equal(
      unreachable({ vendor: "OpsRamp", operation: "search", ambiguous: false, ...failure }),
      words,
    );
  });
}
