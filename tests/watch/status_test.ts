import assert from "node:assert/strict";
import { BEN } from "../approvals/fixture.ts";
import { openWatch } from "./fixture.ts";

Deno.test("/status says since when what is not fine is so, and when a vendor that is away is looked at next", async () => {
  let away = false;
  await using fixture = await openWatch({
    environment: { STATUS_CACHE_TTL: "0" },
    onTheWay: async (vendor, _request, passOn) =>
      away && vendor === "OpsRamp" ? new Response(null, { status: 503 }) : await passOn(),
  });
  await fixture.look(2);
  Object.assign(fixture.halo.records["SophosDetails"]?.[0] ?? {}, {
    halointegrator_lasterror: "No route to host",
  });
  away = true;
  await fixture.look(3);
  await fixture.say(BEN, "/status");
  const text = fixture.groupAnswers().at(-1) ?? "";
  assert.match(text, /OpsRamp +unreachable.* for 2 min · next look in \d+ (s|min)/);
  assert.match(text, /Sophos Central +failing .*since 20\d\d-/);
});

Deno.test("/doctor says how often each vendor is looked at", async () => {
  await using fixture = await openWatch();
  await fixture.say(BEN, "/doctor");
  const said = [...fixture.ephemeralAnswers(BEN), ...fixture.groupAnswers()].join("\n");
  assert.match(said, /Watch.*bitdefender every 60 s \(\d+ calls\)|Watch.*halo every/);
});
