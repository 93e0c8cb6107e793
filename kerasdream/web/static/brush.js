// The brush: dreams only where one paints, while one paints. Each stroke goes on from the dream of the one before.

import { post, upload } from "./api.js";
import { show } from "./dreams.js";
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
    mask.begin(place, { size, erase: false });
  },
  goOn: (place) => {
    if (!state.mask) mask.begin(place, { size, erase: false });
    mask.goOn(place);
    if (performance.now() - began > EVERY) next();
  },
  end: () => next(),
});

export const next = tried(async () => {
  if (mine !== null || !state.mask) return;
  if (mask.misses()) return mask.blank();
  mine = "asked";
  began = performance.now();
  try {
    const parent = shownJob();
    const blob = mask.maskBlob(Math.max(4, state.pen.size / 5));
    const picture = parent?.state === "done" ? (await post(`/api/jobs/${parent.id}/deeper`)).id : (parent?.picture ?? state.picture.id);
    const painted = (await upload(await blob)).id;
    mask.blank();
    const settings = { ...asked(), ...QUICK, step: [valueOf("step")].flat()[0] };
    const more = { guide: state.guide, mask: painted, urgent: true, label: "Brush" };
    const family = parent?.state === "done" ? { parent: parent.id, relation: "brush" } : {};
    const job = await post("/api/jobs", { picture, settings, ...more, ...family });
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
  const job = state.jobs[mine];
  if (!job || !isOver(job)) return;
  mine = null;
  if (state.tool === "brush") next();
}
