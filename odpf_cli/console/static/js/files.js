// Landed files: those that wait, or all of one table.

import { h, setAttribute, setText } from "./dom.js";
import { ageOf, get } from "./facts.js";
import { about, NOTHING, number, plural, size } from "./format.js";
import { Grid } from "./grid.js";
import { current, go, link, replace } from "./route.js";
import { fileName } from "./table_panel.js";
import { matches, search, wordsOf } from "./toolbar.js";
import { setStatus } from "./words.js";

export class FilesView {
  constructor() {
    this.found = null;
    this.problem = null;
    this.input = search("Search files, tables, reasons", (value) => { replace(current().with({ q: value })); this.grid.top(); this.update(); });
    this.scope = h("span", { class: "scope" });
    this.note = h("p", { class: "note muted" });
    this.grid = new Grid({
      label: "Files",
      key: (file) => `${file.file_id} ${file.state}`,
      columns: [
        { name: "state", title: "State", draw: (cell, file) => setStatus(cell, file.state) },
        { name: "table", title: "Source table", draw: (cell, file) => setText(cell, file.source_table_name) },
        { name: "file", title: "File", draw: (cell, file) => { setText(cell, fileName(file.path)); setAttribute(cell, "title", file.path); } },
        { name: "type", title: "Type", class: "wide", draw: (cell, file) => setText(cell, file.dms_file_type) },
        { name: "size", title: "Size", numeric: true, draw: (cell, file) => setText(cell, size(file.size)) },
        { name: "rows", title: "Rows", numeric: true, draw: (cell, file) => setText(cell, file.rows === null ? NOTHING : number(file.rows)) },
        { name: "changed", title: "Landed", numeric: true, draw: (cell, file) => { setText(cell, `${about(ageOf(file.last_modified))} ago`); setAttribute(cell, "title", file.last_modified); } },
        { name: "error", title: "Reason", draw: (cell, file) => { setText(cell, file.reason ?? ""); setAttribute(cell, "title", file.reason || null); } },
      ],
      on: { open: (file) => go(file.reason ? link("quarantine", null, { id: file.file_id }) : link("tables", null, { table: file.source_table_name })) },
      empty: () => this.empty(),
    });
    this.element = h("section", { class: "list", "aria-label": "Files" }, h("h1", { class: "unseen" }, "Files"), h("div", { class: "tools" }, this.input, this.scope), this.note, this.grid.element);
  }

  show(route) {
    const { q = "", table = "" } = route.params;
    if (this.input.value !== q) this.input.value = q;
    if (this.table !== table) {
      this.table = table;
      this.found = null;
      this.scope.replaceChildren(...(table ? [h("span", {}, "All files of ", h("strong", {}, table)), h("a", { class: "button", href: "#/files" }, "Waiting files of all tables")] : ["Waiting files of all tables"]));
      this.note.textContent = table ? "" : "Processed files are shown per table: open a table, then Files.";
      this.note.hidden = Boolean(table);
      this.read();
    }
    this.update();
  }

  // A table's whole history is read when it is opened, not again and again.
  refresh() {
    if (!this.table || this.problem) this.read();
  }

  async read() {
    const table = this.table;
    try {
      const found = await get("files", table ? { table } : {});
      if (table !== this.table) return;
      this.found = found;
      this.problem = null;
    } catch (error) {
      this.problem = error.message;
    }
    this.update();
  }

  update() {
    const words = wordsOf(this.input.value);
    const files = this.found?.files ?? [];
    if (this.found && this.found.total > files.length) {
      this.note.hidden = false;
      this.note.textContent = `The first ${number(files.length)} of ${plural(this.found.total, "file")}; all of them: odpf files${this.table ? ` --table '${this.table}'` : ""}`;
    }
    this.grid.setRows(files.filter((file) => matches(`${file.path} ${file.source_table_name} ${file.state} ${file.reason ?? ""}`.toLowerCase(), words)));
  }

  empty() {
    if (this.problem) return h("p", { class: "trouble" }, this.problem);
    if (!this.found) return h("p", {}, "Reading the files …");
    if (this.found.files.length) return h("p", {}, "No file fits.");
    if (this.table) return [h("p", {}, "No files of this table."), h("p", { class: "muted" }, "See that DMS writes below the folder of its schema and table; the next run registers what had no event.")];
    return [h("p", {}, "No file waits: everything that landed is processed or in quarantine."), h("p", { class: "muted" }, "Files below the staging folder appear here within seconds.")];
  }
}
