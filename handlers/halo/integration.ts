import type { HaloClient } from "../../clients/halo.ts";
import { integrationName, type Product, spelled } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import type { JsonObject } from "../../clients/json.ts";
import { HIDDEN_MARK } from "../../clients/secrets.ts";
import { shownAddress } from "../mask.ts";
import { countOthers } from "../format.ts";
import { BadInput, type Card, type ChangeOperation, type Undo } from "../operation.ts";
import { type Block, type Inline, type Line, type Reply, textBlock } from "../reply.ts";
import { ifFound } from "../resolve.ts";
import {
  nameOfSeen,
  type Removal,
  type Resource,
  type Sighting,
  type TableColumn,
  type Toggle,
  type ToggleState,
} from "../resource.ts";
import { toggleOperations } from "../resource_changes.ts";
import { columnsOf, isProblem, tableOf } from "../resource_operations.ts";
import { endsOf, errorOf, lastSyncOf, reasonOf, syncStanding, valueLine } from "./sync.ts";
import { deletingSwitches, effectsOfSync } from "./effect.ts";
import { isInt32 } from "./fields.ts";

/** The integrations of one product: what is listed, shown, switched on and off, and deleted. */
export function integrationsOf(product: Product): Resource<HaloClient, HaloIntegration, Deleted> {
  const { target, label } = product;
  const columns: readonly TableColumn<Sighting<HaloIntegration>>[] = [
    { title: "Name", cell: ({ name }) => ({ data: name }) },
    { title: "Id", cell: ({ item }) => ({ code: String(item.id) }) },
    { title: "Sync", cell: ({ standing }) => standing.word },
    { title: "Last sync", cell: ({ item }) => lastSyncOf(product, item) },
  ];
  return {
    vendor: "halo",
    target,
    label,
    noun: [`${label} integration`, `${label} integrations`],
    working: "syncing",
    list: (client, call) => ofModule(product, client.list(product, call)),
    get: (client, id, call) => client.get(product, Number(id), call),
    id: ({ id }) => String(id),
    name: integrationName,
    standing: (record, now) => syncStanding(product, record, now),
    about: (record) => addressesIn(product, record),
    lookup: { pattern: DIGITS, idIn: (words) => idTyped(words)?.toString() },
    none: {
      mark: "absent",
      title: `${label} is not set up in HaloPSA`,
      blocks: [{ kind: "text", text: `Type /help create ${target} to see how to add it.` }],
    },
    status: {
      summary: `${label}: sync state, last sync, last error`,
      reply: (all, _now, notes) => ({ blocks: statusBlocks(product, all, notes) }),
    },
    listing: {
      summary: `All ${label} integrations with their ids`,
      columns,
      reply: (all, count) => ({
        title: `${count} in HaloPSA`,
        blocks: all.length === 0 ? [] : [columnsOf(columns, all)],
      }),
    },
    show: {
      summary: `One ${label} integration, all fields`,
      facts: (record) => fieldsIn(product, record).map((field) => [field, valueLine(record[field])]),
      reply: (sighting, facts) => shown(product, sighting, facts),
    },
    toggle: syncToggle(product),
    removal: removal(product),
    watch: {
      words: (record) => errorOf(product, record),
      ends: (record) => endsOf(product, record),
    },
  };
}

/** Where the product is, as far as HaloPSA says it: what people know one by whose name says nothing. */
function addressesIn(product: Product, record: HaloIntegration): readonly string[] {
  return [...product.fields].filter(([, kind]) => kind === "address")
    .flatMap(([field]) => typeof record[field] === "string" ? [shownAddress(record[field])] : [])
    .map((address) => address.replace(/^https?:\/\//, "").replace(/\/$/, ""));
}

const DIGITS = /^#?(\d+)$/;

/** What was typed as an id; larger numbers than HaloPSA's ids are none. */
export function idTyped(words: string): number | undefined {
  const digits = DIGITS.exec(words.trim())?.[1];
  return digits !== undefined && isInt32(Number(digits)) ? Number(digits) : undefined;
}

/** How a sentence speaks of one integration: one whose name says the product already is not called so twice. */
export function called({ label }: Pick<Product, "label">, name: string): readonly Inline[] {
  const isSaid = name.toLowerCase().startsWith(label.toLowerCase());
  return ["the ", ...(isSaid ? [] : [label, " "]), "integration ", { data: name }];
}

/**
 * The answer to a question about the whole product. HaloPSA knows nothing of what it asks for only where the tenant
 * has no such module: nothing that was typed is to blame.
 */
export async function ofModule<T>(product: Product, answer: Promise<T>): Promise<T> {
  const found = await ifFound(answer.then((value) => ({ value })));
  if (found) return found.value;
  throw new BadInput(
    `This HaloPSA has no ${product.label} module. Type /status halo to see what it has, ` +
      "or have someone who administers HaloPSA add it.",
  );
}

function statusBlocks(
  product: Product,
  all: readonly Sighting<HaloIntegration>[],
  notes: readonly Line[],
): readonly Block[] {
  const problems = all.filter(isProblem);
  const others = all.filter((one) => !isProblem(one));
  const row = (one: Sighting<HaloIntegration>): readonly Line[] => [
    nameOfSeen(one),
    one.standing.word,
    lastSyncOf(product, one.item),
  ];
  return [
    { kind: "facts", facts: stateCounts(all) },
    ...tableOf(problems.map(row)),
    ...listOf(
      problems.map((
        { item, name, standing },
      ) => [{ data: name }, ": ", ...reasonOf(product, item, standing)]),
    ),
    ...notes.map(textBlock),
    ...withoutProblems(others, others.map(row)),
  ];
}

/** In the order of `all`, which begins with the worst. */
function stateCounts(all: readonly Sighting<HaloIntegration>[]): readonly (readonly [string, Line])[] {
  const words = all.map(({ standing }) => standing.word);
  return [...new Set(words)].map((word) => [word, String(words.filter((other) => other === word).length)]);
}

/** A list, or nothing where it would be empty. */
export function listOf(items: readonly Line[]): readonly Block[] {
  return items.length === 0 ? [] : [{ kind: "list", items }];
}

/** Those without problems, folded; what nobody knows of is not among what has none. */
export function withoutProblems(
  fine: readonly Sighting<HaloIntegration>[],
  rows: readonly (readonly Line[])[],
): readonly Block[] {
  const [off, unknown] = (["off", "unknown"] as const)
    .map((is) => fine.filter(({ standing }) => standing.is === is).length) as [number, number];
  const summary = countOthers(fine.length - off - unknown, off, unknown);
  return fine.length === 0 ? [] : [{ kind: "details", summary, blocks: tableOf(rows) }];
}

/** The fields that HaloPSA returned, in the order of the product's row. */
function fieldsIn(product: Product, record: HaloIntegration): readonly string[] {
  return [...product.fields.keys()].filter((field) => field in record && field !== "_warning");
}

function shown(
  product: Product,
  sighting: Sighting<HaloIntegration>,
  facts: Block,
): Partial<Reply> {
  const { item: record, name, standing } = sighting;
  const fields = fieldsIn(product, record);
  const unread = [...product.fields].filter(([field, kind]) => kind === "secret" && !(field in record));
  const hasReason = standing.is === "problem" || errorOf(product, record) !== undefined;
  return {
    title: [
      ...(name.toLowerCase().startsWith(product.label.toLowerCase()) ? [] : [product.label, " "]),
      nameOfSeen(sighting),
      `: ${standing.word}`,
    ],
    blocks: [
      ...(hasReason ? [{ kind: "text", text: reasonOf(product, record, standing) } as const] : []),
      facts,
      ...warningOf(record),
      ...fields.map((field) => ({ field, list: record[field] })).flatMap(({ field, list }): Block[] =>
        Array.isArray(list) && list.length > 0
          ? [{
            kind: "details",
            summary: field,
            blocks: [{ kind: "pre", text: JSON.stringify(list, null, 2) }],
          }]
          : []
      ),
    ],
    footer: unread.length > 0 ? `Write-only, never shown: ${unread.map(([field]) => field).join(", ")}` : "",
  };
}

function warningOf({ _warning: warning }: HaloIntegration): readonly Block[] {
  if (typeof warning !== "string" || warning === "") return [];
  return [{ kind: "text", text: ["HaloPSA warns: ", { data: warning, max: 300 }] }];
}

/** What a read-back of a deleted one says. */
export const GONE = "HaloPSA has no such integration any more.";

/** The product's own sync flag, and nothing but it. */
function syncToggle(product: Product): Toggle<HaloClient, HaloIntegration> {
  const help = (to: "on" | "off") => ({
    summary: `Turn the sync of one ${product.label} integration ${to}`,
    risk: "write" as const,
  });
  const body = ({ id, field, on }: { id: string; field: string; on: boolean }) => ({
    id: Number(id),
    [field]: on,
  });
  return {
    help: { enable: help("on"), disable: help("off") },
    words: ["on", "off"],
    state: (record) => flagOf(product, record),
    async set(client, to, call) {
      await client.save(product, body(to), call);
    },
    sends: (to) => [body(to)],
    depends: (record) => deletingSwitches(product, record),
    breaks: (_name, on, switches) =>
      on
        ? effectsOfSync(product, switches)
        : [`Changes in ${product.label} no longer reach HaloPSA through it; existing data stays.`],
    endangers: (switches) => Object.keys(switches).length > 0,
    sentences(name, on) {
      const what = ["the sync of ", ...called(product, name)];
      return {
        title: [on ? "Turn on " : "Turn off ", ...what],
        done: [...what, on ? " is on" : " is off"],
        already: ["The sync of ", ...called(product, name), ` is already ${on ? "on" : "off"}.`],
      };
    },
    evidence(state) {
      if (!state) return GONE;
      if (state.on === null) return `HaloPSA does not return ${state.field}.`;
      return `Read back: ${state.field} is ${state.on}.`;
    },
    back: (on) => on ? "by turning it off" : "by turning it on",
  };
}

/** The flag goes by the name that HaloPSA returned; by the documented one when it returned none. */
function flagOf(product: Product, record: HaloIntegration): ToggleState {
  const field = spelled(product, product.sync.enabled[0] ?? "", record);
  const on = record[field];
  if (typeof on !== "boolean") return { on: null, word: "not shown by HaloPSA", field };
  return { on, word: on ? "on" : "off", field };
}

/** `/webhook kaseya create` and `delete`: how Kaseya's alerts reach HaloPSA. */
export function webhookOperations(product: Product): readonly ChangeOperation[] {
  const { target, label } = product;
  const what = (name: string) => ["the alert webhook of ", ...called(product, name)];
  return toggleOperations(integrationsOf(product), {
    help: {
      enable: {
        summary: `Let ${label} send its alerts to HaloPSA`,
        example: `/webhook ${target} create 2`,
        risk: "write",
      },
      disable: {
        summary: `Stop ${label} from sending alerts to HaloPSA`,
        example: `/webhook ${target} delete 2 reason="moved to another desk"`,
        risk: "danger",
      },
    },
    commands: {
      enable: { verb: "webhook", target: `${target} create` },
      disable: { verb: "webhook", target: `${target} delete` },
    },
    words: ["registered", "deleted"],
    state: webhookOf,
    set: (client, { id, on }, call) => client.switchWebhook(Number(id), on, call),
    sends: ({ id, on }) =>
      on ? { post: `/KaseyaVSAX/CreateWebhook/${id}` } : { delete: `/KaseyaVSAX/DeleteWebhook/${id}` },
    breaks: (_name, on) => [
      on
        ? `Alerts of ${label} become tickets in HaloPSA, as it is set up there.`
        : `Alerts of ${label} no longer become tickets in HaloPSA.`,
    ],
    sentences: (name, on, { word }) => ({
      title: [on ? "Register " : "Delete ", ...what(name)],
      done: [...what(name), on ? " is registered" : " is deleted"],
      already: [
        "Nothing to change: ",
        ...called(product, name),
        on ? ` already has webhook ${word}.` : " has no webhook.",
      ],
    }),
    evidence(state) {
      if (!state) return GONE;
      if (state.on === null) return "HaloPSA does not return webhook_id.";
      return `Read back: ${state.on ? `webhook ${state.word}` : "no webhook"}.`;
    },
    back: (on) => on ? "by deleting the webhook" : "by registering a new webhook",
  });
}

function webhookOf({ webhook_id: id }: HaloIntegration): ToggleState {
  if (id === undefined) return { on: null, word: "not shown", field: "Webhook" };
  const isThere = typeof id === "number" && id > 0;
  return { on: isThere, word: isThere ? String(id) : "none", field: "Webhook" };
}

/** The settings that go away; what a sync writes by itself is left out, it moves while people decide. */
export type Deleted = { readonly id: number; readonly name: string; readonly settings: JsonObject };

/** What is left of `record` once it is deleted. */
export function deletedOf(product: Product, record: HaloIntegration): Deleted {
  const settings = Object.entries(record).filter(([field]) => {
    const kind = product.fields.get(field);
    return kind !== undefined && kind !== "shown" && kind !== "secret";
  });
  return { id: record.id, name: integrationName(record), settings: Object.fromEntries(settings) };
}

/** The configuration, its mappings and its stored credentials. */
function removal(product: Product): Removal<HaloClient, HaloIntegration, Deleted> {
  const { target, label } = product;
  return {
    summary: `Delete one ${label} integration`,
    example: `/delete ${target} 1 reason="replaced"`,
    keep: (record) => deletedOf(product, record),
    remove: (client, id, call) => client.remove(product, Number(id), call),
    card: (kept) => removalCard(product, kept),
    evidence: (id, seen) =>
      seen ? "Read back: HaloPSA still has it." : `Read back: HaloPSA has no ${label} integration ${id}.`,
    undo: (kept) => recreation(product, kept),
  };
}

function removalCard(product: Product, { id, name, settings }: Deleted): Card {
  const { label, details } = product;
  const what = called(product, name);
  const { enable_alerts: alerts, enable_webhooks: webhooks } = settings;
  return {
    title: ["Delete ", ...what],
    done: [...what, " is deleted"],
    rows: [{ label: "Integration", now: ["id ", { code: String(id) }], after: "deleted" }],
    breaks: [
      `HaloPSA no longer syncs with ${label} through it; its mappings and credentials are lost.`,
      ...(alerts === true || webhooks === true ? [`Alerts of ${label} no longer become tickets.`] : []),
    ],
    sends: { delete: `/${details}/${id}` },
    details: [{
      kind: "details",
      summary: "Its settings, to set it up again",
      blocks: [{ kind: "pre", text: JSON.stringify(documentOf(settings), null, 2) }],
    }],
  };
}

function recreation({ target, fields }: Product, { settings }: Deleted): Undo {
  const secrets = [...fields].filter(([, kind]) => kind === "secret").map(([field]) => field);
  if (secrets.length > 0) {
    const why = `its secrets cannot be read (${secrets.join(", ")}). To set it up again, send /create ` +
      `${target} with its settings as a document and the secrets as =?`;
    return { possible: false, why };
  }
  const how = "by creating it again, under a new id";
  return { possible: true, how, verb: "create", target, input: { document: documentOf(settings) } };
}

function documentOf(settings: JsonObject): JsonObject {
  const usable = Object.entries(settings).filter(([, value]) =>
    value !== null && !JSON.stringify(value).includes(HIDDEN_MARK)
  );
  return Object.fromEntries(usable);
}
