// All dreams, newest first.

import { call } from "/static/api.js";

export class Gallery {
  constructor(look, actions) {
    this.look = look;
    this.list = document.getElementById("dreams");
    this.older = document.getElementById("older");
    this.search = document.getElementById("search");
    this.actions = actions;
    const load = (...args) => this.load(...args).catch((error) => this.say(error.message));
    this.older.addEventListener("click", () => load(this.next));
    let waiting;
    this.search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(load, 250);
    });
  }

  async load(before = null) {
    const query = new URLSearchParams({ search: this.search.value, ...(before ? { before } : {}) });
    const asked = (this.asked = Symbol("the latest question"));
    const { dreams, next } = await call(`/api/gallery?${query}`);
    if (asked !== this.asked) return;
    const items = dreams.map((dream) => this.item(dream));
    if (before) this.list.append(...items);
    else this.list.replaceChildren(...items);
    this.next = next;
    this.older.hidden = next === null;
    this.count();
  }

  say(words) {
    document.getElementById("none").textContent = words;
    document.getElementById("none").hidden = !words;
  }

  count() {
    this.say(this.list.children.length ? "" : this.search.value ? "No dream has such a look or layer." : "No dreams yet.");
  }

  // A new dream comes first, where it is not searched for something else; what is shown stays as it is.
  async add(dream) {
    if (this.search.value) await this.load();
    else this.list.prepend(this.item(dream));
    this.count();
  }

  item(dream) {
    const { preset, model, layers, ...changed } = dream.settings;
    const some = Object.entries(changed).slice(0, 4).map(([name, value]) => `${name} ${value ?? "none"}`);
    const with_ = [dream.guide && "a guide", dream.mask && "a mask"].filter(Boolean);
    const words = [model, Object.keys(layers ?? {}).join(", "), ...some, ...with_, ago(dream.created)].filter(Boolean).join(" · ");
    const item = document.createElement("li");
    const image = Object.assign(new Image(), { src: `/api/jobs/${dream.id}/thumb`, alt: "", loading: "lazy" });
    const thumb = Object.assign(document.createElement("button"), { type: "button", className: "thumb", ariaLabel: `Look at this dream: ${dream.look}, ${words}` });
    thumb.append(image);
    thumb.addEventListener("click", () => this.look(dream));
    const text = Object.assign(document.createElement("p"), { className: "words" });
    text.append(Object.assign(document.createElement("b"), { textContent: dream.look }), ` · ${words}`);
    const row = Object.assign(document.createElement("div"), { className: "row" });
    for (const [name, action] of Object.entries(this.actions)) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name.split(/\W/)[0], title: name, ariaLabel: name });
      button.addEventListener("click", () => action(dream, item));
      row.append(button);
    }
    item.append(thumb, row, text);
    return item;
  }
}

// How long ago a moment was, in words.
function ago(seconds) {
  const passed = Date.now() / 1000 - seconds;
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, size]) => passed >= size) ?? ["second", 1];
  return unit === "second" ? "just now" : new Intl.RelativeTimeFormat("en").format(-Math.floor(passed / size), unit);
}
