// The state of the page: one object, changed in one way, drawn by one function.

// What the browser remembers: the colours, and who has dreamt here and needs no introduction.
export const THEME = "kerasdream-theme";
export const BEEN = "kerasdream-been";

export const SAMPLE = { id: "sample", width: 768, height: 512, name: "The sample" };
export const WHOLE = { zoom: 1, x: 0.5, y: 0.5 }; // the camera on the whole picture

export const state = {
  schema: null,
  layers: {}, // of each model
  // What is asked for next
  picture: SAMPLE,
  tray: [], // pictures that came with it
  guide: null, // id of a picture
  mask: false,
  look: "",
  model: "",
  edits: {}, // knobs over those of the look, as typed
  // What is looked at
  view: "stage", // or gallery, comparison
  shown: null, // id of a dream
  moment: null, // index of a moment of its growth
  group: null, // { kind, ids, across, ... } of variations or a sweep
  from: null, // the group that the shown dream was chosen from
  compared: [], // ids of dreams
  split: 0, // how much of the picture before is seen
  camera: WHOLE,
  tool: "move", // or mask, brush, touch
  pen: { size: 60, erase: false, feather: 6 },
  drawer: innerWidth < 760 ? null : "looks",
  bare: false,
  menu: null,
  help: false,
  // What is known
  jobs: {},
  queue: [], // ids
  moments: {}, // of each dream
  sizes: {}, // of pictures
  sketched: {}, // channels that were drawn meanwhile
  gallery: { dreams: [], next: null, search: "", favourites: false, chosen: [] },
  family: [], // ids of dreams
  wall: { of: "", looks: {} },
  atlas: null,
  looks: [], // of one's own
  seen: null,
  search: "", // among the knobs
  axes: { x: { knob: "octave_scale", text: "1.2, 1.4, 1.8" }, y: { knob: "step", text: "0.005, 0.01, 0.02" } }, // of a sweep
  // How it goes
  asking: false,
  online: true,
  fault: "",
  toast: null,
  theme: localStorage.getItem(THEME) ?? "system",
  been: Boolean(localStorage.getItem(BEEN)),
  now: Date.now(),
  quick: false, // whether only the stage has changed
};

let draw;
let due = true; // until there is something that draws

export function drawWith(render) {
  draw = render;
  due = false;
  render();
}

const QUICK = ["camera", "split", "pointer"]; // what a hand changes many times a second, on the stage

// The page is drawn once for all changes of a moment.
export function set(changes) {
  const quick = Object.keys(changes).every((name) => QUICK.includes(name));
  state.quick = quick && (!due || state.quick);
  Object.assign(state, changes);
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    draw();
    state.quick = false;
  });
}

// What is left of a dream that one leaves: the picture.
export const ALONE = { shown: null, moment: null, group: null, split: 0, view: "stage" };

export const shownJob = () => state.jobs[state.shown];
export const jobsOf = (ids) => ids.map((id) => state.jobs[id]).filter(Boolean);
export const isOver = (job) => ["done", "failed", "cancelled"].includes(job.state);
export const nameOf = (job) => job.label || job.look;

// A dream that is over stays so, whatever late answer says that it waits.
export function know(...jobs) {
  const news = jobs.filter((job) => !job.state || isOver(job) || !isOver(state.jobs[job.id] ?? job));
  set({ jobs: { ...state.jobs, ...Object.fromEntries(news.map((job) => [job.id, { ...state.jobs[job.id], ...job }])) } });
}

let fading;
export function say(words, action, label = "Undo") {
  clearTimeout(fading);
  set({ toast: words && { words, action, label } });
  fading = setTimeout(() => set({ toast: null }), 9000);
}

export const tried = (action) => async (...given) => {
  if (state.fault) set({ fault: "" });
  try {
    return await action(...given);
  } catch (error) {
    set({ fault: error.message, asking: false });
  }
};

export const within = (value, low, high) => Math.min(high, Math.max(low, value));
export const rounded = (value, digits = 3) => Number(value.toPrecision(digits));
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
