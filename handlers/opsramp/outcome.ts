import type { JsonObject } from "../../clients/json.ts";
import type { OpsRampClient } from "../../clients/opsramp.ts";
import { type Compared, judged, quoted } from "../comparison.ts";
import { shownAddress } from "../mask.ts";
import type { Context, Receipt, Undo, Verification } from "../operation.ts";
import { type Inline, type Line, line } from "../reply.ts";
import { areStored, strangePairs, type Translation } from "./mapping.ts";
import { notifierGoal, readableOf, shownValue, typeOf, unreadableOf, USUAL_TYPE } from "./notifier.ts";
import { makesCredential, plain, type State, stateOf, type UpdatePlan } from "./update.ts";

/** Compares a fresh read with the plan; the reply of an update is partial and proves nothing. */
export async function verifyUpdate(
  { client, call }: Context<OpsRampClient>,
  plan: UpdatePlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const after = stateOf(await client.getInstalled(plan.target.id, call), plan.after);
  const fields = comparedWith(plan, after);
  if (fields.length === 0) {
    return {
      state: receipt ? "accepted" : "unknown",
      evidence: "OpsRamp shows nothing of what was sent",
      after,
    };
  }
  const found = judged(fields);
  return found.state === "applied"
    ? { state: "applied", evidence: readBack(plan, fields), after }
    : { ...found, after };
}

/** Only what could be read before, and holds no secret, can be put back. */
export function undoUpdate({ input, before, after }: UpdatePlan): Undo {
  const { id } = input;
  if (typeof id !== "string") return { possible: false, why: "the integration is not known" };
  const why = noWayBack({ before, after });
  if (why !== undefined) return { possible: false, why };
  return {
    possible: true,
    how: howBack(before),
    verb: "update",
    target: "opsramp",
    input: { id, document: documentOf(before) },
  };
}

/** What was to change and can be read. */
function comparedWith({ before, after: goal }: UpdatePlan, now: State): readonly Seen[] {
  const { name, authentication: asked, mappings = [], notifier } = goal;
  const [old, present] = [before.authentication, now.authentication];
  const fields: readonly Field[] = [
    { label: "name", asked: name, before: before.name, now: now.name },
    {
      label: "inbound authentication",
      asked: asked?.authType,
      before: old?.authType,
      now: present?.authType,
    },
    {
      label: "role",
      asked: asked?.role,
      before: old?.role,
      now: present?.role,
      shown: present?.roleName ? { data: present.roleName } : undefined,
    },
    ...(notifier ? readableOf(notifierGoal(notifier)) : []).map(({ name, value }): Field => ({
      label: `notifier ${name}`,
      asked: value,
      before: before.notifier?.[name],
      now: now.notifier?.[name],
      shown: shownValue(name, now.notifier?.[name] ?? null),
    })),
  ];
  return [
    ...fields.filter(({ asked, before }) => asked && asked !== before).map(compared),
    ...mappings.flatMap((one) => comparedPairs(one, before.mappings ?? [], now.mappings ?? [])),
  ];
}

type Value = string | null | undefined;

interface Field {
  readonly label: string;
  readonly asked: Value;
  readonly before: Value;
  readonly now: Value;
  /** What stands for the value of now, where it is not shown as it is. */
  readonly shown?: Line | undefined;
}

interface Seen extends Compared {
  /** Where the label does not hold it. */
  readonly value?: Line;
}

function compared({ label, asked, before, now, shown }: Field): Seen {
  if (now === asked) return { label, is: "asked", value: shown ?? { data: now ?? "" } };
  if ((now ?? null) === (before ?? null)) return { label, is: "before" };
  return { label, is: { now: shown ?? (now ? { data: now } : "not set") } };
}

/** A pair that is not there may be there in another spelling. */
function comparedPairs(
  wanted: Translation,
  before: readonly Translation[],
  now: readonly Translation[],
): readonly Compared[] {
  const words = ({ ours, theirs }: Translation["pairs"][number]) => `${ours}=${theirs}`;
  return wanted.pairs.map((pair) => {
    const label = { data: `${wanted.entity} ${wanted.attribute} ${words(pair)}`, max: LONGEST_PAIR };
    if (areStored([{ ...wanted, pairs: [pair] }], now)) return { label, is: "asked" };
    const others = strangePairs(pair.ours, { wanted, before, now }).map(words);
    if (others.length === 0) return { label, is: "before" };
    return { label, is: { now: { data: others.join(", "), max: LONGEST_PAIR } } };
  });
}

const LONGEST_PAIR = 160;

/** Why the state before cannot be restored, if it cannot. */
function noWayBack({ before, after }: Pick<UpdatePlan, "before" | "after">): Line | undefined {
  const { authentication, notifier } = before;
  if (after.mappings) return "OpsRamp only adds mappings, an update never takes one away";
  if (after.name !== undefined && !before.name) {
    return "it has no display name now, and an update cannot remove one";
  }
  if (after.authentication && !authentication?.authType) {
    return "it has no inbound authentication now, and an update cannot remove one";
  }
  if (makesCredential({ before, after })) {
    return "the present credential is lost, and the way back would make yet another one";
  }
  if (after.authentication && !authentication?.role) {
    return "it has no role now, and an update cannot remove one";
  }
  if (!after.notifier) return undefined;
  if (!notifier) return "there is no notifier now, and an update cannot remove one";
  if (after.notifier.type !== undefined && typeOf(notifier) === undefined) {
    return "of which type the notifier is now cannot be read";
  }
  if (notifier.authType !== "NONE") return "the secrets of the present notifier cannot be read";
  return notifier.baseURI ? undefined : "where the present notifier sends to cannot be read";
}

function howBack({ name, authentication, notifier }: State): Line {
  const parts: readonly (readonly Inline[])[] = [
    ...(name ? [["the name ", { data: name }]] : []),
    ...(authentication
      ? [["the role ", { data: authentication.roleName ?? authentication.role ?? "" }]]
      : []),
    ...(notifier
      ? [[
        "the notifier ",
        { data: shownAddress(notifier.baseURI ?? "") },
        ` as ${USUAL_TYPE} without authentication`,
      ]]
      : []),
  ];
  return ["back to ", ...parts.flatMap((part, at) => at === 0 ? part : [" and ", ...part])];
}

function documentOf({ name, authentication, notifier }: State): JsonObject {
  return plain({
    ...(name && { displayName: name }),
    ...(authentication && {
      inboundConfig: {
        authentication: { authType: authentication.authType, role: { uniqueId: authentication.role } },
      },
    }),
    ...(notifier && {
      outboundConfig: { baseNotifier: { baseURI: notifier.baseURI, authType: "NONE" } },
    }),
  });
}

/** The vendor's own page, for whoever cannot be handed the credential here. */
const WHERE_CREDENTIALS_ARE =
  ". Its credential is in OpsRamp: Setup, Account, Integrations and Apps, this integration.";

/** Of a hundred pairs the first few will do: all of them were seen. */
const MOST_NAMED = 8;

function readBack(plan: UpdatePlan, fields: readonly Seen[]): Line {
  const { target, after } = plan;
  const hidden = after.notifier ? unreadableOf(notifierGoal(after.notifier)) : [];
  const more = fields.length - MOST_NAMED;
  return [
    "Read back from ",
    { data: target.name },
    ": ",
    ...fields.slice(0, MOST_NAMED).flatMap(({ label, value }, at) => [
      ...(at === 0 ? [] : [", "]),
      ...line(label, ...(value === undefined ? [] : [" ", quoted(value)])),
    ]),
    ...(more > 0 ? [` and ${more} more`] : []),
    ...(hidden.length > 0 ? [`. Not readable: ${hidden.join(", ")}`] : []),
    ...(makesCredential(plan) ? [WHERE_CREDENTIALS_ARE] : []),
  ];
}
