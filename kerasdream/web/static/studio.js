// The page: one state, drawn by one function.

import { readAddress, writeAddress } from "./address.js";
import { call } from "./api.js";
import { lookClosely } from "./atlas.js";
import { Bar, Drawer, Rail, Tools } from "./bar.js";
import { Dock, words } from "./dock.js";
import { listenToAll, open, show } from "./dreams.js";
import { Gallery, loadGallery } from "./gallery.js";
import { Help, listenForKeys } from "./keys.js";
import { loadLooks } from "./looks.js";
import { goOn } from "./paint.js";
import { Button, closeMenus, html, IconButton, Part, render as put } from "./parts.js";
import { askForWall, listenForPictures } from "./picture.js";
import { faulty, loadLayers } from "./settings.js";
import { Ambient, Grid, Stage } from "./stage.js";
import { drawWith, know, set, shownJob, state, tried } from "./state.js";

const REST = 2500; // milliseconds without a hand after which the controls fade

function Studio() {
  const { view, tool, bare } = state;
  const group = view === "stage" && state.group;
  const job = shownJob();
  return html`<div class="studio" data-view=${view} data-tool=${tool} data-bare=${bare || undefined}>
    <${Part} of=${Bar} />
    ${view === "gallery" ? html`<main class="page"><${Part} of=${Gallery} /></main>` : html`<main id="stage" aria-label="The picture">
      <${Part} of=${Ambient} />
      ${group ? html`<${Part} of=${Grid} />` : html`<${Stage} /><${Tools} />`}
      ${view === "stage" && html`<${Intro} />`}
      <${Words} />
      <${Part} of=${Dock} />
    </main>`}
    ${!bare && view !== "gallery" && html`<${Part} of=${Drawer} />`}
    ${!bare && html`<${Part} of=${Rail} />`}
    <p id="announced" class="hidden" role="status">${job && words(job)}</p>
    <${Help} />
  </div>`;
}

function Intro() {
  if (state.been || state.group || state.tool !== "move" || state.picture.id !== "sample" || (state.shown && state.shown !== state.welcome)) return null;
  return html`<p id="intro">${"Drop a picture,\nchoose a look,\ndream."}</p>`;
}

function Words() {
  const { fault, toast } = state;
  const elsewhere = state.drawer === "knobs" && faulty(fault); // beside its knob
  const act = () => {
    set({ toast: null });
    toast.action();
  };
  return html`<div id="words">
    <div role="alert">${fault && !elsewhere && html`<p id="fault"><span>${fault}</span><${IconButton} class="small" icon="close" label="Read" onClick=${() => set({ fault: "" })} /></p>`}</div>
    <div role="status">${toast && html`<p id="toast"><span>${toast.words}</span>${toast.action && html`<${Button} label=${toast.label} onClick=${act} />`}</p>`}</div>
  </div>`;
}

let faultBefore;

function render() {
  put(html`<${Studio} />`, document.getElementById("app"));
  lookClosely();
  if (state.quick) return;
  document.documentElement.dataset.theme = state.theme;
  const running = state.jobs[state.queue[0]];
  document.title = running?.state === "running" ? `${Math.round(100 * running.progress.done)} % · kerasdream` : "kerasdream studio";
  writeAddress();
  goOn();
  if (state.wall.of) askForWall(); // of another picture, or with another network
  const { fault } = state;
  if (fault !== faultBefore && faulty(fault) && state.drawer !== "knobs") set({ drawer: "knobs", view: "stage", search: "" });
  faultBefore = fault;
}

function fadeAtRest() {
  const { classList } = document.documentElement;
  let resting;
  const wake = () => {
    classList.remove("resting");
    clearTimeout(resting);
    resting = setTimeout(() => classList.add("resting"), REST);
  };
  for (const kind of ["pointermove", "pointerdown", "keydown"]) addEventListener(kind, wake);
}

// The dream of the address, or the one that the studio has made of its sample.
async function first(dream) {
  if (dream) return open(dream);
  const welcome = await call("welcome").catch(() => null);
  if (state.shown || state.picture.id !== "sample" || state.asking) return;
  if (!welcome) return setTimeout(first, 1500); // it is being made
  know(welcome);
  show(welcome.id);
  set({ split: 0.5, welcome: welcome.id });
}

const schema = await call("schema");
set({ schema, look: schema.looks[0].name, model: schema.model });
const dream = readAddress();
drawWith(render);
addEventListener("pointerdown", closeMenus);
addEventListener("resize", () => set({}));
setInterval(() => document.hidden || set({ now: Date.now() }), 60_000);
for (const listen of [listenForPictures, listenForKeys, listenToAll, fadeAtRest]) listen();
await Promise.all([loadGallery(), tried(first)(dream), loadLooks(), tried(loadLayers)()]);
askForWall();
document.documentElement.dataset.ready = "yes";
