import type { Fixture } from "../approvals/fixture.ts";
import type { Conversation } from "./conversation.ts";
import { conversationsOf, PRODUCTS, queryOf, resourceOf } from "./halo_product.ts";

const ofAll: readonly Conversation[] = [
  {
    name: "/status halo asks all twelve side by side",
    said: "/status halo",
    answered: [
      "HaloPSA: 2 of 10 need attention · 3 not set up",
      "N-central US",
      "token expired",
      "8 others",
      "[ Show N-central US ]",
    ],
    asked: PRODUCTS.map((product) => `GET ${resourceOf(product)}${queryOf(product)}`),
  },
  {
    name: "/show datto shows the client id, which is no secret",
    said: "/show datto 1",
    answered: [/client_id\s+DRMM-7f31/],
    asked: ["GET /api/DattoRmmDetails/1"],
  },
  {
    name: "/show snow hides the password, and never asks for it decrypted",
    said: "/show snow Snow License Manager",
    answered: [/password\s+••••••/, "third_party_desc"],
    lacks: ["clear-text-of-snow", btoa("clear-text-of-snow")],
    asked: ["GET /api/SnowDetails?includedetails=true", "GET /api/SnowDetails/5?includedetails=true"],
  },
  {
    name: "/update ncentral by a name that fits several asks which one is meant",
    said: '/update ncentral N-central name="N-central West"',
    picks: "N-central US",
    card: ["Change the integration N-central US?", /name\s+N-central US\s+N-central West/],
    outcome: "applied",
    answered: ["Read back: name is now “N-central West”."],
    wrote: ["POST /api/NCentralDetails", [{ id: 2, name: "N-central West" }]],
  },
  {
    name: "/update armis with a value of the wrong type says what it takes",
    said: "/update armis 4 default_devicesite=north",
    refused: ["default_devicesite takes a whole number, such as 12."],
  },
  {
    name: "/update armis with id= beside the id says that the id stands alone",
    said: "/update armis 1 id=7",
    refused: [
      '<id or name> is typed as a word, without "=". Leave out "id=7".',
      "/update armis 1",
    ],
  },
  {
    name: "/update sophos takes the vendor's own body in a document that it replies to",
    said: "/update sophos",
    document: {
      content: JSON.stringify([{ id: 1, update_addresses: true, new_integration_key: "?" }]),
      as: "reply",
    },
    enters: { "0.new_integration_key": "entered-integration-key" },
    card: [/update_addresses\s+false\s+true/, /new_integration_key\s+cannot be read\s+a new value/],
    outcome: "applied",
    answered: ["Read back: update_addresses is now true. new_integration_key cannot be read back."],
    wrote: ["POST /api/SophosDetails", [{
      id: 1,
      update_addresses: true,
      new_integration_key: "entered-integration-key",
    }]],
  },
  {
    name: "/create tenable takes back a secret that was typed into the chat",
    said: "/create tenable name=VM new_integration_key=hunter2",
    refused: ["new_integration_key=?", "replace it where it comes from"],
  },
];

const webhooks: readonly Conversation[] = [
  {
    name: "/webhook kaseya create registers the webhook, and is taken back by deleting it",
    said: "/webhook kaseya create VSA X",
    card: ["Register the alert webhook of the Kaseya VSA X integration VSA X?"],
    outcome: "applied",
    answered: ["Read back: webhook 4711."],
    wrote: ["POST /api/KaseyaVSAX/CreateWebhook/2"],
    undone: {
      card: ["Delete the alert webhook of the Kaseya VSA X integration VSA X?", "danger"],
      outcome: "applied",
      answered: ["Read back: no webhook."],
      wrote: ["DELETE /api/KaseyaVSAX/DeleteWebhook/2"],
    },
  },
  {
    name: "/webhook kaseya delete deletes the webhook, and is taken back by registering a new one",
    said: '/webhook kaseya delete 2 reason="moved to another fixture"',
    before: ({ halo }) => void (halo.records.KaseyaVSAXDetails![0]!.webhook_id = 12),
    card: ["Delete the alert webhook", "danger", "no longer become tickets", /Webhook\s+12\s+deleted/],
    outcome: "applied",
    answered: ["Read back: no webhook."],
    wrote: ["DELETE /api/KaseyaVSAX/DeleteWebhook/2"],
    undone: {
      card: ["Register the alert webhook"],
      outcome: "applied",
      answered: ["Read back: webhook 4711."],
      wrote: ["POST /api/KaseyaVSAX/CreateWebhook/2"],
    },
  },
];

/** An export that began a while ago. */
function exporting({ halo }: Fixture): void {
  halo.exports.push({
    chunk_size: null,
    export_id: "exp-1",
    export_date: "2026-01-01T03:00:00",
    export_progress: "PROCESSING",
    ready_for_import: false,
    progress_error: "",
  });
}

const exports: readonly Conversation[] = [
  {
    name: "/export tenable status shows the progress",
    said: "/export tenable status",
    before: exporting,
    answered: [
      "Tenable export: running",
      /export_date\s+2026-01-01 03:00 UTC\s+export_progress\s+PROCESSING/,
    ],
    asked: ["GET /api/Tenable/Status"],
  },
  {
    name: "/export tenable start starts an export, and is taken back by cancelling it",
    said: "/export tenable start chunk=50",
    card: ["Start an export from Tenable?", /Records per chunk\s+none\s+50/],
    outcome: "applied",
    answered: ["Read back: export exp-1 running (QUEUED)."],
    wrote: ["POST /api/Tenable/Export", { chunk_size: 50 }],
    undone: {
      card: ["Cancel the Tenable export?"],
      outcome: "applied",
      answered: ["Read back: export exp-1 cancelled (CANCELLED)."],
      wrote: ["POST /api/Tenable/Cancel"],
    },
  },
  {
    name: "/export tenable cancel cancels the one that runs",
    said: "/export tenable cancel",
    before: exporting,
    card: [
      "Cancel the Tenable export?",
      /Export exp-1\s+running\s+cancelled/,
      "Undo    No. A cancelled export",
    ],
    outcome: "applied",
    answered: ["Read back: export exp-1 cancelled (CANCELLED)."],
    wrote: ["POST /api/Tenable/Cancel"],
  },
];

/** HaloPSA's page "RMM & Security Endpoints", through the chat. */
export const conversations: readonly Conversation[] = [
  ...PRODUCTS.flatMap(conversationsOf),
  ...ofAll,
  ...webhooks,
  ...exports,
];
