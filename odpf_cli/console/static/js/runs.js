// The newest runs.

import { confirm } from "./dialog.js";
import { h, setAttribute, setText } from "./dom.js";
import { ageOf, post, session } from "./facts.js";
import { duration, moment, NOTHING, number } from "./format.js";
import { Grid } from "./grid.js";
import { current, go, link, replace } from "./route.js";
import { Choices, matches, search, wordsOf } from "./toolbar.js";
import { meaningOf, setStatus } from "./words.js";

const CHOICES = [
  ["all", "All"],
  ["failing", "With failures", "bad"],
  ["busy", "Under way", "busy"],
  ["work", "With work"],
];
const IS = {
  all: () => true,
  failing: (run) => ["bad", "attention"].includes(meaningOf(run.status)),
  busy: (run) => meaningOf(run.status) === "busy",
  work: (run) => run.tables > 0,
};

export class RunsView {
  constructor(runs, tables) {
    this.runs = runs;
    this.tables = tables;
    this.input = search("Search runs, cadences, errors", (value) => this.narrow({ q: value }));
    this.choices = new Choices("Which runs", CHOICES, (name) => this.narrow({ show: name === "all" ? "" : name }));
    this.grid = new Grid({
      label: "Runs",
      key: (run) => run.run_id,
      columns: [
        { name: "word", title: "Status", draw: (cell, run) => setStatus(cell, run.status) },
        { name: "run", title: "Run", draw: (cell, run) => { setText(cell, run.run_id); setAttribute(cell, "title", run.run_id); } },
        { name: "cadence", title: "Cadence", class: "wide", draw: (cell, run) => setText(cell, run.refresh_cadence ?? NOTHING) },
        { name: "started", title: "Started (UTC)", draw: (cell, run) => setText(cell, moment(run.started_at)) },
        { name: "took", title: "Took", numeric: true, draw: (cell, run) => setText(cell, duration(run.ended_at ? run.seconds : ageOf(run.started_at))) },
        { name: "ok", title: "Tables done", numeric: true, draw: (cell, run) => setText(cell, run.tables ? `${number(run.tables - run.tables_failed)} of ${number(run.tables)}` : NOTHING) },
        { name: "rows", title: "Rows", numeric: true, draw: (cell, run) => setText(cell, run.rows_read ? number(run.rows_read) : NOTHING) },
        { name: "error", title: "Error", draw: (cell, run) => { setText(cell, run.error ?? ""); setAttribute(cell, "title", run.error || null); } },
      ],
      on: { open: (run) => go(link("runs", run.run_id)) },
      empty: () => this.empty(),
    });
    const run = h("button", { type: "button", disabled: !session.allow_actions, title: session.allow_actions ? null : "Start the console with --allow-actions", onclick: () => this.start() }, "Run a cadence …");
    this.element = h("section", { class: "list", "aria-label": "Runs" }, h("h1", { class: "unseen" }, "Runs"), h("div", { class: "tools" }, this.input, this.choices.element, h("span", { class: "grow" }), run), this.grid.element);
  }

  show(route) {
    const { q = "" } = route.params;
    if (this.input.value !== q) this.input.value = q;
    this.update();
  }

  narrow(params) {
    replace(current().with(params));
    this.grid.top();
    this.update();
  }

  update() {
    const { q = "", show = "all" } = current().params;
    const words = wordsOf(q);
    const found = (this.runs.value?.runs ?? []).filter((run) => matches(`${run.run_id} ${run.status} ${run.error ?? ""}`.toLowerCase(), words));
    this.choices.show(IS[show] ? show : "all", Object.fromEntries(CHOICES.map(([name]) => [name, found.filter(IS[name]).length])));
    this.grid.setRows(found.filter(IS[show] ?? IS.all));
  }

  start() {
    const cadences = [...this.tables.cadences.keys()];
    const choice = h("select", { id: "cadence" }, cadences.map((name) => h("option", { value: name }, name)));
    const text = cadences.length ? h("label", { class: "field", for: "cadence" }, h("span", {}, "Refresh cadence"), choice) : h("p", {}, "No cadence is configured yet.");
    confirm({ title: "Run a cadence now", text, verb: "Run it", act: () => post("actions/run", { refresh_cadence: choice.value }), done: (answer) => `Started ${answer.run_id}` }).then((answer) => { if (answer) go(link("runs", answer.run_id)); });
  }

  empty() {
    if (!this.runs.value) return h("p", {}, "Reading the runs …");
    if (this.runs.value.runs.length) return h("p", {}, "No run fits.");
    return [h("p", {}, "No runs yet."), h("p", { class: "muted" }, "Start one: ", h("code", {}, "odpf run CADENCE --wait"), ".")];
  }
}
