// Dreams: asked for, watched while they grow, kept, thrown away.

import { call, listen, loadImage, patch, post, remove, upload } from "./api.js";
import { blank, loadMask, maskBlob } from "./mask.js";
import { asked, restore } from "./settings.js";
import { ALONE, BEEN, isOver, know, say, set, shownJob, state, tried, WHOLE } from "./state.js";

export function noiseSize(id) {
  const [, width, height] = id.match(/^noise:(\d+)x(\d+)$/) ?? [];
  return width && { width: Number(width), height: Number(height) };
}

export const pictureOf = (id) => (noiseSize(id) ? "/static/noise.svg" : `/api/pictures/${id}`);
export const fileOf = (job, name) => `/api/jobs/${job.id}/${name}`;
export const isFilm = (job) => ["film", "journey"].includes(job?.kind);

// The finished picture as soon as there is one, never a preview of it.
export function imageOf(job, finished = "result") {
  if (job.state === "done") return fileOf(job, finished);
  return job.progress?.previews > 0 ? fileOf(job, `preview?${job.progress.previews}`) : null;
}

export const thumbOf = (job) => imageOf(job, "thumb");

// A larger copy or a stroke: its settings are the studio's own.
const isDerived = ({ relation, urgent }) => urgent || relation === "export";

export async function request(more = {}) {
  const what = { picture: state.picture.id, settings: asked(), guide: state.guide, ...more };
  const parent = what.parent ?? state.picture.parent;
  if (parent) Object.assign(what, { parent, relation: what.relation ?? state.picture.relation });
  if (state.mask && !("mask" in more)) what.mask = (await upload(await maskBlob())).id;
  return what;
}

async function asking(action) {
  set({ asking: true });
  try {
    return await action();
  } finally {
    set({ asking: false });
  }
}

// Ask for a dream. It is shown at once, unless one that is shown still grows: then it waits for its turn.
export async function dream(more) {
  if (state.asking) return null;
  const busy = shownJob() && !isOver(shownJob());
  return asking(async () => {
    const job = await post("jobs", await request(more));
    accept(job);
    const look = () => show(job.id);
    if (busy) say("One more in the queue.", look, "Look at it");
    else look();
    return job;
  });
}

function accept(...jobs) {
  localStorage.setItem(BEEN, "yes");
  know(...jobs);
  set({ been: true, queue: [...new Set([...state.queue, ...jobs.map((job) => job.id)])] });
}

export const group = (kind, jobs, more) => asking(async () => {
  const answer = await post("groups", { kind, jobs });
  accept(...answer.jobs);
  unwatch();
  set({ ...ALONE, group: { kind, ids: answer.jobs.map((job) => job.id), ...more }, tool: "move" });
});

let unwatch = () => {};

export function show(id) {
  if (id === state.shown && state.view === "stage") return;
  unwatch();
  const job = state.jobs[id];
  const other = job && (job.picture !== state.picture.id || noiseSize(job.picture));
  const from = state.group ?? (state.from?.ids.includes(id) ? state.from : null);
  set({ ...ALONE, shown: id, seen: null, from, camera: other ? WHOLE : state.camera });
  if (!job || !isOver(job)) unwatch = listen(`jobs/${id}/events`, (message) => receive(id, message));
  else growth(job);
}

function receive(id, message) {
  const before = state.jobs[id]?.progress;
  const { losses = [], ...progress } = message.progress ?? {};
  const known = message.id && message.progress ? [] : (before?.losses ?? []); // else only what is new comes
  know({ ...message, id, progress: { ...before, ...progress, losses: [...known, ...losses] } });
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
  if (job.id !== state.shown) return job.state === "done" && job.relation === "export" && say("The larger picture is there.", () => open(job.id), "Look at it");
  if (job.state === "failed") set({ fault: job.error });
  if (job.state === "cancelled") set({ shown: null, split: 0 });
  if (job.progress?.note) say(job.progress.note);
  if (job.state === "done") growth(job);
}

export function listenToAll() {
  listen("events", ({ jobs, wall, sketch }) => {
    if (!state.online) set({ online: true });
    if (jobs) queue(jobs);
    if (wall) shownOnWall(wall);
    if (sketch) set({ sketched: { ...state.sketched, [sketchKey(sketch)]: Date.now() } });
  }, () => set({ online: false }));
}

export const sketchKey = ({ model, layer, channel }) => `${model}/${layer}/${channel}`;

export function shownOnWall({ picture, model, look }) {
  const { of, looks } = state.wall;
  if (`${picture} ${model}` === of) set({ wall: { of, looks: { ...looks, [look]: true } } });
}

function queue(jobs) {
  const news = jobs.filter(({ id }) => !state.jobs[id] || !isOver(state.jobs[id]));
  know(...news.map((job) => ({ ...job, progress: { ...job.progress, losses: state.jobs[job.id]?.progress?.losses ?? [] } })));
  const gone = state.queue.filter((id) => !jobs.some((job) => job.id === id));
  set({ queue: news.filter((job) => !isOver(job)).map((job) => job.id) });
  news.filter(isOver).forEach(over);
  for (const id of gone) call(`jobs/${id}`).then((job) => { know(job); if (isOver(job)) over(job); }).catch(() => {});
}

async function growth(job) {
  const { id, kind } = job;
  if (state.moments[id] || isDerived(job) || kind !== "dream") return; // these keep none
  const { moments } = await call(`jobs/${id}/moments`).catch(() => ({ moments: [] }));
  set({ moments: { ...state.moments, [id]: moments } });
}

export const cancel = tried((id) => post(`jobs/${id}/cancel`));
export const stop = tried((id) => post(`jobs/${id}/stop`));
export const move = tried((id, before) => post(`jobs/${id}/move`, { before }));

export const favour = tried(async ({ id, favourite }) => {
  know({ id, favourite: !favourite });
  await patch(`jobs/${id}`, { favourite: !favourite });
});

// Look at a dream with all that it was asked with.
export const open = tried(async (id) => {
  const job = state.jobs[id] ?? (await call(`jobs/${id}`));
  know(job);
  const { group: from } = state;
  await again(job);
  set({ group: from });
  show(id);
});

export const again = tried(async (job) => {
  const picture = job.picture === state.picture.id ? state.picture : { id: job.picture, ...(await sizeOf(job.picture)), name: "" };
  set({ ...ALONE, picture, guide: job.guide ?? null });
  if (!isDerived(job)) restore(job.settings);
  if (job.mask) await loadMask(`/api/pictures/${job.mask}`, picture.width, picture.height);
  else blank();
});

async function sizeOf(id) {
  if (noiseSize(id)) return noiseSize(id);
  const { naturalWidth: width, naturalHeight: height } = await loadImage(pictureOf(id));
  return { width, height };
}

export const asPicture = (job) => post(`jobs/${job.id}/deeper`);

function goOnFrom(job, relation, picture) {
  blank();
  unwatch();
  set({ ...ALONE, picture: { ...picture, name: "", parent: job.id, relation }, tool: "move" });
}

// With `go` it is dreamt on at once.
export const deeper = tried(async (job, go = true) => {
  goOnFrom(job, "deeper", await asPicture(job));
  if (go) await dream();
});

export const branch = tried(async (job, moment) => {
  goOnFrom(job, "branch", await post(`jobs/${job.id}/branch`, { moment }));
  say("Dream on from this moment, with other settings if you like.");
});

export const enlarge = tried(async (job, scale) => {
  const larger = await post(`jobs/${job.id}/export`, { scale });
  accept(larger);
  say(`It is dreamt anew at ${scale} times the size.`, () => show(larger.id), "Look at it");
});

export const forget = tried(async ({ id }) => {
  if (!confirm("Delete this dream for good?")) return;
  await remove(`jobs/${id}`);
  const { [id]: _, ...jobs } = state.jobs;
  const { gallery } = state;
  const others = (ids) => ids.filter((one) => one !== id);
  set({ jobs, gallery: { ...gallery, dreams: others(gallery.dreams), chosen: others(gallery.chosen) } });
  if (state.shown === id) set({ shown: null, moment: null, split: 0 });
});
