import { type Context, Hono, type Next } from "hono";
import type { Membership } from "./membership.ts";
import type { Message } from "./message.ts";
import { menuFor } from "./menu.ts";
import { type People, roomNamed, type Saying } from "./people.ts";
import { pressButton } from "./pressing.ts";
import { isVisibleTo } from "./transcript.ts";
import type { Updates } from "./updates.ts";
import { isMember, type Room, userOf, type World } from "./world.ts";

/** One call to an emulated vendor, for the panel beside the chat. */
export interface VendorCall {
  readonly vendor: string;
  readonly operation: string;
  readonly outcome: string;
  readonly ms: number;
}

export interface Panel {
  add(call: VendorCall): void;
  list(): readonly (VendorCall & { readonly at: number })[];
}

const MOST_MESSAGES = 200;
const MOST_CALLS = 200;
const ASSETS: Readonly<Record<string, string>> = {
  "chat.css": "text/css; charset=utf-8",
  "chat.js": "text/javascript; charset=utf-8",
  "panel.js": "text/javascript; charset=utf-8",
  "render.js": "text/javascript; charset=utf-8",
};

/** Nothing but the page's own files: a second lock behind the text nodes. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

interface Stage {
  readonly world: World;
  readonly people: People & Membership;
  readonly updates: Updates;
}

/** The chat page at `/` and what it asks for under `/sandbox/`. For loopback only: it lets anyone be anyone. */
export function createPage(stage: Stage): { app: Hono; panel: Panel; close(): void } {
  const { world } = stage;
  const app = new Hono();
  const calls: (VendorCall & { at: number })[] = [];
  const streams = new Set<() => void>();

  app.use("/sandbox/*", refuseOtherSites);
  app.get("/", () => asset("index.html", "text/html; charset=utf-8"));
  for (const [name, type] of Object.entries(ASSETS)) app.get(`/sandbox/${name}`, () => asset(name, type));
  app.get("/sandbox/state", ({ req, json }) => json(stateFor(world, Number(req.query("as")), calls)));
  app.get("/sandbox/events", () => eventStream(world, streams));
  app.get("/sandbox/file/:id", ({ req }) => download(world, req.param("id")));
  app.get(
    "/sandbox/answer/:query",
    ({ req, json }) => json(world.callbacks.get(req.param("query"))?.answer ?? null),
  );
  for (const [name, act] of Object.entries(ACTIONS)) {
    app.post(`/sandbox/${name}`, async ({ req }) => attempt(stage, act, await req.json()));
  }

  return {
    app,
    panel: {
      add(call) {
        calls.push({ ...call, at: world.now() });
        calls.splice(0, calls.length - MOST_CALLS);
        world.changed();
      },
      list: () => calls,
    },
    close() {
      for (const end of [...streams]) end();
    },
  };
}

/** What the page sends; it is ours, so nothing more is checked than what an app would. */
interface Ask {
  readonly person: number;
  readonly chat: number;
  readonly text?: string;
  readonly replyTo?: number;
  readonly thread?: number;
  readonly document?: NonNullable<Saying["document"]>;
  readonly ephemeral?: number | boolean;
  readonly message?: number;
  readonly data?: string;
  readonly join?: boolean;
}

const ACTIONS: Readonly<Record<string, (stage: Stage, ask: Ask) => unknown>> = {
  say({ people }, { person, chat, text = "", replyTo, thread, document, ephemeral }) {
    return people.say(person, chat, text, {
      ...(replyTo && { replyTo }),
      ...(thread && { thread }),
      ...(document && { document }),
      ...(ephemeral && { ephemeral: true as const }),
    });
  },
  edit({ world, people }, { person, chat, message, text }) {
    return people.edit(ownMessage(roomNamed(world, chat), message, person), text);
  },
  press({ world, updates }, { person, chat, message, ephemeral, data = "" }) {
    const pressed = roomNamed(world, chat).timeline.find((other) =>
      ephemeral ? other.ephemeral_message_id === ephemeral : other.message_id === message
    );
    if (!pressed) throw new Error("That message is gone.");
    return { query: pressButton(world, updates, { person, message: pressed, button: data, forged: true }) };
  },
  membership({ people }, { person, chat, join }) {
    return join ? people.join(person, chat) : people.leave(person, chat);
  },
};

async function refuseOtherSites({ req }: Context, next: Next): Promise<Response | void> {
  const origin = req.header("origin");
  const isOwn = origin === undefined || URL.parse(origin)?.host === req.header("host");
  return isOwn ? await next() : new Response("Another site may not use this page.", { status: 403 });
}

async function asset(name: string, type: string): Promise<Response> {
  const body = await Deno.readTextFile(new URL(`../page/${name}`, import.meta.url));
  return new Response(body, {
    headers: { "content-type": type, "cache-control": "no-store", "content-security-policy": POLICY },
  });
}

/** What an app would tell its user in a dialog comes back as a 409 with a sentence. */
function attempt(stage: Stage, act: (stage: Stage, ask: Ask) => unknown, ask: Ask): Response {
  try {
    return Response.json({ done: act(stage, ask) ?? true });
  } catch (error) {
    return Response.json({ problem: error instanceof Error ? error.message : String(error) }, {
      status: 409,
    });
  }
}

function ownMessage(room: Room, id: number | undefined, person: number): Message {
  const message = room.timeline.find((other) => other.message_id === id && other.from?.id === person);
  if (!message) throw new Error("Only your own messages can be edited.");
  return message;
}

function stateFor(world: World, viewer: number, calls: readonly VendorCall[]): unknown {
  const rooms = [...world.rooms.values()].filter(({ chat, migratedTo }) =>
    (chat.type !== "private" || chat.id === viewer) && migratedTo === undefined
  );
  return {
    bot: world.bot,
    now: world.now(),
    persons: [...world.persons.values()].map(userOf),
    chats: rooms.map((room) => chatFor(world, room, viewer)),
    calls,
  };
}

function chatFor(world: World, room: Room, viewer: number): unknown {
  const isIn = isMember(room, viewer);
  const visible = isIn ? room.timeline.filter((message) => isVisibleTo(message, viewer)) : [];
  return {
    ...room.chat,
    isMember: isIn,
    hasBot: isMember(room, world.bot.id),
    members: [...room.members.keys()].filter((id) => isMember(room, id)).length,
    topics: Object.fromEntries(room.topics),
    isTyping: room.typingUntil > world.now(),
    menu: menuFor(world, room, viewer),
    total: visible.length,
    messages: visible.slice(-MOST_MESSAGES),
  };
}

function download(world: World, id: string): Response {
  const file = world.files.get(id);
  if (!file) return new Response("There is no such file.", { status: 404 });
  const name = encodeURIComponent(file.document.file_name ?? "document");
  const isPicture = file.document.mime_type === "image/png";
  return new Response(new Uint8Array(file.content), {
    headers: {
      "content-type": isPicture ? "image/png" : "application/octet-stream",
      "content-disposition": `${isPicture ? "inline" : "attachment"}; filename*=UTF-8''${name}`,
      "x-content-type-options": "nosniff",
    },
  });
}

/** Says "changed" after every change; the page then asks for the state. */
function eventStream(world: World, streams: Set<() => void>): Response {
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const say = () => controller.enqueue(new TextEncoder().encode("data: changed\n\n"));
      const unwatch = world.watch(say);
      const end = () => {
        stop();
        controller.close();
      };
      stop = () => {
        unwatch();
        streams.delete(end);
      };
      streams.add(end);
      say();
    },
    cancel: () => stop(),
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}
