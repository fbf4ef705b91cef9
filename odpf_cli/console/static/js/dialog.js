// Questions before something is done, the help, and short messages.

import { byId, h } from "./dom.js";

const KEYS = [
  ["/", "search"],
  ["↓ ↑ or j k", "next, previous row"],
  ["Page keys, Home, End", "further"],
  ["Enter", "open the row"],
  ["Space or x", "mark a row to release"],
  ["Esc", "leave the search, close details"],
  ["1 … 5", "Tables, Runs, Files, Quarantine, Configuration"],
  ["t", "light, dark, as the system"],
  ["?", "this help"],
];

export function dialog(label, ...children) {
  const before = document.activeElement;
  const box = h("dialog", { "aria-label": label, onclose: () => { box.remove(); before?.focus?.(); } }, children);
  document.body.append(box);
  box.showModal();
  return box;
}

export function help() {
  const rows = KEYS.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)]);
  const box = dialog("Keys", h("h2", {}, "Keys"), h("dl", { class: "keys" }, rows), h("p", { class: "muted" }, "The address has what you see: view, filter, table, run. Send it to whoever has this console open."), h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => box.close(), autofocus: true }, "Close")));
}

// Asks, does it, and tells how it went; resolves to the answer, or null when nothing was done.
export function confirm({ title, text, verb, dangerous = false, act, done }) {
  return new Promise((resolve) => {
    let answer = null;
    const trouble = h("p", { class: "trouble", role: "alert", hidden: true });
    const yes = h("button", { type: "button", class: dangerous ? "danger" : "primary" }, verb);
    const no = h("button", { type: "button", onclick: () => box.close() }, "Cancel");
    const box = dialog(title, h("h2", {}, title), [text].flat().map((line) => (line instanceof Node ? line : h("p", {}, line))), trouble, h("div", { class: "buttons" }, no, yes));
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      trouble.hidden = true;
      yes.setAttribute("aria-busy", "true");
      try {
        answer = await act();
        say(done(answer));
        box.close();
      } catch (error) {
        trouble.hidden = false;
        trouble.textContent = error.message;
        yes.disabled = false;
        yes.removeAttribute("aria-busy");
      }
    });
    box.addEventListener("close", () => resolve(answer));
    yes.focus();
  });
}

export function say(text, meaning = "good") {
  const toast = h("div", { class: `toast ${meaning}` }, text);
  byId("toasts").append(toast);
  setTimeout(() => toast.remove(), 6000);
}
