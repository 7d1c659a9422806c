/** The connection between the bot and its database, which can be pulled out and put in again. */
export interface Cable extends AsyncDisposable {
  /** The database's address by way of this cable. */
  readonly url: string;
  /** Cuts what is connected and refuses what comes. */
  pull(): void;
  plugIn(): void;
}

export function createCable(databaseUrl: string): Cable {
  const to = new URL(databaseUrl);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Disposable>();
  const running = new Set<Promise<void>>();
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
    const ends = { [Symbol.dispose]: () => [near, far].forEach(close) };
    open.add(ends);
    if (pulled) ends[Symbol.dispose]();
    await Promise.allSettled(
      [pump(near, far), pump(far, near)].map((way) => way.finally(ends[Symbol.dispose])),
    );
    open.delete(ends);
  }

  const listening = listen();
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${listener.addr.port}`;
  const pull = () => {
    pulled = true;
    for (const ends of open) ends[Symbol.dispose]();
  };
  return {
    url: url.href,
    pull,
    plugIn: () => void (pulled = false),
    async [Symbol.asyncDispose]() {
      pull();
      listener.close();
      await listening;
      await Promise.all(running);
    },
  };
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
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
