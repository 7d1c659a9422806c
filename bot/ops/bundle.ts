/**
 * `deno task bundle`: makes `dist/`, which runs the bot with nothing but Deno: the bot as one JavaScript file, its
 * other programs as one each, and a deno.json with the tasks that run them.
 */

/** By the names of their files. None imports another: bundled, each part would take itself for the program. */
const PROGRAMS = ["main", "permissions", "audit_verify", "backup", "migrate", "health"] as const;
const FOLDER = "dist";

export interface Task {
  readonly description: string;
  readonly command: string;
}

/**
 * Of the project's tasks those that run the programs, and those that run such a task, as they are in the bundle: it
 * has no lock file, and needs no packages.
 */
export function bundledTasks(tasks: Readonly<Record<string, Task>>): Record<string, Task> {
  const program = new RegExp(`\\bbot/((?:ops/)?(?:${PROGRAMS.join("|")}))\\.ts\\b`, "g");
  const entries = Object.entries(tasks).filter(([, { command }]) => new RegExp(program).test(command));
  return Object.fromEntries(entries.map(([name, { description, command }]) => [name, {
    description,
    command: command.replaceAll(" --frozen", " --no-npm").replaceAll(program, "$1.js"),
  }]));
}

async function bundle(): Promise<void> {
  await Deno.remove(FOLDER, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "-q", "--frozen", "--platform", "deno", "--outdir", FOLDER].concat(
      PROGRAMS.map((name) => name === "main" ? "bot/main.ts" : `bot/ops/${name}.ts`),
    ),
  }).spawn().status;
  if (!success) Deno.exit(1);
  const { tasks }: { tasks: Record<string, Task> } = JSON.parse(await Deno.readTextFile("deno.json"));
  const configuration = JSON.stringify({ tasks: bundledTasks(tasks) }, undefined, 2);
  await Deno.writeTextFile(`${FOLDER}/deno.json`, `${configuration}\n`);
}

if (import.meta.main) await bundle();
