import * as z from "zod";
import { formatDuration } from "../../clients/errors.ts";
import type { JsonObject } from "../../clients/json.ts";
import { type Candidate, type ChangeOperation, ChoiceNeeded } from "../../handlers/operation.ts";
import { joinLines, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { isOpenAt } from "../access/hours.ts";
import { type ApprovalNeed, namesVoter, type Ruling } from "../access/policy.ts";
import type { Rulebook, RuledChange } from "../access/rulebook.ts";
import { breakGlass, reviewEmergency } from "../approvals/emergency.ts";
import { othersToVote, passOn } from "../approvals/pass_on.ts";
import { ruledChange, rulingNow } from "../approvals/view.ts";
import type { UpdateContext } from "../context.ts";
import { errorReply } from "../error_reply.ts";
import type { Command } from "../parser/command.ts";
import { parse, type ParsedCommand } from "../parser/parse.ts";
import { validationMessage } from "../parser/validation_message.ts";
import { findChange, operationName } from "../store/changes.ts";
import { type Builtin, builtin, type CommandParts, type OfferParts } from "./builtin.ts";
import { changeCode as code, changeNamed, offerChanges, waitingForOthers } from "./which_change.ts";

/** Planning reads the vendor; after this long it is given up. */
const PLAN_MS = 30_000;

/** `/policy`, `/emergency`, `/pass`, `/reviewed`. */
export const policyCommands: readonly Builtin[] = [
  builtin({
    verb: "policy",
    summary: "The rules in words, or those of one change and who could do it",
    example: "/policy disable ec2 Acme Corp",
    need: "read",
    risk: "read",
    input: z.object({
      about: z.string().optional().meta({
        positional: true,
        rest: true,
        placeholder: "change command or code",
      }),
    }),
    async execute(parts, ctx, { about }) {
      const { rules } = parts.members;
      if (!rules) return ctx.answer(withoutRules(parts));
      if (about === undefined) return ctx.answer(rulesInWords(rules));
      await explain(parts, ctx, about.trim());
    },
  }),
  builtin({
    verb: "emergency",
    summary: "In an emergency, let one approver's vote be enough for a change",
    example: "/emergency K7Q2X the site is down",
    // Who may is judged with the change in hand.
    need: "read",
    offers: { code: offerChanges(waitingForOthers) },
    input: z.object({ code, reason: requiredWords("reason") }),
    async execute(parts, ctx, { code, reason }) {
      const change = await changeNamed(parts, ctx, code);
      if (change) await breakGlass(parts, ctx, change, reason);
    },
  }),
  builtin({
    verb: "pass",
    summary: "Hand a decision over to someone else who may approve it",
    example: "/pass K7Q2X Chidi",
    // Who may is judged with the change in hand.
    need: "read",
    offers: { code: offerChanges(waitingForOthers), to: peopleToPassTo },
    input: z.object({ code, to: requiredWords("person") }),
    async execute(parts, ctx, { code, to }) {
      const change = await changeNamed(parts, ctx, code);
      if (change) await passOn(parts, ctx, change, to);
    },
  }),
  builtin({
    verb: "reviewed",
    summary: "Say that you have looked into an emergency",
    example: "/reviewed K7Q2X it was needed, the rule stays",
    need: "read",
    offers: {
      code: offerChanges((all, { store }) =>
        all.where(
          "code",
          "in",
          store.db.selectFrom("emergencies").select("code").where("reviewed_at", "is", null),
        )
      ),
    },
    input: z.object({ code, note: requiredWords("note") }),
    async execute(parts, ctx, { code, note }) {
      const change = await changeNamed(parts, ctx, code);
      if (change) await reviewEmergency(parts, ctx, change, note);
    },
  }),
];

async function peopleToPassTo(
  parts: OfferParts,
  ctx: UpdateContext,
  { code }: JsonObject,
): Promise<readonly Candidate[] | undefined> {
  const change = await findChange(parts.store, String(code));
  const others = change && (await othersToVote(parts, ctx, change)).others;
  return others?.map(({ id, name }) => ({ value: String(id), name, about: [] }));
}

function requiredWords(placeholder: string) {
  return z.string().trim().min(1).meta({ positional: true, rest: true, placeholder });
}

const ONE_CHANGE = { code: "/policy disable sophos" };

function withoutRules({ config: { operators, approvers, approvalTtlMs } }: CommandParts): Reply {
  const who = (list: ReadonlySet<number> | undefined) =>
    list ? `the ${list.size} on the list` : "members of the admin chats";
  return {
    mark: "info",
    title: "There is no policy file",
    blocks: [{
      kind: "facts",
      facts: [
        ["Ask", who(operators)],
        ["Approve", `one other of ${who(approvers)}, within ${formatDuration(approvalTtlMs)}`],
      ],
    }],
    footer: ["POLICY names a file with rules. Of one change: ", ONE_CHANGE],
  };
}

function rulesInWords({ file, hash, zone }: Rulebook): Reply {
  const allows = file.allow.map(({ name, who, what }): Line =>
    line({ bold: `“${name}”` }, ": ", words(who), " may ask for ", words(what))
  );
  const needs = file.need.map((need): Line => line({ bold: `“${need.name}”` }, ": ", needInWords(need)));
  const { break_glass: glass } = file;
  return {
    mark: "info",
    title: `${file.allow.length + file.need.length} rules`,
    blocks: [
      textBlock({ bold: "Who may ask" }),
      { kind: "list", items: allows },
      textBlock({ bold: "What it needs, all that fit" }),
      { kind: "list", items: needs.length > 0 ? needs : ["one approval by anyone else of the policy"] },
      textBlock(
        glass
          ? line(
            { bold: "Emergency" },
            ": ",
            words(glass.who),
            " may let one vote be enough; told: ",
            words(glass.tell),
          )
          : "",
      ),
    ],
    footer: [`hours in ${zone} · policy `, { code: hash }, " · of one change: ", ONE_CHANGE],
  };
}

function needInWords(need: Rulebook["file"]["need"][number]): Line {
  const { fits, approve, hours, closed, remind, escalate, ttl } = need;
  const only = Object.entries(fits).map(([key, value]) => `${key} ${[value].flat().join(", ")}`).join("; ");
  const parts: string[] = [
    only === "" ? "every change" : only,
    ...approve.map(({ of, count }) => `${count} of ${of.join(", ")}`),
    ...(hours.length > 0 ? [`votes ${hours.map(({ text }) => text).join(", ")}`] : []),
    ...(closed.length > 0 ? [`no votes ${closed.map(({ text }) => text).join(", ")}`] : []),
    ...(remind === undefined ? [] : [`reminder after ${formatDuration(remind)}`]),
    ...(escalate ? [`${escalate.to.join(", ")} told after ${formatDuration(escalate.after)}`] : []),
    ...(ttl === undefined ? [] : [`within ${formatDuration(ttl)}`]),
  ];
  return joinLines(parts.map((data) => ({ data, max: 120 })), " · ");
}

function words(list: readonly string[]): Line {
  return { data: list.join(", "), max: 160 };
}

/** Which rules apply to a change that is there, or that someone could ask for. */
async function explain(parts: CommandParts, ctx: UpdateContext, about: string): Promise<void> {
  const change = CODE.test(about) ? await findChange(parts.store, about) : undefined;
  if (change) {
    const { ruling, emergency } = await rulingNow(parts.store.db, parts.members, change);
    const still = ruling.asks?.some(({ who }) => who.has(change.requester_id)) ?? true;
    return ctx.answer(
      await explained(parts, {
        title: still
          ? line("What ", { code: change.code }, " needs")
          : line("Who asked may not ask for it any more: ", { code: change.code }),
        mayAsk: still,
        ruling,
        asker: change.requester_id,
        note: emergency ? "In an emergency one approver of each rule is enough, at any time." : "",
      }),
    );
  }
  const isVerb = parts.commandSet.commands.some(({ verb }) => verb === about.toLowerCase());
  if (CODE.test(about) && !isVerb) return ctx.refuse("unknown_change", { detail: about });
  const options = { ...parts.commandSet, botName: parts.bot.botInfo.username };
  const typed = `/${about.replace(/^\//, "")}`;
  const asTyped = parse(typed, options);
  // Whoever only wants to know the rules has no reason to give yet.
  const withReason = asTyped.kind === "wrong" ? parse(`${typed} reason=none`, options) : asTyped;
  const parsed = withReason.kind === "command" ? withReason : asTyped;
  if (parsed.kind === "wrong") return ctx.answer(validationMessage(parsed, parts.commandSet));
  const operation = parsed.kind === "command" ? parts.vendors.changeOperation(parsed.command) : undefined;
  if (parsed.kind !== "command" || !operation) {
    return ctx.refuse("no_change_named", { detail: about.slice(0, 80), next: EXAMPLE });
  }
  const asks = parts.members.asksFor(operation);
  if (asks.length === 0) {
    return ctx.answer({
      mark: "refused",
      title: line("Nobody may ask for: ", { code: typed }),
      blocks: [textBlock(await parts.members.whoAsks(asks))],
      personal: true,
    });
  }
  const planned = await plannedFor(parts, ctx, operation, parsed);
  if (!planned) return;
  const asker = ctx.person.id;
  const mayAsk = asks.some(({ who }) => who.has(asker));
  ctx.answer(
    await explained(parts, {
      title: line(mayAsk ? "You may ask for: " : "You may not ask for: ", { code: typed }),
      mayAsk,
      ruling: parts.members.rulingOf(planned),
      asker,
      note: "",
    }),
  );
}

const CODE = /^[A-Za-z0-9]{5}$/;
const EXAMPLE: Line = ["Such as: ", { code: "/policy disable ec2 Acme Corp" }, " or ", {
  code: "/policy K7Q2X",
}];

/** The change that it would be, as its rules see it; why that cannot be said is answered. */
async function plannedFor(
  { vendors, commandSet, clock }: CommandParts,
  ctx: UpdateContext,
  operation: ChangeOperation,
  { input, asked }: ParsedCommand<Command>,
): Promise<RuledChange | undefined> {
  const { verb, target, vendor, risk } = operation;
  const unknown = {
    verb,
    target,
    vendor,
    risk,
    target_key: "",
    company: null,
    plan: JSON.stringify({ input }),
  };
  const connected = vendors.byName(vendor);
  // Which company or record is meant nobody can tell; the rules that look at neither are told all the same.
  if (!connected?.client) return unknown;
  try {
    const call = { signal: AbortSignal.timeout(PLAN_MS), fresh: true, trace: ctx.trace };
    const working: Reply = { mark: "working", title: `Asking ${connected.vendor.label} …` };
    const plan = await ctx.withProgress(
      working,
      clock,
      () => operation.plan(vendors.context(connected, call), input),
    );
    return "nothing" in plan ? unknown : ruledChange(operation, plan);
  } catch (error) {
    // Its buttons would ask for the change.
    ctx.answer(
      error instanceof ChoiceNeeded ? whichOne(error, operation) : {
        ...errorReply(error, ctx, { verb, target, input, asked }, commandSet),
        buttons: [],
        personal: true,
      },
    );
    return undefined;
  }
}

function whichOne({ question, options }: ChoiceNeeded, operation: ChangeOperation): Reply {
  const id = options[0]?.id ?? "<id>";
  return {
    mark: "question",
    title: question,
    blocks: [{
      kind: "list",
      items: options.slice(0, 8).map(({ id, name }) => line({ data: name }, " ", { code: id })),
    }],
    footer: ["Write the id in place of the name: ", { code: `/policy ${operationName(operation)} ${id}` }],
    personal: true,
  };
}

interface Explained {
  readonly title: Line;
  readonly mayAsk: boolean;
  readonly ruling: Ruling;
  /** Whose vote does not count. */
  readonly asker: number;
  readonly note: string;
}

async function explained(
  { members, store, config }: CommandParts,
  { title, mayAsk, ruling, asker, note }: Explained,
): Promise<Reply> {
  const needs = await Promise.all(ruling.needs.map((need) => needLines(need)));
  async function needLines(need: ApprovalNeed): Promise<Line> {
    const who = await members.whoMayApprove({ ...ruling, needs: [need] }, asker);
    const total = need.approve.reduce((sum, { count }) => sum + count, 0);
    const shut = isOpenAt(need, config.zone, store.now()) ? "" : " Takes no votes now.";
    return line(total > 0 ? `${total} needed. ` : "", who, shut);
  }
  const asks = await members.whoAsks(ruling.asks ?? []);
  return {
    mark: mayAsk ? "info" : "refused",
    title,
    blocks: [
      {
        kind: "facts",
        facts: [
          ["Asked for by", asks],
          ...needs.map((one) => ["Needs", one] as const),
          ["Waits", formatDuration(ruling.ttlMs)],
        ],
      },
      textBlock(note),
    ],
    footer: namesVoter(ruling.needs, asker) ? "whoever asks does not vote" : "",
    personal: true,
  };
}
