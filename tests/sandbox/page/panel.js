import { element } from "./render.js";

const FINE = /^(ok|200|2\d\d)$/i;

/** The list of vendor calls, newest first. */
export function renderCalls(calls, list, count) {
  count.textContent = calls.length === 0 ? "" : String(calls.length);
  const rows = calls.map((call) =>
    element(
      "li",
      {},
      element("time", {}, new Date(call.at).toLocaleTimeString(undefined, { hourCycle: "h23" })),
      element("b", {}, call.vendor),
      element("code", {}, call.operation),
      element("span", { class: FINE.test(call.outcome) ? "outcome fine" : "outcome bad" }, call.outcome),
      element("span", { class: "ms" }, `${Math.round(call.ms)} ms`),
    )
  );
  const empty = element("li", { class: "empty" }, "Nothing was asked of a vendor yet.");
  list.replaceChildren(...(rows.length > 0 ? rows.reverse() : [empty]));
}

/** Pressed: broken; pressed again: mended. The watch finds out by itself. */
export function armTrouble(buttons) {
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      const query = new URLSearchParams({ what: button.dataset.what, on: on ? "1" : "0" });
      await fetch(`/sandbox/trouble?${query}`, { method: "POST", headers: { "x-sandbox": "1" } });
      if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", String(on));
    });
  }
}
