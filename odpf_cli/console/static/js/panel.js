// Details beside a list; a narrow page is covered by them.

import { byId, h } from "./dom.js";

export class Panel {
  constructor(onClose) {
    this.element = byId("panel");
    this.onClose = onClose;
    this.content = null;
  }

  get open() {
    return this.content !== null;
  }

  // content: { id, element, refresh() }; the same id again stays as it is.
  show(content) {
    if (content && this.content?.id === content.id) return;
    this.content = content;
    this.element.hidden = content === null;
    document.body.classList.toggle("split", content !== null);
    if (!content) return this.element.replaceChildren();
    const close = h("button", { type: "button", class: "quiet icon close", "aria-label": "Close details", title: "Close (Esc)", onclick: () => this.onClose() }, "×");
    this.element.replaceChildren(close, content.element);
    this.element.scrollTop = 0;
    content.refresh();
  }

  refresh() {
    this.content?.refresh();
  }
}
