import samples from "../sandbox/opsramp/page_samples.json" with { type: "json" };
import assert from "node:assert/strict";
import { ANA, type Fixture } from "../approvals/fixture.ts";
import { enter, nowhere, offerOf } from "../approvals/secret_page.ts";
import type { Changing, Conversation } from "./conversation.ts";

const INSTALLED = "/api/v2/tenants/client_8/integrations/installed";
const SERVICE_DESK = "INTG-9c584c86-4ba9-4006-9ee2-c41a07b7c761";
const CUSTOM = "INTG-58431d1c-1bdc-4a68-a49f-34435ead1d14";
const SMAX = "INTG-3f62e5c1-643b-41e3-a836-11c616e6f5df";
const AWS_STAGING = "INTG-5d0f3f0a-3f54-4a39-8b0c-9c6a3f6f0f21";
const DATADOG = "INTG-b7c8f0de-2a6e-4f55-8f0b-6c2c4bb9a0d7";
const SEARCH = `GET ${INSTALLED}/search?pageNo=1&pageSize=100&isDescendingOrder=false&sortName=name`;

const reads: readonly Conversation[] = [
  {
    name: "/status opsramp shows what is disabled apart from what works",
    said: "/status opsramp",
    answered: [
      "OpsRamp: 6 of 9 working · 2 disabled · 1 not known",
      /Disabled \(2\)[^]*AWS staging\s+disabled[^]*SMAX tickets\s+disabled[^]*Working \(6\)/,
    ],
    asked: [SEARCH],
  },
  {
    name: "/status opsramp shows the others of a row without id, and says which it is",
    againstDocuments: true,
    said: "/status opsramp",
    before: ({ opsramp }) => void Object.assign(opsramp.installations[0]!, { id: null }),
    answered: [
      "🟡 OpsRamp: 5 of 8 working · 2 disabled · 1 not known · 1 could not be read",
      "1 could not be read: Service Desk. Look in the vendor's console.",
    ],
    asked: [SEARCH],
  },
  {
    name: "/status opsramp says how many OpsRamp counts and does not return",
    said: "/status opsramp",
    before: ({ opsramp }) =>
      opsramp.fail("search", {
        kind: "status",
        status: 200,
        body: { results: [{ id: DATADOG, status: "enabled" }], totalResults: 40, nextPage: false },
      }),
    answered: [
      "🟡 OpsRamp: 1 of 1 working · 39 not returned",
      "OpsRamp counts 39 more but did not return them.",
    ],
    asked: [SEARCH],
  },
  {
    name: "/list opsramp counts in its heading what could not be read",
    againstDocuments: true,
    said: "/list opsramp",
    before: ({ opsramp }) => void Object.assign(opsramp.installations[0]!, { id: null }),
    answered: ["8 of 9 OpsRamp integrations", "1 could not be read: Service Desk."],
    asked: [SEARCH],
  },
  {
    name: "/list opsramp finds by part of a name",
    said: "/list opsramp name=aws",
    answered: ['2 OpsRamp integrations with "aws" in the name', AWS_STAGING],
    lacks: ["Datadog"],
    asked: [SEARCH],
  },
  {
    name: "/show opsramp shows mappings and where it notifies, and hides the token",
    said: "/show opsramp Service Desk",
    answered: [
      "Service Desk is enabled",
      /Token\s+set, hidden/,
      /Notifies\s+https:\/\/desk\.acme\.example\/api/,
      /Inbound: INCIDENT Status as Ticket\.stats/,
    ],
    lacks: ["YTxSGJdfkkfE3m7WaE8jYkwmsYjNU3VU"],
    asked: [SEARCH, `GET ${INSTALLED}/${SERVICE_DESK}`],
  },
  {
    name: "/show opsramp hides the key in a webhook's address",
    said: `/show opsramp ${DATADOG}`,
    answered: ["Datadog EU is enabled", "webhook/alert?vtoken=••••••"],
    lacks: ["k6v4Zr0Qm1", "gvKn3tqXb82mWc7RyLJd51sZfHpAeU0o"],
    asked: [`GET ${INSTALLED}/${DATADOG}`],
  },
  {
    name: "/show opsramp calls an integration that is not there not found, and asks once",
    said: "/show opsramp INTG-nowhere",
    answered: ['No installed integration has the id "INTG-nowhere"', "/list opsramp"],
    asked: [`GET ${INSTALLED}/INTG-nowhere`],
  },
  {
    name: "/list opsramp of a tenant that is not there names what to check, and speaks of no id",
    said: "/list opsramp",
    environment: { OPSRAMP_TENANT_ID: "client_9" },
    answered: ["OpsRamp unreachable (404)", "check OPSRAMP_TENANT_ID and OPSRAMP_API_URL"],
    lacks: ["Check the id", "deleted"],
    asked: [SEARCH.replace("client_8", "client_9")],
  },
];

const updates: readonly Conversation[] = [
  {
    name: "/update opsramp renames, and is taken back",
    said: '/update opsramp Service Desk name="Service Desk EU"',
    card: [
      "Change the name of Service Desk in OpsRamp?",
      SERVICE_DESK,
      /Name\s+Service Desk\s+Service Desk EU/,
    ],
    outcome: "applied",
    answered: ["Read back from Service Desk: name"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, { displayName: "Service Desk EU" }],
    undone: {
      card: [/Name\s+Service Desk EU\s+Service Desk/],
      outcome: "applied",
      answered: ["Read back from Service Desk EU: name"],
      wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, { displayName: "Service Desk" }],
    },
  },
  {
    name: "/update opsramp auth=WEBHOOK shows the new token to the requester alone, on a page",
    said: "/update opsramp Custom Integration auth=WEBHOOK reason=leaked",
    card: [
      "OpsRamp? · danger",
      /Inbound authentication\s+OAUTH2\s+WEBHOOK/,
      "present OAUTH2 credential is refused",
      "Undo    No. The present credential is lost",
    ],
    outcome: "applied",
    answered: [
      "Read back from Custom Integration: inbound authentication",
      "Its credential is in OpsRamp: Setup, Account",
    ],
    wrote: [`POST ${INSTALLED}/${CUSTOM}`, {
      inboundConfig: {
        authentication: {
          authType: "WEBHOOK",
          role: { uniqueId: "ROLE-4d64a7ca-20ca-7c7c-e439-3977aa9c87a4" },
        },
      },
    }],
    after: (fixture) => assertOnlyAnaSees(fixture, CUSTOM),
  },
  {
    name: "/update opsramp auth= that loses the present credential needs a reason",
    said: "/update opsramp Custom Integration auth=WEBHOOK",
    refused: ["Type the reason in reply: this is a dangerous change", "present OAUTH2 credential is refused"],
  },
  {
    name: "/update opsramp by a name that fits several asks which one is meant",
    said: '/update opsramp aws name="AWS test"',
    picks: "AWS staging",
    card: ["Change the name of AWS staging in OpsRamp?"],
    outcome: "applied",
    answered: ["Read back from AWS staging: name"],
    wrote: [`POST ${INSTALLED}/${AWS_STAGING}`, { displayName: "AWS test" }],
  },
  {
    name: "/update opsramp with an option that is misspelt shows the command as it should be",
    said: "/update opsramp SMAX nam=Desk",
    refused: ["has no option nam=", "/update opsramp SMAX name=Desk"],
  },
  {
    name: "/update opsramp with a misspelt field in a document says where",
    said: "/update opsramp SMAX",
    document: { content: { inboundConfig: { authentification: { authType: "WEBHOOK" } } }, as: "caption" },
    refused: ["inboundConfig", "authentification"],
  },
  {
    name: "/map opsramp sends only the missing pair, and shows the one that conflicts",
    said:
      '/map opsramp "Service Desk" in INCIDENT Status Ticket.stats Ok=good Open="In Progress" Critical=awful',
    card: [
      "Change the mappings of Service Desk in OpsRamp?",
      "OpsRamp adds this to the mappings it has; an update never replaces or removes one.",
      /Breaks +From then on, values are translated like this\. Not known for Inbound INCIDENT Status\./,
      /Critical\s+bad\s+bad, awful|Critical\s+bad\s+\S*awful/,
      "Undo    No. OpsRamp only adds mappings",
    ],
    outcome: "applied",
    answered: ["INCIDENT Status Open=In Progress"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      inboundConfig: {
        mapAttributes: [{
          name: "Status",
          thirdPartyAttrName: "stats",
          entityType: "INCIDENT",
          thirdPartyEntityType: "Ticket",
          attrValues: [
            { attrValue: "Open", thirdPartyAttrValue: "In Progress" },
            { attrValue: "Critical", thirdPartyAttrValue: "awful" },
          ],
        }],
      },
    }],
  },
  {
    name: "/map opsramp takes a document that it replies to, in the spelling of the page's table",
    said: "/map opsramp SMAX tickets",
    document: {
      content: {
        outboundConfig: {
          mapAttributes: [{
            name: "Priority",
            tenantAttrName: "severity",
            entityType: "INCIDENT",
            tenantEntityType: "TICKET",
            attrValues: [{ attrValue: "High", tenantAttrValue: "Max" }],
          }],
        },
      },
      as: "reply",
    },
    card: [/Outbound INCIDENT Priority High\s+not mapped\s+Max/],
    outcome: "applied",
    answered: ["INCIDENT Priority High=Max"],
    wrote: [`POST ${INSTALLED}/${SMAX}`, {
      outboundConfig: {
        mapAttributes: [{
          name: "Priority",
          thirdPartyAttrName: "severity",
          entityType: "INCIDENT",
          thirdPartyEntityType: "TICKET",
          attrValues: [{ attrValue: "High", thirdPartyAttrValue: "Max" }],
        }],
      },
    }],
  },
  {
    name: "/map opsramp maps an attribute whose values are taken over as they are",
    said: '/map opsramp "Service Desk" in ALERT Subject Event.title',
    card: [/Inbound ALERT Subject\s+not mapped\s+Event\.title/, "an update cannot remove one"],
    outcome: "applied",
    answered: ["Read back from Service Desk: ALERT Subject as Event.title"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      inboundConfig: {
        mapAttributes: [{
          name: "Subject",
          thirdPartyAttrName: "title",
          entityType: "ALERT",
          thirdPartyEntityType: "Event",
          attrValues: [],
        }],
      },
    }],
  },
  {
    name: "/map opsramp takes a mapping back as OpsRamp answers it, into another integration",
    said: "/map opsramp SMAX tickets",
    document: {
      content: {
        outboundConfig: {
          mapAttributes: [{
            name: "Priority",
            attrName: "incident.priority.name",
            mode: "OUTBOUND",
            thirdPartyAttrName: "severity",
            entityType: "INCIDENT",
            thirdPartyEntityType: "TICKET",
            parsingProperty: { defaultValue: "Normal", oprset: [{ operator: "AFTER", startWord: "P" }] },
            attrValues: [],
          }],
        },
      },
      as: "reply",
    },
    card: [
      /Outbound INCIDENT Priority\s+not mapped\s+TICKET\.severity/,
      /Outbound INCIDENT Priority parsing\s+not set\s+\{"defaultValue":"Normal"/,
    ],
    outcome: "applied",
    answered: ["INCIDENT Priority as TICKET.severity"],
    wrote: [`POST ${INSTALLED}/${SMAX}`, {
      outboundConfig: {
        mapAttributes: [{
          name: "Priority",
          attrName: "incident.priority.name",
          thirdPartyAttrName: "severity",
          entityType: "INCIDENT",
          thirdPartyEntityType: "TICKET",
          parsingProperty: { defaultValue: "Normal", oprset: [{ operator: "AFTER", startWord: "P" }] },
          attrValues: [],
        }],
      },
    }],
  },
  {
    name: "/map opsramp has nothing to do for a mapping copied from the integration itself",
    said: "/map opsramp Service Desk",
    document: {
      content: {
        inboundConfig: {
          mapAttributes: [{
            name: "Status",
            attrName: "incident.status.name",
            mode: "INBOUND",
            thirdPartyAttrName: "stats",
            entityType: "INCIDENT",
            thirdPartyEntityType: "Ticket",
            attrValues: [],
          }],
        },
      },
      as: "reply",
    },
    refused: ["Nothing to change in Service Desk: the attribute is mapped"],
  },
  {
    name: "/map opsramp refuses a mapping that goes the other way",
    said: "/map opsramp Service Desk",
    document: {
      content: {
        inboundConfig: {
          mapAttributes: [{ name: "Status", entityType: "INCIDENT", mode: "OUTBOUND", attrValues: [] }],
        },
      },
      as: "reply",
    },
    refused: ["inboundConfig.mapAttributes.0.mode must be INBOUND"],
  },
  {
    name: "/map opsramp warns of a value of an alert that OpsRamp does not name",
    said: '/map opsramp SMAX out ALERT "Current State" Ticket.state Critcal=high OK=done',
    card: [
      "values of ALERT Current State: Ok, Warning, Critical, Info; not Critcal. Check the spelling",
    ],
    outcome: "applied",
    answered: ["ALERT Current State as Ticket.state"],
    wrote: [`POST ${INSTALLED}/${SMAX}`, {
      outboundConfig: {
        mapAttributes: [{
          name: "Current State",
          thirdPartyAttrName: "state",
          entityType: "ALERT",
          thirdPartyEntityType: "Ticket",
          attrValues: [
            { attrValue: "Critcal", thirdPartyAttrValue: "high" },
            { attrValue: "OK", thirdPartyAttrValue: "done" },
          ],
        }],
      },
    }],
  },
  {
    name: "/map opsramp warns of a value that OpsRamp does not name",
    said: '/map opsramp SMAX out INCIDENT Status Ticket.state Opne=new Closed="Done"',
    card: [
      /Outbound INCIDENT Status\s+not mapped\s+Ticket\.state/,
      "values of INCIDENT Status: New, Open, Pending, On Hold, Resolved, Closed; not Opne. Check the spelling",
    ],
    outcome: "applied",
    answered: ["INCIDENT Status as Ticket.state, INCIDENT Status Opne=new, INCIDENT Status Closed=Done"],
    wrote: [`POST ${INSTALLED}/${SMAX}`, {
      outboundConfig: {
        mapAttributes: [{
          name: "Status",
          thirdPartyAttrName: "state",
          entityType: "INCIDENT",
          thirdPartyEntityType: "Ticket",
          attrValues: [
            { attrValue: "Opne", thirdPartyAttrValue: "new" },
            { attrValue: "Closed", thirdPartyAttrValue: "Done" },
          ],
        }],
      },
    }],
  },
  {
    name: "/update opsramp description= sets it, and is taken back only where there was one",
    said: '/update opsramp Service Desk description="First line of the EU desk"',
    before: ({ opsramp }) => void (opsramp.installations[0]!.description = "Old desk"),
    card: [
      "Change the description of Service Desk in OpsRamp?",
      /Description\s+Old desk\s+First line of the EU desk/,
    ],
    outcome: "applied",
    answered: ["Read back from Service Desk: description"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, { description: "First line of the EU desk" }],
    undone: {
      card: [/Description\s+First line of the EU desk\s+Old desk/],
      outcome: "applied",
      answered: ["description"],
      wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, { description: "Old desk" }],
    },
  },
  {
    name: "/notifier opsramp scope= goes with OAUTH2, is shown, and is not read back",
    said: "/notifier opsramp SMAX tickets uri=https://desk.example.com/api auth=OAUTH2 " +
      "grantType=CLIENT_CREDENTIALS accessTokenURL=https://desk.example.com/token scope=incidents:write " +
      "apiKey=? apiSecret=?",
    enters: { apiSecret: "entered-api-secret", apiKey: "entered-api-key" },
    card: [/scope\s+cannot be read\s+incidents:write/],
    outcome: "applied",
    answered: ["Not readable: apiKey, apiSecret, scope"],
    wrote: [`POST ${INSTALLED}/${SMAX}`, {
      outboundConfig: {
        baseNotifier: {
          type: "REST_API",
          baseURI: "https://desk.example.com/api",
          authType: "OAUTH2",
          grantType: "CLIENT_CREDENTIALS",
          apiKey: "entered-api-key",
          apiSecret: "entered-api-secret",
          accessTokenURL: "https://desk.example.com/token",
          scope: "incidents:write",
        },
      },
    }],
  },
  {
    name: "/map opsramp with an entity that is misspelt shows the command as it should be",
    said: "/map opsramp SMAX in INCIDNT Status Ticket.stats Open=new",
    refused: ["INCIDENT"],
  },
  {
    name: "/notifier opsramp sends to another address, and is taken back",
    said: "/notifier opsramp Service Desk uri=https://desk.example.com/v2 auth=NONE",
    card: [
      /Notifies\s+https:\/\/desk\.acme\.example\/api\s+https:\/\/desk\.example\.com\/v2/,
      "stops notifying",
    ],
    outcome: "applied",
    answered: ["notifier baseURI"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: { type: "REST_API", baseURI: "https://desk.example.com/v2", authType: "NONE" },
      },
    }],
    undone: {
      card: [/Notifies\s+https:\/\/desk\.example\.com\/v2\s+https:\/\/desk\.acme\.example\/api/],
      outcome: "applied",
      answered: ["notifier baseURI"],
      wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
        outboundConfig: {
          baseNotifier: { type: "REST_API", baseURI: "https://desk.acme.example/api", authType: "NONE" },
        },
      }],
    },
  },
  {
    name: "/notifier opsramp shows that its type changes, and that there is no way back",
    said: "/notifier opsramp Service Desk type=SOAP_API",
    card: [/Notifier type\s+cannot be read\s+SOAP_API/, "Undo    No. The present type of the notifier"],
    outcome: "accepted",
    answered: ["OpsRamp shows none of what was sent"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: { type: "SOAP_API", baseURI: "https://desk.acme.example/api", authType: "NONE" },
      },
    }],
  },
  {
    name: "/notifier opsramp refuses an address that was copied from one of its cards",
    said: "/notifier opsramp Service Desk uri=https://desk.example.com/?key=•••••• auth=NONE",
    refused: ["baseURI only stands for a value that is not shown. Type the value itself."],
  },
  {
    name: "/notifier opsramp shows no key of the address that it replaces, and puts the key back",
    said: "/notifier opsramp Service Desk uri=https://desk.example.com/v2 auth=NONE",
    before: ({ opsramp }) =>
      void (opsramp.installations[0]!.outboundConfig!.baseNotifier!.baseURI =
        "https://desk.example.com/in?key=k-7Yq&team=7"),
    card: [
      /Notifies\s+https:\/\/desk\.example\.com\/in\?key=••••••&team=7\s+https:\/\/desk\.example\.com\/v2/,
    ],
    outcome: "applied",
    answered: ["notifier baseURI"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: { type: "REST_API", baseURI: "https://desk.example.com/v2", authType: "NONE" },
      },
    }],
    undone: {
      card: ["https://desk.example.com/in?key=••••••&team=7"],
      outcome: "applied",
      answered: ["notifier baseURI"],
      wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
        outboundConfig: {
          baseNotifier: {
            type: "REST_API",
            baseURI: "https://desk.example.com/in?key=k-7Yq&team=7",
            authType: "NONE",
          },
        },
      }],
    },
    hides: ["k-7Yq"],
  },
  {
    name: "/notifier opsramp shows no password of the address that it replaces, and cannot put it back",
    said: "/notifier opsramp Service Desk uri=https://desk.example.com/v2 auth=NONE",
    before: ({ opsramp }) =>
      void (opsramp.installations[0]!.outboundConfig!.baseNotifier!.baseURI =
        "https://ana:pw-8Xk@desk.example.com/in"),
    card: [
      /Notifies\s+https:\/\/••••••@desk\.example\.com\/in\s+https:\/\/desk\.example\.com\/v2/,
      "present address has a user name or a sign that cannot be typed here",
    ],
    outcome: "applied",
    answered: ["notifier baseURI"],
    wrote: [`POST ${INSTALLED}/${SERVICE_DESK}`, {
      outboundConfig: {
        baseNotifier: { type: "REST_API", baseURI: "https://desk.example.com/v2", authType: "NONE" },
      },
    }],
    hides: ["pw-8Xk"],
  },
  {
    name:
      "/notifier opsramp takes the vendor's field names in a document, and its secrets from a private page",
    said: "/notifier opsramp SMAX tickets auth=OAUTH2 apiSecret=?",
    document: {
      content: {
        type: "REST_API",
        baseURI: "https://desk.example.com/api",
        grantType: "CLIENT_CREDENTIALS",
        accessTokenURI: "https://desk.example.com/token",
        apiKey: "?",
      },
      as: "caption",
    },
    enters: { apiSecret: "entered-api-secret", apiKey: "entered-api-key" },
    card: [
      /Notifier authentication\s+not set\s+OAUTH2/,
      /apiSecret\s+cannot be read\s+new value, entered privately/,
    ],
    outcome: "applied",
    answered: ["Not readable: type, apiKey, apiSecret"],
    wrote: [`POST ${INSTALLED}/${SMAX}`, {
      outboundConfig: {
        baseNotifier: {
          type: "REST_API",
          baseURI: "https://desk.example.com/api",
          authType: "OAUTH2",
          grantType: "CLIENT_CREDENTIALS",
          apiKey: "entered-api-key",
          apiSecret: "entered-api-secret",
          accessTokenURL: "https://desk.example.com/token",
        },
      },
    }],
  },
  {
    name: "/notifier opsramp takes back a secret that was typed into the chat",
    said: "/notifier opsramp SMAX uri=https://desk.example.com auth=OAUTH2 apiSecret=hunter2",
    refused: ["apiSecret=?", "replace it where it comes from"],
  },
  {
    name: "/enable opsramp enables, and is taken back by disabling",
    said: "/enable opsramp AWS staging",
    card: ["Enable AWS staging in OpsRamp?", /Status\s+disabled\s+enabled/],
    outcome: "applied",
    answered: ["AWS staging is read back as enabled"],
    wrote: [`POST ${INSTALLED}/${AWS_STAGING}/enable`],
    undone: {
      card: ["Disable AWS staging in OpsRamp?", "danger"],
      outcome: "applied",
      answered: ["AWS staging is read back as disabled"],
      wrote: [`POST ${INSTALLED}/${AWS_STAGING}/disable`],
    },
  },
  {
    name: "/disable opsramp disables, and is taken back by enabling",
    said: "/disable opsramp Datadog EU reason=noisy",
    card: ["Disable Datadog EU in OpsRamp?", "danger", "Nothing goes to or comes from Datadog EU"],
    outcome: "applied",
    answered: ["Datadog EU is read back as disabled"],
    wrote: [`POST ${INSTALLED}/${DATADOG}/disable`],
    undone: {
      card: ["Enable Datadog EU in OpsRamp?"],
      outcome: "applied",
      answered: ["Datadog EU is read back as enabled"],
      wrote: [`POST ${INSTALLED}/${DATADOG}/enable`],
    },
  },
];

type Body = { readonly [field: string]: unknown };

/** An integration on which nothing is set yet, so that all of a sample is news. */
const BLANK = "INTG-0b1a4e4a-3a53-4a6e-9d3b-5f2f8f6f0b1c";

/** What the page's samples hold that must not be typed, by the field's path in the document. */
const SECRETS = [
  "outboundConfig.baseNotifier.password",
  "outboundConfig.baseNotifier.apiKey",
  "outboundConfig.baseNotifier.apiSecret",
  "outboundConfig.baseNotifier.tokenHeaders.0.value",
];

/** One of the page's sample requests, sent as a document with its secrets entered on the page. */
function sampleConversation({ title, request }: { title: string; request: Body }): Changing {
  const enters = Object.fromEntries(
    SECRETS.flatMap((path) => valueAt(request, path) === undefined ? [] : [[path, `entered for ${path}`]]),
  );
  const asked = Object.keys(enters);
  const sent = withValues(request, (path, value) => enters[path] ?? value);
  return {
    name: `/update opsramp takes the page's sample "${title}"`,
    said: `/update opsramp ${BLANK}`,
    document: { content: withValues(request, (path, value) => path in enters ? "?" : value), as: "caption" },
    before: ({ opsramp }) =>
      opsramp.installations.push({
        id: BLANK,
        displayName: "Blank",
        status: "enabled",
        category: "Collaboration",
      }),
    ...(asked.length > 0 && { enters }),
    card: [/^🟡 Change .* of Blank in OpsRamp\?/, BLANK],
    outcome: "applied",
    answered: ["Read back from Blank: "],
    wrote: [`POST ${INSTALLED}/${BLANK}`, inSentWords(sent)],
    ...("inboundConfig" in request && { after: (fixture: Fixture) => assertOnlyAnaSees(fixture, BLANK) }),
  };
}

/** The page writes the address of the token in two ways; one of them is sent. */
function inSentWords(body: Body): unknown {
  return JSON.parse(JSON.stringify(body).replace('"accessTokenURI"', '"accessTokenURL"'));
}

function withValues(body: Body, replace: (path: string, value: unknown) => unknown): Body {
  const walk = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((inner, at) => walk(inner, `${path}.${at}`));
    if (typeof value !== "object" || value === null) return replace(path, value);
    return Object.fromEntries(
      Object.entries(value).map((
        [name, inner],
      ) => [name, walk(inner, path === "" ? name : `${path}.${name}`)]),
    );
  };
  return walk(body, "") as Body;
}

function valueAt(body: unknown, path: string): unknown {
  return path.split(".").reduce((value, step) => Object(value)[step], body);
}

/** The page shows Ana the credential that OpsRamp made, and nothing else does. */
async function assertOnlyAnaSees(fixture: Fixture, id: string): Promise<void> {
  const authentication = fixture.opsramp.installations.find((one) => one.id === id)?.inboundConfig
    ?.authentication;
  const { token, webhookUrl, apiKeyPairs = [] } = authentication ?? {};
  const made = [token, webhookUrl, ...apiKeyPairs.map(({ key }) => key)].filter((one) => one !== undefined);
  assert.ok(made.length > 0);
  const page = await (await enter(await offerOf(fixture, ANA), {})).text();
  for (const secret of made) {
    assert.ok(page.includes(`<code>${secret.replaceAll("&", "&amp;")}</code>`), page);
    await nowhere(fixture, secret);
  }
}

/** OpsRamp's page "Update Installed Integration" with its samples, and what goes with it, through the chat. */
export const conversations: readonly Conversation[] = [
  ...reads,
  ...updates,
  ...samples.map(sampleConversation),
];
