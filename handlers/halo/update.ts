import * as z from "zod";
import type { HaloClient } from "../../clients/halo.ts";
import { integrationName, type Product } from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import type { Json, JsonObject } from "../../clients/json.ts";
import { HIDDEN_MARK } from "../../clients/secrets.ts";
import { type Compared, judged } from "../comparison.ts";
import { ifFound } from "../resolve.ts";
import {
  BadInput,
  type Card,
  type ChangeOperation,
  type Context,
  type Nothing,
  operationsOf,
  type Plan,
  type Undo,
  unreadable,
  ValueNeeded,
  type Verification,
} from "../operation.ts";
import { line } from "../reply.ts";
import {
  asDocument,
  asksSecret,
  bodyOf,
  compare,
  covers,
  exampleField,
  fieldCommand,
  type FieldInput,
  fieldInputs,
  fieldRows,
  idOf,
  objectionTo,
  shownFields,
  type Wanted,
  wantedFields,
  warningsOf,
} from "./fields.ts";
import { recordForm } from "./form.ts";
import { findItem, itemChoices, targetOf } from "../resource.ts";
import { called, GONE, integrationsOf } from "./integration.ts";
import { idInput } from "../resource_changes.ts";
import { breaksOf, deletingSwitches, deletionsOf, isDanger, turnsSyncOn } from "./effect.ts";
import { valueLine } from "./sync.ts";

const { change } = operationsOf<HaloClient>("halo");

/** What the changed fields are now; a field that HaloPSA does not return is not among them. */
type Before = { readonly id: number; readonly name: string; readonly fields: JsonObject };
interface UpdatePlan extends Plan<Before> {
  readonly after: Wanted;
  /** Switches that stay on, where the sync is turned on. */
  readonly depends?: JsonObject;
}

/** `/update <product>`: sends the id and the fields that change, nothing else. */
export function updateOperation(product: Product): ChangeOperation {
  return change({
    ...fieldCommand(product),
    danger: ({ after, depends = {} }) => isDanger(product, after, depends),
    verb: "update",
    summary: `Change fields of one ${product.label} integration`,
    example: `/update ${product.target} 1 ${exampleField(product)}`,
    input: z.object({ id: idInput.optional(), ...fieldInputs }),
    choices: { id: itemChoices(integrationsOf(product)) },
    needs: [["id", "fields"]],
    form: (context, known) => recordForm(product, context, known),
    plan: (context, input) => plan(context, product, input),
    render: (made: UpdatePlan) => render(product, made),
    async apply({ client, call }, { before, after }, secrets) {
      await client.save(product, { id: before.id, ...bodyOf(product, after, secrets) }, call);
    },
    async verify({ client, call }, made, receipt) {
      const record = await ifFound(client.get(product, made.before.id, call));
      return verdict(made, record, receipt !== undefined);
    },
    undo: (made) => undo(product, made),
  });
}

async function plan(
  context: Context<HaloClient>,
  product: Product,
  input: FieldInput & { id?: string | undefined },
): Promise<UpdatePlan | Nothing> {
  const record = await locate(context, product, { typed: input.id, document: idOf(input) });
  const asked = wantedFields(product, input, { like: record, now: record });
  const { secrets } = asked;
  if (isEmpty(asked)) {
    throw new BadInput(`Type what to change, such as ${exampleField(product)}.`);
  }
  const fields = Object.fromEntries(
    Object.entries(asked.fields).filter(([name, value]) => asksSecret(value) || !covers(record[name], value)),
  );
  const name = integrationName(record);
  const after = { fields, secrets };
  if (isEmpty(after)) {
    return { nothing: ["Nothing to change: ", ...called(product, name), " is already like that."] };
  }
  return {
    input: { id: String(record.id), document: asDocument(after) },
    target: targetOf(integrationsOf(product), record),
    before: beforeOf(record, Object.keys(fields)),
    after,
    ...(turnsSyncOn(product, after) && { depends: deletingSwitches(product, { ...record, ...fields }) }),
  };
}

function isEmpty({ fields, secrets }: Wanted): boolean {
  return Object.keys(fields).length + secrets.length === 0;
}

/** The one that was typed, or the one in the vendor's own request body; where both are given, they are the same. */
async function locate(
  context: Context<HaloClient>,
  product: Product,
  { typed, document }: { readonly typed: string | undefined; readonly document: number | undefined },
): Promise<HaloIntegration> {
  if (typed === undefined && document === undefined) {
    throw new ValueNeeded(
      `Which one? Type its id or its name. Type /list ${product.target} to see them.`,
      "id",
    );
  }
  const record = await findItem(integrationsOf(product), context, typed ?? String(document));
  if (document !== undefined && record.id !== document) {
    throw new BadInput(`The document is for id ${document}, the command for another. Leave one of them out.`);
  }
  return record;
}

function beforeOf(record: HaloIntegration, names: readonly string[]): Before {
  const known = names.filter((name) => name in record).map((name) => [name, record[name] ?? null]);
  return { id: record.id, name: integrationName(record), fields: Object.fromEntries(known) };
}

function render(product: Product, { before, after, depends = {} }: UpdatePlan): Card {
  const what = called(product, before.name);
  return {
    title: ["Change ", ...what],
    done: [...what, " is changed"],
    rows: fieldRows(after, (label) => {
      if (after.secrets.includes(label)) return "cannot be read";
      return label in before.fields ? valueLine(before.fields[label]) : "not shown by HaloPSA";
    }),
    breaks: breaksOf(product, after, depends),
    sends: [{ id: before.id, ...shownFields(after) }],
    warnings: warningsOf(after, before.fields),
    ...listsOf(before, after),
  };
}

/** On the card a list is only counted: here it stands in full, as it is and as it is to be. */
function listsOf(before: Before, after: Wanted): Pick<Card, "details"> {
  const names = Object.keys(after.fields).filter((name) => typeof after.fields[name] === "object");
  const pick = (fields: JsonObject) => Object.fromEntries(names.map((name) => [name, fields[name] ?? null]));
  const both = { before: pick(before.fields), after: pick(after.fields) };
  return names.length === 0 ? {} : { details: [{ kind: "pre", text: JSON.stringify(both, null, 2) }] };
}

function verdict(
  { before, after: { fields, secrets } }: UpdatePlan,
  record: HaloIntegration | undefined,
  answered: boolean,
): Verification {
  if (!record) return { state: "not applied", evidence: GONE };
  const { taken, differing, unread } = compare(record, fields);
  const after = beforeOf(record, Object.keys(before.fields));
  const blind = [...unread, ...secrets];
  if (taken.length + differing.length === 0) {
    const evidence = `${blind.join(", ")} cannot be read back from HaloPSA.`;
    return { ...unreadable(answered), evidence, after };
  }
  const found = judged([
    ...taken.map((label): Compared => ({
      label,
      is: "asked",
      value: valueLine(record[label]),
    })),
    ...differing.map((label): Compared => ({
      label,
      is: isSame(record[label], before.fields[label]) ? "before" : { now: valueLine(record[label]) },
    })),
  ]);
  const gone = unread.some((label) => label in before.fields);
  return {
    // A field that could be read before and no longer can is not as before, whatever it is.
    state: found.state === "not applied" && gone ? "unknown" : found.state,
    evidence: line(found.evidence, blind.length > 0 ? ` ${blind.join(", ")} cannot be read back.` : ""),
    after,
  };
}

/** A field that was not returned counts as empty. */
function isSame(one: Json = null, other: Json = null): boolean {
  return covers(one, other) && covers(other, one);
}

function undo(product: Product, { before, after }: UpdatePlan): Undo {
  const known = Object.entries(before.fields)
    .filter(([, value]) => !JSON.stringify(value).includes(HIDDEN_MARK))
    .map(([name, value]) => ({ name, value, objection: objectionTo(product, name, value) }));
  const restorable = known.filter(({ objection }) => objection === undefined);
  const unread = [...Object.keys(after.fields), ...after.secrets]
    .filter((name) => !known.some((other) => other.name === name));
  const note = [
    ...(unread.length > 0 ? [`the old ${unread.join(", ")} cannot be read from HaloPSA`] : []),
    ...known.filter((one) => !restorable.includes(one))
      .map(({ name, objection }) => `the old ${name} cannot be set again: ${objection}`),
  ].join("; ");
  if (restorable.length === 0) return { possible: false, why: note };
  return {
    possible: true,
    how: (note === "" ? "by setting the old values" : `in part: ${note}`) +
      (deletionsOf(product, after).length > 0 ? "; what was deleted by then stays deleted" : ""),
    verb: "update",
    target: product.target,
    input: {
      id: String(before.id),
      document: Object.fromEntries(restorable.map(({ name, value }) => [name, value])),
    },
  };
}
