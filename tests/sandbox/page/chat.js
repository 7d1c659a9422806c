import { armTrouble, renderCalls } from "./panel.js";
import { element, relative, renderContent, renderKeyboard, summaryOf } from "./render.js";

const query = new URLSearchParams(location.search);
const find = (id) => document.getElementById(id);
const log = find("log");
const text = find("text");

/** What this window shows; the server holds everything else. */
const view = {
  person: Number(query.get("as") ?? sessionStorage.getItem("person") ?? 0),
  chat: Number(query.get("chat") ?? 0),
  state: undefined,
  replyTo: undefined,
  editing: undefined,
  attached: undefined,
  choice: 0,
  seen: new Map(),
  waiting: new Map(),
  refreshing: false,
  stale: false,
  toast: undefined,
};

if (query.has("split")) split();
else await start();

async function start() {
  find("phone").hidden = false;
  document.body.classList.toggle("framed", query.has("frame"));
  listen();
  await refresh();
  const events = new EventSource("/sandbox/events");
  events.onmessage = refreshSoon;
  setInterval(tick, 15_000);
}

/** Requester and approver side by side, each in a frame of their own. */
async function split() {
  const { persons } = await (await fetch("/sandbox/state?as=0")).json();
  document.body.classList.add("split");
  const frames = persons.slice(0, 2).map(({ id, first_name }) =>
    element("iframe", { src: `/?as=${id}&frame=1`, title: first_name })
  );
  find("phone").replaceWith(...frames);
  const show = async () => {
    const { calls } = await (await fetch("/sandbox/state?as=0")).json();
    renderCalls(calls, find("calls"), find("call-count"));
  };
  new EventSource("/sandbox/events").onmessage = show;
}

/** One refresh at a time, and one more when something changed meanwhile. */
async function refreshSoon() {
  view.stale = true;
  if (view.refreshing) return;
  view.refreshing = true;
  while (view.stale) {
    view.stale = false;
    await refresh();
  }
  view.refreshing = false;
}

async function refresh() {
  const response = await fetch(`/sandbox/state?as=${view.person}`);
  view.state = await response.json();
  const { persons, chats, calls } = view.state;
  if (!persons.some(({ id }) => id === view.person)) {
    view.person = persons[0].id;
    return await refresh();
  }
  if (!chats.some(({ id }) => id === view.chat)) {
    view.chat = chats.find(({ type }) => type !== "private")?.id ?? chats[0].id;
  }
  drawPersons(persons);
  drawChats(chats);
  drawChat(currentChat());
  renderCalls(calls, find("calls"), find("call-count"));
  await lookForAnswers();
  if (currentChat().isTyping) setTimeout(refreshSoon, 1000);
}

function currentChat() {
  return view.state.chats.find(({ id }) => id === view.chat);
}

function become(person) {
  view.person = person;
  sessionStorage.setItem("person", String(person));
  discard();
  log.replaceChildren();
  return refreshSoon();
}

function open(chat) {
  view.chat = chat;
  discard();
  log.replaceChildren();
  return refreshSoon();
}

function drawPersons(persons) {
  const choices = query.has("as") ? persons.filter(({ id }) => id === view.person) : persons;
  const buttons = choices.map(({ id, first_name }) =>
    element(
      "button",
      {
        type: "button",
        role: "radio",
        "aria-checked": String(id === view.person),
        onclick: () => become(id),
      },
      element("span", { class: `dot tone-${id % 7}`, "aria-hidden": "true" }, first_name.slice(0, 1)),
      first_name,
    )
  );
  const me = persons.find(({ id }) => id === view.person);
  find("persons").replaceChildren(...buttons);
  find("persons").hidden = buttons.length === 1 && !query.has("frame");
  document.title = `${me.first_name} · Countersign sandbox`;
  if (query.has("as")) text.placeholder = `Message as ${me.first_name}`;
}

function drawChats(chats) {
  const tabs = chats.map((chat) => {
    const key = `${view.person}/${chat.id}`;
    if (chat.id === view.chat) view.seen.set(key, chat.total);
    const unread = chat.total - (view.seen.get(key) ?? 0);
    return element(
      "button",
      {
        type: "button",
        "aria-current": chat.id === view.chat ? "true" : undefined,
        onclick: () => open(chat.id),
      },
      chat.type === "private" ? view.state.bot.first_name : chat.title,
      unread > 0 && element("span", { class: "badge" }, String(unread)),
    );
  });
  find("chats").replaceChildren(...tabs);
}

function drawChat(chat) {
  const isPrivate = chat.type === "private";
  find("chat-title").textContent = isPrivate ? view.state.bot.first_name : chat.title;
  find("chat-note").textContent = chat.isTyping ? "typing…" : isPrivate ? "bot" : memberNote(chat);
  find("chat-note").classList.toggle("typing", chat.isTyping);
  const membership = find("membership");
  membership.hidden = isPrivate;
  membership.textContent = chat.isMember ? "Leave" : "Join";
  find("form").inert = !chat.isMember;
  drawMessages(chat);
}

function memberNote(chat) {
  const bot = chat.hasBot ? "" : " · the bot is not in";
  return `${chat.members} members · ${chat.id}${bot}`;
}

/** Keeps the nodes of messages that have not changed, so that open details and the scroll position stay. */
function drawMessages(chat) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const old = new Map([...log.children].map((node) => [node.dataset.key, node]));
  const nodes = [];
  let day = "";
  for (const message of chat.messages) {
    const date = new Date(message.date * 1000).toLocaleDateString(undefined, {
      day: "numeric",
      month: "long",
    });
    if (date !== day) nodes.push(kept(old, `day ${date}`, date, () => element("p", { class: "pill" }, date)));
    day = date;
    const key = `${chat.id}/${message.message_id}/${message.ephemeral_message_id ?? ""}/${
      message.receiver_user?.id ?? ""
    }`;
    nodes.push(kept(old, key, JSON.stringify(message), () => renderMessage(message, chat)));
  }
  if (!chat.isMember) {
    nodes.push(kept(old, "out", "out", () => element("p", { class: "pill" }, "Not a member here")));
  } else if (nodes.length === 0) {
    nodes.push(kept(old, "none", "none", () => element("p", { class: "pill" }, "Type / for commands")));
  }
  log.replaceChildren(...nodes);
  if (atEnd || nodes.at(-1)?.dataset.mine) log.scrollTop = log.scrollHeight;
}

function kept(old, key, content, make) {
  const before = old.get(key);
  if (before?.dataset.content === content) return before;
  const node = make();
  node.dataset.key = key;
  node.dataset.content = content;
  const states = [...(before?.querySelectorAll("details") ?? [])].map(({ open }) => open);
  for (const [index, details] of [...node.querySelectorAll("details")].entries()) {
    details.open = states[index] ?? details.open;
  }
  return node;
}

function renderMessage(message, chat) {
  const notice = serviceWords(message);
  if (notice) return element("p", { class: "pill" }, notice);
  const isMine = message.from?.id === view.person && !message.sender_chat;
  const isEphemeral = message.ephemeral_message_id !== undefined;
  const act = actions(message, chat);
  const sender = message.sender_chat?.title ?? message.from?.first_name ?? "?";
  const bubble = element(
    "div",
    { class: "bubble" },
    !isMine && chat.type !== "private" &&
      element("b", { class: `sender tone-${message.from?.id % 7}` }, sender),
    isEphemeral &&
      element("span", { class: "only" }, isMine ? "only the bot sees this" : "only you see this"),
    message.forward_origin && element("small", { class: "forwarded" }, "Forwarded"),
    message.reply_to_message && renderReply(message.reply_to_message),
    renderContent(message, act),
    renderMeta(message, isMine, isEphemeral),
  );
  const kind = [
    "message",
    isMine ? "mine" : "",
    isEphemeral ? "ephemeral" : "",
    message.rich_message ? "wide" : "",
  ];
  const node = element(
    "article",
    { class: kind.join(" ").trim() },
    bubble,
    renderKeyboard(message.reply_markup, act),
  );
  if (isMine) node.dataset.mine = "true";
  return node;
}

function renderReply(message) {
  return element(
    "div",
    { class: "reply" },
    element("b", {}, message.from?.first_name ?? ""),
    element("span", {}, summaryOf(message)),
  );
}

function renderMeta(message, isMine, isEphemeral) {
  const time = new Date(message.date * 1000).toLocaleTimeString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return element(
    "span",
    { class: "meta" },
    !isEphemeral &&
      element("button", { type: "button", title: "Reply", onclick: () => replyTo(message) }, "↩"),
    isMine && message.text &&
      element("button", { type: "button", title: "Edit", onclick: () => edit(message) }, "✎"),
    message.edit_date !== undefined && "edited ",
    time,
  );
}

function serviceWords(message) {
  if (message.new_chat_members) {
    return `${message.new_chat_members.map((user) => user.first_name).join(", ")} joined`;
  }
  if (message.left_chat_member) return `${message.left_chat_member.first_name} left`;
  if (message.migrate_to_chat_id) return "This group became a supergroup";
  if (message.migrate_from_chat_id) return "This group became a supergroup";
  return undefined;
}

function actions(message, chat) {
  return {
    command: (command) => say(command),
    async copy(words) {
      await navigator.clipboard?.writeText(words).catch(() => {});
      toast("Copied to the clipboard");
    },
    async press(data, button) {
      button.classList.add("busy");
      const { message_id, ephemeral_message_id } = message;
      const pressed = {
        person: view.person,
        chat: chat.id,
        message: message_id,
        ephemeral: ephemeral_message_id,
        data,
      };
      const { done } = await post("press", pressed);
      if (done) view.waiting.set(done.query, { button, until: Date.now() + 15_000 });
      else button.classList.remove("busy");
      await lookForAnswers();
    },
  };
}

async function lookForAnswers() {
  for (const [id, { button, until }] of view.waiting) {
    const answer = await (await fetch(`/sandbox/answer/${id}`)).json();
    if (!answer && Date.now() < until) continue;
    view.waiting.delete(id);
    button.classList.remove("busy");
    if (answer?.text) answer.show_alert ? alertUser(answer.text) : toast(answer.text);
  }
}

async function post(action, body) {
  const response = await fetch(`/sandbox/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (answer.problem) toast(answer.problem);
  return answer;
}

async function say(words) {
  const chat = currentChat();
  const command = /^\/(\w+)/.exec(words)?.[1]?.toLowerCase();
  const ephemeral = chat.type !== "private" &&
    chat.menu.some((entry) => entry.command === command && entry.is_ephemeral);
  const { replyTo: replied, attached } = view;
  discard();
  log.scrollTop = log.scrollHeight;
  await post("say", {
    person: view.person,
    chat: chat.id,
    text: words,
    replyTo: replied?.message_id,
    thread: replied?.message_thread_id,
    document: attached,
    ephemeral,
  });
}

async function send() {
  const words = text.value.trim();
  if (words === "" && !view.attached) return;
  const { editing } = view;
  text.value = "";
  drawMenu();
  if (!editing) return await say(words);
  discard();
  await post("edit", { person: view.person, chat: view.chat, message: editing.message_id, text: words });
}

function replyTo(message) {
  discard();
  view.replyTo = message;
  chip(`Reply to ${message.from?.first_name}: ${summaryOf(message)}`);
  text.focus();
}

function edit(message) {
  discard();
  view.editing = message;
  text.value = message.text;
  chip("Edit your message");
  text.focus();
}

async function attach(file) {
  if (!file) return;
  const { name, type } = file;
  view.attached = { name, mime: type || undefined, content: await file.text() };
  chip(`Document: ${name}`);
  text.focus();
}

function discard() {
  view.replyTo = view.editing = view.attached = undefined;
  find("file").value = "";
  find("chip").hidden = true;
}

function chip(words) {
  find("chip").querySelector("span").textContent = words;
  find("chip").hidden = false;
}

/** The commands that fit what is typed after "/"; Tab or a tap takes one. */
function matches() {
  const typed = /^\/(\w*)$/.exec(text.value)?.[1];
  if (typed === undefined) return [];
  return currentChat().menu.filter(({ command }) => command.startsWith(typed.toLowerCase()));
}

function drawMenu() {
  const entries = matches();
  view.choice = Math.min(view.choice, Math.max(entries.length - 1, 0));
  const items = entries.map(({ command, description }, index) =>
    element(
      "li",
      { role: "option", "aria-selected": String(index === view.choice), onclick: () => take(command) },
      element("b", {}, `/${command}`),
      element("span", {}, description),
    )
  );
  find("menu").replaceChildren(...items);
  find("menu").hidden = items.length === 0;
  find("menu").children[view.choice]?.scrollIntoView({ block: "nearest" });
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

function take(command) {
  text.value = `/${command} `;
  drawMenu();
  text.focus();
}

function typed(event) {
  const entries = matches();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && entries.length > 0) {
    event.preventDefault();
    view.choice = (view.choice + step + entries.length) % entries.length;
    drawMenu();
  } else if (event.key === "Tab" && entries.length > 0) {
    event.preventDefault();
    take(entries[view.choice].command);
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") discard();
}

function listen() {
  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  text.addEventListener("keydown", typed);
  text.addEventListener("input", drawMenu);
  find("file").addEventListener("change", ({ target }) => attach(target.files[0]));
  find("chip").querySelector("button").addEventListener("click", discard);
  find("membership").addEventListener("click", async () => {
    await post("membership", { person: view.person, chat: view.chat, join: !currentChat().isMember });
    await refreshSoon();
  });
  find("show-calls").addEventListener("click", () => document.body.classList.add("calls"));
  find("hide-calls").addEventListener("click", () => document.body.classList.remove("calls"));
}

function toast(words) {
  const node = find("toast");
  node.textContent = words;
  node.hidden = false;
  clearTimeout(view.toast);
  view.toast = setTimeout(() => node.hidden = true, 4000);
}

function alertUser(words) {
  const dialog = find("alert");
  dialog.querySelector("p").textContent = words;
  if (!dialog.open) dialog.showModal();
}

/** Relative times grow old while one looks at them. */
function tick() {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    node.textContent = relative(new Date(Number(node.dataset.relative) * 1000));
  }
  lookForAnswers();
}

armTrouble(document.querySelectorAll("#trouble button"));
