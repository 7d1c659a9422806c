import * as z from "zod";
import type { Json, JsonObject } from "../clients/json.ts";
import {
  type ChangeOperation,
  type Nothing,
  operationsOf,
  type Plan,
  type Undo,
  unreadable,
  type Verification,
} from "./operation.ts";
import type { Line } from "./reply.ts";
import { ifFound } from "./resolve.ts";
import {
  findItem,
  type Help,
  itemChoices,
  type Removal,
  type Resource,
  targetOf,
  type Toggle,
  type ToggleState,
} from "./resource.ts";

/** How one is named in a command: the last words of the line. */
export const idInput = z.string().min(1).meta({ positional: true, rest: true, placeholder: "id or name" });
const oneInput = z.object({ id: idInput });

interface TogglePlan extends Plan<ToggleState> {
  readonly after: { readonly on: boolean };
  readonly depends?: JsonObject;
}

/** `/enable` and `/disable <target> <id or name>`, or the commands that the toggle has instead. */
export function toggleOperations<Client, Item>(
  resource: Resource<Client, Item>,
  toggle: Toggle<Client, Item>,
): readonly ChangeOperation[] {
  return [toggleOperation(resource, toggle, true), toggleOperation(resource, toggle, false)];
}

function toggleOperation<Client, Item>(
  resource: Resource<Client, Item>,
  toggle: Toggle<Client, Item>,
  on: boolean,
): ChangeOperation {
  const commandTo = (way: "enable" | "disable") =>
    toggle.commands?.[way] ?? { verb: way, target: resource.target };
  const [to, back] = on ? ["enable", "disable"] as const : ["disable", "enable"] as const;
  const { verb, target } = commandTo(to);
  const word = toggle.words[on ? 0 : 1];
  const { endangers } = toggle;
  const sentences = (name: string, now: ToggleState) =>
    (toggle.sentences ?? usualSentences(resource.label, word))(name, on, now);
  return operationsOf<Client>(resource.vendor).change<typeof oneInput, TogglePlan>({
    ...described({ target }, verb, toggle.help[to], "1"),
    risk: toggle.help[to].risk,
    ...(on && endangers && { danger: ({ depends = {} }) => endangers(depends) }),
    input: oneInput,
    choices: { id: itemChoices(resource) },
    async plan(context, { id }): Promise<TogglePlan | Nothing> {
      const item = await findItem(resource, context, id);
      const target = targetOf(resource, item);
      const before = toggle.state(item);
      if (before.on === on) return { nothing: sentences(target.name, before).already };
      const depends = on ? toggle.depends?.(item) : undefined;
      return { input: { id: target.id }, target, before, after: { on }, ...(depends && { depends }) };
    },
    render({ target, before, depends = {} }) {
      const { title, done } = sentences(target.name, before);
      return {
        title,
        done,
        rows: [{ label: before.field, now: { data: before.word }, after: word }],
        breaks: toggle.breaks({ data: target.name }, on, depends),
        sends: toggle.sends({ id: target.id, field: before.field, on }),
      };
    },
    apply: ({ client, call }, { target: { id }, before: { field } }) =>
      toggle.set(client, { id, field, on }, call),
    async verify({ client, call }, { target, before }, receipt): Promise<Verification> {
      const seen = await ifFound(resource.get(client, target.id, call));
      const after = seen && toggle.state(seen);
      const evidence = toggle.evidence?.(after) ?? usualEvidence(target.name, after);
      if (!after) return { state: "not applied", evidence };
      return { ...toggled(on, before, after, receipt !== undefined), evidence, after };
    },
    undo({ input, before }): Undo {
      const why = toggle.noWayBack?.(before) ?? (before.on === null ? NOT_SEEN : undefined);
      if (why !== undefined) return { possible: false, why };
      const how = toggle.back?.(on) ?? `by ${on ? "disabling" : "enabling"} it again`;
      return { possible: true, how, ...commandTo(back), input };
    },
  });
}

const NOT_SEEN = "how it is now is not shown, so there is nothing to go back to";

/** `/delete <target> <id or name>`. */
export function deleteOperation<Client, Item>(
  resource: Resource<Client, Item>,
  removal: Removal<Client, Item, Json>,
): ChangeOperation {
  return operationsOf<Client>(resource.vendor).change<typeof oneInput, Plan>({
    ...described(resource, "delete", removal, "1"),
    risk: "danger",
    input: oneInput,
    choices: { id: itemChoices(resource) },
    async plan(context, { id }) {
      const item = await findItem(resource, context, id);
      const target = targetOf(resource, item);
      const before = removal.keep(item);
      const after = await removal.outlook?.(before, context) ?? null;
      return { input: { id: target.id }, target, before, after };
    },
    render: ({ target, before }) => removal.card(before, target),
    apply: ({ client, call }, { target }) => removal.remove(client, target.id, call),
    async verify({ client, call }, { target }) {
      const seen = await ifFound(resource.get(client, target.id, call));
      return { state: seen ? "not applied" : "applied", evidence: removal.evidence(target.id, seen) };
    },
    undo: ({ before, after }) => removal.undo(before, after),
  });
}

/** What every operation of a resource says of itself. */
export function described<Verb extends string>(
  { target }: { readonly target: string },
  verb: Verb,
  { summary, example }: Help,
  operand = "",
): { verb: Verb; target: string; summary: string; example: string } {
  return { verb, target, summary, example: example ?? `/${verb} ${target} ${operand}`.trim() };
}

function usualSentences(label: string, word: string): NonNullable<Toggle<never, never>["sentences"]> {
  return (name, on) => ({
    title: [on ? "Enable " : "Disable ", { data: name }, ` in ${label}`],
    done: [{ data: name }, ` is ${word} in ${label}`],
    already: [{ data: name }, ` is ${word} already`],
  });
}

function usualEvidence(name: string, state: ToggleState | undefined): Line {
  return [
    { data: name },
    ...(state ? [" is read back as ", { data: state.word }] : [" is not there any more"]),
  ];
}

/** What cannot be read proves nothing: it stays at what the vendor answered. */
function toggled(
  on: boolean,
  before: ToggleState,
  after: ToggleState,
  answered: boolean,
): Pick<Verification, "state" | "blind"> {
  if (after.on === on) return { state: "applied" };
  if (after.on !== null && after.on === before.on) return { state: "not applied" };
  return after.word === before.word ? unreadable(answered) : { state: "unknown" };
}
