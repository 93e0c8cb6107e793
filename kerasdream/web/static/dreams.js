// Dreams: asked for, watched while they grow, kept, thrown away.

import { call, listen, patch, post, remove, upload } from "./api.js";
import { blank, loadMask, maskBlob } from "./mask.js";
import { asked, restore } from "./settings.js";
import { isOver, know, say, set, shownJob, state, tried } from "./state.js";

export const noise = (id) => id.startsWith("noise");
export const pictureOf = (id) => (noise(id) ? "/static/noise.svg" : `/api/pictures/${id}`);
export const isFilm = (job) => job?.kind === "film" || job?.kind === "journey";
export const hasPreview = (job) => job.state === "done" || job.progress?.previews > 0;

// Where the picture of a dream is: the finished one as soon as there is one, never a preview of it.
export function imageOf(job) {
  if (job.state === "done") return `/api/jobs/${job.id}/result`;
  return job.progress?.previews > 0 ? `/api/jobs/${job.id}/preview?${job.progress.previews}` : null;
}

export const thumbOf = (job) => (job.state === "done" ? `/api/jobs/${job.id}/thumb` : imageOf(job));

export async function request(more = {}) {
  const what = { picture: state.picture.id, settings: asked(), guide: state.guide, ...more };
  const parent = what.parent ?? state.picture.parent;
  if (parent) Object.assign(what, { parent, relation: what.relation ?? state.picture.relation });
  if (state.mask && !("mask" in more)) what.mask = (await upload(await maskBlob())).id;
  return what;
}

// Ask for a dream. It is shown at once, unless one that is shown still grows: then it waits for its turn.
export async function dream(more = {}) {
  if (state.asking) return null;
  const busy = shownJob() && !isOver(shownJob());
  set({ asking: true });
  try {
    const job = await post("/api/jobs", await request(more));
    accept(job);
    if (busy) say("One more in the queue.", () => show(job.id), "Look at it");
    else show(job.id);
    return job;
  } finally {
    set({ asking: false });
  }
}

export const BEEN = "kerasdream-been"; // who has dreamt here needs no introduction

function accept(...jobs) {
  localStorage.setItem(BEEN, "yes");
  know(...jobs);
  set({ been: true, queue: [...state.queue.filter((id) => !jobs.some((job) => job.id === id)), ...jobs.map((job) => job.id)] });
}

export async function group(kind, jobs, more = {}) {
  set({ asking: true });
  try {
    const answer = await post("/api/groups", { kind, jobs });
    accept(...answer.jobs);
    unwatch();
    set({ group: { id: answer.group, kind, ids: answer.jobs.map((job) => job.id), ...more }, shown: null, moment: null, view: "stage", tool: "move" });
  } finally {
    set({ asking: false });
  }
}

let ended = () => {};
const unwatch = () => { ended(); ended = () => {}; };

export function show(id) {
  if (id === state.shown && state.view === "stage") return;
  unwatch();
  const job = state.jobs[id];
  const other = job && (job.picture !== state.picture.id || noise(job.picture));
  set({ shown: id, moment: null, view: "stage", split: 0, seen: null, group: null, from: state.group ?? (state.from?.ids.includes(id) ? state.from : null), camera: other ? { zoom: 1, x: 0.5, y: 0.5 } : state.camera });
  if (!job || !isOver(job)) ended = listen(`/api/jobs/${id}/events`, (message) => receive(id, message));
  else growth(job);
}

function receive(id, message) {
  const known = state.jobs[id];
  const { losses = [], ...progress } = message.progress ?? {};
  const before = known?.progress ?? { losses: [] };
  const whole = message.id && message.progress;
  know({ ...known, ...message, id, progress: { ...before, ...progress, losses: whole ? losses : [...before.losses, ...losses] } });
  const job = state.jobs[id];
  if (!isOver(job)) return "";
  over(job);
  return "enough";
}

const told = new Set();
function over(job) {
  set({ queue: state.queue.filter((id) => id !== job.id) });
  if (told.has(job.id)) return;
  told.add(job.id);
  const { gallery } = state;
  const fits = job.state === "done" && !gallery.search && !gallery.favourites && !gallery.dreams.includes(job.id);
  if (fits) set({ gallery: { ...gallery, dreams: [job.id, ...gallery.dreams] } });
  if (job.id !== state.shown) return;
  if (job.state === "failed") set({ fault: job.error });
  if (job.state === "cancelled") set({ shown: null, split: 0 });
  if (job.progress?.note) say(job.progress.note);
  if (job.state === "done") growth(job);
}

export function listenToAll() {
  listen("/api/events", (message) => {
    if (!state.online) set({ online: true });
    if (message.jobs) queue(message.jobs);
    if (message.wall) wall(message.wall);
    if (message.sketch) set({ sketched: { ...state.sketched, [sketchKey(message.sketch)]: Date.now() } });
  }, () => set({ online: false }));
}

export const sketchKey = ({ model, layer, channel }) => `${model}/${layer}/${channel}`;

function wall({ picture, model, look }) {
  if (`${picture} ${model}` === state.wall.of) set({ wall: { ...state.wall, looks: { ...state.wall.looks, [look]: true } } });
}

function queue(jobs) {
  const news = jobs.filter((job) => !state.jobs[job.id] || !isOver(state.jobs[job.id]));
  know(...news.map((job) => ({ ...job, progress: { ...job.progress, losses: state.jobs[job.id]?.progress?.losses ?? [] } })));
  const gone = state.queue.filter((id) => !jobs.some((job) => job.id === id));
  set({ queue: news.filter((job) => !isOver(job)).map((job) => job.id) });
  news.filter(isOver).forEach(over);
  for (const id of gone) settle(id).catch(() => {});
}

async function settle(id) {
  const job = await call(`/api/jobs/${id}`);
  know(job);
  if (isOver(job)) over(job);
}

async function growth({ id, kind, urgent }) {
  if (state.moments[id] || urgent || (kind && kind !== "dream")) return; // these keep none
  const answer = await call(`/api/jobs/${id}/moments`).catch(() => ({ moments: [] }));
  set({ moments: { ...state.moments, [id]: answer.moments } });
}

export const cancel = tried((id) => post(`/api/jobs/${id}/cancel`));
export const stop = tried((id) => post(`/api/jobs/${id}/stop`));
export const move = tried((id, before) => post(`/api/jobs/${id}/move`, { before }));

export const favour = tried(async (job) => {
  know({ id: job.id, favourite: !job.favourite });
  await patch(`/api/jobs/${job.id}`, { favourite: !job.favourite });
});

// Look at a dream with all that it was asked with: its picture, mask, guide and settings.
export const open = tried(async (id) => {
  const job = state.jobs[id] ?? (await call(`/api/jobs/${id}`));
  know(job);
  const { group: from } = state;
  await again(job);
  set({ group: from });
  show(id);
});

export const again = tried(async (job) => {
  const { width, height } = job.picture === state.picture.id ? state.picture : await sizeOf(job.picture);
  if (job.picture !== state.picture.id) set({ picture: { id: job.picture, width, height, name: "" } });
  set({ shown: null, moment: null, group: null, view: "stage", guide: job.guide ?? null, split: 0 });
  restore(job.settings);
  if (job.mask) await loadMask(`/api/pictures/${job.mask}`, width, height);
  else blank();
});

async function sizeOf(id) {
  const [, width, height] = id.match(/^noise:(\d+)x(\d+)$/) ?? [];
  if (width) return { width: Number(width), height: Number(height) };
  const image = Object.assign(new Image(), { src: pictureOf(id) });
  await image.decode();
  return { width: image.naturalWidth, height: image.naturalHeight };
}

const from = (job, relation, kept) => {
  blank();
  unwatch();
  set({ picture: { ...kept, name: "", parent: job.id, relation }, shown: null, moment: null, group: null, view: "stage", split: 0, tool: "move" });
};

// The dream is the picture now; with `go` it is dreamt on at once.
export const deeper = tried(async (job, go = true) => {
  from(job, "deeper", await post(`/api/jobs/${job.id}/deeper`));
  if (go) await dream();
});

// A moment of the growth is the picture now.
export const branch = tried(async (job, moment) => {
  from(job, "branch", await post(`/api/jobs/${job.id}/branch`, { moment }));
  say("Dream on from this moment, with other settings if you like.", null);
});

export const enlarge = tried(async (job, scale) => {
  const larger = await post(`/api/jobs/${job.id}/export`, { scale });
  accept(larger);
  say(`It is dreamt anew at ${scale} times the size.`, () => show(larger.id), "Look at it");
});

export const forget = tried(async (job) => {
  if (!confirm("Delete this dream for good?")) return;
  await remove(`/api/jobs/${job.id}`);
  const { [job.id]: _, ...jobs } = state.jobs;
  const { gallery } = state;
  set({
    jobs, gallery: { ...gallery, dreams: gallery.dreams.filter((id) => id !== job.id), chosen: gallery.chosen.filter((id) => id !== job.id) },
    ...(state.shown === job.id ? { shown: null, moment: null, split: 0 } : {}),
  });
});
