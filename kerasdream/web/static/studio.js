// The page: one state, drawn by one function.

import { read as readAddress, write as writeAddress } from "./address.js";
import { Ambient } from "./ambient.js";
import { call } from "./api.js";
import { Bar, Drawer, Rail, Tools } from "./bar.js";
import { goOn } from "./brush.js";
import { Dock, words } from "./dock.js";
import { BEEN, listenToAll, open, show } from "./dreams.js";
import { Gallery, loadGallery } from "./gallery.js";
import { Grid } from "./grid.js";
import { html, render as put } from "./html.js";
import { Help, listenForKeys } from "./keys.js";
import { loadLooks } from "./looks.js";
import { Button, closeMenus, IconButton } from "./menu.js";
import { askForWall, listenForPictures } from "./picture.js";
import { lookClosely } from "./seen.js";
import { faulty, loadLayers } from "./settings.js";
import { Stage } from "./stage.js";
import { drawWith, set, shownJob, state, tried } from "./state.js";
import { readTheme, showTheme } from "./theme.js";

const REST = 2500; // milliseconds without a hand after which the controls fade

function Studio() {
  const { view, group, bare, fault, toast } = state;
  const job = shownJob();
  return html`<div class="studio" data-view=${view} data-tool=${state.tool} data-bare=${bare ? "" : undefined}>
    <${Bar} />
    ${view === "gallery" ? html`<main class="page"><${Gallery} /></main>` : html`<main id="stage" aria-label="The picture">
      <${Ambient} />
      ${view === "stage" && group ? html`<${Grid} />` : html`<${Stage} />`}
      ${!(view === "stage" && group) && html`<${Tools} />`}
      ${view === "stage" && html`<${Intro} />`}
      <${Words} fault=${fault && !(state.drawer === "knobs" && faulty(fault)) ? fault : ""} toast=${toast} />
      ${view === "stage" && html`<${Dock} />`}
      ${view === "comparison" && html`<div id="dock"><div class="card"><${Button} label="Back to the studio" onClick=${() => set({ view: "stage" })} /></div></div>`}
    </main>`}
    ${!bare && view !== "gallery" && html`<${Drawer} />`}
    ${!bare && html`<${Rail} />`}
    <p id="announced" class="hidden" role="status">${job ? words(job) : ""}</p>
    <p class="dropping" aria-hidden="true">Let go: it is dreamt on next</p>
    <${Help} />
  </div>`;
}

function Intro() {
  if (state.been || state.group || state.tool !== "move" || state.picture.id !== "sample" || (state.shown && state.shown !== state.welcome)) return null;
  return html`<p id="intro"><span>Drop a picture, </span><span>choose a look, </span><span>dream.</span></p>`;
}

function Words({ fault, toast }) {
  return html`<div id="words">
    <div role="alert">${fault && html`<p id="fault"><span>${fault}</span><${IconButton} class="quiet small" icon="close" label="Read" onClick=${() => set({ fault: "" })} /></p>`}</div>
    <div role="status">${toast && html`<p id="toast"><span>${toast.words}</span>${toast.action && html`<${Button} label=${toast.label} onClick=${() => { const { action } = toast; set({ toast: null }); action(); }} />`}</p>`}</div>
  </div>`;
}

// Draw the page as the state is, and let follow what follows from it.
function render() {
  put(html`<${Studio} />`, document.getElementById("app"));
  if (state.quick) return lookClosely();
  showTheme();
  const running = state.jobs[state.queue[0]];
  document.title = running?.state === "running" ? `${Math.round(100 * running.progress.done)} % · kerasdream` : "kerasdream studio";
  writeAddress();
  goOn();
  const { fault } = state;
  if (fault && fault !== render.fault && faulty(fault) && state.drawer !== "knobs") set({ drawer: "knobs", view: "stage", search: "" });
  render.fault = fault;
  return undefined;
}

function fadeAtRest() {
  let resting;
  const wake = () => {
    document.documentElement.classList.remove("resting");
    clearTimeout(resting);
    resting = setTimeout(() => document.documentElement.classList.add("resting"), REST);
  };
  for (const kind of ["pointermove", "pointerdown", "keydown"]) addEventListener(kind, wake, { passive: true });
}

// A dream is there from the beginning: the one of the address, or the one that the studio has made of its sample.
async function first(dream) {
  if (dream) return open(dream);
  const welcome = await call("/api/welcome").catch(() => null);
  if (state.shown || state.picture.id !== "sample" || state.asking) return null;
  if (!welcome) return setTimeout(first, 1500); // it is being made
  set({ jobs: { ...state.jobs, [welcome.id]: welcome }, welcome: welcome.id });
  show(welcome.id);
  return set({ split: 0.5 });
}

readTheme();
const schema = await call("/api/schema");
const small = innerWidth < 760;
set({ schema, look: schema.looks[0].name, model: schema.model ?? schema.models[0], drawer: small ? null : "looks", been: Boolean(localStorage.getItem(BEEN)) });
const dream = readAddress();
drawWith(render);
addEventListener("pointerdown", closeMenus);
addEventListener("resize", () => set({}));
setInterval(() => document.hidden || set({ now: Date.now() }), 60_000);
for (const listen of [listenForPictures, listenForKeys, listenToAll, fadeAtRest]) listen();
await Promise.all([loadGallery(), tried(first)(dream), loadLooks(), tried(loadLayers)()]);
askForWall();
document.documentElement.dataset.ready = "yes";
