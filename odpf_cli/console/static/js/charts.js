// Rows per run as bars: a line's height in the list, larger in the details.

import { s } from "./dom.js";
import { number, plural } from "./format.js";
import { meaningOf } from "./words.js";

// runs: [[rows, outcome, run id], ...], oldest first; places: how many bars have room.
export function bars(runs, { places, width, height }) {
  const step = width / places;
  const most = Math.max(1, ...runs.map(([rows]) => rows));
  const shown = runs.slice(-places);
  const parts = shown.flatMap(([rows, outcome], index) => {
    const x = (places - shown.length + index) * step;
    const tall = rows ? Math.max(2, (rows / most) * (height - 3)) : 1;
    const failed = ["bad", "attention"].includes(meaningOf(outcome));
    const bar = s("rect", { class: failed ? "failed" : "rows", x: x + 0.5, y: height - tall, width: Math.max(1, step - 1.5), height: tall });
    const mark = s("path", { class: "failed", d: `M${x + 0.5} ${height - tall - 1}l${(step - 1.5) / 2}-${Math.min(5, step)} ${(step - 1.5) / 2} ${Math.min(5, step)}z` });
    return failed ? [bar, mark] : [bar];
  });
  return s("svg", { class: "bars", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": told(shown) }, s("line", { class: "ground", x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5 }), parts);
}

function told(runs) {
  if (!runs.length) return "no runs";
  const failed = runs.filter(([, outcome]) => meaningOf(outcome) !== "good").length;
  const newest = runs[runs.length - 1];
  return `rows of the last ${plural(runs.length, "run")}, newest ${number(newest[0])}${failed ? `; ${failed} not completed` : ""}`;
}
