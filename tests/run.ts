/**
 * `deno task test` and `deno task test:slow`: run the tests side by side, passing on what is typed after it, and say at
 * the end what was skipped and the counts, in a form that scripts can read. The slow ones are in `*_slow.ts`, of which
 * `deno test` takes no notice by itself.
 */
import { pathToFileURL } from "node:url";
import { openTemplate, postgres, TEMPLATE } from "./approvals/database.ts";

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
  return [...output.matchAll(/^(?:\S+ => )?(.*) \.\.\. ignored \(.*\)$/gm)].map(([, name = ""]) => name);
}

/** Most tests wait most of the time: for a process, a database or a page. */
const FILES_PER_CORE = 2;

/** Runs the tests, showing the output as it comes; resolves to the exit code. */
async function run(given: readonly string[]): Promise<number> {
  const isSlow = given.includes("--slow");
  const words = given.filter((word) => word !== "--slow");
  const isWhole = !words.some((word) => !word.startsWith("-"));
  await using bundles = await openFolder();
  const chosen = !isWhole
    ? []
    : isSlow
    ? filesEndingIn("_slow.ts", "tests")
    : await bundled(filesEndingIn("_test.ts", "tests"), bundles.path);
  await using template = postgres.missing === undefined ? await openTemplate() : undefined;
  // Types are checked beside the tests and not before: the compiler keeps one core busy for a while.
  const [tested, checked] = await Promise.all([
    test([...words, ...chosen], template ? { [TEMPLATE]: template.name } : {}),
    isWhole && !isSlow ? typesAreSound() : true,
  ]);
  const counts = countsIn(tested.output, tested.success);
  const lines = skippedIn(tested.output).map((name) => `skipped: ${name}`);
  if (!checked) lines.push("failed: the types, see above");
  const all = checked ? counts : { ...counts, failed: counts.failed + 1 };
  await print(["", ...lines, closingLine(all), ""].join("\n"));
  return all.failed > 0 ? 1 : 0;
}

/** By path. */
function filesEndingIn(ending: string, folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) =>
    entry.isDirectory
      ? filesEndingIn(ending, `${folder}/${entry.name}`)
      : entry.name.endsWith(ending)
      ? [`${folder}/${entry.name}`]
      : []
  ).sort();
}

/** Tests that start processes and wait for them: they begin first, because they take longest, and each by itself. */
const LONG = /^tests\/(?:faults|crash|hosted|deploy|forms|sandbox\/page)\//;

/** To load the bot takes as long as several conversations: so many files share what they load. */
const FILES_PER_BUNDLE = 8;

/** Writes modules that import several test files each; resolves to the paths of what is to be run. */
async function bundled(files: readonly string[], folder: string): Promise<string[]> {
  const { long = [], short = [] } = Object.groupBy(files, (file) => LONG.test(file) ? "long" : "short");
  const bundles = Array.from({ length: Math.ceil(short.length / FILES_PER_BUNDLE) }, (_, index) => ({
    path: `${folder}/bundle_${index + 1}.ts`,
    files: short.slice(index * FILES_PER_BUNDLE, (index + 1) * FILES_PER_BUNDLE),
  }));
  for (const { path, files } of bundles) {
    const imports = files.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)};\n`);
    await Deno.writeTextFile(path, imports.join(""));
  }
  return [...long, ...bundles.map(({ path }) => path)];
}

async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "countersign-tests-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function test(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly output: string; readonly success: boolean }> {
  const inColor = Deno.stdout.isTerminal() && !Deno.noColor;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--frozen", "-A", "--no-check", "--parallel", ...args],
    env: {
      DENO_JOBS: String(FILES_PER_CORE * navigator.hardwareConcurrency),
      ...(inColor ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
      ...environment,
    },
    stdout: "piped",
  }).spawn();
  const stop = () => child.kill("SIGINT");
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  const output = await shown(child.stdout);
  const { success } = await child.status;
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, stop);
  return { output, success };
}

async function typesAreSound(): Promise<boolean> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: ["task", "-q", "check"] })
    .output();
  if (!success) await print(new TextDecoder().decode(stderr));
  return success;
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
