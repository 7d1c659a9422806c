import type { JsonObject } from "../../clients/json.ts";
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
  type Verification,
} from "../operation.ts";
import { type Inline, type Line, line } from "../reply.ts";
import { findItem, targetOf } from "../resource.ts";
import { authenticationSection, credentialsIn, makesCredential } from "./authentication.ts";
import { installations, installedName } from "./installation.ts";
import { mappingsSection } from "./mapping.ts";
import { notifierSection, refuseLiterals, refusePlaceholders, shownUpdate, withEntered } from "./notifier.ts";
import { comparedFields, type Goal, sectionOf, type Seen, type State, type UpdatePlan } from "./section.ts";

/** What it is called. */
const nameSection = sectionOf("name", {
  called: "the name",
  compare({ displayName: now }, { displayName: wanted }) {
    if (wanted === undefined) return undefined;
    return wanted === now ? { already: [["it is called ", { data: wanted }]] } : { goal: wanted };
  },
  state: ({ displayName }) => displayName ?? null,
  body: (goal) => ({ displayName: goal }),
  card: (before, goal) => ({
    rows: [{ label: "Name", now: before ? { data: before } : "none", after: { data: goal } }],
  }),
  seen: (before, asked, now) => comparedFields([{ label: "name", asked, before, now }]),
  wayBack: (before) =>
    before
      ? { how: ["the name ", { data: before }], body: { displayName: before } }
      : { why: "it has no display name now, and an update cannot remove one" },
});

const SECTIONS = [nameSection, authenticationSection, mappingsSection, notifierSection];

/**
 * Compares what an update asks for with what is there and keeps the difference: the vendor would append mappings
 * again, and would take a notifier that lacks half its fields.
 */
export async function planUpdate(
  context: Context<OpsRampClient>,
  input: JsonObject & { readonly id: string },
  update: InstalledUpdate,
): Promise<UpdatePlan | Nothing> {
  if (update.outboundConfig?.baseNotifier) refuseLiterals(update.outboundConfig.baseNotifier);
  refusePlaceholders(update);
  const installed = await findItem(installations, context, input.id);
  const found = SECTIONS.map((section) => section.compare(installed, update));
  const after: Goal = Object.assign({}, ...found.map(({ goal }) => goal));
  if (Object.keys(after).length === 0) {
    return { nothing: nothing(installed, found.flatMap((one) => one.already)) };
  }
  return {
    input: { ...input, id: installed.id },
    target: targetOf(installations, installed),
    before: stateOf(installed, after),
    after,
  };
}

/** What an update looks like before it is approved. */
export function updateCard(plan: UpdatePlan): Card {
  const { target, after } = plan;
  const name = { data: target.name };
  const sections = touchedBy(after);
  const what = joinedWords(sections.map(({ called }) => called));
  const are = sections.length > 1 || after.mappings ? "are" : "is";
  const parts = sections.map((section) => section.card(plan, name));
  const details = parts.flatMap((part) => part.details ?? []);
  return {
    title: ["Change ", what, " of ", name, " in OpsRamp"],
    done: [what, " of ", name, ` ${are} changed in OpsRamp`],
    rows: parts.flatMap(({ rows }) => rows),
    ...(details.length > 0 && { details }),
    breaks: parts.flatMap(({ breaks = [] }) => breaks),
    sends: plain(shownUpdate(bodyFor(after))),
    warnings: parts.flatMap(({ warnings = [] }) => warnings),
  };
}

/** The one write. Where it makes a credential, what is there is read first: the vendor answers old ones as well. */
export async function applyUpdate(
  { client, call }: Context<OpsRampClient>,
  plan: UpdatePlan,
  secrets: Readonly<Record<string, string>>,
): Promise<Receipt> {
  const { target, after } = plan;
  const update = () => client.updateInstalled(target.id, withEntered(bodyFor(after), secrets), call);
  if (!makesCredential(plan)) {
    await update();
    return {};
  }
  const old = new Set(credentialsIn(await client.getInstalled(target.id, call)).map(({ value }) => value));
  const personal = credentialsIn(await update(), after.authentication?.authType)
    .filter(({ value }) => !old.has(value));
  return personal.length > 0 ? { personal } : {};
}

/** Compares a fresh read with the plan; the reply of an update is partial and proves nothing. */
export async function verifyUpdate(
  { client, call }: Context<OpsRampClient>,
  plan: UpdatePlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const now = stateOf(await client.getInstalled(plan.target.id, call), plan.after);
  const fields = touchedBy(plan.after).flatMap((section) => section.seen(plan, now));
  if (fields.length === 0) {
    const evidence = "OpsRamp shows nothing of what was sent";
    return { state: receipt ? "accepted" : "unknown", evidence, after: now };
  }
  const found = judged(fields);
  return { ...found, ...(found.state === "applied" && { evidence: evidenceOf(plan, fields) }), after: now };
}

export function undoUpdate(plan: UpdatePlan): Undo {
  const { id } = plan.input;
  if (typeof id !== "string") return { possible: false, why: "the integration is not known" };
  const ways = touchedBy(plan.after).map((section) => section.wayBack(plan));
  const closed = ways.find((way) => "why" in way);
  if (closed) return { possible: false, why: closed.why };
  const open = ways.flatMap((way) => "why" in way ? [] : [way]);
  return {
    possible: true,
    how: [
      "back to ",
      ...open.flatMap(({ how }, at): readonly Inline[] => at === 0 ? how : [" and ", ...how]),
    ],
    verb: "update",
    target: "opsramp",
    input: { id, document: plain(merged(open.map(({ body }) => body))) },
  };
}

/** Only what JSON can hold: a plan is stored and hashed. */
export function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

function touchedBy(goal: Goal): typeof SECTIONS {
  return SECTIONS.filter((section) => section.isIn(goal));
}

function stateOf(installed: Installed, goal: Goal): State {
  return Object.assign({}, ...touchedBy(goal).map((section) => section.state(installed, goal)));
}

/** The vendor's request body, with "?" for the secrets. */
function bodyFor(goal: Goal): InstalledUpdate {
  return merged(touchedBy(goal).map((section) => section.body(goal)));
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
  if (already.length === 0) throw new BadInput("Say what to change: type an option, or send a document.");
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
    ...touchedBy(plan.after).map((section) => section.note(plan)).filter((note) => note !== ""),
  ];
}
