// The list of all tables.

import { bars } from "./charts.js";
import { h, setAttribute, setText } from "./dom.js";
import { get, Kept, now } from "./facts.js";
import { about, duration, NOTHING, number } from "./format.js";
import { Grid } from "./grid.js";
import { current, go, replace } from "./route.js";
import { TablePanel } from "./table_panel.js";
import { Choices, matches, search, wordsOf } from "./toolbar.js";
import { meaningOf, setStatus } from "./words.js";

const SORTS = { word: urgency, table: (row) => row.place, waiting: (row) => -row.pending_files, lag: (row) => -lagOf(row), changed: (row) => -(row.changed || 0) };
const CHOICES = [
  ["all", "All"],
  ["failing", "Failing", "bad"],
  ["behind", "Behind", "attention"],
  ["busy", "Updating", "busy"],
  ["waiting", "With waiting files"],
  ["quarantine", "In quarantine", "attention"],
  ["paused", "Paused", "attention"],
];
const IS = {
  all: () => true,
  failing: (row) => meaningOf(row.word) === "bad",
  behind: (row) => isBehind(row),
  busy: (row) => meaningOf(row.word) === "busy",
  waiting: (row) => row.pending_files > 0,
  quarantine: (row) => row.quarantined_files > 0,
  paused: (row) => row.why_paused !== null,
};

// All tables as the server last told: only what changed comes over the wire.
export class Tables {
  constructor() {
    this.version = 0;
    this.rows = new Map();
    this.cadences = new Map();
    this.kept = new Kept(() => this.read());
  }

  async read() {
    let found = await get("tables", { since: this.version, from: 0 });
    const first = found;
    this.take(found);
    while (found.next) {
      found = await get("tables", { since: this.version, from: found.next });
      this.take(found);
    }
    if (first.order) {
      const still = new Set(first.order);
      for (const key of [...this.rows.keys()]) if (!still.has(key)) this.rows.delete(key);
      first.order.forEach((key, place) => { if (this.rows.has(key)) this.rows.get(key).place = place; });
    }
    this.version = first.version;
    return first;
  }

  take(found) {
    if (found.cadences) this.cadences = new Map(found.cadences.map((cadence) => [cadence.refresh_cadence, cadence]));
    for (const [key, ...values] of found.rows ?? []) {
      const row = { key, place: this.rows.get(key)?.place ?? this.rows.size };
      found.columns.forEach((name, index) => (row[name] = values[index]));
      row.oldest = Date.parse(row.oldest_change_at ?? "");
      row.changed = Date.parse(row.last_change_at ?? "");
      row.text = [row.source_table_name, row.raw_table, row.refresh_cadence, row.word, row.why_paused, row.last_error].filter(Boolean).join(" ").toLowerCase();
      this.rows.set(key, row);
    }
    // Of all rows: a cadence may have got another objective though nothing of its tables has changed.
    for (const row of this.rows.values()) row.objective = this.cadences.get(row.refresh_cadence)?.lag_objective_seconds ?? null;
  }
}

export class TablesView {
  constructor(tables, panel) {
    this.tables = tables;
    this.panel = panel;
    this.lines = new Map();
    this.input = search("Search tables, raw tables, errors", (value) => this.narrow({ q: value }));
    this.choices = new Choices("Which tables", CHOICES, (name) => this.narrow({ show: name === "all" ? "" : name }));
    this.cadence = h("select", { "aria-label": "Refresh cadence", onchange: () => this.narrow({ cadence: this.cadence.value }) });
    this.grid = new Grid({
      label: "Tables",
      key: (row) => row.key,
      columns: this.columns(),
      on: {
        open: (row) => go(current().with({ table: row.source_table_name })),
        sort: (name) => this.sort(name),
        visible: (rows) => this.wantLines(rows),
      },
      empty: () => this.empty(),
    });
    this.element = h("section", { class: "list", "aria-label": "Tables" }, h("h1", { class: "unseen" }, "Tables"), h("div", { class: "tools" }, this.input, this.choices.element, this.cadence), this.grid.element);
  }

  columns() {
    return [
      { name: "word", title: "Status", sort: true, draw: (cell, row) => setStatus(cell, row.word) },
      { name: "table", title: "Source table", sort: true, draw: (cell, row) => named(cell, row.source_table_name) },
      { name: "raw", title: "Raw table", class: "wide", draw: (cell, row) => named(cell, row.raw_table ?? NOTHING) },
      { name: "cadence", title: "Cadence", class: "wide", draw: (cell, row) => named(cell, row.refresh_cadence ?? NOTHING) },
      { name: "lines", title: "Rows per run", draw: (cell, row) => this.drawLine(cell, row) },
      { name: "waiting", title: "Waiting", sort: true, numeric: true, draw: (cell, row) => setText(cell, row.pending_files ? number(row.pending_files) : NOTHING) },
      { name: "lag", title: "Lag of objective", sort: true, draw: drawLag },
      { name: "changed", title: "Last change", sort: true, numeric: true, class: "wide", draw: drawChanged },
      { name: "error", title: "Last error", class: "roomy", draw: (cell, row) => named(cell, row.why_paused ?? row.last_error ?? (row.quarantined_files ? `${number(row.quarantined_files)} in quarantine` : "")) },
    ];
  }

  show(route) {
    const { q = "", table } = route.params;
    if (this.input.value !== q) this.input.value = q;
    this.update();
    const row = table ? [...this.tables.rows.values()].find((each) => each.source_table_name === table) : null;
    if (row && this.grid.selected !== row.key) this.grid.select(row.key, { show: true });
    this.panel.show(table ? new TablePanel(table, this.tables) : null);
  }

  narrow(params) {
    replace(current().with(params));
    this.grid.top();
    this.update();
  }

  sort(name) {
    const { sort = "" } = current().params;
    this.narrow({ sort: sort === name ? `-${name}` : sort === `-${name}` ? "" : name });
  }

  // Called for every letter typed and for every new fact: a pass over all rows, and one screen of them drawn.
  update() {
    const { q = "", show = "all", cadence = "", sort = "" } = current().params;
    const words = wordsOf(q);
    const wanted = IS[show] ? show : "all";
    const counts = Object.fromEntries(CHOICES.map(([name]) => [name, 0]));
    const rows = [];
    for (const row of this.tables.rows.values()) {
      if ((cadence && row.refresh_cadence !== cadence) || !matches(row.text, words)) continue;
      for (const [name] of CHOICES) if (IS[name](row)) counts[name] += 1;
      if (IS[wanted](row)) rows.push(row);
    }
    this.choices.show(wanted, counts);
    this.showCadences(cadence);
    const name = sort.replace("-", "");
    const by = SORTS[name] ?? SORTS.table;
    const turn = sort.startsWith("-") ? -1 : 1;
    rows.sort((one, other) => turn * (by(one) - by(other)) || one.place - other.place);
    this.grid.setRows(rows, SORTS[name] ? { name, down: turn < 0 } : null);
  }

  showCadences(chosen) {
    const names = ["", ...this.tables.cadences.keys()];
    if (this.cadence.options.length !== names.length) {
      this.cadence.replaceChildren(...names.map((name) => h("option", { value: name }, name || "All cadences")));
    }
    this.cadence.value = chosen;
  }

  drawLine(cell, row) {
    const line = row.raw_table ? this.lines.get(row.raw_table) : null;
    if (cell.line === (line?.runs ?? null) && cell.of === row.key) return;
    cell.line = line?.runs ?? null;
    cell.of = row.key;
    cell.replaceChildren(...(line?.runs.length ? [bars(line.runs, { places: 12, width: 96, height: 20 })] : []));
  }

  // Of tables on the screen, those that a run has had since.
  wantLines(rows) {
    this.visible = rows;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.readLines(), 120);
  }

  async readLines() {
    const wanted = this.visible.filter((row) => row.raw_table && row.run_id && this.lines.get(row.raw_table)?.mark !== markOf(row)).slice(0, 80);
    if (!wanted.length) return;
    const found = await get("lines", { raw_table: wanted.map((row) => row.raw_table) }).catch(() => ({}));
    for (const row of wanted) if (found[row.raw_table]) this.lines.set(row.raw_table, { mark: markOf(row), runs: found[row.raw_table] });
    if (Object.keys(found).length) this.grid.draw();
  }

  empty() {
    if (!this.tables.version) return h("p", {}, "Reading the tables …");
    if (this.tables.rows.size) {
      return [h("p", {}, "No table fits."), h("button", { type: "button", onclick: () => { this.input.value = ""; this.narrow({ q: "", show: "", cadence: "" }); } }, "Show all tables")];
    }
    return [h("p", {}, "No tables yet."), h("p", { class: "muted" }, "Describe them in a file and add them: ", h("code", {}, "odpf config apply PATH"), ", or under ", h("a", { href: "#/configuration" }, "Configuration"), ".")];
  }
}

function markOf(row) {
  return `${row.run_id} ${row.word}`;
}

function named(cell, text) {
  setText(cell, text);
  setAttribute(cell, "title", text);
}

function lagOf(row) {
  return row.pending_files ? Math.max(0, (now() - row.oldest) / 1000) : 0;
}

function isBehind(row) {
  return row.objective !== null && !["inactive", "paused"].includes(row.word) && lagOf(row) > row.objective;
}

function drawLag(cell, row) {
  if (!cell.firstChild) {
    const [text, of, track] = [h("span", { class: "lag" }), h("span", { class: "of" }), h("span", { class: "track", "aria-hidden": "true" }, h("span", {}))];
    cell.append(text, of, track);
  }
  const [text, of, track] = cell.children;
  const lag = lagOf(row);
  const behind = isBehind(row);
  setText(text, row.pending_files ? `${behind ? "▲ " : ""}${duration(lag)}` : NOTHING);
  setText(of, row.objective && row.pending_files ? `of ${about(row.objective)}` : "");
  cell.classList.toggle("behind", behind);
  track.hidden = !row.objective || !row.pending_files;
  track.firstChild.style.width = row.objective ? `${Math.min(100, (100 * lag) / row.objective)}%` : "0";
  setAttribute(cell, "title", row.objective ? `${behind ? "Behind: " : ""}the oldest waiting change may be ${duration(row.objective)} old` : null);
}

function drawChanged(cell, row) {
  setText(cell, row.changed ? `${about(Math.max(0, (now() - row.changed) / 1000))} ago` : NOTHING);
}

function urgency(row) {
  return ["bad", "attention", "busy", "quiet", "good"].indexOf(isBehind(row) && meaningOf(row.word) !== "bad" ? "attention" : meaningOf(row.word));
}
