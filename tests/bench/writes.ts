import type { Answer, Group, PressAnswer } from "./group.ts";
import { installedId } from "./opsramp.ts";
import type { ApiCall } from "./telegram.ts";
import { BEN } from "./update.ts";

/** A change that can be made again and again: one integration of OpsRamp is disabled and enabled by turns. */
export interface Switching {
  /** Ana asks for it; answered by the plan card. */
  ask(): Promise<Answer>;
  /** Ben approves it; shown once the card says that it is applied. */
  approve(card: ApiCall): Promise<PressAnswer>;
}

export function createSwitching(group: Group): Switching {
  let verb = "disable";
  return {
    ask: () => group.say(`/${verb} opsramp ${installedId(0)} reason=bench`),
    async approve(card) {
      const outcome = await group.press(card, "Approve", { by: BEN, until: "Applied: " });
      verb = verb === "disable" ? "enable" : "disable";
      return outcome;
    },
  };
}

/** Turns the pages of a list of OpsRamp's, forth and back. */
export async function createLeafing(group: Group): Promise<() => Promise<PressAnswer>> {
  let { shown } = await group.say("/list opsramp");
  let forth = true;
  return async function leaf() {
    const page = await group.press(shown, forth ? "Next ›" : "‹ Back");
    [shown, forth] = [page.shown, !forth];
    return page;
  };
}

/** Presses Refresh under one and the same status. */
export async function createRefreshing(group: Group, command: string): Promise<() => Promise<PressAnswer>> {
  const { shown } = await group.say(command);
  return () => group.press(shown, "Refresh");
}
