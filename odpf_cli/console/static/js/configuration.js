// Configuration: what is deployed; tables and cadences are added, edited, planned and applied.

import { h, setAttribute, setText } from "./dom.js";
import { get } from "./facts.js";
import { moment, NOTHING } from "./format.js";
import { Grid } from "./grid.js";
import { current, go, link, replace } from "./route.js";
import { Choices, matches, search, wordsOf } from "./toolbar.js";
import { ConfigurationPanel } from "./configuration_panel.js";

const CHOICES = [["tables", "Tables"], ["cadences", "Cadences"], ["deployments", "Deployments"]];
const NAMES = { tables: "source_table_name", cadences: "refresh_cadence", deployments: "deployment_id" };

export class ConfigurationView {
  constructor(panel) {
    this.panel = panel;
    this.found = null;
    this.input = search("Search configuration", (value) => { replace(current().with({ q: value })); this.grid.top(); this.update(); });
    this.choices = new Choices("What", CHOICES, (name) => go(current().with({ show: name === "tables" ? "" : name, table: null, cadence: null, add: null })));
    const add = (what, text) => h("a", { class: "button", href: link("configuration", null, { add: what, show: what === "cadences" ? what : null }) }, text);
    this.grids = { tables: this.tableGrid(), cadences: this.cadenceGrid(), deployments: this.deploymentGrid() };
    this.place = h("div", { class: "fill" });
    this.element = h("section", { class: "list", "aria-label": "Configuration" }, h("h1", { class: "unseen" }, "Configuration"), h("div", { class: "tools" }, this.input, this.choices.element, h("span", { class: "grow" }), add("tables", "Add a table"), add("cadences", "Add a cadence"), add("text", "Paste a file")), this.place);
  }

  get what() {
    const { show = "tables" } = current().params;
    return NAMES[show] ? show : "tables";
  }

  get grid() {
    return this.grids[this.what];
  }

  show(route) {
    const { q = "", table, cadence, add, name } = route.params;
    if (this.input.value !== q) this.input.value = q;
    if (this.place.firstChild !== this.grid.element) this.place.replaceChildren(this.grid.element);
    this.update();
    if (!this.found) return this.read().then(() => this.show(current()));
    const open = table ? ["tables", table] : cadence ? ["cadences", cadence] : add ? [add, null] : null;
    this.panel.show(open && new ConfigurationPanel(open[0], open[1], this.found, name, () => this.read()));
  }

  refresh() {
    if (!this.found) this.read();
  }

  async read() {
    try {
      this.found = await get("configuration");
      this.problem = null;
    } catch (error) {
      this.problem = error.message;
    }
    this.update();
  }

  update() {
    const words = wordsOf(this.input.value);
    const lists = this.found ?? { tables: [], cadences: [], deployments: [] };
    this.choices.show(this.what, Object.fromEntries(CHOICES.map(([name]) => [name, lists[name].length])));
    this.grid.setRows(lists[this.what].filter((item) => matches(JSON.stringify(Object.values(item)).toLowerCase(), words)));
  }

  tableGrid() {
    return this.make("tables", (item) => `${item.source_table_name} ${item.refresh_cadence}`, [
      ["table", "Source table", (item) => item.source_table_name],
      ["raw", "Raw table", (item) => `${item.raw_database_name ?? NOTHING}.${item.raw_table_name ?? NOTHING}`],
      ["cadence", "Cadence", (item) => item.refresh_cadence],
      ["file", "Key", (item) => [item.hudi_primary_key].flat().join(", ")],
      ["mode", "Mode", (item) => item.table_data_versioning_type ?? "S", "wide"],
      ["type", "Type", (item) => item.hudi_table_type ?? NOTHING, "wide"],
      ["active", "Active", (item) => (item.why_paused ? "paused" : item.is_active ?? "Y")],
      ["error", "Problem", (item) => item.problem ?? item.why_paused ?? ""],
    ], (item) => ({ table: item.source_table_name }));
  }

  cadenceGrid() {
    return this.make("cadences", (item) => item.refresh_cadence, [
      ["table", "Cadence", (item) => item.refresh_cadence],
      ["file", "Schedule", (item) => item.schedule ?? "by hand"],
      ["cadence", "Worker", (item) => item.glue_job_worker_type ?? NOTHING],
      ["mode", "Workers", (item) => String(item.glue_job_max_workers ?? NOTHING)],
      ["mode", "Batch size", (item) => String(item.refresh_tables_batch_size ?? NOTHING)],
      ["error", "Problem", (item) => item.problem ?? ""],
    ], (item) => ({ cadence: item.refresh_cadence }));
  }

  deploymentGrid() {
    const some = (list) => (list?.length ? `${list.slice(0, 3).join(", ")}${list.length > 3 ? ` and ${list.length - 3} more` : ""}` : NOTHING);
    return this.make("deployments", (item) => item.deployment_id, [
      ["started", "At (UTC)", (item) => moment(item.deployed_at)],
      ["mode", "Status", (item) => item.status],
      ["table", "By", (item) => item.deployed_by],
      ["file", "Source", (item) => item.source],
      ["raw", "Added", (item) => some([...(item.tables_added ?? []), ...(item.cadences_added ?? [])])],
      ["raw", "Changed", (item) => some([...(item.tables_changed ?? []), ...(item.cadences_changed ?? [])])],
      ["error", "Removed, or problems", (item) => some(item.problems ?? item.tables_removed)],
    ], null);
  }

  make(label, key, columns, open) {
    return new Grid({
      label,
      key,
      columns: columns.map(([name, title, value, class_]) => ({ name, title, class: class_, draw: (cell, item) => { setText(cell, value(item)); setAttribute(cell, "title", value(item) || null); } })),
      on: { open: (item) => open && go(current().with({ table: null, cadence: null, add: null, ...open(item) })) },
      empty: () => this.empty(),
    });
  }

  empty() {
    if (this.problem) return h("p", { class: "trouble" }, this.problem);
    if (!this.found) return h("p", {}, "Reading the configuration …");
    if (this.found[this.what].length) return h("p", {}, "Nothing fits.");
    return [h("p", {}, "Nothing is configured yet."), h("p", { class: "muted" }, "Add a cadence and a table here, or apply a file: ", h("code", {}, "odpf config apply PATH"))];
  }
}
