// What the server knows, and how this page asks for it.

import { token } from "./token.js";

export class Refused extends Error {
  constructor(status, document) {
    super(document.error ?? `The console answered ${status}.`);
    this.status = status;
    this.kind = document.kind;
  }
}

class Unreachable extends Error {
  constructor() {
    super("The console does not answer. See whether `odpf console` still runs in its terminal.");
  }
}

export let session = null;
let clockAhead = 0;

export async function begin() {
  session = await get("session");
}

export function get(name, query = {}) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of [value].flat()) parameters.append(key, each);
  }
  return ask(`/api/${name}?${parameters}`, {});
}

export function post(name, document) {
  return ask(`/api/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(document),
  });
}

async function ask(address, { headers, ...options }) {
  let answer;
  try {
    answer = await fetch(address, { ...options, headers: { ...headers, "X-ODPF-Token": token } });
  } catch {
    throw new Unreachable();
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, document);
  if (document.now) clockAhead = Date.parse(document.now) - Date.now();
  return document;
}

// The server's clock: this browser's may be minutes off.
export function now() {
  return Date.now() + clockAhead;
}

export function ageOf(iso) {
  return iso ? Math.max(0, (now() - Date.parse(iso)) / 1000) : null;
}

// Kept facts: `get`s that are asked again while somebody looks, with what was known when they fail.
export class Kept {
  constructor(ask) {
    this.ask = ask;
    this.value = null;
    this.problem = null;
    this.error = null;
    this.readAt = null;
    this.reading = false;
    this.listeners = new Set();
  }

  async refresh() {
    try {
      const found = await this.ask();
      this.value = found;
      this.error = null;
      this.problem = found.problem ?? null;
      this.readAt = found.read_at ?? new Date(now()).toISOString();
      this.reading = found.reading ?? false;
      this.keeps = found.keeps_seconds ?? session.refresh_seconds;
    } catch (error) {
      this.error = error;
    }
    for (const listener of this.listeners) listener(this);
  }
}
