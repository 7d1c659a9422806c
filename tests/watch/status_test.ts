import assert from "node:assert/strict";
import { BEN, textOf } from "../approvals/fixture.ts";
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
  assert.match(text, /OpsRamp +unreachable for 2 min · next look in \d+ (s|min)\n/);
  assert.match(text, /OpsRamp: unreachable \(503\)\. Ask again in 60 s/);
  assert.match(text, /Sophos Central +failing .*since 20\d\d-.* \(2 min\)\n/);
  assert.match(text, /Kubernetes Edge +Error .*since 20\d\d-/);
  assert.match(text, /4 others off or not known\n(.*\n)*.*AWS Sandbox · Apono · off · since 20\d\d-/);
  assert.doesNotMatch(text, /SMAX tickets/, "nobody knows of it while its vendor is away");
  const since = "since 20\\d\\d-.* \\(2 min\\)";
  const said: readonly (readonly [command: string, pattern: string])[] = [
    ["/status halo", `Sophos Central · Sophos: failing · No route to host.? · ${since} · last fine 20`],
    ["/status sophos", `Sophos Central +failing +synced .* · ${since} · last fine 20`],
    ["/show sophos 1", `Watch +${since} · last fine 20`],
    ["/status apono", "Kubernetes Edge: Error .* · since 20\\d\\d-"],
    ["/status bitdefender", "vcenter-lab +Pending +.* · since 20\\d\\d-"],
    ["/status Northwind MSP", "vcenter-us +Error · since 20\\d\\d-"],
    ["/status opsramp", "^🔴 OpsRamp unreachable.*\\nunreachable for 2 min · next look in \\d+ (s|min)\\n"],
  ];
  for (const [command, pattern] of said) {
    await fixture.say(BEN, command);
    assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(pattern), command);
  }
  const { card } = await fixture.ask("/disable sophos 1");
  assert.match(textOf(card), /Watch +🔴 down: failing since .* · last fine 20/);
});

Deno.test("/doctor says how often each vendor is looked at", async () => {
  await using fixture = await openWatch();
  await fixture.say(BEN, "/doctor");
  const said = [...fixture.ephemeralAnswers(BEN), ...fixture.groupAnswers()].join("\n");
  assert.match(said, /Watch .*Bitdefender every 1 min \(1 call\) · .*HaloPSA every 1 min \(12 calls\)/);
});
