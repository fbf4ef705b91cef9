// A list of thousands of rows of which only those on the screen are in the page. The selected row is the grid's active descendant.

import { h, setAttribute } from "./dom.js";

const SPARE = 6;
let grids = 0;

export class Grid {
  /*
   * columns: [{ name, title, draw(cell, row), numeric, sort(row), class }]; key(row) tells rows apart.
   * on.open(row), on.select(row), on.sort(column), on.visible(rows); empty(): what stands there instead of no rows.
   */
  constructor({ label, columns, key, rowHeight = 33, on = {}, empty }) {
    Object.assign(this, { columns, key, rowHeight, on, empty });
    this.rows = [];
    this.selected = null;
    this.id = `grid${(grids += 1)}`;
    this.pool = new Map();
    this.above = h("tr", { class: "spacer", "aria-hidden": "true" }, h("td", {}));
    this.below = h("tr", { class: "spacer", "aria-hidden": "true" }, h("td", {}));
    this.body = h("tbody", {}, this.above, this.below);
    this.heads = columns.map((column) => this.head(column));
    this.table = h(
      "table",
      { role: "grid", "aria-label": label, tabindex: "0", "aria-rowcount": "0" },
      h("colgroup", {}, columns.map((column) => h("col", { class: `c-${column.name} ${column.class ?? ""}` }))),
      h("thead", {}, h("tr", {}, this.heads)),
      this.body,
    );
    this.nothing = h("div", { class: "nothing", hidden: true });
    this.element = h("div", { class: "scroll", onscroll: () => this.scrolled() }, this.table, this.nothing);
    this.body.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  head(column) {
    const classes = `c-${column.name} ${column.class ?? ""} ${column.numeric ? "numeric" : ""}`;
    if (!column.sort) return h("th", { scope: "col", class: classes }, column.title);
    const button = h("button", { type: "button", class: "sort", onclick: () => this.on.sort?.(column.name) }, column.title);
    return h("th", { scope: "col", class: classes }, button);
  }

  setRows(rows, sorted = null) {
    this.rows = rows;
    this.heads.forEach((head, index) => {
      const direction = sorted?.name === this.columns[index].name ? (sorted.down ? "descending" : "ascending") : null;
      setAttribute(head, "aria-sort", direction);
    });
    setAttribute(this.table, "aria-rowcount", String(rows.length + 1));
    this.nothing.hidden = rows.length > 0;
    this.table.classList.toggle("none", rows.length === 0);
    if (!rows.length) this.nothing.replaceChildren(...[this.empty()].flat());
    this.draw();
  }

  // To the first row: what is shown is another list.
  top() {
    this.element.scrollTop = 0;
  }

  scrolled() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.draw();
    });
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    // The list may have become shorter than what has been scrolled through.
    const top = Math.min(scrollTop, Math.max(0, this.rows.length * this.rowHeight - clientHeight));
    const first = Math.max(0, Math.floor(top / this.rowHeight) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((top + clientHeight) / this.rowHeight) + SPARE);
    const visible = this.rows.slice(first, last);
    const wanted = new Map(visible.map((row, index) => [this.key(row), [row, first + index]]));
    const free = [...this.pool].filter(([key]) => !wanted.has(key));
    let after = this.above;
    for (const [key, [row, index]] of wanted) {
      let line = this.pool.get(key);
      if (!line) {
        const taken = free.pop();
        if (taken) this.pool.delete(taken[0]);
        line = taken ? taken[1] : this.line();
        this.pool.set(key, line);
      }
      this.fill(line, row, index, key);
      if (after.nextSibling !== line) after.after(line);
      after = line;
    }
    for (const [key, line] of free) {
      line.remove();
      this.pool.delete(key);
    }
    this.above.firstChild.style.height = `${first * this.rowHeight}px`;
    this.below.firstChild.style.height = `${(this.rows.length - last) * this.rowHeight}px`;
    setAttribute(this.table, "aria-activedescendant", this.pool.has(this.selected) ? this.idOf(this.selected) : null);
    this.on.visible?.(visible);
  }

  line() {
    return h("tr", {}, this.columns.map((column) => h("td", { role: "gridcell", class: `c-${column.name} ${column.class ?? ""} ${column.numeric ? "numeric" : ""}` })));
  }

  fill(line, row, index, key) {
    line.dataset.key = key;
    setAttribute(line, "id", this.idOf(key));
    setAttribute(line, "aria-rowindex", String(index + 2));
    setAttribute(line, "aria-selected", String(key === this.selected));
    this.columns.forEach((column, place) => column.draw(line.children[place], row));
  }

  idOf(key) {
    return `${this.id}-${encodeURIComponent(key)}`;
  }

  clicked(event) {
    const line = event.target.closest("tr[data-key]");
    if (!line || event.target.closest("a, button, input")) return;
    this.select(line.dataset.key);
    this.open();
  }

  index() {
    return this.rows.findIndex((row) => this.key(row) === this.selected);
  }

  row() {
    return this.rows[this.index()] ?? null;
  }

  select(key, { show = false } = {}) {
    this.selected = key;
    if (show) this.show(this.index());
    this.draw();
    const row = this.row();
    if (row) this.on.select?.(row);
  }

  move(by) {
    if (!this.rows.length) return;
    const from = this.index();
    const to = from < 0 && Number.isFinite(by) ? 0 : Math.min(this.rows.length - 1, Math.max(0, from + by));
    this.select(this.key(this.rows[to]), { show: true });
  }

  page() {
    return Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 2);
  }

  show(index) {
    if (index < 0) return;
    const head = this.table.tHead.offsetHeight;
    const top = index * this.rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.rowHeight + head > scrollTop + clientHeight) this.element.scrollTop = top + this.rowHeight + head - clientHeight;
  }

  open() {
    const row = this.row();
    if (row) this.on.open?.(row);
  }
}
