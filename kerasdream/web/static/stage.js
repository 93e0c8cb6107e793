// The stage: the picture as large as the screen, before and after at any zoom, and the panes of several.

import { strokes } from "./brush.js";
import { placed } from "./camera.js";
import { hasPreview, imageOf, isFilm, noise, pictureOf } from "./dreams.js";
import { Hand } from "./hand.js";
import { Component, html } from "./html.js";
import * as mask from "./mask.js";
import { set, shownJob, state } from "./state.js";
import { Still } from "./still.js";

const EDGE = 24; // pixels that the handle keeps from the edge: it is never half hidden

export function sizeOf(job) {
  if (job?.state === "done" && job.width) return { width: job.width, height: job.height };
  const id = job?.picture ?? state.picture.id;
  const [, wide, high] = id.match(/^noise:(\d+)x(\d+)$/) ?? [];
  if (wide) return { width: Number(wide), height: Number(high) };
  if (id === state.picture.id) return state.picture;
  return state.sizes[id] ?? { width: 768, height: 512 };
}

const MASK = { begin: (place) => mask.begin(place, { ...state.pen, size: penSize() }), goOn: mask.goOn, end: () => {} };
let scale = 1;
export const penSize = () => Math.max(1, state.pen.size / scale); // as large on the screen at any zoom

function tool() {
  if (state.tool === "mask") return MASK;
  if (state.tool === "brush") return strokes(penSize());
  return null;
}

export class Pane extends Component {
  componentDidMount() {
    this.watch = new ResizeObserver(([entry]) => this.setState({ width: entry.contentRect.width, height: entry.contentRect.height }));
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
    return { from, to, above, below, at: Math.min(to - EDGE, Math.max(from + EDGE, at)), cut: (at - left) / scale };
  }

  render({ job, moment, insets, main, name }, { width = 0, height = 0 }) {
    const picture = sizeOf(job);
    const pane = { width, height, ...insets };
    const at = { ...placed(state.camera, pane, picture), width: picture.width, height: picture.height };
    this.where = at;
    if (main) scale = at.scale;
    if (main) mask.size(picture.width, picture.height);
    const film = isFilm(job);
    const both = job && hasPreview(job) && !film;
    this.handle = main && both && width && state.tool !== "mask" ? this.handleIn(at, pane) : null;
    const cut = both ? (this.handle ? this.handle.cut : main ? state.split * picture.width : 0) : picture.width;
    const after = job && (moment !== null && moment !== undefined ? `/api/jobs/${job.id}/moments/${moment}` : imageOf(job));
    const box = `width:${at.width}px;height:${at.height}px;transform:translate(${at.left}px,${at.top}px) scale(${at.scale})`;
    const before = job?.picture ?? state.picture.id;
    const sized = (w, h) => noise(before) || set({ sizes: { ...state.sizes, [before]: { width: w, height: h } } });
    const alt = moment !== null && moment !== undefined ? "The dream at that moment" : job?.state === "done" ? "The finished dream" : "The dream as it is by now";
    return html`<div class="pane" ref=${(at) => (this.element = at)} data-tool=${main ? state.tool : "move"} id=${main ? "pane" : undefined}>
      <div class="canvas" data-sharp=${at.scale > 4 && state.camera.zoom > 2 ? "" : undefined} style=${width ? box : "display:none"}>
        ${film && job.state === "done" ? html`<${Film} key=${job.id} job=${job} />` : job && html`<${Still} key=${job.id} class=${film ? "after film" : "after"} id=${main ? "after" : undefined} src=${after} alt=${name ?? alt} />`}
        <${Still} key=${before} class="before" id=${main ? "before" : undefined} src=${pictureOf(before)} alt="The picture to dream on"
          onSize=${sized} style=${`clip-path:inset(0 ${Math.max(0, picture.width - cut)}px 0 0)`} hidden=${both && cut <= 0} />
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
    const own = `/api/jobs/${job.id}/film`;
    return plain ? html`<img class="after film" id="after" src=${`${own}.webp`} alt="The finished film" />`
      : html`<video class="after film" id="after" src=${`${own}.mp4`} autoplay loop muted playsinline aria-label="The finished film" onError=${() => this.setState({ plain: true })}></video>`;
  }
}

class MaskLayer extends Component {
  render() {
    const seen = state.tool === "mask" || state.tool === "brush" || (state.mask && !state.shown);
    const soft = state.pen.feather > 0 && state.tool !== "brush" ? `filter:blur(${state.pen.feather}px)` : "";
    return html`<div class="mask" style=${soft} hidden=${!seen} ref=${(at) => at && !at.firstChild && at.append(mask.maskCanvas)}></div>`;
  }
}

const Pen = () => {
  const { pointer, tool, pen } = state;
  if (!pointer || (tool !== "mask" && tool !== "brush")) return null;
  const box = document.getElementById("pane").getBoundingClientRect();
  return html`<div class="pen" style=${`width:${pen.size}px;height:${pen.size}px;left:${pointer.clientX - box.left}px;top:${pointer.clientY - box.top}px`}></div>`;
};

const STEPS = { ArrowLeft: -0.02, ArrowRight: 0.02, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 };

function Handle({ at, above, below }) {
  const percent = Math.round(100 * state.split);
  const key = (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    event.stopPropagation();
    set({ split: Math.min(1, Math.max(0, state.split + STEPS[event.key])) });
  };
  return html`<div id="handle" role="slider" tabindex="0" aria-label="Before and after" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}
    aria-valuetext=${`${percent} % before`} style=${`transform:translate(${at}px,${above}px);height:${below - above}px`} onKeyDown=${key}><span>⟨ ⟩</span></div>`;
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
  const dreams = state.compared.map((id) => state.jobs[id]).filter(Boolean);
  const rows = Math.ceil(dreams.length / Math.ceil(Math.sqrt((dreams.length * innerWidth) / innerHeight)));
  return html`<div class="comparison" style=${`grid-template-columns:repeat(${Math.ceil(dreams.length / rows)},1fr)`}>
    ${dreams.map((job) => html`<figure key=${job.id}>
      <${Pane} job=${job} insets=${INSETS.several} name=${`The dream ${job.look}`} />
      <figcaption>${job.label || job.look}</figcaption>
    </figure>`)}
  </div>`;
}
