import { z } from "zod";
import type { Turn } from "../turn.ts";
import { type Builtin, builtin } from "./builtin.ts";

/** `/status` alone: all vendors at once. */
export function overviewCommand(overview: (turn: Turn) => Promise<void>): Builtin {
  return builtin({
    verb: "status",
    summary: "All vendors at a glance",
    example: "/status",
    need: "read",
    risk: "read",
    input: z.object({}),
    execute: overview,
  });
}
