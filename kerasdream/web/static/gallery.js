// The gallery: all dreams, newest first.

import { call } from "./api.js";
import { again, deeper, favour, fileOf, forget, open } from "./dreams.js";
import { Button, html, IconButton, Section } from "./parts.js";
import { jobsOf, know, nameOf, set, state, tried } from "./state.js";

const change = (changes) => set({ gallery: { ...state.gallery, ...changes } });

let latest; // question

export const loadGallery = tried(async (before) => {
  const { search, favourites } = state.gallery;
  const query = new URLSearchParams({ search, ...(favourites && { favourites: 1 }), ...(before && { before }) });
  latest = query;
  const { dreams, next } = await call(`gallery?${query}`);
  if (latest !== query) return;
  know(...dreams);
  const ids = dreams.map((dream) => dream.id);
  change({ dreams: before ? [...state.gallery.dreams, ...ids] : ids, next, loaded: true });
});

let waiting;
const search = ({ target }) => {
  change({ search: target.value });
  clearTimeout(waiting);
  waiting = setTimeout(loadGallery, 250);
};

export function Gallery() {
  const { gallery } = state;
  const { favourites, chosen } = gallery;
  const dreams = jobsOf(gallery.dreams).filter((job) => !favourites || job.favourite);
  const turn = () => {
    change({ favourites: !favourites });
    loadGallery();
  };
  const head = html`
    <input id="search" class="search" type="search" aria-label="Search the gallery" placeholder="A look, a layer, a word" value=${gallery.search} onInput=${search} />
    <button id="favourites" class="heart" aria-pressed=${favourites} onClick=${turn}>Favourites</button>
    ${chosen.length > 0 && html`<${Button} id="compare" class="strong" icon="columns" disabled=${!chosen[1]} label=${chosen[1] ? `Compare ${chosen.length}` : "Choose one more to compare"} onClick=${() => set({ view: "comparison", compared: chosen })} />
      <${Button} class="quiet" label="Choose none" onClick=${() => change({ chosen: [] })} />`}`;
  const none = gallery.search ? "No dream has such a look or layer." : favourites ? "No favourites yet: the heart under a dream makes it one." : "No dreams yet.";
  return html`<${Section} name="Gallery" head=${head}>
    <ul id="dreams">${dreams.map((job) => html`<${Item} key=${job.id} job=${job} />`)}</ul>
    ${!dreams.length && gallery.loaded && html`<p id="none" class="note">${none}</p>`}
    ${gallery.next && html`<${Button} id="older" label="Older dreams" onClick=${() => loadGallery(gallery.next)} />`}
  <//>`;
}

function Item({ job }) {
  const { preset, model, layers = {}, ...changed } = job.settings;
  const some = Object.entries(changed).slice(0, 4).map(([name, value]) => `${name} ${value ?? "none"}`);
  const words = [model, Object.keys(layers).join(", "), ...some, job.guide && "a guide", job.mask && "a mask", ago(job.created)].filter(Boolean).join(" · ");
  const name = nameOf(job);
  const { chosen } = state.gallery;
  const isChosen = chosen.includes(job.id);
  const choose = () => change({ chosen: isChosen ? chosen.filter((id) => id !== job.id) : [...chosen, job.id] });
  return html`<li class=${isChosen && "chosen"}>
    <button class="thumb" aria-label="Look at this dream: ${name}, ${words}" onClick=${() => open(job.id)}>
      <img src=${fileOf(job, "thumb")} alt="" loading="lazy" width=${job.width} height=${job.height} />
    </button>
    <p class="words"><b>${name}</b> <small>${words}</small></p>
    <div class="row">
      <label class="check"><input type="checkbox" checked=${isChosen} aria-label="Compare ${name}" onChange=${choose} /></label>
      <${IconButton} class="small heart" icon="heart" label="${name} is ${job.favourite ? "no favourite any more" : "a favourite"}" aria-pressed=${job.favourite} onClick=${() => favour(job)} />
      <${IconButton} class="small" icon="again" label="Again with these settings" onClick=${() => again(job)} />
      <${IconButton} class="small" icon="deeper" label="Deeper: dream on from here" onClick=${() => deeper(job, false)} />
      <${IconButton} class="small" icon="delete" label="Delete" onClick=${() => forget(job)} />
    </div>
  </li>`;
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const RELATIVE = new Intl.RelativeTimeFormat("en");

function ago(seconds) {
  const passed = state.now / 1000 - seconds;
  const [unit, size] = UNITS.find(([, long]) => passed >= long) ?? [];
  return unit ? RELATIVE.format(-Math.floor(passed / size), unit) : "just now";
}
