import { type JsonObject, plainJson } from "../../clients/json.ts";
import type { OpsRampClient } from "../../clients/opsramp.ts";
import type { Installed, InstalledUpdate } from "../../clients/opsramp/installed.ts";
import { judged, quoted } from "../comparison.ts";
import {
  BadInput,
  type Card,
  type Context,
  type Nothing,
  type Receipt,
  type Undo,
  unreadable,
  type Verification,
} from "../operation.ts";
import { type Inline, type Line, line } from "../reply.ts";
import { findItem, targetOf } from "../resource.ts";
import { authenticationSection, credentialsIn } from "./authentication.ts";
import {
  comparedFields,
  installations,
  installedName,
  type Section,
  type SectionChange,
  type Seen,
  type UpdatePlan,
} from "./installation.ts";
import { mappingsSection } from "./mapping.ts";
import {
  notifierSection,
  refuseLiterals,
  refusePlaceholders,
  shownUpdate,
  withEntered,
  withNormalAddresses,
} from "./notifier.ts";

/** A text of the record's own, such as what it is called. */
function textSection(
  key: "displayName" | "description",
  { noun, label, is }: { readonly noun: string; readonly label: string; readonly is: string },
): Section<string | null> {
  return {
    called: `the ${noun}`,
    isIn: (update) => update[key] !== undefined,
    compare: (installed, { [key]: wanted }) =>
      wanted === installed[key] ? { already: [[is, { data: wanted ?? "" }]] } : { goal: { [key]: wanted } },
    state: (installed) => installed[key] ?? null,
    change: (before, { [key]: wanted = "" }) => ({
      rows: [{
        label,
        now: before ? { data: before, max: 200 } : "none",
        after: { data: wanted, max: 200 },
      }],
      seen: (now) => comparedFields([{ label: noun, asked: wanted, before, now }]),
      wayBack: before
        ? { how: [`the ${noun} `, { data: before, max: 60 }], body: { [key]: before } }
        : { why: `it has no ${label.toLowerCase()} now, and an update cannot remove one` },
    }),
  };
}

const nameSection = textSection("displayName", { noun: "name", label: "Name", is: "it is called " });
const descriptionSection = textSection("description", {
  noun: "description",
  label: "Description",
  is: "its description is ",
});

const SECTIONS: readonly (readonly [key: string, Section])[] = [
  ["name", nameSection],
  ["description", descriptionSection],
  ["authentication", authenticationSection],
  ["mappings", mappingsSection],
  ["notifier", notifierSection],
];

/**
 * Compares what an update asks for with what is there and keeps the difference: the vendor would append mappings
 * again, and would take a notifier that lacks half its fields.
 */
export async function planUpdate(
  context: Context<OpsRampClient>,
  input: JsonObject & { readonly id: string },
  asked: InstalledUpdate,
): Promise<UpdatePlan | Nothing> {
  if (asked.outboundConfig?.baseNotifier) refuseLiterals(asked.outboundConfig.baseNotifier);
  refusePlaceholders(asked);
  const update = withNormalAddresses(asked);
  const installed = await findItem(installations, context, input.id);
  const found = sectionsIn(update).map(([, section]) => section.compare(installed, update));
  const goals = found.flatMap((asked) => "goal" in asked ? [asked.goal] : []);
  if (goals.length === 0) {
    return { nothing: nothing(installed, found.flatMap((asked) => "already" in asked ? asked.already : [])) };
  }
  const after = plainJson(merged(goals));
  return {
    input: { ...input, id: installed.id },
    target: targetOf(installations, installed),
    before: stateOf(installed, after),
    after,
  };
}

/** What an update looks like before it is approved. */
export function updateCard(plan: UpdatePlan): Card {
  const name = { data: plan.target.name };
  const sections = sectionsIn(plan.after).map(([key, section]) => ({ key, called: section.called }));
  const what = joinedWords(sections.map(({ called }) => called));
  const are = sections.length > 1 || sections.some(({ key }) => key === "mappings") ? "are" : "is";
  const changes = changesIn(plan);
  const details = changes.flatMap((one) => one.details ?? []);
  return {
    title: ["Change ", what, " of ", name, " in OpsRamp"],
    done: [what, " of ", name, ` ${are} changed in OpsRamp`],
    rows: changes.flatMap(({ rows }) => rows),
    ...(details.length > 0 && { details }),
    breaks: changes.flatMap(({ breaks = [] }) => breaks),
    sends: plainJson(shownUpdate(plan.after)),
    warnings: changes.flatMap(({ warnings = [] }) => warnings),
  };
}

/** Another way to authenticate makes another credential, and the present one is lost. */
export function isDangerous(plan: UpdatePlan): boolean {
  return changesIn(plan).some(({ losesCredential }) => losesCredential === true);
}

/** The one write. Where it makes a credential, what is there is read first: the vendor answers old ones as well. */
export async function applyUpdate(
  { client, call }: Context<OpsRampClient>,
  plan: UpdatePlan,
  secrets: Readonly<Record<string, string>>,
): Promise<Receipt> {
  const { target, after } = plan;
  const update = () => client.updateInstalled(target.id, withEntered(after, secrets), call);
  if (!changesIn(plan).some(({ makesCredential }) => makesCredential)) {
    await update();
    return {};
  }
  const old = new Set(credentialsIn(await client.getInstalled(target.id, call)).map(({ value }) => value));
  const personal = credentialsIn(await update(), after.inboundConfig?.authentication?.authType)
    .filter(({ value }) => !old.has(value));
  return personal.length > 0 ? { personal } : {};
}

/** Compares a fresh read with the plan; the reply of an update is partial and proves nothing. */
export async function verifyUpdate(
  { client, call }: Context<OpsRampClient>,
  plan: UpdatePlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const after = stateOf(await client.getInstalled(plan.target.id, call), plan.after);
  const fields = mappingsLast(changesIn(plan)).flatMap(({ key, seen }) => seen(after[key]));
  if (fields.length === 0) {
    const evidence = "OpsRamp shows none of what was sent";
    return { ...unreadable(receipt !== undefined), evidence, after };
  }
  const found = judged(fields);
  return { ...found, ...(found.state === "applied" && { evidence: evidenceOf(plan, fields) }), after };
}

export function undoUpdate(plan: UpdatePlan): Undo {
  const { id } = plan.target;
  const ways = changesIn(plan).map(({ wayBack }) => wayBack);
  const closed = mappingsLast(changesIn(plan)).map(({ wayBack }) => wayBack).findLast((way) => "why" in way);
  if (closed) return { possible: false, why: closed.why };
  const open = ways.flatMap((way) => "why" in way ? [] : [way]);
  const how = open.flatMap(({ how }, at): readonly Inline[] => at === 0 ? how : [" and ", ...how]);
  return {
    possible: true,
    how: ["back to ", ...how],
    verb: "update",
    target: "opsramp",
    input: { id, document: plainJson(merged(open.map(({ body }) => body))) },
  };
}

function sectionsIn(update: InstalledUpdate): typeof SECTIONS {
  return SECTIONS.filter(([, section]) => section.isIn(update));
}

function changesIn({ target, before, after }: UpdatePlan): readonly (SectionChange & { key: string })[] {
  return sectionsIn(after).map(([key, section]) => ({
    key,
    ...section.change(before[key], after, { data: target.name }),
  }));
}

/** They are many and would crowd out the rest of what was read; no reason against a way back is as final as theirs. */
function mappingsLast<Of extends { readonly key: string }>(changes: readonly Of[]): readonly Of[] {
  return changes.toSorted((one, other) => Number(one.key === "mappings") - Number(other.key === "mappings"));
}

function stateOf(installed: Installed, goal: InstalledUpdate): JsonObject {
  return plainJson(
    Object.fromEntries(sectionsIn(goal).map(([key, section]) => [key, section.state(installed, goal)])),
  );
}

function merged(bodies: readonly InstalledUpdate[]): InstalledUpdate {
  return bodies.reduce((one, { inboundConfig, outboundConfig, ...rest }) => ({
    ...one,
    ...rest,
    ...(inboundConfig && { inboundConfig: { ...one.inboundConfig, ...inboundConfig } }),
    ...(outboundConfig && { outboundConfig: { ...one.outboundConfig, ...outboundConfig } }),
  }), {});
}

function nothing(installed: Installed, already: readonly Line[]): Line {
  if (already.length === 0) throw new BadInput("Type what to change as an option, or send a document.");
  const facts = already.flatMap((line, at) => [at === 0 ? "" : "; ", line].flat());
  return ["Nothing to change in ", { data: installedName(installed) }, ": ", ...facts];
}

function joinedWords(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Of a hundred pairs the first few will do: all of them were seen. */
const MOST_NAMED = 8;

function evidenceOf(plan: UpdatePlan, fields: readonly Seen[]): Line {
  const more = fields.length - MOST_NAMED;
  return [
    "Read back from ",
    { data: plan.target.name },
    ": ",
    ...fields.slice(0, MOST_NAMED).flatMap(({ label, value }, at) => [
      ...(at === 0 ? [] : [", "]),
      ...line(label, ...(value === undefined ? [] : [" ", quoted(value)])),
    ]),
    ...(more > 0 ? [` and ${more} more`] : []),
    ...changesIn(plan).flatMap(({ note }) => note ?? []),
  ];
}
