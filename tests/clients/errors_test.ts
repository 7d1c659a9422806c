import assert from "node:assert/strict";
import { ClientError, describe, type Failure, type FailureKind, nextStep } from "../../clients/errors.ts";

const EVERY_KIND: Readonly<Record<FailureKind, string>> = {
  unreachable: "GravityZone is not reachable (503)",
  timed_out: "GravityZone did not answer in time",
  credentials_refused: "GravityZone refused our key (503)",
  rights_refused: "GravityZone does not let our key do this (503)",
  not_found: "GravityZone does not know what was asked for (503)",
  not_offered: "GravityZone does not offer getThing to us (503)",
  rejected: "GravityZone rejected the request (503)",
  rate_limited: "GravityZone asks us to slow down (503)",
  unexpected_reply: "GravityZone answered with an error of its own (503)",
};
const kinds = Object.keys(EVERY_KIND).filter((kind): kind is FailureKind => kind in EVERY_KIND);

function failure(kind: FailureKind, more: Partial<Failure> = {}): Failure {
  return { kind, vendor: "GravityZone", operation: "getThing", ambiguous: false, ...more };
}

for (const kind of kinds) {
  Deno.test(`describe says in a sentence that a call was ${kind}`, () => {
    const sentence = describe(failure(kind, { status: 503, retryAfterMs: 29_001, detail: "vendor words" }));
    assert.equal(sentence, EVERY_KIND[kind]);
  });

  Deno.test(`nextStep says in a sentence what to do when a call was ${kind}`, () => {
    assert.match(nextStep(failure(kind, { detail: "vendor words" })), /^[A-Z].{10,140}\.$/);
    assert.doesNotMatch(nextStep(failure(kind, { detail: "vendor words" })), /vendor words/);
  });

  Deno.test(`nextStep sends nobody to ask again when a write was ${kind} and may have taken effect`, () => {
    const step = nextStep(failure(kind, { ambiguous: true }));
    assert.equal(
      step,
      "The change may have taken effect and is not sent again: look at its state in GravityZone first.",
    );
  });
}

Deno.test("describe says that the answer was lost when a write may have arrived", () => {
  const lost = failure("unreachable", { ambiguous: true });
  assert.equal(describe(lost), "GravityZone's answer to the change was lost");
  assert.equal(describe({ ...lost, status: 502 }), "GravityZone's answer to the change was lost (502)");
});

Deno.test("describe tells an error of the vendor's own from an answer that its documentation does not describe", () => {
  const odd = failure("unexpected_reply", { status: 200, detail: "not as documented: id (invalid_value)" });
  assert.equal(
    describe(odd),
    "GravityZone gave an unexpected answer (200)",
  );
  assert.match(nextStep(odd), /may have changed its API/);
  const own = failure("unexpected_reply", { detail: "Server error", quoted: true });
  assert.equal(describe(own), "GravityZone answered with an error of its own");
  assert.equal(nextStep(own), "Ask again in 60 s; if it lasts, check GravityZone's own status.");
});

Deno.test("describe leaves out what is not known", () => {
  assert.equal(describe(failure("credentials_refused")), "GravityZone refused our key");
});

Deno.test("nextStep names the credentials as they are called", () => {
  const refused = failure("credentials_refused");
  assert.match(nextStep(refused), /: check the GravityZone credentials, then/);
  assert.match(nextStep(refused, ["AN_ID", "A_SECRET"]), /: check AN_ID and A_SECRET, then/);
});

Deno.test("nextStep says when to ask again", () => {
  assert.equal(nextStep(failure("rate_limited", { retryAfterMs: 400 })), "Ask again in 1 s.");
  assert.equal(nextStep(failure("rate_limited", { retryAfterMs: 200_000 })), "Ask again in 4 min.");
  assert.equal(nextStep(failure("rate_limited")), "Ask again in 60 s.");
});

Deno.test("ClientError names vendor, operation and kind, and keeps the cause", () => {
  const cause = new Error("why");
  const error = new ClientError(failure("not_found", { cause, detail: "vendor words" }));
  assert.equal(error.message, "GravityZone getThing: not_found");
  assert.deepEqual([error.name, error.kind, error.cause], ["ClientError", "not_found", cause]);
});
