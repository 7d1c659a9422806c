import { untilAborted } from "../../clients/clock.ts";

/** What a connection is read from and written to. */
export interface Socket {
  /** How many bytes came; null at the end. */
  read(into: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** How many were taken. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** The other side has not sent an answer, or has sent something else. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

/**
 * Rejects with the signal's reason when that aborts first. `Deno.connect` is not given the signal: when it aborts as the
 * connection is made, that keeps its file for good.
 */
export async function connectTcp(hostname: string, port: number, signal?: AbortSignal): Promise<Socket> {
  signal?.throwIfAborted();
  const connecting = Deno.connect({ hostname, port });
  try {
    const socket = signal ? await untilAborted(connecting, signal) : await connecting;
    socket.setNoDelay();
    return socket;
  } catch (error) {
    connecting.then((late) => late.close(), () => {});
    throw error;
  }
}

/**
 * A TLS connection to a host whose certificate is valid for it. Not by `Deno.connectTls`, nor `Deno.startTls`: what
 * they open keeps its file when it is closed before the handshake is over, until the other side ends it. Rejects with
 * the signal's reason when that aborts first.
 */
export async function connectTls(host: string, port: number, signal?: AbortSignal): Promise<Socket> {
  const [{ isIP }, { connect }] = await Promise.all([import("node:net"), import("node:tls")]);
  signal?.throwIfAborted();
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port, ...name, ALPNProtocols: ["http/1.1"] });
  // Whoever reads or writes is told as well; without a listener an error would end the process.
  socket.on("error", () => {});
  const stop = () => socket.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve).once("error", reject);
      socket.once("close", () => reject(signal?.reason ?? new Error("The connection was closed")));
    });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  // What is sent in several pieces does not wait until the one before has arrived.
  socket.setNoDelay(true);
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let left = new Uint8Array();
  return {
    async read(into) {
      if (left.length === 0) {
        const { value, done } = await chunks.next();
        if (done) return null;
        left = new Uint8Array(value);
      }
      const piece = left.subarray(0, into.length);
      into.set(piece);
      left = left.subarray(piece.length);
      return piece.length;
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
      }),
    close: () => void socket.destroy(),
  };
}
