// What could not be applied, why, and putting it back.

import { confirm } from "./dialog.js";
import { h, setAttribute, setText } from "./dom.js";
import { get, post, session } from "./facts.js";
import { moment, NOTHING, number, plural, shortMoment, size } from "./format.js";
import { Grid } from "./grid.js";
import { current, go, link, replace } from "./route.js";
import { fileName } from "./table_panel.js";
import { matches, search, wordsOf } from "./toolbar.js";

export class QuarantineView {
  constructor(kept, panel) {
    this.kept = kept;
    this.panel = panel;
    this.marked = new Set();
    this.input = search("Search reasons, tables, files", (value) => { replace(current().with({ q: value })); this.grid.top(); this.update(); });
    this.release = h("button", { type: "button", class: "primary", onclick: () => this.releaseMarked() }, "Release");
    this.grid = new Grid({
      label: "Quarantine",
      key: (entry) => entry.id,
      columns: [
        ...(session.allow_actions ? [{ name: "mark", title: h("span", { class: "unseen" }, "Marked"), draw: (cell, entry) => this.drawMark(cell, entry) }] : []),
        { name: "table", title: "Source table", draw: (cell, entry) => text(cell, entry.source_table_name) },
        { name: "file", title: "File, or batch of files", draw: (cell, entry) => text(cell, entry.what) },
        { name: "error", title: "Reason", draw: (cell, entry) => text(cell, entry.reason) },
        { name: "size", title: "Holds", numeric: true, draw: (cell, entry) => setText(cell, entry.holds) },
        { name: "changed", title: "Since (UTC)", class: "wide", draw: (cell, entry) => setText(cell, shortMoment(entry.done_at)) },
      ],
      on: { open: (entry) => go(current().with({ id: entry.id })) },
      empty: () => this.empty(),
    });
    this.element = h("section", { class: "list", "aria-label": "Quarantine" }, h("h1", { class: "unseen" }, "Quarantine"), h("div", { class: "tools" }, this.input, h("span", { class: "grow" }), session.allow_actions ? this.release : h("span", { class: "muted" }, "Only shown; --allow-actions releases")), this.grid.element);
  }

  show(route) {
    const { q = "", id } = route.params;
    if (this.input.value !== q) this.input.value = q;
    this.update();
    if (id) this.grid.select(id, { show: true });
    this.panel.show(id ? new QuarantinePanel(id, (ids) => this.ask(ids)) : null);
  }

  update() {
    const words = wordsOf(this.input.value);
    const { files = [], batches = [] } = this.kept.value ?? {};
    this.entries = [...files.map(ofFile), ...batches.map(ofBatch)].sort((one, other) => (other.done_at ?? "").localeCompare(one.done_at ?? ""));
    const there = new Set(this.entries.map((entry) => entry.id));
    for (const id of this.marked) if (!there.has(id)) this.marked.delete(id);
    setText(this.release, this.marked.size ? `Release ${number(this.marked.size)}` : "Release");
    this.release.disabled = !this.marked.size;
    this.grid.setRows(this.entries.filter((entry) => matches(entry.text, words)));
  }

  drawMark(cell, entry) {
    if (!cell.firstChild) cell.append(h("input", { type: "checkbox", tabindex: "-1", onclick: () => this.mark(cell.firstChild.value) }));
    const box = cell.firstChild;
    box.value = entry.id;
    box.checked = this.marked.has(entry.id);
    setAttribute(box, "aria-label", `Mark ${entry.what}`);
  }

  // Of the selected row, by a key.
  toggle() {
    const entry = this.grid.row();
    if (entry && session.allow_actions) this.mark(entry.id);
  }

  mark(id) {
    if (!this.marked.delete(id)) this.marked.add(id);
    this.update();
  }

  releaseMarked() {
    return this.ask([...this.marked]);
  }

  async ask(ids) {
    const entries = this.entries.filter((entry) => ids.includes(entry.id));
    const some = entries.slice(0, 5).map((entry) => h("li", {}, entry.what, h("span", { class: "muted" }, ` ${entry.reason}`)));
    const more = entries.length > 5 ? h("p", { class: "muted" }, `and ${number(entries.length - 5)} more`) : "";
    const answer = await confirm({
      title: `Release ${plural(ids.length, "entry").replace("entrys", "entries")}`,
      text: [h("p", {}, "The files go back among those that wait, and the next run applies them in order. What still cannot be applied comes back here."), h("ul", { class: "plain" }, some), more],
      verb: "Release",
      act: async () => {
        const told = await post("actions/release", { ids });
        const refused = told.files.filter((file) => file.why);
        if (refused.length === told.files.length && refused.length) throw new Error(refused[0].why);
        return told;
      },
      done: (told) => {
        const refused = told.files.filter((file) => file.why);
        return refused.length ? `${number(told.files.length - refused.length)} wait for the next run; ${number(refused.length)} stay: ${refused[0].why}` : `${plural(told.files.length, "file")} wait${told.files.length === 1 ? "s" : ""} for the next run`;
      },
    });
    if (!answer) return;
    this.marked.clear();
    if (current().params.id) go(current().with({ id: null }));
    await this.kept.refresh();
  }

  empty() {
    if (!this.kept.value) return h("p", {}, "Reading the quarantine …");
    if (this.entries.length) return h("p", {}, "Nothing fits.");
    if (!this.kept.readAt) return h("p", {}, "Reading the quarantine …");
    return h("p", {}, "Nothing is in quarantine: every landed file was applied, or waits.");
  }
}

class QuarantinePanel {
  constructor(id, ask) {
    Object.assign(this, { id: `quarantine ${id}`, wanted: id, ask });
    this.body = h("div", { class: "details" }, h("p", { class: "muted" }, "Reading …"));
    this.element = h("div", {}, this.body);
  }

  async refresh() {
    if (this.read) return;
    try {
      const found = await get("quarantine", { id: this.wanted });
      this.read = true;
      this.body.replaceChildren(...this.draw(found));
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "trouble" }, error.message));
    }
  }

  draw({ file, batch, next }) {
    const entry = file ? ofFile(file) : ofBatch(batch);
    const facts = [
      ["Source table", h("a", { href: link("tables", null, { table: entry.source_table_name }) }, entry.source_table_name)],
      [file ? "File" : "Files", file ? file.path : h("ul", { class: "plain" }, batch.files.map((each) => h("li", {}, each.path)))],
      ["Raw table", (file ?? batch).raw_table ?? NOTHING],
      ["Holds", entry.holds],
      ["Since", moment(entry.done_at)],
      ["Run", entry.run_id ? h("a", { href: link("runs", entry.run_id) }, entry.run_id) : "none: it was set aside when it landed"],
    ];
    const off = !session.allow_actions;
    return [
      h("h2", { class: "name" }, entry.what),
      h("p", { class: "trouble" }, entry.reason),
      h("p", {}, next),
      h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", disabled: off, title: off ? "Start the console with --allow-actions" : null, onclick: () => this.ask([this.wanted]) }, "Release")),
      h("dl", { class: "facts" }, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      ...(batch ? rows(batch) : []),
    ];
  }
}

function rows(batch) {
  const lines = batch.shown.map((row) => h("li", {}, h("strong", {}, `${row.file}, row ${row.row}: `), row.reason, h("pre", {}, JSON.stringify(row.values))));
  return [h("h3", {}, `Rows, the first ${number(batch.shown.length)}`), h("ul", { class: "plain" }, lines)];
}

function ofFile(file) {
  return entry(file.file_id, file, fileName(file.path), file.reason ?? NOTHING, size(file.size));
}

function ofBatch(batch) {
  const reasons = Object.entries(batch.reasons).map(([kind, count]) => `${kind} (${number(count)})`).join("; ");
  return entry(batch.batch_id, batch, `rows of ${plural(batch.files.length, "file")}`, reasons, batch.rows === null ? "many rows" : plural(batch.rows, "row"));
}

function entry(id, found, what, reason, holds) {
  return { id, what, reason, holds, source_table_name: found.source_table_name, done_at: found.done_at, run_id: found.run_id, text: `${found.source_table_name} ${what} ${reason} ${id}`.toLowerCase() };
}

function text(cell, value) {
  setText(cell, value);
  setAttribute(cell, "title", value);
}
