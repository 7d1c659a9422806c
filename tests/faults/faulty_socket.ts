/** The connection between the bot and its database, which can be pulled out and put in again. */
export interface FaultySocket extends AsyncDisposable {
  /** The database's address by way of this faultySocket. */
  readonly url: string;
  /** Cuts what is connected and refuses what comes. */
  pull(): void;
  /**
   * Lets nothing through, and tells nobody: what is connected stays so, and more may connect. Or holds back answers
   * alone: all, or those on the one connection on which these words were said last.
   */
  silence(what?: "all" | "answers" | { readonly answersTo: string }): void;
  /** Lets everything through again, late what was held back; or only what connects from now on. */
  plugIn(what?: "all" | "new"): void;
}

export function createFaultySocket(databaseUrl: string): FaultySocket {
  const to = new URL(databaseUrl);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Disposable>();
  const running = new Set<Promise<void>>();
  const lines = new Set<Line>();
  const said: { readonly line: Line; readonly text: string }[] = [];
  let silent: readonly Way[] = [];
  let pulled = false;

  async function listen(): Promise<void> {
    for await (const near of listener) {
      if (pulled) near.close();
      else follow(connect(near));
    }
  }

  function follow(work: Promise<void>): void {
    const done = work.finally(() => running.delete(done));
    running.add(done);
  }

  async function connect(near: Deno.TcpConn): Promise<void> {
    const far = await Deno.connect({ hostname: to.hostname, port: Number(to.port || 5432) });
    const line = { there: createGate(), back: createGate() };
    const ends = { [Symbol.dispose]: () => [near, far].forEach(close) };
    for (const way of silent) line[way].shut();
    lines.add(line);
    open.add(ends);
    if (pulled) ends[Symbol.dispose]();
    const [asking, answering] = [
      pump(near, far, line.there, (text) => said.push({ line, text })),
      pump(far, near, line.back),
    ];
    await Promise.allSettled([asking, answering].map((way) => way.finally(ends[Symbol.dispose])));
    open.delete(ends);
    lines.delete(line);
  }

  const listening = listen();
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${listener.addr.port}`;
  const openAll = () => {
    for (const { there, back } of lines) [there, back].forEach((gate) => gate.open());
  };
  const pull = () => {
    pulled = true;
    for (const ends of open) ends[Symbol.dispose]();
    openAll();
  };
  return {
    url: url.href,
    pull,
    silence(what = "all") {
      if (typeof what === "object") {
        return said.findLast(({ text }) => text.includes(what.answersTo))?.line.back.shut();
      }
      silent = what === "all" ? ["there", "back"] : ["back"];
      for (const line of lines) for (const way of silent) line[way].shut();
    },
    plugIn(what = "all") {
      pulled = false;
      silent = [];
      if (what === "all") openAll();
    },
    async [Symbol.asyncDispose]() {
      pull();
      listener.close();
      await listening;
      await Promise.all(running);
    },
  };
}

type Way = "there" | "back";
type Line = Readonly<Record<Way, Gate>>;

/** Whatever wants through waits while it is shut. */
interface Gate {
  shut(): void;
  open(): void;
  through(): Promise<void>;
}

function createGate(): Gate {
  let opened = Promise.withResolvers<void>();
  opened.resolve();
  return {
    shut: () => void (opened = Promise.withResolvers()),
    open: () => opened.resolve(),
    through: () => opened.promise,
  };
}

/** That one end was closed is news as well, and waits like all other. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  gate: Gate,
  hear = (_text: string) => {},
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  while (true) {
    const size = await from.read(buffer);
    if (size !== null) hear(new TextDecoder().decode(buffer.subarray(0, size)));
    await gate.through();
    if (size === null) return;
    for (let sent = 0; sent < size;) sent += await to.write(buffer.subarray(sent, size));
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Both ways of a connection end with it; the second one finds it closed.
  }
}
