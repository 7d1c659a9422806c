import { homedir } from "node:os";
import { join } from "node:path";
import type { ChildOptions } from "./child.ts";
import { PATH, SECRET, TOKEN } from "./update.ts";

export interface TelegrafServer {
  readonly server: ChildOptions;
  /** Node and its version. */
  readonly platform: string;
  /** Why it cannot be started. */
  readonly missing: string | undefined;
}

const SOURCE = new URL("telegraf/", import.meta.url);
const LOCK = "package-lock.json";

/** Node looks for packages beside the code, so both go into the user's cache; packages are fetched once. */
export async function telegrafServer(): Promise<TelegrafServer> {
  const folder = join(
    Deno.env.get("XDG_CACHE_HOME") ?? join(homedir(), ".cache"),
    "countersign-bench-telegraf",
  );
  await Deno.mkdir(folder, { recursive: true });
  const isInstalled = await textOf(join(folder, "node_modules", "." + LOCK)) !== undefined &&
    await textOf(join(folder, LOCK)) === await textOf(new URL(LOCK, SOURCE));
  for (const file of ["package.json", LOCK, "server.cjs"]) {
    await Deno.copyFile(new URL(file, SOURCE), join(folder, file));
  }
  const node = await run("node", ["--version"], folder);
  const installed = isInstalled || !node.success ? node : await run("npm", INSTALL, folder);
  return {
    server: {
      command: ["node", "--no-deprecation", join(folder, "server.cjs")],
      environment: { BENCH_TOKEN: TOKEN, BENCH_PATH: PATH, BENCH_SECRET: SECRET },
    },
    platform: `Node ${node.said}`,
    missing: missingOf(node, installed),
  };
}

const INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/** Deno runs itself where there is no Node, and says so with its version. */
function missingOf(node: Outcome, installed: Outcome): string | undefined {
  if (!node.success || !/^v\d/.test(node.said)) return "there is no Node here";
  return installed.success
    ? undefined
    : `npm could not install it (${installed.said || "there is no npm here"})`;
}

interface Outcome {
  readonly success: boolean;
  /** The first line of it. */
  readonly said: string;
}

async function run(program: string, args: string[], cwd: string): Promise<Outcome> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
    const said = new TextDecoder().decode(success ? stdout : stderr).split("\n")[0] ?? "";
    return { success, said };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { success: false, said: "" };
    throw error;
  }
}

async function textOf(path: string | URL): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
