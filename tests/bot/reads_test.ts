import assert from "node:assert/strict";
import { PRODUCTS } from "../../clients/halo/products.ts";
import { vendors } from "../../handlers/registry.ts";
import { generateIntegrations, ids, northwind } from "../sandbox/gravityzone/northwind.ts";
import {
  ANA,
  BEN,
  createTestClock,
  EMULATED,
  GROUP,
  openStage,
  type Stage,
  type VendorName,
} from "../sandbox/stage.ts";
import { buttonsOf, render } from "../sandbox/telegram.ts";
import {
  chatTest,
  checkManners,
  type ConversationOptions,
  converse,
  newest,
  pass,
  settled,
} from "./conversation.ts";

const INTEGRATIONS = "getConfiguredIntegrations";
/** Of the bot itself, of the watch, of the clock, and of each vendor. */
const CHECKS = 8 + vendors.length;
/** What shows which of its areas a GravityZone key may use. */
const PROBES = [
  INTEGRATIONS,
  "getAmazonEC2ExternalIdForCrossAccountRole",
  "getHourlyUsageForAmazonEC2Instances",
  "getCompanyDetailsByAWSAccountId",
  "getCompanyDetails",
  "findCompaniesByName",
  "getCompaniesList",
];
/** What shows what an Apono token may read. */
const APONO_PROBES = [
  ...["v4.list", "v2.list", "v3.connectors", "catalog.list"],
  ...["v3.resources", "v3.permissions", "tags.get"],
];
/** What shows what an OpsRamp client may read. */
const OPSRAMP_PROBES = ["search", "get"];
/** Each product has a right of its own. */
const HALO_PROBES = PRODUCTS.map(({ details }) => `GET /api/${details}`);
const READ = { said: "/status bitdefender", answered: "2 of 14 need action", asked: [INTEGRATIONS] };

/** What is typed, what Ben alone sees, and the buttons he gets: a label, and the text where it is one to copy. */
const misunderstood: readonly [typed: string, seen: RegExp, buttons: readonly string[]][] = [
  ["/statsu", /There is no command "\/statsu"\. \/help lists what there is\./, ["/status"]],
  ["/nonsense", /There is no command "\/nonsense"/, []],
  ["/list apnoo", /\/list does not know "apnoo"\.\s+It takes apono,/, ["/list apono"]],
  ["/export nowhere", /\/export does not know "nowhere"\.\s+It takes tenable/, []],
  [
    "/disabel ec2 Globex reason=x",
    /There is no command "\/disabel"/,
    ["Copy /disable ec2 Globex reason=x: /disable ec2 Globex reason=x"],
  ],
  [
    "/usage ec2 mnth=11/2026",
    /\/usage ec2 has no option mnth=\. It takes month=.*\/usage ec2 \[company\] \[month=<mm\/yyyy>\]/s,
    ["/usage ec2 month=11/2026"],
  ],
  ["/usage ec2 month=2026", /"2026" is not a month\. Type it as mm\/yyyy, for example month=03\/2026/, []],
  ["/whois 12", /An AWS account id has 12 digits; "12" has not\. Try \/whois 111222345123/, []],
  ["/help halp", /There is no command "halp"/, []],
];

for (const [typed, seen, buttons] of misunderstood) {
  Deno.test(`${typed} is answered with what to type instead, and runs nothing`, async () => {
    await using stage = await openStage();
    const audited = typed.startsWith("/help") || typed.includes("12") || typed.includes("=2026")
      ? []
      : ["refused malformed_command"];
    await converse(stage, { said: typed, answered: { says: seen, only: BEN }, audited });
    const offered = buttonsOf(newest(stage)).map(({ text, copy_text }) =>
      copy_text ? `${text}: ${copy_text.text}` : text
    );
    assert.deepEqual(offered, buttons);
    await checkManners(stage);
  });
}

chatTest("/statsu offers the command it was meant to be, and the press runs it", {}, [
  {
    said: "/status bitdefnder",
    answered: { says: 'No company or target is called "bitdefnder"', only: BEN },
    asked: ["findCompaniesByName", "findCompaniesByName"],
  },
  { pressed: "/status bitdefender", answered: "2 of 14 need action", asked: [INTEGRATIONS] },
]);

chatTest("/status bitdefender of a company that several names fit offers them, and the press answers", {}, [
  {
    said: "/status bitdefender acme",
    answered: {
      says: /"acme" fits 3 companies.*Acme Corp · …23c6.*Acme Corporation · …91aa.*Acme Labs · …77fe/s,
      only: BEN,
    },
    asked: ["findCompaniesByName"],
  },
  {
    pressed: "Acme Labs",
    answered: "No integrations are configured in GravityZone · Acme Labs",
    asked: ["getCompanyDetails", INTEGRATIONS],
  },
  {
    pressed: "Acme Corp ·",
    answered: "1 of 2 needs action · Acme Corp",
    on: (stage) => stage.telegram.ephemerals(BEN, GROUP)[0],
    asked: ["getCompanyDetails", INTEGRATIONS],
  },
]);

chatTest("/status bitdefender of one company, by its exact name or its id, asks for that one", {}, [
  {
    said: "/status bitdefender  Acme  Corp",
    answered: "1 of 2 needs action · Acme Corp",
    asked: ["findCompaniesByName", INTEGRATIONS],
  },
  {
    said: `/status bd ${ids.globex.toUpperCase()}`,
    answered: "1 of 1 active · Globex",
    asked: ["getCompanyDetails", INTEGRATIONS],
  },
  {
    said: "/status bitdefender Nobody",
    answered: { says: /No company fits "Nobody"\. Type \/find/, only: BEN },
    asked: ["findCompaniesByName", "findCompaniesByName"],
  },
]);

chatTest("What phone keyboards do to a command is undone", {}, [
  {
    said: "／status\u00a0“bitdefender” ‘Acme Corp’.",
    answered: "1 of 2 needs action · Acme Corp",
    asked: ["findCompaniesByName", INTEGRATIONS],
  },
]);

chatTest("/start says what the bot is, whatever the link that led to it says", {}, [
  { said: "/start", by: ANA, in: ANA, answered: "once two people agree" },
  { said: "/start approve_ABCDE", by: ANA, in: ANA, answered: "once two people agree" },
  { said: "/start c:/freeze all", by: ANA, in: ANA, answered: "once two people agree" },
]);

chatTest("what only lacks something is asked for it", {}, [
  { said: "/whois", answered: "Type the aws account id in reply" },
  { said: "/export", answered: { says: /What shall \/export be about\?[^]*tenable status/, only: BEN } },
  { said: "/approve", answered: { says: "Nothing waits that you may approve", only: BEN } },
]);

chatTest("/help names every verb, and /help of one command shows how it is typed", {}, [
  {
    said: "/help",
    answered: { says: /Look .*\/status .*Change .*\/disable .*Approve .*\/approve /s, only: BEN },
  },
  {
    said: "/help disable ec2",
    answered: {
      says:
        /Type +\/disable ec2 \[company\] \[integration=<name>\] reason=<why>.*one approver other than you/s,
      only: BEN,
    },
  },
  { said: "/help status s1", answered: { says: "/status sentinelone", only: BEN } },
]);

chatTest("/ping tells version, uptime and the vendors", {}, [
  { said: "/ping", answered: /pong\nVersion.*Vendors +Bitdefender, Apono, OpsRamp, HaloPSA/s },
]);

chatTest("/doctor finds nothing, then finds what is wrong, worst first", {}, [
  {
    said: "/doctor",
    answered: new RegExp(`All ${CHECKS} checks are fine.*Delivery.*webhook.*rights as they should be`, "s"),
    asked: [
      "getApiKeyDetails",
      ...PROBES,
      ...APONO_PROBES,
      "token",
      ...OPSRAMP_PROBES,
      "POST /auth/token",
      ...HALO_PROBES,
    ],
  },
  {
    happens({ telegram, gravityzone, log }) {
      assert.ok(
        log.lines.filter(({ event }) => event === "vendor_call").every(({ fields }) => fields["trace"]),
      );
      gravityzone.faults.next("getApiKeyDetails", { status: 401, body: "" });
      telegram.promote(BEN, GROUP, "administrator");
    },
    pressed: "Check again",
    answered: new RegExp(`1 of ${CHECKS} checks needs? attention\n[^\n]*🟡[^\n]*Bitdefender`),
    asked: ["getApiKeyDetails", ...APONO_PROBES, ...OPSRAMP_PROBES, ...HALO_PROBES],
  },
]);

chatTest("/doctor looks at the rights of whom Telegram says it is", { telegram: { bot: { id: 654_321 } } }, [
  {
    said: "/doctor",
    answered: new RegExp(`All ${CHECKS} checks are fine.*rights as they should be`, "s"),
    asked: [
      "getApiKeyDetails",
      ...PROBES,
      ...APONO_PROBES,
      "token",
      ...OPSRAMP_PROBES,
      "POST /auth/token",
      ...HALO_PROBES,
    ],
  },
]);

chatTest("/status bitdefender is served again for ten seconds, with its age", {}, [
  READ,
  { ...READ, happens: (stage) => pass(stage, 5000), answered: /2 of 14.* · 5 s old/s, asked: [] },
  { ...READ, happens: (stage) => pass(stage, 5001) },
]);

chatTest("/status bitdefender is asked anew each time when STATUS_CACHE_TTL is 0", {
  environment: { STATUS_CACHE_TTL: "0" },
}, [READ, READ]);

chatTest("/status bitdefender fails with what happened and what to do next", {}, [
  {
    happens: ({ gravityzone }) => gravityzone.faults.next(INTEGRATIONS, { status: 401, body: "" }),
    said: "/status bitdefender",
    answered:
      /🔴 .*GravityZone unreachable: refused our key \(401\).*\nNothing was changed\..*then \/doctor\.\nref [A-Z0-9]{7}/s,
    asked: [INTEGRATIONS],
    logged: [{ event: "vendor_call", operation: INTEGRATIONS, outcome: "credentials_refused" }],
  },
  READ,
]);

chatTest("GET /metrics counts as it is what a vendor says inside HTTP 200", {}, [
  {
    happens: ({ gravityzone }) =>
      gravityzone.faults.next(INTEGRATIONS, { error: { code: -32602, message: "Invalid params" } }),
    said: "/status bitdefender",
    answered: /GravityZone rejected the request\n/,
    asked: [INTEGRATIONS],
    logged: [{ event: "vendor_call", operation: INTEGRATIONS, outcome: "rejected" }],
  },
  {
    async happens({ bot }) {
      const metrics = await (await bot.app.request("/metrics")).text();
      const counted = metrics.match(/^countersign_vendor_calls_total\{.*getConf.*$/gm);
      assert.deepEqual(counted, [
        'countersign_vendor_calls_total{vendor="GravityZone",operation="getConfiguredIntegrations",outcome="rejected"} 1',
      ]);
    },
  },
]);

const noVendor = {
  BITDEFENDER_API_URL: undefined,
  BITDEFENDER_API_KEY: undefined,
  APONO_API_URL: undefined,
  APONO_API_TOKEN: undefined,
  OPSRAMP_API_URL: undefined,
  OPSRAMP_TENANT_ID: undefined,
  OPSRAMP_CLIENT_ID: undefined,
  OPSRAMP_CLIENT_SECRET: undefined,
  HALO_API_URL: undefined,
  HALO_AUTH_URL: undefined,
  HALO_CLIENT_ID: undefined,
  HALO_CLIENT_SECRET: undefined,
};

chatTest("/status without any vendor says that none is set up", { environment: noVendor }, [
  { said: "/status", answered: /⚪ No vendor is set up/ },
  {
    said: "/status bitdefender",
    answered: {
      says: /Bitdefender is not set up\n.*set BITDEFENDER_API_URL, BITDEFENDER_API_KEY/,
      only: BEN,
    },
  },
  { said: "/ping", answered: "none is set up" },
]);

chatTest("/status with one vendor set up asks that one", {
  environment: { ...noVendor, APONO_API_TOKEN: "aup_sandbox" },
  ...onTheWay({}),
}, [{ said: "/ping", answered: /Vendors +Apono/ }]);

Deno.test("/status shows who has answered, then the rest, in one message", async () => {
  const slow = Promise.withResolvers<void>();
  await using stage = await openStage({ ...onTheWay({ Apono: slow.promise }) });
  const { telegram } = stage;
  telegram.say(BEN, GROUP, "/status");
  await telegram.until(() => /Apono.*no answer yet/.test(shown(stage)) && shown(stage).includes("2 of 14"));
  slow.resolve();
  await settled(stage);
  assert.match(shown(stage), /Apono.*3 of 31/);
  assert.equal(telegram.answers(GROUP).length, 1);
  assert.ok(telegram.calls("editMessageText").length <= 2, "Telegram takes few edits a minute");
});

Deno.test("/status gives up a vendor that says nothing after ten seconds, and names it", async () => {
  const never = new Promise<void>(() => {});
  // What has arrived is shown by itself; only the ten seconds are over when the test says so.
  const clock = createTestClock(10_000);
  await using stage = await openStage({ clock, ...onTheWay({ OpsRamp: never }) });
  stage.telegram.say(BEN, GROUP, "/status");
  await stage.telegram.until(() =>
    /OpsRamp.*no answer yet/.test(shown(stage)) && /HaloPSA.*of 10/.test(shown(stage))
  );
  pass(stage, 10_000);
  await settled(stage);
  assert.match(shown(stage), /🔴 .*need attention\n.*🔴.*OpsRamp.*did not answer/);
});

Deno.test("/status shows a vendor that is down beside those that work", async () => {
  await using stage = await openStage({
    onTheWay: (vendor, _request, passOn) =>
      Promise.resolve(vendor === "HaloPSA" ? new Response(null, { status: 401 }) : passOn()),
  });
  stage.telegram.say(BEN, GROUP, "/status");
  await settled(stage);
  assert.match(
    shown(stage),
    new RegExp(`🔴 3 of ${EMULATED} vendors need attention\n.*🔴.*HaloPSA.*refused.*\n.*🟡`),
  );
});

Deno.test("/status bitdefender of 10,000 integrations counts all, shows the worst and sends a file", async () => {
  const world = northwind(Date.now());
  world.integrations.set(ids.northwind, generateIntegrations(10_000));
  await using stage = await openStage({ gravityzone: { world } });
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await settled(stage);
  const [answer, document] = stage.telegram.answers(GROUP);
  const text = render(answer!);
  assert.match(text, /🟡 GravityZone: 200 of 10,000 need action/);
  assert.match(text, /Error 40 · Action required 40 · .* · Active 9,800/);
  assert.match(text, /rows 1–10 of 20\nThe worst 20 of 200 are shown\. All 10,000 are in the file/);
  const lines = new TextDecoder().decode(stage.telegram.file(document?.document?.file_id ?? "")).trim().split(
    "\r\n",
  );
  assert.equal(lines.length, 10_001);
  assert.ok(lines.slice(1, 41).every((line) => line.includes(",Error,")), "problems come first");
  assert.ok(lines.slice(201).every((line) => line.includes(",Active,")));
  assert.equal(document?.reply_to_message?.message_id, answer?.message_id);
});

Deno.test("/status bitdefender asked twice at once is one vendor call and two answers", async () => {
  await using stage = await openStage();
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  stage.telegram.say(ANA, ANA, "/status bitdefender");
  await settled(stage);
  assert.equal(stage.gravityzone.calls.length, 1);
  assert.deepEqual([GROUP, ANA].map((chat) => stage.telegram.answers(chat).length), [1, 1]);
});

function shown({ telegram }: Stage): string {
  return telegram.answers(GROUP).map(render).join("\n");
}

/** Vendors that wait for something before they answer. */
function onTheWay(waits: Partial<Record<VendorName, Promise<void>>>): Pick<ConversationOptions, "onTheWay"> {
  return {
    async onTheWay(vendor, _request, passOn) {
      await waits[vendor];
      return await passOn();
    },
  };
}

chatTest("A misspelt verb is taken for one that goes with the target", {}, [
  {
    said: "/staus bitdefender",
    answered: { says: /• \/status bitdefender\n(?!•)/, only: BEN },
    audited: ["refused malformed_command"],
  },
  {
    said: "/fnd bitdefender",
    answered: { says: "• /find bitdefender", only: BEN },
    audited: ["refused malformed_command"],
  },
]);
