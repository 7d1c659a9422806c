import { fileURLToPath } from "node:url";
import { join, sep } from "node:path";
import ts from "typescript";

/** The product's own folders, tests included. */
export const FOLDERS = ["bot", "handlers", "clients", "tests"] as const;

/** The folder that holds deno.json, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Configuration {
  readonly imports: Readonly<Record<string, string>>;
  readonly compilerOptions: ts.CompilerOptions;
}

/** What deno.json says. */
export const configuration: Configuration = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));

/** All code of the product, by its path from the root, in order. */
export function sourcePaths(): string[] {
  return FOLDERS.flatMap(pathsUnder).filter((path) => path.endsWith(".ts")).sort();
}

/** Everything in a folder, folders within it included, by path from the root. */
export function pathsUnder(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap((entry) =>
    entry.isDirectory ? pathsUnder(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]
  );
}

/** Code that a test plants beside the real one, by path from the root. */
export type Planted = Readonly<Record<string, string>>;

/**
 * The compiler's view of the code, types included. Deno keeps packages in a cache of its own; the compiler is shown
 * them in a `node_modules` that does not exist.
 */
export function createProgram(paths: readonly string[], planted: Planted = {}): ts.Program {
  const options: ts.CompilerOptions = {
    ...configuration.compilerOptions,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.esnext.d.ts"],
    types: ["node"],
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  };
  return ts.createProgram({
    rootNames: [DENO_TYPES, ...paths.map((path) => ROOT + path)],
    options,
    host: hostOver(options, planted),
  });
}

/** What lies on the disk is read once for all programs. */
const parsed = new Map<string, ts.SourceFile>();

const DENO_TYPES = `${ROOT}deno.d.ts`;
const TYPES_OF_DENO = denoTypes();
const PACKAGES = `${ROOT}node_modules${sep}`;

function hostOver(options: ts.CompilerOptions, planted: Planted): ts.CompilerHost {
  const disk = ts.createCompilerHost(options);
  const virtual: Record<string, string> = { [DENO_TYPES]: TYPES_OF_DENO };
  for (const [path, code] of Object.entries(planted)) virtual[ROOT + path] = code;
  const host: ts.CompilerHost = {
    ...disk,
    getCurrentDirectory: () => ROOT,
    fileExists: (path) => path in virtual || disk.fileExists(onDisk(path)),
    readFile: (path) => virtual[path] ?? disk.readFile(onDisk(path)),
    directoryExists: (path) => holdsPackages(path) || Boolean(disk.directoryExists?.(onDisk(path))),
    realpath: (path) => path,
    getSourceFile(path, languageVersion) {
      const isPlanted = path.startsWith(ROOT) && path.slice(ROOT.length) in planted;
      const known = isPlanted ? undefined : parsed.get(path);
      if (known) return known;
      const text = host.readFile(path);
      if (text === undefined) return undefined;
      const file = ts.createSourceFile(path, text, languageVersion, true);
      if (!isPlanted) parsed.set(path, file);
      return file;
    },
    resolveModuleNameLiterals: (literals, file) =>
      literals.map(({ text }) => ts.resolveModuleName(packagePath(text), file, options, host)),
  };
  return host;
}

/** The name in deno.json as node would say it: "grammy" is "grammy/web", for "npm:grammy@1.46.0/web". */
function packagePath(specifier: string): string {
  const { imports } = configuration;
  const key = imports[specifier]
    ? specifier
    : Object.keys(imports).find((name) => name.endsWith("/") && specifier.startsWith(name));
  if (key === undefined) return specifier;
  const [, name = "", path = ""] = /^npm:\/?(@?[^@]+)@[^/]+(.*)$/.exec(imports[key] ?? "") ?? [];
  return name + path + specifier.slice(key.length);
}

const CACHE = cacheFolder();
const VERSIONS = lockedVersions();

/** Where a file of a package lies in Deno's cache; other paths stay as they are. */
function onDisk(path: string): string {
  if (!path.startsWith(PACKAGES)) return path;
  const [, name = "", rest = ""] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(path.slice(PACKAGES.length)) ?? [];
  const version = VERSIONS.get(name);
  return version === undefined ? path : `${CACHE}${name}/${version}${rest}`;
}

/** The invented folder itself, or one of its scopes such as "@types". */
function holdsPackages(path: string): boolean {
  return /^(@[^/]+)?$/.test(`${path}/`.startsWith(PACKAGES) ? path.slice(PACKAGES.length) : "/");
}

function cacheFolder(): string {
  const here = fileURLToPath(import.meta.resolve("typescript"));
  return here.slice(0, here.lastIndexOf("/typescript/") + 1);
}

/** The version of every package, those that packages bring along included. */
function lockedVersions(): Map<string, string> {
  const lock: { npm: Record<string, unknown> } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.lock")));
  return new Map(
    Object.keys(lock.npm).map((key) => {
      const [, name = "", version = ""] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
      return [name, version];
    }),
  );
}

function denoTypes(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["types"] }).outputSync();
  return new TextDecoder().decode(stdout);
}
