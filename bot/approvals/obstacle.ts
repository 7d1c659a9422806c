import { type Line, line } from "../../handlers/reply.ts";
import { frozenTarget } from "../store/changes.ts";
import type { FreezesTable, HoldsTable } from "../store/schema.ts";
import { personLine } from "./view.ts";

/** "Frozen: everything by Ana: release. /unfreeze lifts it", to go on with. */
export function wayOutOf(freeze: FreezesTable): Line {
  return line("Frozen: ", freezeLine(freeze), ". ", { code: unfreezeCommand(freeze) }, " lifts it");
}

/** The command that lifts a freeze: a company by its id, which no other bears. */
export function unfreezeCommand(freeze: FreezesTable): string {
  const { company } = freeze;
  return ["/unfreeze", frozenTarget(freeze), company && `company=${company}`].filter(Boolean).join(" ");
}

export function freezeLine(freeze: FreezesTable): Line {
  return line(
    frozenScope(freeze),
    " by ",
    personLine(freeze.holder_name, freeze.holder_id),
    ": ",
    { data: freeze.reason, max: 120 },
    freeze.begins_at === null ? "" : [" · from ", { time: freeze.begins_at }],
    freeze.ends_at === null ? " · until lifted" : [" · until ", { time: freeze.ends_at, as: "deadline" }],
  );
}

/** "ec2 Acme Corp by Ana: moving the role · until 05:14" */
export function holdLine(hold: HoldsTable): Line {
  return line(
    hold.target,
    " ",
    { data: hold.name, max: 60 },
    " by ",
    personLine(hold.holder_name, hold.holder_id),
    ": ",
    { data: hold.reason, max: 120 },
    " · until ",
    { time: hold.ends_at, as: "deadline" },
  );
}

/** "everything", "ec2", "Acme Corp", "ec2 of Acme Corp" */
export function frozenScope(freeze: FreezesTable): Line {
  const target = frozenTarget(freeze);
  if (freeze.company === null) return target ?? "everything";
  const company: Line = { data: freeze.company_name ?? freeze.company, max: 60 };
  return target === undefined ? company : line(target, " of ", company);
}
