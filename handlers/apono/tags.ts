import { distance } from "fastest-levenshtein";
import * as z from "zod";
import type { AponoClient, Tags } from "../../clients/apono.ts";
import { ClientError } from "../../clients/errors.ts";
import { differingNames, plainJson } from "../../clients/json.ts";
import { ENTER_MARK, soundsSecret } from "../../clients/secrets.ts";
import { type Compared, judged } from "../comparison.ts";
import { countOf } from "../format.ts";
import { ENTERED_PRIVATELY, isPlaceholder, NOT_SHOWN, shownValue } from "../mask.ts";
import {
  BadInput,
  type Card,
  type Choices,
  type Context,
  operationsOf,
  type Plan,
  type Undo,
  unreadable,
  type Verification,
} from "../operation.ts";
import type { Inline, Reply } from "../reply.ts";
import { itemChoices } from "../resource.ts";
import { ifFound, type Named, resolve, safeId } from "../resolve.ts";
import { integrations, orFailure } from "./integrations.ts";

const { read, change } = operationsOf<AponoClient>("apono");

const resource = z.string().meta({ positional: true, placeholder: "apono resource id or name" });
const readInput = z.object({ id: resource });
const changeInput = z.object({
  id: resource,
  tags: z.record(z.string(), z.string()).optional().meta({ open: "", placeholder: "key" }),
  remove: z.array(z.string()).optional().meta({ drop: true, placeholder: "key" }),
  /** For tags that cannot be typed, such as `reason`; null removes one. */
  document: z.strictObject({ tags: z.record(z.string(), z.string().nullable()) }).optional()
    .meta({ document: true }),
});

/** Resources are listed by integration, so that is asked for first. */
const resourceChoices: Choices<AponoClient> = async (context, within) => {
  const { client, call } = context;
  if (within === undefined) {
    const all = await itemChoices(integrations)(context) ?? [];
    return all.map((one) => ({ ...one, value: null, within: one.value ?? "" }));
  }
  const { items } = await client.resources(within, undefined, call);
  return items.map(({ id, name, type }) => ({ value: id, name, about: [type] }));
};

/** A resource with the tags it has now. */
interface Found {
  readonly id: string;
  readonly tags: Tags;
}

/** The resource of this id; what is none is looked for among the names of all resources. */
async function found(context: Context<AponoClient>, words: string): Promise<Found> {
  const { client, call } = context;
  const tags = isSafe(words) ? await ifFound(client.tags(words, call)) : undefined;
  if (tags) return { id: words, tags };
  const { id } = await resourceNamed(context, words);
  return { id, tags: await client.tags(id, call) };
}

function isSafe(id: string): boolean {
  try {
    return safeId(id) === id;
  } catch (error) {
    if (error instanceof BadInput) return false;
    throw error;
  }
}

/** Resources are listed by integration; in so many of them one is looked for. */
const MOST_SEARCHED = 60;

async function resourceNamed({ client, call }: Context<AponoClient>, words: string): Promise<Named> {
  const { items } = await client.integrations.list({}, call);
  const searched = items.slice(0, MOST_SEARCHED);
  const lists = await Promise.all(searched.map(({ id }) => orFailure(client.resources(id, undefined, call))));
  const known = lists.flatMap((list) => list instanceof ClientError ? [] : [list.items]);
  const all = known.flat().map(({ id, name, type }) => ({ id, name, about: [type, id] }));
  return resolve(words, all, {
    noun: "Apono resource",
    plural: "Apono resources",
    field: "id",
    find: "/resources <apono id or name>",
    unread: items.length - known.length,
  });
}

type Tagged = { readonly tags: Tags };
type TagPlan = Plan<Tagged> & { readonly after: Tagged };

export const showTags = read({
  verb: "tags",
  target: null,
  summary: "Show the tags of an Apono resource",
  example: "/tags 6f2b1c90",
  input: readInput,
  choices: { id: resourceChoices },
  run: async (context, { id }) => await found(context, id),
  render: renderTags,
});

export const tagResource = change<typeof changeInput, TagPlan>({
  verb: "tag",
  target: "apono",
  summary: "Set and remove tags of an Apono resource",
  example: "/tag apono 6f2b1c90 env=production -owner",
  risk: "write",
  input: changeInput,
  choices: { id: resourceChoices },
  needs: [["tags"], ["remove"]],
  secret: (field) => soundsSecret(field.replace(/^tags\./i, "")),
  async plan(context, typed) {
    const { set, remove } = wanted(typed);
    const { id, tags } = await found(context, typed.id);
    const present = concealed(tags);
    const after = changed(id, present, set, remove);
    if (differingNames(present, after).length === 0) {
      return { nothing: ["Nothing to change: ", { code: id }, " has these tags already."] };
    }
    return {
      input: plainJson({ ...typed, id }),
      target: { key: `apono-resource:${id}`, id, name: id },
      before: { tags: present },
      after: { tags: after },
    };
  },
  render: renderChange,
  async apply({ client, call }, { target, after: { tags } }, secrets) {
    const keepsSecret = Object.values(tags).includes(NOT_SHOWN);
    const present = keepsSecret ? await client.tags(target.id, call) : {};
    await client.putTags(target.id, revealed(tags, secrets, present), call);
    return {};
  },
  verify: async ({ client, call }, plan, receipt) =>
    judgeTags(plan, concealed(await client.tags(plan.target.id, call)), receipt !== undefined),
  undo,
});

/** What is to be set and removed. Throws `BadInput` when that is nothing, or what only stands for a value. */
function wanted({ tags = {}, remove = [], document }: z.output<typeof changeInput>): {
  set: Tags;
  remove: readonly string[];
} {
  const listed = Object.entries(document?.tags ?? {});
  const kept = listed.filter((entry): entry is [string, string] => entry[1] !== null);
  const set = { ...Object.fromEntries(kept), ...tags };
  const gone = [...listed.filter(([, value]) => value === null).map(([name]) => name), ...remove];
  if (Object.keys(set).length + gone.length === 0) {
    throw new BadInput("Which tags? Write key=value to set one, -key to remove one.");
  }
  const found = Object.entries(set).find(([name, value]) =>
    isPlaceholder(value) && !(value === ENTER_MARK && soundsSecret(name))
  );
  if (found) throw new BadInput(`${found[0]} only stands for a value that is not shown. Leave it out.`);
  return { set, remove: gone };
}

/** The tags without values that sound secret: a plan keeps none. */
function concealed(tags: Tags): Tags {
  const kept = (name: string, value: string) => soundsSecret(name) && value !== "" ? NOT_SHOWN : value;
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, kept(name, value)]));
}

/** The tags as they are sent. Throws `BadInput` before anything is sent. */
function revealed(tags: Tags, secrets: Readonly<Record<string, string>>, present: Tags): Tags {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, value]) => {
      if (value === NOT_SHOWN) return name in present ? [[name, present[name] ?? ""]] : [];
      if (value !== ENTER_MARK) return [[name, value]];
      const entered = secrets[name] ?? secrets[`tags.${name}`];
      if (entered === undefined) throw new BadInput(`${name} was not entered. Nothing was sent.`);
      return [[name, entered]];
    }),
  );
}

/** The tags to be. Throws `BadInput` for a tag that is to go but is not there: a slip of the pen, most likely. */
function changed(id: string, present: Tags, set: Tags, remove: readonly string[]): Tags {
  const known = Object.keys(present);
  const gone = remove.map((name) => {
    const found = known.find((one) => one === name) ??
      known.find((one) => one.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw noSuchTag(id, name, known);
    return found;
  });
  const both = gone.find((name) => name in set);
  if (both !== undefined) throw new BadInput(`"${both}" is both set and removed. Leave one of them out.`);
  return { ...Object.fromEntries(Object.entries(present).filter(([name]) => !gone.includes(name))), ...set };
}

const MOST_SUGGESTED = 4;

function noSuchTag(id: string, name: string, known: readonly string[]): BadInput {
  const near = known.toSorted((one, other) => distance(one, name) - distance(other, name))
    .slice(0, MOST_SUGGESTED);
  const rest = known.length - near.length;
  const has = known.length === 0
    ? "It has no tags."
    : `It has ${near.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}.`;
  return new BadInput(
    `The resource has no tag "${name}". ${has}`,
    near.map((one) => `/tag apono ${id} -${one}`),
  );
}

function renderChange({ target, before, after }: TagPlan): Card {
  const names = differingNames(before.tags, after.tags);
  return {
    title: [
      names.length === 1 ? "Change a tag" : `Change ${names.length} tags`,
      " of the Apono resource ",
      { code: target.id },
    ],
    done: ["the tags of the Apono resource ", { code: target.id }, " are changed"],
    rows: names.map((name) => ({
      label: name,
      now: valueOr(name, before.tags[name], "none"),
      after: valueOr(name, after.tags[name], "removed"),
    })),
    breaks: ["Access flows that choose resources by these tags may gain or lose this one."],
    sends: {
      tags: Object.fromEntries(
        Object.entries(after.tags).map(([name, value]) => [name, shownValue(name, value)]),
      ),
    },
  };
}

function judgeTags(
  { before: { tags: before }, after: { tags: wanted } }: TagPlan,
  seen: Tags,
  answered: boolean,
): Verification {
  const after = { tags: seen };
  const readable = differingNames(before, wanted).filter((name) => wanted[name] !== ENTER_MARK);
  if (readable.length === 0) {
    const evidence = "What was entered privately cannot be read back.";
    return { ...unreadable(answered), evidence, after };
  }
  const compared = readable.map((name): Compared => {
    const label = { data: name };
    if (seen[name] === wanted[name]) {
      return { label, is: "asked", value: valueOr(name, seen[name], "removed") };
    }
    const now = valueOr(name, seen[name], "none");
    return { label, is: seen[name] === before[name] ? "before" : { now } };
  });
  return { ...judged(compared), after };
}

function undo({ target, before, after }: TagPlan): Undo {
  const names = differingNames(before.tags, after.tags);
  const lost = names.filter((name) => before.tags[name] === NOT_SHOWN);
  if (lost.length > 0) return { possible: false, why: `the old ${lost.join(", ")} is not kept here` };
  const tags = Object.fromEntries(names.map((name) => [name, before.tags[name] ?? null]));
  return {
    possible: true,
    how: "the old tags are put back",
    verb: "tag",
    target: "apono",
    input: { id: target.id, document: { tags } },
  };
}

function renderTags({ id, tags }: { id: string; tags: Tags }): Reply {
  const rows = Object.entries(tags).toSorted(([one], [other]) => one.localeCompare(other, "en"));
  return {
    mark: "info",
    title: [rows.length === 0 ? "No tags" : countOf(rows.length, "tag"), " on ", { code: id }],
    blocks: rows.length === 0
      ? [{ kind: "text", text: ["To set one: ", { code: `/tag apono ${id} key=value` }] }]
      : [{
        kind: "table",
        header: ["Tag", "Value"],
        rows: rows.map(([name, value]) => [{ data: name }, valueOr(name, value, "")]),
      }],
  };
}

function valueOr(name: string, value: string | undefined, nothing: string): Inline {
  if (value === undefined) return nothing;
  if (value === ENTER_MARK) return ENTERED_PRIVATELY;
  return value === "" ? "empty" : { data: String(shownValue(name, value)) };
}
