// One table in full.

import { bars } from "./charts.js";
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { get, post, session } from "./facts.js";
import { duration, moment, NOTHING, number, plural, seconds, shortMoment, size } from "./format.js";
import { link } from "./route.js";
import { status } from "./words.js";

export class TablePanel {
  constructor(name, tables) {
    this.id = `table ${name}`;
    this.name = name;
    this.tables = tables;
    this.body = h("div", { class: "details" }, h("p", { class: "muted" }, "Reading …"));
    this.element = h("div", {}, h("h2", { class: "name" }, name), this.body);
  }

  async refresh() {
    try {
      const found = await get("table", { name: this.name });
      const told = JSON.stringify([found, [...this.tables.cadences.values()]]);
      if (told !== this.told) this.body.replaceChildren(...found.tables.flatMap((table) => this.draw(table, found)), ...this.rest(found));
      this.told = told;
    } catch (error) {
      if (!this.told) this.body.replaceChildren(h("p", { class: "trouble" }, error.message));
    }
  }

  draw(table, found) {
    const raw = table.raw_table_name ? `${table.raw_database_name}.${table.raw_table_name}` : null;
    const state = found.states.find((each) => each.raw_table === raw);
    const objective = this.tables.cadences.get(table.refresh_cadence)?.lag_objective_seconds;
    const facts = [
      ["Status", status(table.word)],
      ["Raw table", raw ?? NOTHING],
      ["Cadence", table.refresh_cadence ?? NOTHING],
      ["Lag", `${table.pending_files ? duration(table.freshness_lag_seconds) : "nothing waits"}${objective ? ` (${duration(objective)} allowed)` : ""}`],
      ["Waiting", table.pending_files ? `${plural(table.pending_files, "file")}, ${size(table.pending_bytes)}` : NOTHING],
      ["Last change", moment(table.last_change_at)],
      ["Applied up to", position(table.high_water_mark)],
      ["Complete up to", position(table.complete_through)],
      ["Failed attempts", table.failed_attempts ? String(table.failed_attempts) : NOTHING],
      ["Held by", state?.lease_owner ?? "nobody"],
      ["Data files", size(state?.table_bytes)],
    ];
    return [
      table.why_paused && h("p", { class: "warning" }, table.why_paused),
      table.last_error && h("p", { class: "trouble" }, table.last_error),
      this.buttons(table, state),
      h("dl", { class: "facts" }, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ].filter(Boolean);
  }

  buttons(table, state) {
    const configured = table.refresh_cadence !== null;
    const why = session.allow_actions ? null : "Start the console with --allow-actions";
    const off = Boolean(why) || !configured;
    const still = ["paused", "inactive"].includes(table.state) ? `It is ${table.state}: runs pass it over` : null;
    return h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", disabled: off || Boolean(still), title: why ?? still, onclick: () => this.run() }, "Run now"),
      h("button", { type: "button", disabled: off || !state?.lease_owner, title: why ?? (state?.lease_owner ? null : "Nobody holds it"), onclick: () => this.unlock() }, "Unlock"),
      h("a", { class: "button", href: link("files", null, { table: this.name }) }, "Files"),
      h("a", { class: "button", href: link("configuration", null, configured ? { table: this.name } : { add: "tables", name: this.name }) }, configured ? "Configuration" : "Configure it"),
    );
  }

  rest(found) {
    const parts = [];
    if (found.runs.length) {
      const line = [...found.runs].reverse().map((run) => [run.rows_read, run.outcome, run.run_id]);
      parts.push(h("h3", {}, "Rows per run"), bars(line, { places: 40, width: 400, height: 56 }), runTable(found.runs));
    }
    if (found.in_quarantine.length) {
      parts.push(h("h3", {}, "In quarantine"), h("ul", { class: "plain" }, found.in_quarantine.slice(0, 20).map((file) => h("li", {}, h("a", { href: link("quarantine", null, { id: file.file_id }) }, fileName(file.path)), h("span", { class: "muted" }, ` ${file.reason ?? ""}`)))));
    }
    if (found.waiting.length) {
      parts.push(h("h3", {}, "Waiting files, oldest first"), h("ul", { class: "plain" }, found.waiting.slice(0, 20).map((file) => h("li", {}, h("span", {}, fileName(file.path)), h("span", { class: "muted" }, ` ${size(file.size)}, since ${moment(file.last_modified)}`)))));
    }
    return parts;
  }

  run() {
    confirm({ title: "Run this table now", text: `A run of ${this.name} alone, set aside or not.`, verb: "Run it", act: () => post("actions/run", { tables: [this.name] }), done: (answer) => `Started ${answer.run_id}` }).then((answer) => { if (answer) location.hash = link("runs", answer.run_id); });
  }

  async unlock() {
    const found = await get("holder", { table: this.name }).catch((error) => ({ told: error.message, has_ended: true }));
    const stop = h("input", { type: "checkbox", id: "stop" });
    const text = [h("p", {}, found.told), found.has_ended ? "" : h("label", { class: "check", for: "stop" }, stop, "Stop the job run that holds it, with all its other tables. Otherwise this waits one lease (a minute) for a sign of life.")];
    confirm({ title: "Unlock this table", text, verb: "Unlock", dangerous: true, act: () => post("actions/unlock", { table: this.name, stop: stop.checked }), done: (answer) => (answer.unlocked ? `${answer.raw_table} is free` : `Nobody held ${answer.raw_table}`) }).then(() => this.refresh());
  }
}

function runTable(runs) {
  const heads = ["Run", "Outcome", "Rows", "Took"].map((text, index) => h("th", { scope: "col", class: index > 1 ? "numeric" : "" }, text));
  const lines = runs.slice(0, 12).map((run) => h("tr", {}, h("td", {}, h("a", { href: link("runs", run.run_id, { table: run.source_table_name }) }, shortMoment(run.started_at))), h("td", {}, status(run.outcome)), h("td", { class: "numeric" }, number(run.rows_read)), h("td", { class: "numeric" }, duration(seconds(run.started_at, run.ended_at)))));
  return h("table", { class: "small" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, lines));
}

export function fileName(path) {
  return path.split("/").pop();
}

function position(found) {
  return found ? `${found.file}, row ${number(found.row)} (generation ${found.generation})` : NOTHING;
}
