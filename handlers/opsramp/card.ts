import type { Card } from "../operation.ts";
import type { Line } from "../reply.ts";
import { shownAddress } from "../mask.ts";
import { shownUpdate } from "./address.ts";
import { mappingRows, mappingSummary, mappingWarnings, type Translation } from "./mapping.ts";
import { notifierGoal, notifierRows, notifierWarnings } from "./notifier.ts";
import { type AuthenticationState, bodyOf, type Goal, plain, type UpdatePlan } from "./update.ts";

/** What an update looks like before it is approved. */
export function updateCard(plan: UpdatePlan): Card {
  const { target, before, after } = plan;
  const name = { data: target.name };
  const parts = partsOf(after);
  const notifier = after.notifier && notifierGoal(after.notifier);
  const mappings = mappingPart(after.mappings ?? [], before.mappings ?? []);
  const are = parts.length > 1 || after.mappings ? "are" : "is";
  return {
    title: ["Change ", listed(parts), " of ", name, " in OpsRamp"],
    done: [listed(parts), " of ", name, ` ${are} changed in OpsRamp`],
    rows: [
      ...(after.name === undefined ? [] : [{
        label: "Name",
        now: before.name ? { data: before.name } : "none",
        after: { data: after.name },
      }]),
      ...authenticationRows(before.authentication, after.authentication),
      ...mappings.rows,
      ...(notifier ? notifierRows(notifier, before.notifier ?? null) : []),
    ],
    ...(mappings.details && { details: mappings.details }),
    breaks: breaksOf(plan),
    sends: plain(shownUpdate(bodyOf(after))),
    warnings: [
      ...(after.mappings
        ? [
          ...mappingWarnings(after.mappings, before.mappings ?? []),
          "OpsRamp adds these pairs to what is there; an update replaces and removes none.",
        ]
        : []),
      ...(notifier ? notifierWarnings(notifier, before.notifier ?? null) : []),
    ],
  };
}

/** More rows than these do not fit a screen: the values are counted, and their rows folded. */
const MOST_ROWS = 10;

function mappingPart(
  missing: readonly Translation[],
  stored: readonly Translation[],
): Pick<Card, "rows" | "details"> {
  const rows = mappingRows(missing, stored);
  if (rows.length <= MOST_ROWS) return { rows };
  const table = { kind: "table", rows: rows.map(({ label, now, after }) => [label, now, after]) } as const;
  return { rows: mappingSummary(missing, stored), details: [table] };
}

function partsOf(goal: Goal): readonly string[] {
  return [
    ...(goal.name !== undefined ? ["the name"] : []),
    ...(goal.authentication ? ["the inbound authentication"] : []),
    ...(goal.mappings ? ["the mappings"] : []),
    ...(goal.notifier ? ["the notifier"] : []),
  ];
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function authenticationRows(
  now: AuthenticationState | undefined,
  goal: Goal["authentication"],
): Card["rows"] {
  if (!goal) return [];
  const type = goal.authType === now?.authType ? [] : [{
    label: "Inbound authentication",
    now: now?.authType ? { data: now.authType } : "not set",
    after: { data: goal.authType },
  }];
  const role = goal.role === null || goal.role === now?.role ? [] : [{
    label: "Role",
    now: roleLine(now),
    after: { code: goal.role },
  }];
  return [...type, ...role];
}

function roleLine(state: AuthenticationState | undefined): Line {
  if (!state?.role) return "none";
  return [...(state.roleName ? [{ data: state.roleName }, " "] : []), { code: state.role }];
}

function breaksOf({ target, before, after }: UpdatePlan): readonly Line[] {
  const name = { data: target.name };
  const now = before.authentication?.authType;
  const moves = after.authentication !== undefined && now && after.authentication.authType !== now;
  const uri = typeof after.notifier?.baseURI === "string" ? after.notifier.baseURI : undefined;
  const redirects = uri !== undefined && before.notifier?.baseURI && before.notifier.baseURI !== uri;
  return [
    ...(moves
      ? [[`What sends to `, name, ` with its present ${now} credential is refused from then on.`]]
      : []),
    ...(after.authentication?.role && before.authentication?.role !== after.authentication.role
      ? [["What sends to ", name, " gets the rights of the new role."]]
      : []),
    ...(redirects
      ? [["OpsRamp stops notifying ", { data: shownAddress(before.notifier?.baseURI ?? ""), max: 200 }, "."]]
      : []),
  ];
}
