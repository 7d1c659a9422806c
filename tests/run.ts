/**
 * `deno task test`: runs `deno test`, passing on what is typed after it, and says at the end what was skipped and
 * the counts, in a form that scripts can read.
 */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * The counts in the summary that `deno test` ends with. A run that went wrong without a failed test (code that does
 * not compile, an error outside of tests) counts as one failure.
 */
export function countsIn(output: string, success: boolean): Counts {
  const summary = output.match(/^(?:ok|FAILED) \| .*$/gm)?.at(-1) ?? "";
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(summary)?.[1] ?? 0);
  const failed = count("failed");
  return {
    passed: count("passed"),
    failed: success ? failed : Math.max(failed, 1),
    skipped: count("ignored"),
  };
}

/** "12 passed, 0 failed, 1 skipped" */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The names of the tests that were not run; a name ends with the reason. */
export function skippedIn(output: string): string[] {
  return [...output.matchAll(/^(.*) \.\.\. ignored \(.*\)$/gm)].map(([, name = ""]) => name);
}

/** Runs the tests, showing the output as it comes; resolves to the exit code. */
async function run(given: readonly string[]): Promise<number> {
  const wanted = given.some((word) => !word.startsWith("-")) ? given : [...given, "tests"];
  const inColor = Deno.stdout.isTerminal() && !Deno.noColor;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--frozen", "-A", ...wanted],
    env: inColor ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => child.kill(signal));
  }
  const output = await shown(child.stdout);
  const { code, success } = await child.status;
  const skipped = skippedIn(output).map((name) => `skipped: ${name}`);
  await print(["", ...skipped, closingLine(countsIn(output, success)), ""].join("\n"));
  return code;
}

/** Passes the output on and resolves to all of it, without colours. */
async function shown(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of stream) {
    await Deno.stdout.write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  // deno-lint-ignore no-control-regex -- a colour begins with the escape character
  return output.replace(/\u001b\[[\d;]*m/g, "");
}

async function print(text: string): Promise<void> {
  await new Blob([text]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
}

if (import.meta.main) Deno.exit(await run(Deno.args));
