import * as fc from "fast-check";
import { BEN, GROUP } from "../sandbox/stage.ts";
import { bending, type Bent, bent, letPass, operations } from "./answers.ts";
import type { Target } from "./campaign.ts";
import { Finding } from "./ground.ts";

export interface AskedFor {
  readonly command: string;
  readonly bends: readonly Bent[];
  /** How many answers come as they should, before the rest are bent. */
  readonly from: number;
}

const COMMANDS = [
  ...operations.filter(({ risk }) => risk === "read").map(({ example }) => example),
  "/status",
  "/status",
  "/doctor",
  "/show halo 1",
  "/status bitdefender acme",
  "/tags res-1",
];

/** Reads, with every vendor answering what it never should. */
export const readTarget: Target<AskedFor> = {
  name: "vendor answers to reads",
  inputs: fc.record({
    command: fc.constantFrom(...COMMANDS),
    bends: fc.array(bent, { minLength: 1, maxLength: 3 }),
    from: fc.constantFrom(0, 0, 0, 1, 2),
  }),
  async attack(ground, { command, bends, from }) {
    const { telegram } = ground.stage;
    letPass(ground);
    ground.meddle = bending(bends, from);
    const calls = telegram.calls().length;
    telegram.say(BEN, GROUP, command);
    await ground.rest();
    ground.meddle = undefined;
    const spoke = telegram.calls().slice(calls).some(({ method }) => /^(send|edit)/.test(method));
    if (!spoke) throw new Finding("silent", `nothing was answered to ${command}`);
    const updates = await ground.stage.bot.store.db.selectFrom("messages").select("key").where(
      "state",
      "=",
      "dead",
    ).execute();
    if (updates.length > 0) throw new Finding("silent", `an answer was given up: ${updates[0]?.key}`);
  },
};
