// Status words as a shape, a colour and a text: no meaning by colour alone.

import { h, s, setAttribute } from "./dom.js";
import { session } from "./facts.js";
import { words } from "./format.js";

const SHAPES = {
  good: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zm3 4.2L7.2 9.5 5.2 7.6 4.1 8.7l3.1 3L12.1 6.8z",
  busy: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zm0 1.6v9.8a4.9 4.9 0 0 0 0-9.8z",
  attention: "M8 .8 15.2 8 8 15.2.8 8zM7.2 4.5v4.3h1.6V4.5zm0 5.4v1.6h1.6V9.9z",
  bad: "M8 1 15.6 14.6H.4zM7.2 5.6v4.6h1.6V5.6zm0 5.6v1.7h1.6v-1.7z",
  quiet: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3zm0 1.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8z",
};

export function meaningOf(word) {
  return word ? (session.meanings[word] ?? "quiet") : "quiet";
}

function shape(meaning) {
  return s("svg", { class: "shape", viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: SHAPES[meaning], "fill-rule": "evenodd" }));
}

export function status(word, absent = "never run") {
  const meaning = meaningOf(word);
  return h("span", { class: `status ${meaning}` }, shape(meaning), h("span", {}, word ? words(word) : absent));
}

// Into a cell that shows a status already: the same elements, changed where they differ.
export function setStatus(cell, word, absent = "never run") {
  if (cell.dataset.word === String(word)) return;
  cell.dataset.word = String(word);
  cell.replaceChildren(status(word, absent));
  setAttribute(cell, "title", word ? words(word) : absent);
}
