// One run as a time line of its tables.

import { h, s, setAttribute, setText } from "./dom.js";
import { get, now } from "./facts.js";
import { clock, duration, moment, NOTHING, number, plural, seconds } from "./format.js";
import { Grid } from "./grid.js";
import { current, go, link, replace } from "./route.js";
import { matches, search, wordsOf } from "./toolbar.js";
import { meaningOf, setStatus, status } from "./words.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400];
const TICK_WIDTH = 76;
const TRIES = 3; // Step Functions may not know at once what was started

export class RunView {
  constructor(id) {
    this.id = id;
    this.run = null;
    this.unknown = 0; // times in a row
    this.input = search("Search this run", () => this.narrow());
    this.head = h("div", { class: "runhead" }, h("p", { class: "muted" }, "Reading …"));
    this.axis = h("div", { class: "axis", "aria-hidden": "true" });
    const times = h("div", {}, h("span", { class: "unseen" }, "Time"), this.axis);
    this.grid = new Grid({
      label: "Tables of this run",
      key: (table) => `${table.raw_table} ${table.attempt ?? ""} ${table.batch_no ?? ""}`,
      rowHeight: 29,
      columns: [
        { name: "word", title: "Outcome", draw: (cell, table) => setStatus(cell, table.outcome ?? table.refresh_status, "waits") },
        { name: "table", title: "Source table", draw: (cell, table) => { setText(cell, table.source_table_name); setAttribute(cell, "title", table.source_table_name); } },
        { name: "time", title: times, draw: (cell, table) => this.drawTime(cell, table) },
        { name: "took", title: "Took", numeric: true, draw: (cell, table) => setText(cell, duration(this.took(table))) },
        { name: "rows", title: "Rows", numeric: true, draw: (cell, table) => setText(cell, table.rows_read ? number(table.rows_read) : NOTHING) },
        { name: "error", title: "Error or warning", draw: (cell, table) => { const text = textOf(table); setText(cell, text); setAttribute(cell, "title", text || null); } },
      ],
      on: { open: (table) => go(link("tables", null, { q: table.source_table_name, table: table.source_table_name })) },
      empty: () => h("p", {}, this.nothing()),
    });
    this.element = h("section", { class: "list run", "aria-label": `Run ${id}` }, h("div", { class: "tools" }, h("a", { class: "button", href: "#/runs" }, "← Runs"), this.input, h("span", { class: "grow" }), legend()), this.head, this.grid.element);
  }

  show(route) {
    const { q = "", table } = route.params;
    if (this.input.value !== q) this.input.value = q;
    if (table) this.wanted = table;
    this.unknown = 0;
    this.refresh();
  }

  async refresh() {
    if ((this.run?.ended && !this.problem) || this.unknown >= TRIES) return;
    try {
      this.run = await get("run", { id: this.id });
      this.problem = null;
      this.unknown = 0;
    } catch (error) {
      this.problem = error.message;
      this.unknown = error.status === 404 ? this.unknown + 1 : 0;
    }
    this.update();
  }

  narrow() {
    replace(current().with({ q: this.input.value }));
    this.grid.top();
    this.update();
  }

  update() {
    this.drawHead();
    if (!this.run) return this.grid.setRows([]);
    const words = wordsOf(this.input.value);
    this.span();
    const rows = [...this.run.tables, ...this.run.decided];
    this.grid.setRows(rows.filter((table) => matches(`${table.source_table_name} ${table.raw_table} ${table.outcome ?? ""} ${textOf(table)}`.toLowerCase(), words)));
    const row = this.wanted && this.grid.rows.find((table) => table.source_table_name === this.wanted);
    if (row) {
      this.grid.select(this.grid.key(row), { show: true });
      this.wanted = null;
    }
  }

  nothing() {
    if (!this.run) return this.problem ? "" : "Reading the run …";
    if (this.run.tables.length) return "No table fits.";
    return this.run.ended ? "No table had anything to do." : "The run is being planned: it looks for files.";
  }

  drawHead() {
    if (this.problem && !this.run) return this.head.replaceChildren(h("p", { class: "trouble" }, this.problem));
    if (!this.run) return;
    const run = this.run;
    const end = run.ended_at ?? new Date(now()).toISOString();
    const done = run.tables.filter((table) => table.outcome);
    const failed = done.filter((table) => meaningOf(table.outcome) === "bad");
    const facts = [run.refresh_cadence, `started ${moment(run.started_at)} UTC`, `${run.ended ? "took" : "for"} ${duration(seconds(run.started_at, end))}`, `${number(done.length)} of ${plural(run.tables.length, "table")}`, failed.length ? `${number(failed.length)} failed` : null, plural(done.reduce((sum, table) => sum + table.rows_read, 0), "row")];
    this.head.replaceChildren(
      h("h1", { class: "name" }, run.run_id),
      h("p", { class: "line" }, status(run.status), facts.filter(Boolean).map((fact) => h("span", {}, fact))),
      ...[this.problem, run.error].filter(Boolean).map((text) => h("p", { class: "trouble" }, text)),
      ...run.warnings.slice(0, 3).map((text) => h("p", { class: "warning" }, text)),
      ...(run.warnings.length > 3 ? [h("p", { class: "muted" }, `and ${plural(run.warnings.length - 3, "warning")} more: odpf runs --run ${run.run_id}`)] : []),
    );
  }

  span() {
    const run = this.run;
    this.from = Date.parse(run.started_at);
    const ends = run.tables.map((table) => Date.parse(table.ended_at ?? table.started_at ?? 0));
    this.to = Math.max(this.from + 1000, run.ended_at ? Date.parse(run.ended_at) : now(), ...ends.filter(Boolean));
    const length = (this.to - this.from) / 1000;
    const ticksThatFit = Math.max(2, (this.axis.clientWidth || 480) / TICK_WIDTH);
    const step = STEPS.find((each) => length / each <= ticksThatFit) ?? 86400;
    const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step).filter((each) => each < length * 0.97);
    this.axis.replaceChildren(...ticks.map((each) => {
      const tick = h("span", {}, each ? `+${duration(each)}` : clock(run.started_at));
      tick.style.left = `${(100 * each) / length}%`;
      return tick;
    }));
  }

  place(iso) {
    return (100 * (Date.parse(iso) - this.from)) / (this.to - this.from);
  }

  took(table) {
    if (!table.started_at) return null;
    return seconds(table.started_at, table.ended_at ?? new Date(now()).toISOString());
  }

  // The phases one behind the other, each as [kind, from, to] in percent.
  stretches(table, start, end) {
    let at = start;
    const known = Object.entries(table.phases ?? {}).map(([phase, took]) => {
      const from = at;
      at = Math.min(end, at + (100 * 1000 * took) / (this.to - this.from));
      return [KINDS[phase] ?? "work", from, at];
    });
    if (known.length) return known;
    const commit = table.commits.length ? this.place(table.commits[0]) : end;
    return commit < end ? [["work", start, commit], ["commit", commit, end]] : [["work", start, end]];
  }

  // Waiting for its job run, then the phases of its work, and where its commits are.
  drawTime(cell, table) {
    const told = JSON.stringify([table.started_at, table.ended_at, table.commits, table.outcome, this.from, this.to]);
    if (cell.told === told) return;
    cell.told = told;
    if (!table.started_at) return cell.replaceChildren();
    const [start, end] = [this.place(table.started_at), table.ended_at ? this.place(table.ended_at) : 100];
    const bar = (kind, from, to) => s("rect", { class: kind, x: `${from}%`, width: `${Math.max(to - from, 0.15)}%`, y: 5, height: 12 });
    const parts = [s("line", { class: "lead", x1: "0%", x2: `${start}%`, y1: 11, y2: 11 })];
    parts.push(...this.stretches(table, start, end).map(([kind, from, to]) => bar(kind, from, to)));
    parts.push(...table.commits.map((each) => s("line", { class: "instant", x1: `${this.place(each)}%`, x2: `${this.place(each)}%`, y1: 2, y2: 20 })));
    const meaning = table.outcome ? meaningOf(table.outcome) : "busy";
    const committed = table.commits.length ? `, commit at ${clock(table.commits[0])}` : ", no commit";
    const phases = Object.entries(table.phases ?? {}).map(([phase, took]) => `; ${phase} ${duration(took)}`).join("");
    const label = `${duration(this.took(table))} from ${clock(table.started_at)}${committed}${phases}`;
    cell.replaceChildren(s("svg", { class: `span ${meaning}`, width: "100%", height: 22, role: "img", "aria-label": label }, s("title", {}, label), parts));
  }
}

// Of an earlier release's row nobody knows the phases: the work until the first commit, then the rest.
const KINDS = { take: "take", recover: "work", engine: "start", read: "work", intend: "work", commit: "commit", settle: "settle", service: "commit" };

function textOf(table) {
  return table.error ?? table.warnings?.join("; ") ?? "";
}

function legend() {
  const part = (kind, text) => h("span", {}, s("svg", { class: "span good", width: 18, height: 12, "aria-hidden": "true" }, kind === "lead" ? s("line", { class: kind, x1: 0, x2: 18, y1: 6, y2: 6 }) : s("rect", { class: kind, x: 0, y: 0, width: 18, height: 12 })), text);
  return h("div", { class: "legend" }, part("lead", "waits"), part("take", "takes the table"), part("start", "starts Spark"), part("work", "reads, reduces"), part("commit", "commits"), part("settle", "ledger, catalog"));
}
