/** Below the ports that the system gives to whoever connects, so that none of them gets in the way. */
const [LEAST, MOST] = [20_000, 30_000];

/** A port on which nobody listens: for programs that have to be told one. Tests that run side by side get others. */
export function freePort(): number {
  while (true) {
    const port = LEAST + Math.floor(Math.random() * (MOST - LEAST));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
