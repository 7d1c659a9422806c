import assert from "node:assert/strict";
import fc from "fast-check";
import { HIDDEN_MARK } from "../../clients/secrets.ts";
import { givenAddress } from "../../handlers/address.ts";
import { shownAddress } from "../../handlers/mask.ts";
import { type Conversation, testConversation } from "../vendors/conversation.ts";

const INSTALLED = "/api/v2/tenants/client_8/integrations/installed";
const SERVICE_DESK = "INTG-9c584c86-4ba9-4006-9ee2-c41a07b7c761";

const conversations: readonly Conversation[] = [
  {
    name: "/notifier opsramp shows and sends an address as programs read it, and every parameter of it",
    said: "/notifier opsramp Service Desk auth=NONE " +
      "uri=https://Hooks.Acme.example:443/a/../in?forward_to=https://evil.example/x&key=k-7Yq",
    card: [
      /Notifies.*https:\/\/hooks\.acme\.example\/in\?forward_to=https:\/\/evil\.example\/x&key=••••••/s,
    ],
    outcome: "applied",
    answered: ["forward_to=https://evil.example/x"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: {
          type: "REST_API",
          baseURI: "https://hooks.acme.example/in?forward_to=https://evil.example/x&key=k-7Yq",
          authType: "NONE",
        },
      },
    }],
    hides: ["k-7Yq"],
  },
  ...[
    "https://evil.example\\@hooks.acme.example/in",
    "https://evil.example:8443\\@hooks.acme.example/in",
    "evil.example\\@hooks.acme.example/in",
  ].map((uri): Conversation => ({
    name: `/notifier opsramp refuses an address in which programs read another host: ${uri}`,
    said: `/notifier opsramp "Service Desk" uri=${uri} auth=NONE`,
    refused: ["uri has a backslash, which can hide the real host."],
  })),
  {
    name: "/notifier opsramp refuses a tab in the address of a document",
    said: "/notifier opsramp Service Desk",
    document: { content: { baseURI: "https://evil.exa\tmple/in", authType: "NONE" }, as: "caption" },
    refused: ["uri has a blank or an invisible character. Type it like https://desk.example.com/in."],
  },
  {
    name: "/notifier opsramp warns of an address without a scheme",
    said: "/notifier opsramp Service Desk uri=desk.example.com/v2 auth=NONE",
    card: ["⚠️ uri has no https:// before it"],
    outcome: "applied",
    answered: ["notifier baseURI"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: { type: "REST_API", baseURI: "desk.example.com/v2", authType: "NONE" },
      },
    }],
  },
  {
    name: "/notifier opsramp warns of an address that goes from https to http",
    said: "/notifier opsramp Service Desk uri=http://desk.acme.example/api auth=NONE",
    card: ["⚠️ uri goes from https to http"],
    outcome: "applied",
    answered: ["notifier baseURI"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: { type: "REST_API", baseURI: "http://desk.acme.example/api", authType: "NONE" },
      },
    }],
  },
  ...[
    [
      "ftp://desk.acme.example/in",
      "⚠️ uri goes from https to ftp: what is sent there may be read on the way",
    ],
    ["ws+tls://desk.acme.example/in", "⚠️ uri goes from https to ws+tls"],
  ].map(([uri, warning]): Conversation => ({
    name: `/notifier opsramp warns of every address that is not https: ${uri}`,
    said: `/notifier opsramp Service Desk uri=${uri} auth=NONE`,
    card: [warning ?? ""],
    outcome: "applied",
    answered: ["notifier baseURI"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: { baseNotifier: { type: "REST_API", baseURI: uri, authType: "NONE" } },
    }],
  })),
  {
    name: "/create apono warns of an address that was never https",
    said: "/create apono type=k8s-roles name=Edge2 config.cluster_name=jdbc:postgresql://edge.example/roles",
    card: ["⚠️ config.cluster_name is jdbc:postgresql, not https: what is sent there may be read on the way"],
    outcome: "applied",
    answered: ["Read back: Edge2 is there as "],
    wrote: ["POST /api/admin/v4/integrations", {
      type: "k8s-roles",
      name: "Edge2",
      integration_config: { cluster_name: "jdbc:postgresql://edge.example/roles" },
    }],
  },
  {
    name: "/update prtg refuses an address in which programs read another host",
    said: "/update prtg 1 url=https://evil.example\\@prtg.northwind.example/",
    refused: ["url has a backslash, which can hide the real host."],
  },
  {
    name: "/update prtg shows and sends an address as programs read it, and warns of http",
    said: "/update prtg 1 url=http://PRTG2.northwind.example:80/a/../?key=k-7Yq",
    card: [
      /url\s+https:\/\/prtg\.northwind\.example\s+http:\/\/prtg2\.northwind\.example\/\?key=••••••/,
      "⚠️ url goes from https to http",
    ],
    outcome: "applied",
    answered: ["url is now “http://prtg2.northwind.example/?key=••••••”"],
    wrote: ["POST /api/PRTGDetails", [{ id: 1, url: "http://prtg2.northwind.example/?key=k-7Yq" }]],
    hides: ["k-7Yq"],
  },
  {
    name: "/update apono refuses an address in which programs read another host, in whatever parameter",
    said: "/update apono Orders DB config.hostname=https://evil.example\\@orders.acme.example/",
    refused: ["config.hostname has a backslash, which can hide the real host."],
  },
  {
    name: "/update apono refuses an invisible character in the address of a document",
    said: "/update apono Orders DB",
    document: {
      content: { integration_config: { hostname: "jdbc:postgresql://evil.exa\u00admple/orders" } },
      as: "caption",
    },
    refused: ["config.hostname has a blank or an invisible character."],
  },
  ...[
    ["evil.example\\@orders.acme.example", "a backslash, which can hide the real host"],
    ["evil.example@orders.acme.example", "a user or a password before its host"],
    ['"orders.acme.example evil.example"', "a blank or an invisible character"],
  ].map(([host, has]): Conversation => ({
    name: `/update apono refuses a host that may be another one: ${host}`,
    said: `/update apono Orders DB config.hostname=${host}`,
    refused: [`config.hostname has ${has}. Type it like desk.example.com.`],
  })),
  {
    name: "/create apono shows where an address leads, and every parameter of it",
    said: "/create apono type=k8s-roles name=Edge2 " +
      "config.cluster_name=https://Edge.example/?forward_to=https://evil.example/x&key=k-7Yq",
    card: [
      /config\.cluster_name\s+none\s+https:\/\/edge\.example\/\?forward_to=https:\/\/evil\.example\/x&key=••••••/,
    ],
    outcome: "applied",
    answered: ["Read back: Edge2 is there as "],
    wrote: ["POST /api/admin/v4/integrations", {
      type: "k8s-roles",
      name: "Edge2",
      integration_config: {
        cluster_name: "https://edge.example/?forward_to=https://evil.example/x&key=k-7Yq",
      },
    }],
    hides: ["k-7Yq"],
  },
];

for (const conversation of conversations) testConversation(conversation);

const near = fc.constantFrom(
  ..."/\\@:?#&=;.%[]\t\n \u00ad\u200b",
  "evil.example",
  "acme.example",
  "https:",
  "//",
  "token",
  "a",
);
const addresses = fc.array(near, { maxLength: 14 }).map((parts) => `https://${parts.join("")}`);

Deno.test("an address that is taken leads where it is shown to lead, and names every parameter", () => {
  let taken = 0;
  fc.assert(
    fc.property(addresses, (text) => {
      const given = givenAddress(text);
      if ("objection" in given) return;
      taken++;
      const sent = new URL(given.href);
      const shown = shownAddress(given.href);
      assert.equal(sent.username + sent.password, "");
      assert.ok(shown.startsWith(`https://${sent.host}`), `${text} is shown as ${shown}`);
      assert.equal(new URL(shown.replaceAll(HIDDEN_MARK, "x")).host, sent.host);
      for (const parameter of sent.search.slice(1).split("&")) {
        assert.ok(shown.includes(parameter.split("=")[0] ?? ""), `${text} is shown as ${shown}`);
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(taken > 100, `only ${taken} were taken`);
});
