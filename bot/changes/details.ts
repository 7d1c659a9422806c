import type { Card } from "../../handlers/operation.ts";
import { type Block, type Line, line, type Reply } from "../../handlers/reply.ts";
import {
  joined,
  personLine,
  pretty,
  readCard,
  readUndo,
  rowsTable,
  stateLine,
  undoLine,
  whyLine,
} from "./card.ts";
import type { Change } from "./machine.ts";

/** Everything about a change, for `/change`. */
export function changeDetails(change: Change): Reply {
  const card = readCard(change);
  return {
    ...stateLine(change),
    blocks: [
      {
        kind: "facts",
        facts: [["Code", { code: change.code }], ["State", change.state], ...storyFacts(change)],
      },
      rowsTable(card),
      ...breaksBlock(card),
      sendsBlock(card),
    ],
    footer: ["ref ", { code: change.trace ?? change.code }],
  };
}

function storyFacts(change: Change): [string, Line][] {
  const facts: [string, Line][] = [
    [
      "Asked by",
      line(personLine(change.requester_name, change.requester_id), " ", { time: change.created_at }),
    ],
    ["Why", whyLine(change)],
  ];
  if (change.decided_at !== null && change.decider_id !== null) {
    facts.push([
      "Decided by",
      line(
        personLine(change.decider_name ?? "", change.decider_id),
        " ",
        { time: change.decided_at },
        change.decision_reason ? [" · ", { data: change.decision_reason }] : "",
      ),
    ]);
  } else if (change.state === "pending") {
    // Not buttons: those count only under the card itself.
    facts.push(["Expires", { time: change.expires_at, as: "relative" }]);
    facts.push(["Decide", [{ code: `/approve ${change.code}` }, " or ", { code: `/reject ${change.code}` }]]);
  }
  if (change.sent_at !== null) facts.push(["Sent", { time: change.sent_at }]);
  if (change.finished_at !== null) facts.push(["Finished", { time: change.finished_at }]);
  if (change.evidence !== null) facts.push(["Seen", JSON.parse(change.evidence) as Line]);
  if (change.undo_of !== null) facts.push(["Takes back", { code: change.undo_of }]);
  facts.push(["Undo", undoLine(readUndo(change))], ["Fingerprint", { code: change.hash.slice(0, 16) }]);
  return facts;
}

function breaksBlock(card: Card): Block[] {
  return card.breaks.length > 0 ? [{ kind: "facts", facts: [["Breaks", joined(card.breaks, "")]] }] : [];
}

function sendsBlock(card: Card): Block {
  return { kind: "details", summary: "what is sent", blocks: [{ kind: "pre", text: pretty(card.sends) }] };
}
