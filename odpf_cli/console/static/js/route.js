// Where one is stands in the address, so that it can be sent to somebody: #/tables?q=orders&show=failing&table=shop.orders

class Route {
  constructor(view, id, params) {
    Object.assign(this, { view, id, params });
  }

  static parse(hash) {
    const [path, query] = hash.replace(/^#\/?/, "").split("?");
    const [view, ...rest] = path.split("/");
    return new Route(view || "tables", rest.length ? decodeURIComponent(rest.join("/")) : null, Object.fromEntries(new URLSearchParams(query ?? "")));
  }

  toString() {
    const given = Object.entries(this.params).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const query = new URLSearchParams(given).toString();
    return `#/${this.view}${this.id ? `/${encodeURIComponent(this.id)}` : ""}${query ? `?${query}` : ""}`;
  }

  with(params) {
    return new Route(this.view, this.id, { ...this.params, ...params });
  }
}

export function current() {
  return Route.parse(location.hash);
}

export function go(route) {
  if (String(route) !== location.hash) location.hash = String(route);
}

// For what is typed: no entry in the history for each letter.
export function replace(route) {
  if (String(route) !== location.hash) history.replaceState(null, "", String(route));
}

export function link(view, id = null, params = {}) {
  return String(new Route(view, id, params));
}
