import type { OpsRamp } from "../../clients/opsramp.ts";
import type { Context, JsonObject, Receipt, Undo, Verdict } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";
import { shownAddress } from "./address.ts";
import { areStored } from "./mapping.ts";
import { notifierGoal, readableOf, typeOf, USUAL_TYPE } from "./notifier.ts";
import { askedFor } from "./secret.ts";
import { makesCredential, plain, type State, stateOf, type UpdatePlan } from "./update.ts";

/** One thing that a read-back can tell. */
interface Sign {
  readonly label: string;
  readonly seen: boolean;
}

/** Compares a fresh read with the plan; the reply of an update is partial and proves nothing. */
export async function verifyUpdate(
  { client, call }: Context<OpsRamp>,
  plan: UpdatePlan,
  receipt: Receipt | undefined,
): Promise<Verdict> {
  const after = stateOf(await client.getInstalled(plan.target.id, call), plan.after);
  const signs = signsOf(plan, after);
  const seen = signs.filter((sign) => sign.seen);
  const missing = signs.filter((sign) => !sign.seen);
  if (signs.length === 0) {
    return {
      state: receipt ? "accepted" : "unknown",
      evidence: "OpsRamp shows nothing of what was sent",
      after,
    };
  }
  if (missing.length === 0) return { state: "applied", evidence: readBack(plan, seen), after };
  if (seen.length === 0) {
    return { state: "not applied", evidence: `Read back unchanged: ${labels(missing)}`, after };
  }
  return {
    state: "unknown",
    evidence: `Only a part is there: ${labels(seen)}; not ${labels(missing)}`,
    after,
  };
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

function signsOf({ before, after: goal }: UpdatePlan, now: State): readonly Sign[] {
  const signs: Sign[] = [];
  const { name, authentication, mappings, notifier } = goal;
  if (name !== undefined) signs.push({ label: "name", seen: now.name === name });
  if (authentication && authentication.authType !== before.authentication?.authType) {
    const seen = now.authentication?.authType === authentication.authType;
    signs.push({ label: "inbound authentication", seen });
  }
  if (authentication?.role && authentication.role !== before.authentication?.role) {
    signs.push({ label: "role", seen: now.authentication?.role === authentication.role });
  }
  for (const one of mappings ?? []) {
    for (const pair of one.pairs) {
      const seen = areStored([{ ...one, pairs: [pair] }], now.mappings ?? []);
      signs.push({ label: `${one.entity} ${one.attribute} ${pair.ours} as ${pair.theirs}`, seen });
    }
  }
  for (const { name: field, value } of notifier ? readableOf(notifierGoal(notifier)) : []) {
    if (before.notifier?.[field] === value) continue;
    signs.push({ label: `notifier ${field}`, seen: now.notifier?.[field] === value });
  }
  return signs;
}

/** Why the state before cannot be restored, if it cannot. */
function noWayBack({ before, after }: Pick<UpdatePlan, "before" | "after">): Line | undefined {
  const { authentication, notifier } = before;
  if (after.mappings) return "OpsRamp only adds mappings, an update never takes one away";
  if (after.name !== undefined && !before.name) {
    return "it has no display name now, and an update cannot remove one";
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

function readBack(plan: UpdatePlan, seen: readonly Sign[]): Line {
  const { target, after } = plan;
  const hidden = after.notifier ? askedFor(notifierGoal(after.notifier)) : [];
  return [
    "Read back from ",
    { data: target.name },
    `: ${labels(seen)}`,
    ...(hidden.length > 0 ? [`. Not readable: ${hidden.join(", ")}`] : []),
    ...(makesCredential(plan) ? [WHERE_CREDENTIALS_ARE] : []),
  ];
}

function labels(signs: readonly Sign[]): string {
  return signs.map((sign) => sign.label).join(", ");
}
