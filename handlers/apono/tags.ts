import { z } from "zod";
import type { Apono } from "../../clients/apono.ts";
import type { Tags } from "../../clients/apono/resources.ts";
import { type Compared, judged } from "../comparison.ts";
import { BadInput, type Card, operationsOf, type Plan, type Undo, type Verdict } from "../operation.ts";
import type { Inline, Reply } from "../reply.ts";
import { checkId } from "./find.ts";
import { plainInput } from "./request.ts";

const { read, change } = operationsOf<Apono>("apono");

const resource = z.string().meta({ positional: true, placeholder: "apono resource id" });
const readInput = z.object({ id: resource });
const changeInput = z.object({
  id: resource,
  tags: z.record(z.string(), z.string()).optional().meta({ open: "", placeholder: "key" }),
  remove: z.array(z.string()).optional().meta({ drop: true, placeholder: "key" }),
});

interface TagPlan extends Plan<{ readonly tags: Tags }> {
  readonly after: { readonly tags: Tags };
}

export const showTags = read({
  verb: "tags",
  target: null,
  summary: "Show the tags of an Apono resource",
  example: "/tags 6f2b1c90",
  input: readInput,
  run: async ({ client, call }, { id }) => ({ id, tags: await client.tags(checkId(id), call) }),
  render: renderTags,
});

export const tagResource = change<typeof changeInput, TagPlan>({
  verb: "tag",
  target: "apono",
  summary: "Set and remove tags of an Apono resource",
  example: "/tag apono 6f2b1c90 env=production -owner",
  risk: "write",
  input: changeInput,
  async plan(context, typed) {
    const { id, tags: set = {}, remove = [] } = typed;
    if (Object.keys(set).length === 0 && remove.length === 0) {
      throw new BadInput("Which tags? Write key=value to set one, -key to remove one.");
    }
    const present = await context.client.tags(checkId(id), context.call);
    const after = changed(present, set, remove);
    if (differing(present, after).length === 0) {
      return { nothing: ["Nothing to change: ", { code: id }, " has these tags already."] };
    }
    return {
      input: plainInput(typed),
      target: { key: `apono-resource:${id}`, id, name: id },
      before: { tags: present },
      after: { tags: after },
    };
  },
  render: renderChange,
  async apply({ client, call }, { target, after }) {
    await client.putTags(target.id, after.tags, call);
    return {};
  },
  async verify(context, { target, before, after }) {
    const tags = await context.client.tags(target.id, context.call);
    return judge(before.tags, after.tags, tags);
  },
  undo,
});

/** The tags to be. Throws `BadInput` for a tag that is to go but is not there: a slip of the pen, most likely. */
function changed(present: Tags, set: Tags, remove: readonly string[]): Tags {
  const known = Object.keys(present);
  const gone = remove.map((name) => {
    const found = known.find((one) => one === name) ??
      known.find((one) => one.toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    const has = known.length > 0 ? `It has ${known.join(", ")}.` : "It has no tags.";
    throw new BadInput(`The resource has no tag "${name}". ${has}`, known);
  });
  const both = gone.find((name) => name in set);
  if (both !== undefined) throw new BadInput(`"${both}" is both set and removed. Leave one of them out.`);
  return { ...Object.fromEntries(Object.entries(present).filter(([name]) => !gone.includes(name))), ...set };
}

function differing(one: Tags, other: Tags): readonly string[] {
  return Object.keys({ ...one, ...other }).filter((name) => one[name] !== other[name]);
}

function renderChange({ target, before, after }: TagPlan): Card {
  const names = differing(before.tags, after.tags);
  return {
    title: ["Change ", names.length === 1 ? "a tag" : `${names.length} tags`, " of the Apono resource ", {
      code: target.id,
    }],
    done: ["the tags of the Apono resource ", { code: target.id }, " are changed"],
    rows: names.map((name) => ({
      label: name,
      now: valueOr(before.tags[name], "none"),
      after: valueOr(after.tags[name], "removed"),
    })),
    breaks: ["Access flows that choose resources by these tags may gain or lose this one."],
    sends: { tags: after.tags },
  };
}

function judge(before: Tags, wanted: Tags, seen: Tags): Verdict {
  const found = judged(
    differing(before, wanted).map((name): Compared => {
      const label = { data: name };
      if (seen[name] === wanted[name]) return { label, is: "asked" };
      return { label, is: seen[name] === before[name] ? "before" : { now: valueOr(seen[name], "none") } };
    }),
  );
  return { ...found, after: { tags: seen } };
}

function undo({ target, before, after }: TagPlan): Undo {
  const names = differing(before.tags, after.tags);
  const old = names.filter((name) => name in before.tags);
  return {
    possible: true,
    how: "the old tags are put back",
    verb: "tag",
    target: "apono",
    input: {
      id: target.id,
      tags: Object.fromEntries(old.map((name) => [name, before.tags[name] ?? ""])),
      remove: names.filter((name) => !(name in before.tags)),
    },
  };
}

function renderTags({ id, tags }: { id: string; tags: Tags }): Reply {
  const rows = Object.entries(tags).toSorted(([one], [other]) => one.localeCompare(other, "en"));
  return {
    mark: "info",
    title: [rows.length === 0 ? "No tags on " : rows.length === 1 ? "1 tag on " : `${rows.length} tags on `, {
      code: id,
    }],
    blocks: rows.length === 0
      ? [{ kind: "text", text: ["To set one: ", { code: `/tag apono ${id} key=value` }] }]
      : [{
        kind: "table",
        header: ["Tag", "Value"],
        rows: rows.map(([name, value]) => [{ data: name }, { data: value }]),
      }],
  };
}

function valueOr(value: string | undefined, nothing: string): Inline {
  return value === undefined ? nothing : { data: value };
}
