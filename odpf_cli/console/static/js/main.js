// The page: which view is shown, how it stays fresh, and the keys.

import { ConfigurationView } from "./configuration.js";
import { help } from "./dialog.js";
import { byId, h, isTyping, setAttribute, setText } from "./dom.js";
import { ageOf, begin, get, Kept, Refused, session } from "./facts.js";
import { FilesView } from "./files.js";
import { about, clock } from "./format.js";
import { Panel } from "./panel.js";
import { QuarantineView } from "./quarantine.js";
import { current, go, link } from "./route.js";
import { RunView } from "./run.js";
import { RunsView } from "./runs.js";
import { Tables, TablesView } from "./tables.js";
import { takeToken } from "./token.js";

const VIEWS = [["tables", "Tables"], ["runs", "Runs"], ["files", "Files"], ["quarantine", "Quarantine"], ["configuration", "Configuration"]];
const THEMES = { "": ["◐", "as the system"], light: ["☀", "light"], dark: ["☾", "dark"] };
const STALE_AFTER = 3; // times as old as facts become by themselves

class Page {
  constructor() {
    this.tables = new Tables();
    this.kept = { tables: this.tables.kept, runs: new Kept(() => get("runs")), quarantine: new Kept(() => get("quarantine")) };
    this.panel = new Panel(() => this.closePanel());
    this.views = new Map();
    this.stage = byId("view");
    this.links = VIEWS.map(([name, title], index) => h("a", { href: `#/${name}`, title: `${title} (${index + 1})` }, title));
    byId("nav").append(...this.links);
    setText(byId("place"), [session.deployment, session.region, session.endpoint.includes("amazonaws") ? `account ${session.account}` : session.endpoint.replace("http://", "")].join(" · "));
    byId("help").addEventListener("click", () => help());
    byId("theme").addEventListener("click", () => this.turnTheme());
    this.showTheme();
    for (const [name, kept] of Object.entries(this.kept)) kept.listeners.add(() => this.arrived(name));
    addEventListener("hashchange", () => this.routed());
    addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.refresh(); });
  }

  start() {
    if (!location.hash) location.replace("#/tables");
    this.routed();
    this.loop();
    setInterval(() => this.tick(), 1000);
  }

  // One after the other: a slow answer is waited for, never asked for twice.
  async loop() {
    for (;;) {
      if (!document.hidden) await this.refresh();
      const soon = this.kept.tables.reading;
      await new Promise((resolve) => setTimeout(resolve, soon ? 500 : session.refresh_seconds * 1000));
    }
  }

  async refresh() {
    const wanted = [this.kept.tables.refresh()];
    const name = this.route.view;
    if (name !== "tables" && this.kept[name]) wanted.push(this.kept[name].refresh());
    await Promise.all(wanted);
    this.view.refresh?.();
    this.panel.refresh();
  }

  arrived(name) {
    if (this.kept.tables.error instanceof Refused && this.kept.tables.error.status === 401) return location.reload();
    if (this.route.view === name || name === "tables") this.view.update?.();
    this.tick();
  }

  routed() {
    const before = this.route;
    this.route = current();
    if (!VIEWS.some(([name]) => name === this.route.view)) return location.replace("#/tables");
    const view = this.viewOf(this.route);
    VIEWS.forEach(([name, title], index) => {
      setAttribute(this.links[index], "aria-current", name === this.route.view ? "page" : null);
      if (name === this.route.view) document.title = `${this.route.params.table ?? this.route.id ?? title} · ODPF console`;
    });
    const another = this.view !== view;
    if (another) {
      this.view = view;
      this.stage.replaceChildren(view.element);
    }
    if (before?.view !== this.route.view) this.panel.show(null);
    view.show(this.route);
    if (another && before) view.grid.table.focus({ preventScroll: true });
    if (before && before.view !== this.route.view) this.refresh();
  }

  viewOf(route) {
    const key = route.id ? `${route.view}/${route.id}` : route.view;
    if (!this.views.has(key)) this.views.set(key, this.make(route));
    return this.views.get(key);
  }

  make(route) {
    switch (route.view) {
      case "runs": return route.id ? new RunView(route.id) : new RunsView(this.kept.runs, this.tables);
      case "files": return new FilesView();
      case "quarantine": return new QuarantineView(this.kept.quarantine, this.panel);
      case "configuration": return new ConfigurationView(this.panel);
      default: return new TablesView(this.tables, this.panel);
    }
  }

  closePanel() {
    go(current().with({ table: null, id: null, cadence: null, add: null, name: null }));
    this.view.grid.table.focus({ preventScroll: true });
  }

  // How old the facts are, and what keeps them from being newer.
  tick() {
    const kept = this.kept[this.route.view] ?? this.kept.tables;
    const age = ageOf(kept.readAt);
    const stale = age !== null && age > STALE_AFTER * (kept.keeps ?? session.refresh_seconds) + 5;
    const trouble = kept.error?.message ?? kept.problem;
    const fresh = byId("fresh");
    setText(fresh, age === null ? "reading …" : trouble ? `as of ${clock(kept.readAt)} UTC` : stale ? `${about(age)} old` : "live");
    fresh.className = `fresh ${trouble || stale ? "attention" : "good"}`;
    setAttribute(fresh, "title", kept.readAt ? `Facts read at ${clock(kept.readAt)} UTC` : null);
    const banner = byId("banner");
    banner.hidden = !trouble;
    if (trouble) setText(banner, `${kept.readAt ? `These facts are of ${clock(kept.readAt)} UTC, ${about(age)} ago. ` : ""}${trouble}`);
  }

  turnTheme() {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(localStorage.getItem("odpf-theme") ?? "") + 1) % names.length];
    if (next) localStorage.setItem("odpf-theme", next);
    else localStorage.removeItem("odpf-theme");
    this.showTheme();
  }

  showTheme() {
    const chosen = localStorage.getItem("odpf-theme") ?? "";
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    const [sign, told] = THEMES[chosen] ?? THEMES[""];
    setText(byId("theme"), sign);
    byId("theme").setAttribute("aria-label", `Colours: ${told}`);
    byId("theme").title = `Colours: ${told} (t)`;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = isTyping(event.target);
    if (event.key === "Escape") return this.escape(event, typing);
    const inSearch = event.target === this.view.input;
    if (typing && !(inSearch && ["ArrowDown", "ArrowUp", "Enter"].includes(event.key))) return;
    if (!typing && event.target.matches("button, a, summary") && ["Enter", " "].includes(event.key)) return;
    const grid = this.view.grid;
    const keys = {
      "/": () => { this.view.input.focus(); this.view.input.select(); },
      "?": () => help(),
      t: () => this.turnTheme(),
      j: () => grid.move(1),
      k: () => grid.move(-1),
      ArrowDown: () => grid.move(1),
      ArrowUp: () => grid.move(-1),
      PageDown: () => grid.move(grid.page()),
      PageUp: () => grid.move(-grid.page()),
      Home: () => grid.move(-Infinity),
      End: () => grid.move(Infinity),
      Enter: () => (inSearch && !grid.row() ? (grid.move(0), grid.open()) : grid.open()),
      " ": () => this.view.toggle?.(),
      x: () => this.view.toggle?.(),
    };
    VIEWS.forEach(([name], index) => (keys[String(index + 1)] = () => go(link(name))));
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  escape(event, typing) {
    const inSearch = event.target === this.view.input;
    if (this.panel.open && (inSearch || !typing)) {
      if (!this.panel.content.dirty) this.closePanel();
    } else if (inSearch && event.target.value) {
      event.preventDefault();
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
    } else if (typing) {
      event.target.blur();
      this.view.grid.table.focus({ preventScroll: true });
    }
    else if (this.route.id) go(link(this.route.view));
  }
}

// A new token, in a page that is open already: begin anew with it.
takeToken();
addEventListener("hashchange", () => { if (takeToken()) location.reload(); });
try {
  await begin();
  new Page().start();
} catch (error) {
  if (error.status === 401) document.body.replaceChildren(byId("closed").content);
  else byId("view").append(h("p", { class: "trouble" }, error.message));
}
