import { Hono } from "hono";
import { type Message } from "./message.ts";
import { menuFor } from "./menu.ts";
import { type People, roomNamed } from "./people.ts";
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
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
  "frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

/** The chat page at `/` and what it asks for under `/sandbox/`. For loopback only: it lets anyone be anyone. */
export function createPage({ world, people, updates }: {
  world: World;
  people: People;
  updates: Updates;
}): { app: Hono; panel: Panel; close(): void } {
  const app = new Hono();
  const calls: (VendorCall & { at: number })[] = [];
  const streams = new Set<() => void>();

  app.use("/sandbox/*", async ({ req }, next) => {
    const origin = req.header("origin");
    const isOwn = origin === undefined || new URL(origin).host === req.header("host");
    return isOwn ? await next() : new Response("Another site may not use this page.", { status: 403 });
  });
  app.get("/", () => asset("index.html", "text/html; charset=utf-8"));
  for (const [name, type] of Object.entries(ASSETS)) app.get(`/sandbox/${name}`, () => asset(name, type));
  app.get("/sandbox/state", ({ req, json }) => json(stateFor(world, Number(req.query("as")), calls)));
  app.get("/sandbox/events", () => eventStream(world, streams));
  app.get("/sandbox/file/:id", ({ req }) => download(world, req.param("id")));
  app.post("/sandbox/say", async ({ req }) => {
    const { person, chat, text, replyTo, thread, document, ephemeral } = await req.json();
    const extras = {
      ...(replyTo && { replyTo }),
      ...(thread && { thread }),
      ...(document && { document }),
      ...(ephemeral && { ephemeral: true as const }),
    };
    return attempt(() => people.say(person, chat, text, extras));
  });
  app.post("/sandbox/edit", async ({ req }) => {
    const { person, chat, id, text } = await req.json();
    return attempt(() => people.edit(ownMessage(roomNamed(world, chat), id, person), text));
  });
  app.post("/sandbox/press", async ({ req }) => {
    const { person, chat, message, ephemeral, data } = await req.json();
    return attempt(() => {
      const room = roomNamed(world, chat);
      const pressed = room.timeline.find((other) =>
        ephemeral ? other.ephemeral_message_id === ephemeral : other.message_id === message
      );
      if (!pressed) throw new Error("That message is gone.");
      return { query: pressButton(world, updates, { person, message: pressed, button: data, forged: true }) };
    });
  });
  app.get(
    "/sandbox/answer/:query",
    ({ req, json }) => json(world.callbacks.get(req.param("query"))?.answer ?? null),
  );
  app.post("/sandbox/membership", async ({ req }) => {
    const { person, chat, join } = await req.json();
    return attempt(() => join ? people.join(person, chat) : people.leave(person, chat));
  });

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

async function asset(name: string, type: string): Promise<Response> {
  const body = await Deno.readTextFile(new URL(`../page/${name}`, import.meta.url));
  return new Response(body, {
    headers: { "content-type": type, "cache-control": "no-store", "content-security-policy": POLICY },
  });
}

/** What an app would tell its user in a dialog comes back as a 409 with a sentence. */
function attempt(act: () => unknown): Response {
  try {
    return Response.json({ done: act() ?? true });
  } catch (error) {
    return Response.json({ problem: error instanceof Error ? error.message : String(error) }, {
      status: 409,
    });
  }
}

function ownMessage(room: Room, id: number, person: number): Message {
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
  return {
    ...room.chat,
    isMember: isIn,
    hasBot: isMember(room, world.bot.id),
    members: [...room.members.keys()].filter((id) => isMember(room, id)).length,
    topics: Object.fromEntries(room.topics),
    isTyping: room.typingUntil > world.now(),
    menu: menuFor(world, room, viewer),
    messages: isIn
      ? room.timeline.filter((message) => isVisibleTo(message, viewer)).slice(-MOST_MESSAGES)
      : [],
  };
}

function download(world: World, id: string): Response {
  const file = world.files.get(id);
  if (!file) return new Response("There is no such file.", { status: 404 });
  const name = encodeURIComponent(file.document.file_name ?? "document");
  return new Response(new Uint8Array(file.content), {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${name}`,
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
