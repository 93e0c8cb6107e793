// The page: a picture, a look, a dream that grows, a gallery.

import { call, follow, post, upload } from "/static/api.js";
import { asCommand, asPython, Form } from "/static/form.js";
import { Gallery } from "/static/gallery.js";
import { Mask } from "/static/mask.js";

const at = (id) => document.getElementById(id);
const schema = await call("/api/schema");
const state = { picture: "sample", guide: null, running: null, shown: null, look: schema.looks[0].name, fitted: "" };
const form = new Form(schema, () => state.look);
const mask = new Mask(at("mask"), at("brush").querySelector("input"));

function fault(error) {
  const words = error?.message ?? "";
  at("fault").textContent = form.faults(words) ? "" : words;
}
const tried = (action) => async (...args) => {
  fault();
  try {
    await action(...args);
  } catch (error) {
    fault(error);
  }
};

// The picture

function show(id, width, height) {
  state.picture = id;
  state.shown = null;
  at("before").src = id.startsWith("noise") ? "/static/noise.svg" : `/api/pictures/${id}`;
  at("before").onload = () => id.startsWith("noise") || fit(at("before").naturalWidth, at("before").naturalHeight);
  fit(width, height);
  at("before").style.clipPath = "";
  at("hint").hidden = false;
  for (const id of ["after", "compare", "divider", "finished"]) at(id).hidden = true;
  painting(false);
}

// The frame and the mask have the picture's size.
function fit(width, height) {
  if (state.fitted === `${state.picture} ${width} ${height}`) return;
  state.fitted = `${state.picture} ${width} ${height}`;
  at("drop").style.aspectRatio = `${width} / ${height}`;
  mask.resize(width, height);
}

async function take(file) {
  if (!file) return;
  if (file.size > schema.max_upload) throw new Error(`This file has ${(file.size / 1e6).toFixed(1)} MB; ${schema.max_upload / 1e6} MB at most are taken here.`);
  const kept = await upload(file);
  show(kept.id, kept.width, kept.height);
  if (kept.settings) restore(kept.settings);
}

async function takeGuide(file) {
  if (!file) return;
  state.guide = (await upload(file)).id;
  at("guide-shown").src = `/api/pictures/${state.guide}`;
  at("guide-shown").hidden = at("guide-clear").hidden = false;
}

for (const [zone, action] of [[at("drop"), take], [at("guide-drop"), takeGuide]]) {
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", tried(async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    await action(event.dataTransfer.files[0]);
  }));
}
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => event.preventDefault());
addEventListener("paste", tried((event) => take(event.clipboardData.files[0])));
at("file").addEventListener("change", tried(async (event) => { await take(event.target.files[0]); event.target.value = ""; }));
at("guide").addEventListener("change", tried(async (event) => { await takeGuide(event.target.files[0]); event.target.value = ""; }));
at("guide-clear").addEventListener("click", () => {
  state.guide = null;
  at("guide-shown").hidden = at("guide-clear").hidden = true;
});
at("sample").addEventListener("click", () => show("sample", 768, 512));
at("noise").addEventListener("click", () => show("noise:768x512", 768, 512));
at("zoom").addEventListener("click", (event) => {
  const full = at("drop").classList.toggle("full");
  event.target.setAttribute("aria-pressed", full);
});

function painting(on) {
  at("paint").setAttribute("aria-pressed", on);
  at("mask").hidden = !(on || mask.painted);
  at("brush").hidden = at("clear").hidden = !on;
}
at("paint").addEventListener("click", () => painting(at("paint").getAttribute("aria-pressed") !== "true"));
at("clear").addEventListener("click", () => mask.clear());

// The looks

function choose(look) {
  state.look = look;
  for (const label of at("wall").children) {
    const chosen = label.firstChild.value === look;
    label.classList.toggle("chosen", chosen);
    label.firstChild.checked = chosen;
  }
  form.extra = {};
  form.show({ ...schema.looks.find((one) => one.name === look).settings, model: form.fields.get("model").input.value });
}

for (const look of schema.looks) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "look", value: look.name });
  const image = Object.assign(new Image(), { src: `/static/looks/${look.name}.webp`, alt: "" });
  label.title = look.about;
  label.append(input, image, look.name);
  input.addEventListener("change", () => choose(look.name));
  at("wall").append(label);
}

function restore(settings) {
  choose(settings.preset ?? schema.looks[0].name);
  const look = schema.looks.find((one) => one.name === state.look).settings;
  const { preset, ...own } = settings;
  form.restore({ ...look, ...own }, own);
}
at("reset").addEventListener("click", () => choose(state.look));
for (const [id, made] of [["copy-python", asPython], ["copy-command", asCommand]]) {
  at(id).addEventListener("click", tried(async () => {
    await navigator.clipboard.writeText(made(form.changes()));
    at("copied").textContent = "Copied.";
    setTimeout(() => (at("copied").textContent = ""), 2000);
  }));
}

// The dream

at("form").addEventListener("submit", (event) => event.preventDefault());
at("dream").addEventListener("click", tried(async () => {
  const asked = { picture: state.picture, settings: form.changes(), guide: state.guide };
  if (mask.painted) asked.mask = (await upload(await mask.blob())).id;
  start(await post("/api/jobs", asked));
}));
at("cancel").addEventListener("click", tried(() => post(`/api/jobs/${state.running}/cancel`)));

// The job that runs, and the one whose picture is shown: another picture may be looked at meanwhile.
function start(job) {
  state.running = state.shown = job.id;
  localStorage.setItem("running", job.id);
  state.previews = 0;
  at("finished").hidden = at("compare").hidden = at("divider").hidden = true;
  at("progress").hidden = false;
  at("dream").disabled = true;
  at("hint").hidden = true;
  painting(false);
  follow(job.id, (now) => {
    if (state.running === now.id) seen(now);
    if (now.state === "done") gallery.load().catch(fault);
  });
}

function seen(job) {
  const { progress } = job;
  at("progress").querySelector("progress").value = progress.done;
  at("told").textContent = words(job);
  const top = Math.max(...progress.losses, 1e-9);
  const points = progress.losses.map((loss, i) => `${(300 * i) / Math.max(1, progress.losses.length - 1)},${58 - (55 * Math.max(0, loss)) / top}`);
  at("curve").firstElementChild.setAttribute("points", points.join(" "));
  if (progress.previews > state.previews && state.shown === job.id) {
    state.previews = progress.previews;
    const next = new Image();
    next.onload = () => {
      if (state.shown !== job.id) return;
      at("after").src = next.src;
      at("after").alt = "The dream as it is by now";
      at("after").hidden = false;
      at("before").style.clipPath = "inset(0 100% 0 0)";
    };
    next.src = `/api/jobs/${job.id}/preview?${progress.previews}`;
  }
  if (["done", "failed", "cancelled"].includes(job.state)) ended(job);
}

function words(job) {
  const { progress } = job;
  if (["queued", "running"].includes(job.state) && progress.error) return progress.error;
  if (job.state === "queued") return job.before ? `Waiting: ${job.before} before this one` : "Waiting for its turn";
  if (job.state === "running" && !progress.iterations) return "Getting ready";
  if (job.state === "running") {
    const left = progress.left === null ? "" : `, about ${Math.ceil(progress.left)} s left`;
    return `Size ${progress.octave + 1} of ${progress.num_octave}, step ${progress.step + 1} of ${progress.iterations}${left}`;
  }
  return { done: "Done", cancelled: "Cancelled", failed: "This dream failed" }[job.state];
}

function ended(job) {
  state.running = null;
  localStorage.removeItem("running");
  at("dream").disabled = false;
  at("progress").hidden = true;
  if (job.state === "failed") fault(new Error(job.error));
  if (state.shown !== job.id) return;
  if (job.state === "done") finished(job.id);
  else at("hint").hidden = false;
}

function finished(id) {
  const own = `/api/jobs/${id}`;
  state.shown = id;
  at("after").src = `${own}/result`;
  at("after").alt = "The finished dream";
  at("after").hidden = false;
  at("download").href = `${own}/result`;
  at("webp").href = `${own}/growth.webp`;
  at("gif").href = `${own}/growth.gif`;
  at("finished").hidden = at("compare").hidden = false;
  compare(0);
}

function compare(share) {
  const slider = at("compare").querySelector("input");
  slider.value = share;
  slider.setAttribute("aria-valuetext", `${share} % before`);
  at("before").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  at("divider").hidden = share === 0;
  at("divider").style.left = `${share}%`;
}
at("compare").querySelector("input").addEventListener("input", (event) => compare(Number(event.target.value)));
at("deeper").addEventListener("click", tried(() => deeper({ id: state.shown })));

async function deeper(dream) {
  const kept = await post(`/api/jobs/${dream.id}/deeper`);
  show(kept.id, kept.width, kept.height);
  at("stage").scrollIntoView();
}

// The gallery

const gallery = new Gallery({
  Look: tried(async (dream) => {
    show(dream.picture, dream.width, dream.height);
    finished(dream.id);
    at("hint").hidden = true;
    restore(dream.settings);
    at("stage").scrollIntoView();
  }),
  "Again with these settings": tried(async (dream) => {
    restore(dream.settings);
    at("looks").scrollIntoView();
  }),
  "Dream deeper": tried(deeper),
  Delete: tried(async (dream, item) => {
    if (!confirm("Delete this dream for good?")) return;
    await call(`/api/jobs/${dream.id}`, { method: "DELETE" });
    item.remove();
    at("none").hidden = at("dreams").children.length > 0;
  }),
});

show("sample", 768, 512);
choose(state.look);
await gallery.load().catch(fault);
// A dream of this browser that still runs is taken up again.
const running = localStorage.getItem("running");
const job = running && (await call(`/api/jobs/${running}`).catch(() => null));
if (job && ["queued", "running"].includes(job.state)) {
  show(job.picture, 768, 512);
  start(job);
} else {
  localStorage.removeItem("running");
}
document.documentElement.dataset.ready = "yes";
