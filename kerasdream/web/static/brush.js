// The brush: dreams only where one paints, while one paints. Each stroke goes on from the dream of the one before.

import { post, upload } from "./api.js";
import { asPicture, show } from "./dreams.js";
import * as mask from "./mask.js";
import { asked, valueOf } from "./settings.js";
import { isOver, know, set, shownJob, state, tried } from "./state.js";

const EVERY = 900; // milliseconds of a long stroke after which its beginning is dreamt
const QUICK = { iterations: 8, num_octave: 2, octaves_above: 0, max_loss: null, detail: "kept" };

let mine = null; // id of the dream of the last stroke, until it has ended
let began = 0;

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
  if (mine !== null || !state.mask) return;
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
