// The gallery: all dreams, newest first; favourites; several side by side.

import { call } from "./api.js";
import { again, deeper, favour, forget, open } from "./dreams.js";
import { html, Part } from "./html.js";
import { Button, IconButton } from "./menu.js";
import { know, set, state, tried } from "./state.js";

const change = (changes) => set({ gallery: { ...state.gallery, ...changes } });

let asked = null;

export const loadGallery = tried(async (before = null) => {
  const { search, favourites } = state.gallery;
  const query = new URLSearchParams({ search, ...(favourites ? { favourites: 1 } : {}), ...(before ? { before } : {}) });
  const mine = (asked = Symbol("the latest question"));
  const { dreams, next } = await call(`/api/gallery?${query}`);
  if (mine !== asked) return;
  know(...dreams);
  const ids = dreams.map((dream) => dream.id);
  change({ dreams: before ? [...state.gallery.dreams, ...ids] : ids, next, loaded: true });
});

let waiting;
const search = (event) => {
  change({ search: event.target.value });
  clearTimeout(waiting);
  waiting = setTimeout(loadGallery, 250);
};

export class Gallery extends Part {
  render() {
    const { gallery } = state;
    const dreams = gallery.dreams.map((id) => state.jobs[id]).filter((job) => job && (!gallery.favourites || job.favourite));
    const chosen = gallery.chosen.length;
    return html`<section id="gallery" aria-label="Gallery">
      <div class="head">
        <h2>Gallery</h2>
        <label class="search"><span class="hidden">Search the gallery</span><input id="search" type="search" placeholder="A look, a layer, a word" value=${gallery.search} onInput=${search} /></label>
        <button type="button" id="favourites" class="heart" aria-pressed=${gallery.favourites} onClick=${() => { change({ favourites: !gallery.favourites }); loadGallery(); }}>Favourites</button>
        ${chosen > 0 && html`<${Button} id="compare" class="strong" icon="columns" disabled=${chosen < 2} label=${chosen < 2 ? "Choose one more to compare" : `Compare ${chosen}`} onClick=${() => set({ view: "comparison", compared: gallery.chosen })} />
          <${Button} class="quiet" label="Choose none" onClick=${() => change({ chosen: [] })} />`}
      </div>
      <ul id="dreams">${dreams.map((job) => html`<${Item} key=${job.id} job=${job} />`)}</ul>
      ${!dreams.length && gallery.loaded && html`<p id="none" class="note">${gallery.search ? "No dream has such a look or layer." : gallery.favourites ? "No favourites yet: the heart under a dream makes it one." : "No dreams yet."}</p>`}
      ${gallery.next && html`<${Button} id="older" label="Older dreams" onClick=${() => loadGallery(gallery.next)} />`}
    </section>`;
  }
}

function Item({ job }) {
  const { preset, model, layers, ...changed } = job.settings;
  const some = Object.entries(changed).slice(0, 4).map(([name, value]) => `${name} ${value ?? "none"}`);
  const with_ = [job.guide && "a guide", job.mask && "a mask"].filter(Boolean);
  const words = [model, Object.keys(layers ?? {}).join(", "), ...some, ...with_, ago(job.created)].filter(Boolean).join(" · ");
  const name = job.label || job.look;
  const chosen = state.gallery.chosen.includes(job.id);
  const choose = () => change({ chosen: chosen ? state.gallery.chosen.filter((id) => id !== job.id) : [...state.gallery.chosen, job.id] });
  return html`<li class=${chosen ? "chosen" : ""}>
    <button type="button" class="thumb" aria-label=${`Look at this dream: ${name}, ${words}`} onClick=${() => open(job.id)}>
      <img src=${`/api/jobs/${job.id}/thumb`} alt="" loading="lazy" width=${job.width} height=${job.height} />
    </button>
    <p class="words"><b>${name}</b> <small>${words}</small></p>
    <div class="row">
      <label class="check"><input type="checkbox" checked=${chosen} aria-label=${`Compare ${name}`} onChange=${choose} /></label>
      <${IconButton} class="quiet small heart" icon="heart" label=${job.favourite ? `${name} is no favourite any more` : `${name} is a favourite`} aria-pressed=${Boolean(job.favourite)} onClick=${() => favour(job)} />
      <${IconButton} class="quiet small" icon="again" label="Again with these settings" onClick=${() => again(job)} />
      <${IconButton} class="quiet small" icon="deeper" label="Deeper: dream on from here" onClick=${() => deeper(job, false)} />
      <${IconButton} class="quiet small" icon="delete" label="Delete" onClick=${() => forget(job)} />
    </div>
  </li>`;
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

// How long ago a moment was, in words; the page is drawn anew each minute.
export function ago(seconds) {
  const passed = state.now / 1000 - seconds;
  const [unit, size] = UNITS.find(([, long]) => passed >= long) ?? ["second", 1];
  return unit === "second" ? "just now" : new Intl.RelativeTimeFormat("en").format(-Math.floor(passed / size), unit);
}
