// What every request for data carries. It comes with the link, behind `#`: browsers send that to nobody. The storage is this address and port's alone.

const NAME = "odpf-console-token";

// Read once: a page that another console answers by now is refused, and begins anew.
export let token = localStorage.getItem(NAME) ?? "";

// Whether the address brought a token; it does not stay there.
export function takeToken() {
  const brought = /^#token=([\w-]+)$/.exec(location.hash);
  if (!brought) return false;
  token = brought[1];
  localStorage.setItem(NAME, token);
  history.replaceState(null, "", location.pathname);
  return true;
}
