import { type Child, post, startChild } from "./child.ts";
import { createGroup, type Group } from "./group.ts";
import { ours, type Surroundings } from "./ours.ts";
import { serveTelegram } from "./telegram.ts";

/** Before those of the load; see `FIRST_LOAD_ID`. */
const FIRST_ID = 100_000_000;

/** The bot as a process of its own, and Telegram before it. */
export interface Scene extends AsyncDisposable {
  readonly child: Child;
  /** One of the admin groups; the usual one unless said otherwise. */
  groupIn(chat?: number): Group;
  post(update: string): Promise<number>;
  nextId(): number;
}

export async function openScene(
  { firstId = FIRST_ID, ...surroundings }: Omit<Surroundings, "telegramUrl"> & { firstId?: number },
): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const telegram = stack.use(serveTelegram());
  const child = stack.use(await startChild(ours({ ...surroundings, telegramUrl: telegram.url })));
  let id = firstId;
  const nextId = () => id++;
  const hand = (update: string) => post(child.port, update);
  const kept = stack.move();
  return {
    child,
    groupIn: (chat) => createGroup({ telegram, post: hand, nextId, ...(chat !== undefined && { chat }) }),
    post: hand,
    nextId,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
