// What stands above a list: the search, choices with their counts, and what can be done.

import { h, setAttribute, setText } from "./dom.js";
import { number } from "./format.js";

export function search(label, onInput) {
  const input = h("input", { type: "search", class: "search", placeholder: label, "aria-label": label, spellcheck: "false", autocomplete: "off" });
  input.addEventListener("input", () => onInput(input.value));
  return input;
}

// Choices of which one is pressed; counts change in place.
export class Choices {
  constructor(label, choices, onChoose) {
    this.buttons = new Map(
      choices.map(([name, text, meaning]) => {
        const count = h("span", { class: "count" });
        const button = h("button", { type: "button", class: `choice ${meaning ?? ""}`, "aria-pressed": "false", onclick: () => onChoose(name) }, text, count);
        return [name, { button, count }];
      }),
    );
    this.element = h("div", { class: "choices", role: "group", "aria-label": label }, [...this.buttons.values()].map(({ button }) => button));
  }

  show(chosen, counts) {
    for (const [name, { button, count }] of this.buttons) {
      setAttribute(button, "aria-pressed", String(name === chosen));
      setText(count, number(counts[name] ?? 0));
      button.classList.toggle("zero", !counts[name]);
    }
  }
}

// Every word has to occur; the texts are in lower case already.
export function matches(text, words) {
  return words.every((word) => text.includes(word));
}

export function wordsOf(query) {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}
