import { ConfigError } from "../../bot/config.ts";
import { systemClock } from "../../clients/clock.ts";
import { checkLive, lineOf } from "./check.ts";

/** `deno task live`: asks the vendors whose credentials are set, only reads; fails when one of them does. */
async function main(): Promise<0 | 1> {
  try {
    const findings = await checkLive(Deno.env.toObject(), systemClock);
    await print(findings.map(lineOf));
    return findings.some(({ outcome }) => outcome === "fails") ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    await print([error.message]);
    return 1;
  }
}

async function print(lines: readonly string[]): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
}

Deno.exit(await main());
