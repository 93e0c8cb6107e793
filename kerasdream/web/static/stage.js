// The stage: the picture, before and after at any zoom, or several; and the light about it.

import { loadImage } from "./api.js";
import { placed } from "./camera.js";
import { fileOf, imageOf, isFilm, noiseSize, open, pictureOf, thumbOf } from "./dreams.js";
import { Hand } from "./hand.js";
import { labelOf } from "./knobs.js";
import * as mask from "./mask.js";
import { painting, strokes } from "./paint.js";
import { Component, Follower, html } from "./parts.js";
import { isOver, jobsOf, nameOf, SAMPLE, set, shownJob, state, within } from "./state.js";

const EDGE = 24; // pixels that the handle keeps from the edge: it is never half hidden

function sizeOf(job) {
  if (job?.state === "done" && job.width) return job;
  const id = job?.picture ?? state.picture.id;
  return noiseSize(id) ?? (id === state.picture.id ? state.picture : (state.sizes[id] ?? SAMPLE));
}

let scale = 1;
const penSize = () => Math.max(1, state.pen.size / scale); // as large on the screen at any zoom

function tool() {
  if (state.tool === "brush") return strokes(penSize());
  return state.tool === "mask" ? { begin: (place) => mask.begin(place, penSize(), state.pen.erase), goOn: mask.goOn, end() {} } : null;
}

class Pane extends Component {
  componentDidMount() {
    this.watch = new ResizeObserver(([{ contentRect: room }]) => this.setState({ room }));
    this.watch.observe(this.element);
    this.hand = new Hand(this.element, { place: () => this.where, tool, handle: () => this.handle });
  }

  componentWillUnmount() {
    this.watch.disconnect();
  }

  // Before and after are parted on that part of the picture that is seen.
  handleIn({ left, top, scale, width, height }) {
    const from = Math.max(0, left);
    const to = Math.min(this.element.clientWidth, left + width * scale);
    if (to - from < 2 * EDGE) return null;
    const at = from + state.split * (to - from);
    const above = Math.max(0, top);
    const below = Math.min(this.element.clientHeight, top + height * scale);
    return { from, to, above, below, at: within(at, from + EDGE, to - EDGE), cut: (at - left) / scale };
  }

  render({ job, moment = null, main, name }, { room }) {
    const picture = sizeOf(job);
    const at = placed(state.camera, room ?? picture, picture);
    this.where = at;
    if (main) {
      scale = at.scale;
      mask.size(picture.width, picture.height);
    }
    const film = isFilm(job);
    const there = job && imageOf(job);
    const both = there && !film;
    this.handle = main && both && room && state.tool !== "mask" ? this.handleIn(at) : null;
    const cut = both ? (this.handle ? this.handle.cut : main ? state.split * picture.width : 0) : there ? 0 : picture.width;
    const after = job && (moment === null ? imageOf(job) : fileOf(job, `moments/${moment}`));
    const alt = moment !== null ? "The dream at that moment" : job?.state === "done" ? "The finished dream" : "The dream as it is by now";
    const box = `width:${at.width}px;height:${at.height}px;transform:translate(${at.left}px,${at.top}px) scale(${at.scale})`;
    const before = job?.picture ?? state.picture.id;
    const sized = (size) => set({ sizes: { ...state.sizes, [before]: size } });
    const id = (part) => (main ? part : undefined);
    return html`<div class="pane" ref=${(element) => (this.element = element)} data-tool=${main ? state.tool : "move"} id=${id("pane")}>
      <div class="canvas" data-sharp=${(at.scale > 4 && state.camera.zoom > 2) || undefined} style=${room ? box : "display:none"}>
        ${film && job.state === "done" ? html`<${Film} key=${job.id} job=${job} />`
          : job && html`<${Still} key=${job.id} class="after ${film ? "film" : ""}" id=${id("after")} src=${after} alt=${name ?? alt} />`}
        <${Still} key=${before} class="before" id=${id("before")} src=${pictureOf(before)} alt="The picture to dream on"
          onSize=${sized} style="clip-path:inset(0 ${Math.max(0, picture.width - cut)}px 0 0)" hidden=${there && cut <= 0} />
        ${main && html`<${MaskLayer} />`}
      </div>
      ${this.handle && html`<${Handle} ...${this.handle} />`}
      ${main && html`<${Pen} />`}
    </div>`;
  }
}

// A video where the studio can write one, else an animated picture.
class Film extends Component {
  render({ job }, { plain }) {
    const film = { class: "after film", id: "after", src: fileOf(job, plain ? "film.webp" : "film.mp4") };
    return plain ? html`<img ...${film} alt="The finished film" />`
      : html`<video ...${film} autoplay loop muted playsinline aria-label="The finished film" onError=${() => this.setState({ plain: true })}></video>`;
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
  return html`<div class="pen" style="width:${pen.size}px;height:${pen.size}px;left:${pointer.left}px;top:${pointer.top}px"></div>`;
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

export const Stage = () => (state.view === "comparison" ? html`<${Comparison} />` : html`<${Pane} main job=${shownJob()} moment=${state.moment} />`);

function Comparison() {
  const dreams = jobsOf(state.compared);
  const { width, height } = sizeOf(dreams[0]);
  const columns = Math.max(1, Math.round(Math.sqrt((dreams.length * innerWidth * height) / (innerHeight * width))));
  return html`<div class="comparison" style="grid-template-columns:repeat(${columns},1fr)">
    ${dreams.map((job) => html`<figure key=${job.id}>
      <${Pane} job=${job} name="The dream ${job.look}" />
      <figcaption>${nameOf(job)}</figcaption>
    </figure>`)}
  </div>`;
}

// A picture that changes when the next one is there.
export class Still extends Follower {
  componentWillUnmount() {
    this.wanted = null;
  }

  async follow() {
    const { src } = this.props;
    if (src === this.wanted) return;
    this.wanted = src;
    if (!src) return this.setState({ src: null });
    const image = await loadImage(src).catch(() => null);
    if (!image || this.wanted !== src) return; // it is gone, or another one is wanted
    this.setState({ src });
    this.props.onSize?.({ width: image.naturalWidth, height: image.naturalHeight });
  }

  render({ src: _, onSize, ...rest }, { src }) {
    return src ? html`<img ...${rest} src=${src} draggable=${false} />` : null;
  }
}

// The light about the picture: its colours, very large and very soft, where the picture does not reach.
export class Ambient extends Follower {
  async follow() {
    const job = shownJob();
    const src = (job && thumbOf(job)) ?? pictureOf(job?.picture ?? state.picture.id);
    if (src === this.src) return;
    this.src = src;
    const image = await loadImage(src).catch(() => null);
    if (image && src === this.src) this.canvas?.getContext("2d").drawImage(image, 0, 0, 16, 10);
  }

  render() {
    return html`<canvas class="ambient" ref=${(at) => (this.canvas = at)} width="16" height="10" aria-hidden="true"></canvas>`;
  }
}

// Dreams that belong together: variations, or a sweep with its knobs along the edges.
const text = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : value);

export function Grid() {
  const { kind, ids, across, x, y } = state.group;
  const tracks = (many) => `${x ? "auto " : ""}repeat(${many},minmax(0,1fr))`;
  const axis = ({ knob }, value) => html`<small>${labelOf(knob)}</small> ${text(value)}`;
  return html`<div id="grid" class=${kind} style="grid-template:${tracks(ids.length / across)}/${tracks(across)}" role="group" aria-label=${x ? "The dreams of the sweep" : "Four variations"}>
    ${x && html`<span class="axis"></span>${x.values.map((value) => html`<span class="axis">${axis(x, value)}</span>`)}`}
    ${ids.map((id, i) => [
      x && i % across === 0 && html`<span class="axis side">${y && axis(y, y.values[i / across])}</span>`,
      html`<${Cell} key=${id} job=${state.jobs[id]} named=${!x} />`])}
  </div>`;
}

const HOW = { queued: "waits", running: "is being dreamt", cancelled: "cancelled" };

function Cell({ job, named }) {
  if (!job) return html`<span class="cell"></span>`;
  const how = HOW[job.state] ?? job.error;
  return html`<button class="cell" data-state=${job.state} aria-label="${nameOf(job)} ${how}" onClick=${() => open(job.id)}>
    <${Still} class="under" src=${pictureOf(job.picture)} alt="" />
    <${Still} src=${imageOf(job)} alt="" />
    ${named && html`<span class="name">${nameOf(job)}</span>`}
    ${isOver(job) ? job.state !== "done" && html`<span class="name fault">${how}</span>` : html`<progress max="1" value=${job.progress?.done ?? 0} aria-hidden="true"></progress>`}
  </button>`;
}
