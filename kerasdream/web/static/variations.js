// Variations: surprises, four of a kind in a grid, and sweeps over two knobs.

import { dream, group, request } from "./dreams.js";
import { loadLayers, valueOf } from "./settings.js";
import { say, set, state, tried } from "./state.js";

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const seed = () => Math.floor(Math.random() * 1e6);
const rounded = (value) => Number(value.toPrecision(2));

export const surprise = tried(async () => {
  const before = { look: state.look, edits: state.edits };
  await loadLayers();
  const look = pick(state.schema.looks.filter((one) => one.name !== state.look && one.name !== "robust")).name;
  const edits = { seed: seed() };
  const deep = state.layers[state.model].filter((layer) => /^mixed[2-6]$/.test(layer.name));
  if (Math.random() < 0.5 && deep.length > 1) {
    const [one, other] = [pick(deep), pick(deep)];
    edits.layers = { [one.name]: 1, [other.name]: rounded(0.3 + Math.random()) };
  }
  set({ look, edits });
  const job = await dream();
  if (job) say(`A surprise: ${look}${edits.layers ? `, made of ${Object.keys(edits.layers).join(" and ")}` : ""}.`, () => set(before), "My settings back");
});

// Another look than this one, which can be dreamt at as few sizes as one has asked for; "robust" is for other networks.
const suits = ({ name, settings }) => name !== state.look && name !== "robust" && !(state.edits.num_octave <= (settings.octaves_above ?? 0));

const KINDS = {
  seeds: () => [seed(), seed(), seed(), seed()].map((one) => ({ settings: { seed: one, jitter: valueOf("jitter") || 48 }, label: `Seed ${one}` })),
  looks: () => [state.look, ...shuffled(state.schema.looks.filter(suits).map((look) => look.name)).slice(0, 3)]
    .map((preset) => ({ settings: { preset }, label: preset, bare: preset !== state.look })),
  strengths: () => [0.5, 1, 1.8, 3].map((factor) => ({ settings: { step: [valueOf("step")].flat().map((step) => rounded(step * factor)) }, label: `Steps × ${factor}` }))
    .map((one) => ({ ...one, settings: one.settings.step.length > 1 ? one.settings : { step: one.settings.step[0] } })),
};

const shuffled = (list) => list.map((one) => [Math.random(), one]).sort(([a], [b]) => a - b).map(([, one]) => one);

export const four = tried(async (kind) => {
  const base = await request();
  const { layers, ...knobs } = base.settings; // another look brings its own layers
  const jobs = KINDS[kind]().map(({ settings, label, bare }) => ({ ...base, relation: "variation", settings: { ...(bare ? knobs : base.settings), ...settings }, label }));
  await group("variations", jobs, { across: 2 });
});

export const sweep = tried(async ({ x, y }) => {
  const base = await request();
  const rows = y.values.length ? y.values : [null];
  const jobs = rows.flatMap((down) => x.values.map((right) => ({
    ...base,
    relation: "sweep",
    settings: { ...base.settings, [x.knob]: right, ...(down === null ? {} : { [y.knob]: down }) },
    label: `${x.knob} ${right}${down === null ? "" : `, ${y.knob} ${down}`}`,
  })));
  await group("sweep", jobs, { across: x.values.length, x, y: y.values.length ? y : null });
});

