// Painting: the mask, and the brush, which dreams where one paints, while one paints.

import { post, upload } from "./api.js";
import { asPicture, show } from "./dreams.js";
import * as mask from "./mask.js";
import { Button, html, Section, Slider } from "./parts.js";
import { asked, valueOf } from "./settings.js";
import { ALONE, isOver, know, set, shownJob, state, tried } from "./state.js";

export const painting = () => ["mask", "brush"].includes(state.tool);
const turn = (changes) => set({ pen: { ...state.pen, ...changes } });

// Back to the dream before the last stroke, or to the picture.
export function takeBack() {
  const { label, parent } = shownJob() ?? {};
  if (label !== "Brush") return;
  if (parent) show(parent);
  else set(ALONE);
}

export const use = (tool) => set({ tool: state.tool === tool ? "move" : tool, drawer: tool === "touch" ? "layers" : "paint" });

export function Paint() {
  const { tool, pen } = state;
  const choice = (name, about) => html`<button id="tool-${name}" aria-pressed=${tool === name} onClick=${() => use(name)}><b>${name}</b><small>${about}</small></button>`;
  return html`<${Section} name="Paint">
    <div class="choices">
      ${choice("mask", "Paint where the next dream goes")}
      ${choice("brush", "Dreams where you paint, while you paint")}
    </div>
    <${Slider} id="pen-size" label="Size" min="6" max="300" value=${pen.size} onInput=${(size) => turn({ size })} />
    ${tool === "brush" ? html`<${Button} id="take-back" icon="undo" label="Undo" disabled=${shownJob()?.label !== "Brush"} onClick=${takeBack} />` : html`<${Slider} id="pen-feather" label="Feather" min="0" max="60" value=${pen.feather} onInput=${(feather) => turn({ feather })} />
    <div class="row">
      <button id="eraser" aria-pressed=${pen.erase} onClick=${() => turn({ erase: !pen.erase })}>Eraser</button>
      <${Button} id="invert" label="Invert" onClick=${mask.invert} />
      <${Button} id="undo" icon="undo" label="Undo" disabled=${!state.mask} onClick=${mask.undo} />
      <${Button} id="clear" label="Clear" disabled=${!state.mask} onClick=${mask.blank} />
    </div>`}
    <p class="note">${tool === "brush" ? "Each stroke is dreamt with the look you chose, on what is there." : "An empty mask means everywhere."} Hold Alt to move the picture, or use two fingers.</p>
  <//>`;
}

const EVERY = 900; // milliseconds of a long stroke after which its beginning is dreamt
const QUICK = { iterations: 8, num_octave: 2, octaves_above: 0, max_loss: null, detail: "kept" };

let mine = null; // id of the dream of the last stroke, until it has ended
let began = 0;

// Each stroke goes on from the dream of the one before.
export const strokes = (size) => ({
  begin: (place) => {
    began = performance.now();
    mask.begin(place, size);
  },
  goOn: (place) => {
    if (!state.mask) mask.begin(place, size);
    mask.goOn(place);
    if (performance.now() - began > EVERY) next();
  },
  end: next,
});

const next = tried(async () => {
  if (mine || !state.mask) return;
  if (mask.misses()) return mask.blank();
  mine = "asked";
  began = performance.now();
  try {
    const parent = shownJob();
    const done = parent?.state === "done";
    const blob = mask.maskBlob(Math.max(4, state.pen.size / 5));
    const picture = done ? (await asPicture(parent)).id : (parent?.picture ?? state.picture.id);
    const painted = (await upload(await blob)).id;
    mask.blank();
    const settings = { ...asked(), ...QUICK, step: [valueOf("step")].flat()[0] };
    const family = done ? { parent: parent.id, relation: "brush" } : {};
    const job = await post("jobs", { picture, settings, guide: state.guide, mask: painted, urgent: true, label: "Brush", ...family });
    know(job);
    mine = job.id;
    const { camera } = state;
    show(job.id);
    set({ camera });
  } catch (error) {
    mine = null;
    throw error;
  }
});

export function goOn() {
  if (!state.jobs[mine] || !isOver(state.jobs[mine])) return;
  mine = null;
  if (state.tool === "brush") next();
}
