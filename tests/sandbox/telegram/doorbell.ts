/** One waiter at most: it is woken, runs out of time, or is sent away with a reason. */
export interface Doorbell {
  wait(timeoutMs: number): Promise<void>;
  ring(): void;
  dismiss(reason: Error): void;
}

export function createDoorbell(): Doorbell {
  let waiting: { wake: () => void; end: (reason: Error) => void } | undefined;
  return {
    wait: (timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(wake, timeoutMs);
        const me = { wake, end };
        waiting = me;
        function stop(): void {
          clearTimeout(timer);
          if (waiting === me) waiting = undefined;
        }
        function wake(): void {
          stop();
          resolve();
        }
        function end(reason: Error): void {
          stop();
          reject(reason);
        }
      }),
    ring: () => waiting?.wake(),
    dismiss: (reason) => waiting?.end(reason),
  };
}
