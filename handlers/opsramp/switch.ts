import { z } from "zod";
import type { Installed, OpsRamp } from "../../clients/opsramp.ts";
import {
  type Card,
  type ChangeOperation,
  type Context,
  type Nothing,
  operationsOf,
  type Plan,
  type Receipt,
  type Undo,
  type Verification,
} from "../operation.ts";
import { findInstalled, statusOf, targetOf } from "./installation.ts";

const { change } = operationsOf<OpsRamp>("opsramp");

const input = z.object({
  id: z.string().meta({ positional: true, rest: true, placeholder: "id or name" }),
});

type State = { readonly status: string };
type SwitchPlan = Plan<State> & { readonly after: State };

interface Side {
  readonly verb: "enable" | "disable";
  readonly back: "enable" | "disable";
  /** The vendor's status once it is done. */
  readonly status: "enabled" | "disabled";
  readonly risk: "write" | "danger";
}

const ENABLE: Side = { verb: "enable", back: "disable", status: "enabled", risk: "write" };
const DISABLE: Side = { verb: "disable", back: "enable", status: "disabled", risk: "danger" };

export const enable = switchTo(ENABLE, "Enable an installed integration");
export const disable = switchTo(DISABLE, "Disable an installed integration");

function switchTo(side: Side, summary: string): ChangeOperation {
  return change({
    verb: side.verb,
    target: "opsramp",
    summary,
    example: `/${side.verb} opsramp Service Desk${side.risk === "danger" ? ' reason="too noisy"' : ""}`,
    risk: side.risk,
    input,
    plan: (context, { id }) => plan(side, context, id),
    render: (made: SwitchPlan) => render(side, made),
    apply: (context, made) => apply(side, context, made),
    verify: (context, made, receipt) => verify(side, context, made, receipt),
    undo: (made) => undo(side, made),
  });
}

async function plan(side: Side, context: Context<OpsRamp>, query: string): Promise<SwitchPlan | Nothing> {
  const installed = await findInstalled(context, query);
  const target = targetOf(installed);
  if (statusOf(installed) === side.status) {
    return { nothing: [{ data: target.name }, ` is ${side.status} already`] };
  }
  return { input: { id: installed.id }, target, before: stateOf(installed), after: { status: side.status } };
}

function render({ verb, status }: Side, { target, before }: SwitchPlan): Card {
  const name = { data: target.name };
  return {
    title: [verb === "enable" ? "Enable " : "Disable ", name, " in OpsRamp"],
    done: [name, ` is ${status} in OpsRamp`],
    rows: [{ label: "Status", now: { data: before.status }, after: status }],
    breaks: verb === "enable"
      ? []
      : [["OpsRamp neither takes from nor sends to ", name, " until it is enabled."]],
    sends: { [verb]: target.id },
  };
}

async function apply(
  { verb }: Side,
  { client, call }: Context<OpsRamp>,
  { target }: SwitchPlan,
): Promise<Receipt> {
  if (verb === "enable") await client.enableInstalled(target.id, call);
  else await client.disableInstalled(target.id, call);
  return {};
}

async function verify(
  side: Side,
  { client, call }: Context<OpsRamp>,
  { target, before }: SwitchPlan,
  receipt: Receipt | undefined,
): Promise<Verification> {
  const after = stateOf(await client.getInstalled(target.id, call));
  const evidence = [{ data: target.name }, " is read back as ", { data: after.status }];
  if (after.status === side.status) return { state: "applied", evidence, after };
  if (after.status !== before.status) return { state: "unknown", evidence, after };
  if (isSwitched(after)) return { state: "not applied", evidence, after };
  // An SDK app stays "Installed" whatever is done to it: its status proves nothing.
  return { state: receipt ? "accepted" : "unknown", evidence, after };
}

function undo({ verb, back }: Side, { input, before }: SwitchPlan): Undo {
  if (!isSwitched(before)) {
    return { possible: false, why: ["its status now, ", { data: before.status }, ", cannot be asked for"] };
  }
  const how = verb === "enable" ? "by disabling it again" : "by enabling it again";
  return { possible: true, how, verb: back, target: "opsramp", input };
}

function isSwitched({ status }: State): boolean {
  return status === "enabled" || status === "disabled";
}

function stateOf(installed: Installed): State {
  return { status: statusOf(installed) };
}
