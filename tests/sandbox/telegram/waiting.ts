import { transcript } from "./transcript.ts";
import type { World } from "./world.ts";

/** Looks again after every change; no clock is asked except for giving up. */
export function waitFor<T>(
  world: World,
  predicate: () => T | undefined | null | false,
  { what, patienceMs }: { what: string; patienceMs: number },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(giveUp, patienceMs);
    const unwatch = world.watch(look);
    look();

    function look(): void {
      try {
        const result = predicate();
        if (result !== undefined && result !== null && result !== false) stop(() => resolve(result));
      } catch (error) {
        stop(() => reject(error));
      }
    }
    function giveUp(): void {
      stop(() => reject(new Error(`${what} did not happen within ${patienceMs} ms\n${dump(world)}`)));
    }
    function stop(settle: () => void): void {
      clearTimeout(timer);
      unwatch();
      settle();
    }
  });
}

function dump(world: World): string {
  return [...world.rooms.values()]
    .filter(({ timeline }) => timeline.length > 0)
    .map((room) =>
      `── ${room.chat.title ?? room.chat.first_name} (${room.chat.id})\n${transcript(world, room)}`
    )
    .join("\n\n");
}
