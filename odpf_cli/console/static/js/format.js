// Numbers, spans and moments as the command line prints them (odpf_cli/display.py).

export const NOTHING = "–";

export function number(value) {
  return value === null || value === undefined ? NOTHING : value.toLocaleString("en");
}

export function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function size(bytes) {
  if (bytes === null || bytes === undefined) return NOTHING;
  let amount = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (amount < 1000) return `${unit === "B" || amount >= 10 ? amount.toFixed(0) : amount.toFixed(1)} ${unit}`;
    amount /= 1000;
  }
  return `${amount.toFixed(1)} TB`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return NOTHING;
  if (seconds < 10) return seconds ? `${Math.max(seconds, 0).toFixed(1)}s` : "0s";
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d ${Math.floor((whole % 86400) / 3600)}h`;
}

// A span that has to be read at a glance and not to the second.
export function about(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

export function seconds(from, to) {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

export function moment(iso) {
  return iso ? iso.slice(0, 19).replace("T", " ") : NOTHING;
}

export function shortMoment(iso) {
  return iso ? iso.slice(5, 16).replace("T", " ") : NOTHING;
}

export function clock(iso) {
  return iso ? iso.slice(11, 19) : NOTHING;
}

// `raw_file_landed` reads better as words.
export function words(name) {
  return name.replaceAll("_", " ");
}
