import assert from "node:assert/strict";
import { ConfigError } from "../../bot/config.ts";
import { systemClock } from "../../clients/clock.ts";
import { vendors } from "../../handlers/registry.ts";
import { EMULATED, openStage } from "../sandbox/stage.ts";
import { callsOf } from "../vendors/vendor_call.ts";
import { checkLive, lineOf } from "./check.ts";

Deno.test("checkLive skips each vendor without credentials and says what is not set", async () => {
  const findings = await checkLive({ PATH: "/bin" }, systemClock);
  assert.deepEqual(
    findings.map(({ vendor, outcome }) => [vendor, outcome]),
    vendors.map(({ label }) => [label, "skipped"]),
  );
  assert.equal(lineOf(findings[1]!), "⚪ Apono skipped: APONO_API_TOKEN not set");
});

Deno.test("checkLive reads from every vendor and writes to none", async () => {
  await using stage = await openStage();
  const findings = await checkLive(stage.environment, systemClock);
  assert.equal(findings.filter(({ outcome }) => outcome === "works").length, EMULATED);
  assert.match(
    lineOf(findings[2]!),
    /^🟢 OpsRamp works: .*sees 9 installed integrations.*; 6 of 9 working · 2 disabled · 1 not known \(\d/,
  );
  const calls = callsOf(stage);
  assert.ok(calls.length >= 8, `${calls.length} calls`);
  assert.deepEqual(calls.filter(({ write }) => write), []);
});

Deno.test("checkLive says what to do about a vendor that refuses the credentials, and goes on", async () => {
  await using stage = await openStage();
  const findings = await checkLive({ ...stage.environment, APONO_API_TOKEN: "aup_wrong" }, systemClock);
  const failed = findings.filter(({ outcome }) => outcome === "fails");
  assert.deepEqual(failed.map(({ vendor }) => vendor), ["Apono"]);
  assert.equal(
    lineOf(findings[1]!),
    "🔴 Apono fails: Apono refused our key (401). Someone with access to the bot: check APONO_API_TOKEN, then /doctor.",
  );
});

Deno.test("checkLive refuses half a set of credentials", async () => {
  await assert.rejects(checkLive({ OPSRAMP_CLIENT_ID: "client_8" }, systemClock), ConfigError);
});
