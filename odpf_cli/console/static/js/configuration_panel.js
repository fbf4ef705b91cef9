// One table or cadence as a form, or a whole file as text: plan, look at it, apply.

import { say } from "./dialog.js";
import { h } from "./dom.js";
import { post, session } from "./facts.js";
import { link } from "./route.js";

const TITLES = { tables: "Add a table", cadences: "Add a cadence", text: "Paste a configuration file" };
const EXAMPLE = "cadences:\n  - refresh_cadence: hourly\n    schedule: rate(1 hour)\ntables:\n  - source_table_name: shop.orders\n    refresh_cadence: hourly\n    raw_database_name: shop_raw\n    raw_table_name: orders\n    hudi_primary_key: id\n    hudi_precombine_field: seq\n";

export class ConfigurationPanel {
  constructor(what, name, found, suggested, onApplied) {
    Object.assign(this, { what, name, found, onApplied, id: `configuration ${what} ${name} ${suggested ?? ""}` });
    const key = what === "cadences" ? "refresh_cadence" : "source_table_name";
    this.item = name ? found[what].find((each) => each[key] === name) : suggested ? { [key]: suggested } : {};
    this.outcome = h("div", { class: "plan", "aria-live": "polite" });
    this.planButton = h("button", { type: "submit", class: "primary" }, "Plan");
    this.form = h("form", { class: "form", novalidate: true, onsubmit: (event) => { event.preventDefault(); this.plan(); }, oninput: () => this.changed() }, what === "text" ? this.text() : this.fields(), h("div", { class: "buttons" }, this.planButton), this.outcome);
    const missing = name && !this.item ? h("p", { class: "trouble" }, `${name} is not configured.`) : null;
    const paused = this.item?.why_paused ? h("p", { class: "warning" }, `${this.item.why_paused}. What is applied here leaves it paused.`) : null;
    this.element = h("div", { class: "details" }, h("h2", { class: "name" }, name ?? TITLES[what]), paused, missing ?? this.form);
  }

  refresh() {}

  text() {
    this.area = h("textarea", { rows: 18, spellcheck: "false", "aria-label": "Configuration file, YAML or JSON", placeholder: EXAMPLE });
    return [h("p", { class: "muted" }, "YAML, as `odpf config apply` reads it: the lists cadences and tables. What it does not name stays as it is."), this.area];
  }

  fields() {
    this.inputs = new Map();
    const fields = this.found.form[this.what].map((field) => [field, this.field(field)]);
    const set = ([field]) => field.required || valueOf(this.item, field.name) !== "";
    const [shown, more] = [fields.filter(set), fields.filter((each) => !set(each))];
    const usual = ["schedule", "lag_objective_seconds", "hudi_partition_key", "is_active", "table_data_versioning_type"];
    const first = [...shown, ...more.filter(([field]) => usual.includes(field.name))];
    const rest = more.filter(([field]) => !usual.includes(field.name));
    return [...first.map(([, element]) => element), h("details", {}, h("summary", {}, "More settings"), rest.map(([, element]) => element))];
  }

  field(field) {
    const value = valueOf(this.item ?? {}, field.name);
    const id = `field-${field.name}`;
    const fixed = this.name && ["source_table_name", "refresh_cadence"].includes(field.name) && (this.what === "cadences" || field.name === "source_table_name");
    let input;
    if (field.choices.length) input = h("select", { id }, h("option", { value: "" }, field.default ? `default: ${field.default}` : "default"), field.choices.map((choice) => h("option", { value: choice }, choice)));
    else if (this.what === "tables" && field.name === "refresh_cadence") input = h("select", { id }, h("option", { value: "" }, ""), this.found.cadences.map((each) => h("option", { value: each.refresh_cadence }, each.refresh_cadence)));
    else input = h("input", { id, type: "text", inputmode: field.kind === "number" ? "numeric" : null, placeholder: field.default ? `default: ${field.default}` : field.kind === "list" ? "one column, or several with commas" : null, spellcheck: "false", autocomplete: "off", readonly: fixed });
    input.value = value;
    const trouble = h("span", { class: "trouble", id: `${id}-trouble` });
    input.setAttribute("aria-describedby", trouble.id);
    this.inputs.set(field.name, { field, input, trouble });
    return h("div", { class: "field" }, h("label", { for: id }, field.name, field.required ? h("span", { class: "muted" }, " required") : null), input, trouble);
  }

  given() {
    if (this.what === "text") return { text: this.area.value };
    const values = {};
    for (const [name, { field, input }] of this.inputs) {
      const kept = unchanged(this.item, name, input.value);
      if (kept === undefined && input.value.trim() === "") continue;
      const value = kept !== undefined ? kept : field.kind === "number" && /^\d+$/.test(input.value.trim()) ? Number(input.value) : input.value.trim();
      const [outer, inner] = name.split(".");
      if (inner) values[outer] = { ...(values[outer] ?? {}), [inner]: value };
      else values[outer] = value;
    }
    return { document: { [this.what]: [values] } };
  }

  // What was planned is not what stands in the form any more.
  changed() {
    this.dirty = true; // the key that closes details does not throw it away
    this.outcome.replaceChildren();
  }

  async plan() {
    if (this.area && !this.area.value.trim()) return this.outcome.replaceChildren(h("p", { class: "trouble" }, "There is nothing to plan: paste a file first."));
    const given = this.given();
    this.planButton.disabled = true;
    for (const { trouble, input } of this.inputs?.values() ?? []) {
      trouble.textContent = "";
      input.removeAttribute("aria-invalid");
    }
    try {
      const plan = await post("configuration/plan", given);
      this.outcome.replaceChildren(...this.draw(plan, given));
    } catch (error) {
      this.outcome.replaceChildren(h("p", { class: "trouble" }, error.message));
    }
    this.planButton.disabled = false;
    this.outcome.scrollIntoView({ block: "nearest" });
  }

  draw(plan, given) {
    const warnings = plan.warnings.map((text) => h("p", { class: "warning" }, text));
    if (plan.problems.length) return [h("h3", {}, "Not possible"), ...plan.problems.map((problem) => this.problem(problem)).filter(Boolean)];
    if (plan.nothing_to_do) return [h("p", {}, "Nothing to do: it is deployed as it stands here."), ...warnings];
    const changes = plan.changes.map((change) => h("li", {}, h("strong", {}, `${change.fields.length ? "~" : "+"} ${change.kind} ${change.name}`), change.danger ? h("span", { class: "trouble" }, ` ! ${change.danger}`) : null, fieldChanges(change.fields)));
    const schedules = Object.entries(plan.schedules_put).map(([name, expression]) => h("li", {}, `+ schedule of ${name}: ${expression}`));
    const gone = plan.schedules_removed.map((name) => h("li", {}, `− schedule of ${name}`));
    const off = !session.allow_actions;
    const apply = h("button", { type: "button", class: "primary", disabled: off, onclick: () => this.apply(apply, given, plan) }, "Apply");
    return [h("h3", {}, "This would be written"), h("ul", { class: "plain changes" }, changes, schedules, gone), ...warnings, h("div", { class: "buttons" }, apply, off ? h("span", { class: "muted" }, "Start the console with --allow-actions") : null)];
  }

  problem({ path, message, line }) {
    const key = path.split(".").slice(1).join(".").replace(/^(yaml|json):?/, "").replace(/^[a-z]+\[\d+\]\.?/, "");
    const found = this.inputs?.get(key) ?? this.inputs?.get(key.split("[")[0]);
    if (found) {
      found.trouble.textContent = message;
      found.input.setAttribute("aria-invalid", "true");
      found.input.closest("details")?.setAttribute("open", "");
      found.input.focus();
    }
    return h("p", { class: "trouble" }, key ? h("strong", {}, `${key} `) : null, `${line ? `(line ${line}) ` : ""}${message}`);
  }

  async apply(button, given, plan) {
    button.disabled = true;
    try {
      const done = await post("configuration/apply", { ...given, plan: plan.plan });
      this.dirty = false;
      say(`Deployed as ${done.deployment_id}`);
      await this.onApplied();
      this.outcome.replaceChildren(h("p", { class: "done" }, `Deployed as ${done.deployment_id}. `, h("a", { href: link("configuration", null, { show: "deployments" }) }, "Deployments")));
    } catch (error) {
      this.outcome.append(h("p", { class: "trouble" }, error.message));
      button.disabled = false;
    }
  }
}

function fieldChanges(fields) {
  const value = (each) => (each === null ? "(absent)" : Array.isArray(each) ? each.join(", ") : typeof each === "object" ? JSON.stringify(each) : String(each));
  return fields.map((field) => h("div", { class: "change" }, `${field.field}: `, h("del", {}, value(field.before)), " → ", h("ins", {}, value(field.after))));
}

// What stands in the item, where nobody wrote another; an empty list is not its default.
function unchanged(item, name, text) {
  return text === valueOf(item, name) ? partOf(item, name) : undefined;
}

function partOf(item, name) {
  return name.split(".").reduce((found, part) => found?.[part], item) ?? undefined;
}

function valueOf(item, name) {
  const value = partOf(item, name);
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}
