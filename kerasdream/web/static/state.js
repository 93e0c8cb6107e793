// The state of the page: one object, changed in one way, drawn by one function.

export const WHOLE = { zoom: 1, x: 0.5, y: 0.5 }; // the camera on the whole picture

export const state = {
  schema: null,
  layers: {}, // of each model: what it can dream on
  // What is asked for next
  picture: { id: "sample", width: 768, height: 512, name: "The sample" },
  tray: [], // pictures that came with it
  guide: null, // id of a picture
  mask: false, // whether one is painted
  look: "",
  model: "",
  edits: {}, // knobs of one's own over those of the look, as typed
  // What is looked at
  view: "stage", // or gallery, comparison
  shown: null, // id of a dream
  moment: null, // index of a moment of its growth
  group: null, // { kind, ids, across, ... } of variations or a sweep
  from: null, // the group that the shown dream was chosen from
  compared: [], // ids of dreams
  split: 0, // how much of the picture before is seen
  camera: WHOLE, // over the fitted picture, and the place of it in the middle
  tool: "move", // or mask, brush, touch
  pen: { size: 60, erase: false, feather: 6 },
  drawer: "looks",
  menu: null,
  help: false,
  // What is known
  jobs: {}, // dreams by id
  queue: [], // ids of what waits or runs, in order
  moments: {}, // of each dream, its growth
  sizes: {}, // of pictures, as they were seen
  sketched: {}, // channels that were drawn meanwhile
  gallery: { dreams: [], next: null, search: "", favourites: false, chosen: [] },
  family: [], // ids of dreams
  wall: { of: "", looks: {} },
  atlas: null,
  looks: [], // of one's own
  seen: null,
  search: "", // among the knobs
  // How it goes
  asking: false,
  online: true,
  fault: "",
  toast: null,
  theme: "system",
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

const QUICK = ["camera", "split", "pointer"]; // what a hand changes many times a second: only the stage shows it

// Change the state; the page is drawn once for all changes of a moment.
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

// What is left when one leaves a dream: the picture.
export const ALONE = { shown: null, moment: null, group: null, split: 0, view: "stage" };

export const shownJob = () => state.jobs[state.shown];
export const jobsOf = (ids) => ids.map((id) => state.jobs[id]).filter(Boolean);
export const isOver = (job) => ["done", "failed", "cancelled"].includes(job.state);
export const nameOf = (job) => job.label || job.look;

// Learn how dreams stand; one that is over stays so, whatever late answer says that it waits.
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
    return undefined;
  }
};

export const within = (value, low, high) => Math.min(high, Math.max(low, value));
export const rounded = (value, digits = 3) => Number(value.toPrecision(digits));
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
