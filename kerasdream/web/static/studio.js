// The page: a picture, a look, a dream that grows, a gallery.

import { call, finished as isOver, follow, post, upload } from "/static/api.js";
import { asCommand, asPython, Form } from "/static/form.js";
import { Gallery } from "/static/gallery.js";
import { Mask } from "/static/mask.js";

const MOST_POINTS = 300; // of the curve of the losses
const at = (id) => document.getElementById(id);
const schema = await call("/api/schema");
const state = { picture: "sample", guide: null, running: null, shown: null, look: schema.looks[0].name, fitted: "", choice: 0 };
const form = new Form(schema, () => state.look);
const mask = new Mask(at("mask"), at("brush").querySelector("input"));

function fault(error) {
  const words = error?.message ?? "";
  at("fault").textContent = form.faults(words) ? "" : words;
  if (at("fault").textContent) at("fault").scrollIntoView({ block: "nearest" });
}
const note = (words = "") => (at("note").textContent = words);
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
  state.choice += 1;
  note();
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
  at("picture").style.setProperty("--ratio", width / height);
  at("picture").style.setProperty("--width", width);
  mask.resize(width, height);
}

async function take(file) {
  if (!file) return;
  if (file.size > schema.max_upload) throw new Error(`This file has ${(file.size / 1e6).toFixed(1)} MB; ${schema.max_upload / 1e6} MB at most are taken here.`);
  const choice = ++state.choice;
  note("The picture is on its way.");
  let kept;
  try {
    kept = await upload(file);
  } finally {
    if (choice === state.choice) note();
  }
  if (choice !== state.choice) return; // something else was chosen meanwhile
  show(kept.id, kept.width, kept.height);
  if (kept.settings) restore(kept.settings);
  if (kept.given[0] !== kept.width) note(`The picture was shrunk from ${kept.given.join(" x ")} to ${kept.width} x ${kept.height} pixels.`);
}

async function takeGuide(file) {
  if (!file) return;
  guided((await upload(file)).id);
}

function guided(id) {
  state.guide = id;
  if (id) at("guide-shown").src = `/api/pictures/${id}`;
  at("guide-shown").hidden = at("guide-clear").hidden = !id;
}

for (const [zone, action] of [[at("shown"), take], [at("guide-drop"), takeGuide]]) {
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
at("guide-clear").addEventListener("click", () => guided(null));
at("sample").addEventListener("click", () => show("sample", 768, 512));
at("noise").addEventListener("click", () => show("noise:768x512", 768, 512));
at("zoom").addEventListener("click", (event) => {
  const full = at("drop").classList.toggle("full");
  event.target.setAttribute("aria-pressed", full);
});

function painting(on) {
  at("paint").setAttribute("aria-pressed", on);
  at("mask").hidden = !(on || (mask.painted && at("after").hidden));
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
    await copy(made(form.changes(), { picture: state.picture, guide: state.guide, mask: mask.painted }, form.values().layers));
    at("copied").textContent = "Copied.";
    setTimeout(() => (at("copied").textContent = ""), 2000);
  }));
}

// Browsers give the clipboard to pages of this machine and of https only.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("The browser does not let this page copy.");
}

// The dream

at("form").addEventListener("submit", (event) => event.preventDefault());
at("dream").addEventListener("click", tried(async () => {
  at("dream").disabled = true; // a second click makes no second dream
  try {
    const asked = { picture: state.picture, settings: form.changes(), guide: state.guide };
    if (mask.painted) asked.mask = (await upload(await mask.blob())).id;
    start(await post("/api/jobs", asked));
    at("cancel").focus({ preventScroll: true });
    at("stage").scrollIntoView({ block: "nearest" });
    if (at("stage").getBoundingClientRect().top < 0) at("stage").scrollIntoView();
  } catch (error) {
    at("dream").disabled = false;
    throw error;
  }
}));
at("cancel").addEventListener("click", tried(() => post(`/api/jobs/${state.running}/cancel`)));

// The dreams of other pages, and those that this one has left behind.
async function others() {
  if (document.hidden) return;
  const { jobs } = await call("/api/jobs");
  const rest = jobs.filter((job) => job.id !== state.running);
  at("others").hidden = rest.length === 0;
  const key = JSON.stringify(rest.map((job) => [job.id, job.state]));
  if (key === state.others) return;
  state.others = key;
  at("queue").replaceChildren(...rest.map((job) => {
    const item = document.createElement("li");
    const label = Object.assign(document.createElement("span"), { textContent: `${job.look} · ${job.settings.model} · ${job.state === "running" ? "is being dreamt" : "waits"}` });
    const away = Object.assign(document.createElement("button"), { type: "button", textContent: "Cancel", ariaLabel: `Cancel the dream ${job.look}` });
    away.addEventListener("click", tried(async () => {
      await post(`/api/jobs/${job.id}/cancel`);
      await others();
    }));
    item.append(label, away);
    return item;
  }));
}
setInterval(() => others().catch(() => {}), 3000);

// The job that runs, and the one whose picture is shown: another picture may be looked at meanwhile.
function start(job) {
  state.running = state.shown = job.id;
  sessionStorage.setItem("running", job.id);
  state.previews = 0;
  at("finished").hidden = at("compare").hidden = at("divider").hidden = true;
  at("progress").hidden = false;
  at("dream").disabled = true;
  at("hint").hidden = true;
  at("status").textContent = "";
  painting(false);
  others().catch(() => {});
  follow(job.id, (now) => {
    if (state.running === now.id) render(now);
    if (now.state === "done") gallery.add(now).catch(fault);
  }, (error) => {
    if (state.running !== job.id) return;
    if (!error) return (at("status").textContent = "The studio does not answer; waiting for it");
    release();
    fault(error);
  });
}

function render(job) {
  const { progress } = job;
  at("progress").querySelector("progress").value = progress.done;
  at("status").textContent = words(job);
  announce(words(job).replace(/, step.*/, ""));
  const every = 1 + Math.floor(progress.losses.length / MOST_POINTS);
  const losses = progress.losses.filter((_, i) => i % every === 0);
  const top = Math.max(...losses, 1e-9);
  const points = losses.map((loss, i) => `${(300 * i) / Math.max(1, losses.length - 1)},${58 - (55 * Math.max(0, loss)) / top}`);
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
  if (isOver(job)) ended(job);
}

// A screen reader hears of each size, not of each step.
function announce(text) {
  if (at("announced").textContent !== text) at("announced").textContent = text;
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
  release();
  if (job.state === "failed") fault(new Error(job.error));
  if (state.shown !== job.id) return;
  if (job.state === "done") finished(job.id);
  else at("hint").hidden = false;
  note(job.progress.note);
}

// The form is free for another dream.
function release() {
  const left = document.activeElement === at("cancel");
  state.running = null;
  sessionStorage.removeItem("running");
  at("dream").disabled = false;
  at("progress").hidden = true;
  if (left) at("dream").focus({ preventScroll: true });
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
  painting(false);
  compare(0);
}

function compare(share) {
  const slider = at("compare").querySelector("input");
  slider.value = share;
  slider.setAttribute("aria-valuetext", `${share} % before`);
  at("before").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  at("divider").hidden = false;
  at("divider").style.left = `${share}%`;
}
at("compare").querySelector("input").addEventListener("input", (event) => compare(Number(event.target.value)));
for (const kind of ["pointerdown", "pointermove"]) {
  at("picture").addEventListener(kind, (event) => {
    if (!event.buttons || at("compare").hidden || !at("mask").hidden) return;
    event.preventDefault(); // a picture would be dragged away
    const box = at("picture").getBoundingClientRect();
    compare(Math.round(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width))));
  });
}
at("picture").addEventListener("dragstart", (event) => event.preventDefault());
at("deeper").addEventListener("click", tried(() => deeper({ id: state.shown })));

async function deeper(dream) {
  const kept = await post(`/api/jobs/${dream.id}/deeper`);
  show(kept.id, kept.width, kept.height);
  at("stage").scrollIntoView();
}

// The gallery

const look = tried(async (dream) => {
  show(dream.picture, dream.width, dream.height);
  guided(dream.guide);
  if (dream.mask) await mask.load(`/api/pictures/${dream.mask}`);
  finished(dream.id);
  at("hint").hidden = true;
  restore(dream.settings);
  at("stage").scrollIntoView();
});
const gallery = new Gallery(look, {
  "Again with these settings": tried(async (dream) => {
    restore(dream.settings);
    guided(dream.guide);
    at("looks").scrollIntoView();
  }),
  "Deeper: dream on from here": tried(deeper),
  Delete: tried(async (dream, item) => {
    if (!confirm("Delete this dream for good?")) return;
    await call(`/api/jobs/${dream.id}`, { method: "DELETE" });
    item.remove();
    gallery.count();
    if (state.shown === dream.id) {
      const { width, height } = dream;
      show(state.picture, width, height);
    }
  }),
});

show("sample", 768, 512);
choose(state.look);
await gallery.load().catch(fault);
// A dream of this browser that still runs is taken up again.
const running = sessionStorage.getItem("running");
const job = running && (await call(`/api/jobs/${running}`).catch(() => null));
if (job && !isOver(job)) {
  show(job.picture, 768, 512);
  start(job);
} else {
  sessionStorage.removeItem("running");
}
await others().catch(() => {});
document.documentElement.dataset.ready = "yes";
