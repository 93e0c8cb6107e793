// The stage: the picture as large as the screen, before and after at any zoom, and the panes of several.

import { strokes } from "./brush.js";
import { placed } from "./camera.js";
import { fileOf, imageOf, isFilm, noiseSize, pictureOf } from "./dreams.js";
import { Hand } from "./hand.js";
import * as mask from "./mask.js";
import { Component, html } from "./parts.js";
import { jobsOf, nameOf, set, shownJob, state, within } from "./state.js";
import { Still } from "./still.js";

const EDGE = 24; // pixels that the handle keeps from the edge: it is never half hidden

function sizeOf(job) {
  if (job?.state === "done" && job.width) return job;
  const id = job?.picture ?? state.picture.id;
  return noiseSize(id) ?? (id === state.picture.id ? state.picture : (state.sizes[id] ?? { width: 768, height: 512 }));
}

let scale = 1;
const penSize = () => Math.max(1, state.pen.size / scale); // as large on the screen at any zoom
const painting = () => ["mask", "brush"].includes(state.tool);

function tool() {
  if (state.tool === "brush") return strokes(penSize());
  return state.tool === "mask" ? { begin: (place) => mask.begin(place, penSize(), state.pen.erase), goOn: mask.goOn, end() {} } : null;
}

class Pane extends Component {
  componentDidMount() {
    this.watch = new ResizeObserver(([{ contentRect: { width, height } }]) => this.setState({ width, height }));
    this.watch.observe(this.element);
    this.hand = new Hand(this.element, { place: () => this.where, tool, handle: () => this.handle });
  }

  componentWillUnmount() {
    this.watch.disconnect();
  }

  // The handle between before and after, where there are both: on the part of the picture that is seen.
  handleIn({ left, top, scale, width, height }, pane) {
    const from = Math.max(0, left);
    const to = Math.min(pane.width, left + width * scale);
    if (to - from < 2 * EDGE) return null;
    const at = from + state.split * (to - from);
    const above = Math.max(0, top);
    const below = Math.min(pane.height, top + height * scale);
    return { from, to, above, below, at: within(at, from + EDGE, to - EDGE), cut: (at - left) / scale };
  }

  render({ job, moment = null, insets, main, name }, { width = 0, height = 0 }) {
    const picture = sizeOf(job);
    const pane = { width, height, ...insets };
    const at = { ...placed(state.camera, pane, picture), width: picture.width, height: picture.height };
    this.where = at;
    if (main) {
      scale = at.scale;
      mask.size(picture.width, picture.height);
    }
    const film = isFilm(job);
    const both = job && imageOf(job) && !film;
    this.handle = main && both && width && state.tool !== "mask" ? this.handleIn(at, pane) : null;
    const cut = both ? (this.handle ? this.handle.cut : main ? state.split * picture.width : 0) : picture.width;
    const after = job && (moment === null ? imageOf(job) : fileOf(job, `moments/${moment}`));
    const alt = moment !== null ? "The dream at that moment" : job?.state === "done" ? "The finished dream" : "The dream as it is by now";
    const box = `width:${at.width}px;height:${at.height}px;transform:translate(${at.left}px,${at.top}px) scale(${at.scale})`;
    const before = job?.picture ?? state.picture.id;
    const sized = (size) => noiseSize(before) || set({ sizes: { ...state.sizes, [before]: size } });
    const id = (part) => (main ? part : undefined);
    return html`<div class="pane" ref=${(element) => (this.element = element)} data-tool=${main ? state.tool : "move"} id=${id("pane")}>
      <div class="canvas" data-sharp=${(at.scale > 4 && state.camera.zoom > 2) || undefined} style=${width ? box : "display:none"}>
        ${film && job.state === "done" ? html`<${Film} key=${job.id} job=${job} />`
          : job && html`<${Still} key=${job.id} class="after ${film ? "film" : ""}" id=${id("after")} src=${after} alt=${name ?? alt} />`}
        <${Still} key=${before} class="before" id=${id("before")} src=${pictureOf(before)} alt="The picture to dream on"
          onSize=${sized} style="clip-path:inset(0 ${Math.max(0, picture.width - cut)}px 0 0)" hidden=${both && cut <= 0} />
        ${main && html`<${MaskLayer} />`}
      </div>
      ${this.handle && html`<${Handle} ...${this.handle} />`}
      ${main && html`<${Pen} />`}
    </div>`;
  }
}

// A finished film: as a video where the studio can write one, else as an animated picture.
class Film extends Component {
  render({ job }, { plain }) {
    return plain ? html`<img class="after film" id="after" src=${fileOf(job, "film.webp")} alt="The finished film" />`
      : html`<video class="after film" id="after" src=${fileOf(job, "film.mp4")} autoplay loop muted playsinline aria-label="The finished film" onError=${() => this.setState({ plain: true })}></video>`;
  }
}

const hold = (layer) => layer?.append(mask.canvas);

function MaskLayer() {
  const seen = painting() || (state.mask && !state.shown);
  const blur = state.tool === "brush" ? 0 : state.pen.feather;
  return html`<div class="mask" style="filter:blur(${blur}px)" hidden=${!seen} ref=${hold}></div>`;
}

function Pen() {
  const { pointer, pen } = state;
  if (!pointer || !painting()) return null;
  const box = document.getElementById("pane").getBoundingClientRect();
  return html`<div class="pen" style="width:${pen.size}px;height:${pen.size}px;left:${pointer.clientX - box.left}px;top:${pointer.clientY - box.top}px"></div>`;
}

const STEPS = { ArrowLeft: -0.02, ArrowRight: 0.02, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 };

function Handle({ at, above, below }) {
  const percent = Math.round(100 * state.split);
  const key = (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    event.stopPropagation();
    set({ split: within(state.split + STEPS[event.key], 0, 1) });
  };
  return html`<div id="handle" role="slider" tabindex="0" aria-label="Before and after" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}
    aria-valuetext="${percent} % before" style="transform:translate(${at}px,${above}px);height:${below - above}px" onKeyDown=${key}><span>⟨ ⟩</span></div>`;
}

const INSETS = {
  wide: { top: 68, bottom: 148, left: 24, right: 24 },
  narrow: { top: 56, bottom: 150, left: 0, right: 0 },
  bare: { top: 0, bottom: 0, left: 0, right: 0 },
  several: { top: 6, bottom: 34, left: 6, right: 6 },
};

export function Stage() {
  if (state.view === "comparison") return html`<${Comparison} />`;
  const insets = state.bare ? INSETS.bare : innerWidth < 760 ? INSETS.narrow : INSETS.wide;
  return html`<${Pane} main job=${shownJob()} moment=${state.moment} insets=${insets} />`;
}

function Comparison() {
  const dreams = jobsOf(state.compared);
  const rows = Math.ceil(dreams.length / Math.ceil(Math.sqrt((dreams.length * innerWidth) / innerHeight)));
  return html`<div class="comparison" style="grid-template-columns:repeat(${Math.ceil(dreams.length / rows)},1fr)">
    ${dreams.map((job) => html`<figure key=${job.id}>
      <${Pane} job=${job} insets=${INSETS.several} name="The dream ${job.look}" />
      <figcaption>${nameOf(job)}</figcaption>
    </figure>`)}
  </div>`;
}
