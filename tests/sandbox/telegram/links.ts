/** Telegram's complaint about an address in a link or a button, or undefined when it is taken. */
export function urlComplaint(url: string): string | undefined {
  if (url === "") return "URL host is empty";
  if (/^(tg|ton|tonsite|mailto|tel):/i.test(url)) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") return "Unsupported URL protocol";
  return isWebUrl(url) ? undefined : "Wrong HTTP URL";
}

/** Hosts need a dot: `http://localhost/` is refused, `http://127.0.0.1/` is taken. */
export function isWebUrl(url: string): boolean {
  const parsed = URL.parse(/^https?:\/\//i.test(url) ? url : `http://${url}`);
  return parsed !== null && !/\s/.test(url) && /[^.]\.[^.]/.test(parsed.hostname);
}
