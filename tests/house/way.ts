import { Session } from "node:inspector";
import { ROOT } from "./program.ts";

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly count: number }[];
  }[];
}

/** The product's own folders; what tests and packages do is not on the way. */
const PRODUCT = /^(bot|handlers|clients)\//;

/**
 * The files of the product in which a function is called while `work` goes on, in order, from the root. It counts
 * what runs beside `work` too, such as a look of the worker, so it may say a few too many and never too few.
 */
export async function filesEntered(work: () => Promise<void>): Promise<string[]> {
  using profiler = await startProfiler();
  await profiler.take();
  await work();
  const entered = (await profiler.take()).filter(({ functions }) => functions.some(isCalled)).map(pathOf);
  return [...new Set(entered)].filter((path) => PRODUCT.test(path)).sort();
}

/** A file's own code, which runs when it is loaded, has no name. */
function isCalled({ functionName, ranges }: ScriptCoverage["functions"][number]): boolean {
  return functionName !== "" && (ranges[0]?.count ?? 0) > 0;
}

function pathOf({ url }: ScriptCoverage): string {
  const root = `file://${ROOT}`;
  return url.startsWith(root) ? url.slice(root.length) : "";
}

async function startProfiler() {
  const session = new Session();
  session.connect();
  const post = <T>(method: string, parameters: object = {}) =>
    new Promise<T>((resolve, reject) =>
      session.post(
        method,
        parameters,
        (error: Error | null, result?: object) => error ? reject(error) : resolve(result as T),
      )
    );
  await post("Profiler.enable");
  await post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  return {
    /** What has been called since the last time. */
    async take(): Promise<readonly ScriptCoverage[]> {
      return (await post<{ result: ScriptCoverage[] }>("Profiler.takePreciseCoverage")).result;
    },
    [Symbol.dispose]() {
      session.disconnect();
    },
  };
}
