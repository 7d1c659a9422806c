import { type Config, ConfigError, readConfig } from "../config.ts";
import { Redactor } from "../redact.ts";

/** What one of the bot's small programs has to say, and the code it ends with. */
export interface Result {
  readonly says: string;
  readonly code: number;
}

const UNUSABLE_CONFIG = 2;

/** Does the work with the configured environment and ends the process. A failure is one line too; no secret is in it. */
export async function runProgram(
  work: (config: Config) => Promise<Result>,
  failureCode: number,
): Promise<never> {
  return await endWith(await resultOf(work, failureCode));
}

/** For a program that does not need the whole configuration. */
export async function endWith({ says, code }: Result): Promise<never> {
  await Deno.stdout.write(new TextEncoder().encode(`${says}\n`));
  Deno.exit(code);
}

async function resultOf(work: (config: Config) => Promise<Result>, failureCode: number): Promise<Result> {
  let redact = (text: string) => text;
  try {
    const config = readConfig(Deno.env.toObject());
    redact = new Redactor(config.secrets).text;
    const { says, code } = await work(config);
    return { says: redact(says), code };
  } catch (error) {
    if (error instanceof ConfigError) return { says: error.message, code: UNUSABLE_CONFIG };
    return { says: redact(error instanceof Error ? error.message : String(error)), code: failureCode };
  }
}
