// All dreams, newest first.

import { call } from "/static/api.js";

export class Gallery {
  constructor(actions) {
    this.list = document.getElementById("dreams");
    this.older = document.getElementById("older");
    this.search = document.getElementById("search");
    this.actions = actions;
    this.older.addEventListener("click", () => this.load(this.next));
    let waiting;
    this.search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.load(), 250);
    });
  }

  async load(before = null) {
    const query = new URLSearchParams({ search: this.search.value, ...(before ? { before } : {}) });
    const { dreams, next } = await call(`/api/gallery?${query}`);
    const items = dreams.map((dream) => this.item(dream));
    if (before) this.list.append(...items);
    else this.list.replaceChildren(...items);
    this.next = next;
    this.older.hidden = next === null;
    document.getElementById("none").hidden = this.list.children.length > 0;
  }

  item(dream) {
    const layers = Object.keys(dream.settings.layers ?? {}).join(", ");
    const words = [dream.look, dream.settings.model, layers].filter(Boolean).join(" · ");
    const item = document.createElement("li");
    const image = Object.assign(new Image(), { src: `/api/jobs/${dream.id}/thumb`, alt: `A dream: ${words}`, loading: "lazy" });
    const told = Object.assign(document.createElement("p"), { className: "words", textContent: words });
    const row = Object.assign(document.createElement("div"), { className: "row" });
    for (const [name, action] of Object.entries(this.actions)) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.addEventListener("click", () => action(dream, item));
      row.append(button);
    }
    item.append(image, told, row);
    return item;
  }
}
