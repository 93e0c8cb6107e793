// Variations: surprises, four of a kind in a grid, and sweeps over two knobs.

import { dream, group, request } from "./dreams.js";
import { each, labelOf } from "./knobs.js";
import { Button, html, Section, Select } from "./parts.js";
import { isWhole, knobOf, loadLayers, number, valueOf } from "./settings.js";
import { rounded, say, set, state, tried } from "./state.js";

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const seed = () => Math.floor(Math.random() * 1e6);

// Other looks than this one, that can be dreamt at as few sizes as one has asked for.
const others = () => state.schema.looks.filter(({ name, on_wall, settings }) => on_wall && name !== state.look && !(state.edits.num_octave <= (settings.octaves_above ?? 0)));

export const surprise = tried(async () => {
  const before = { look: state.look, edits: state.edits };
  await loadLayers();
  const look = pick(others()).name;
  const edits = { seed: seed() };
  const deep = state.layers[state.model].filter((layer) => /^mixed[2-6]$/.test(layer.name));
  if (Math.random() < 0.5 && deep.length > 1) edits.layers = { [pick(deep).name]: 1, [pick(deep).name]: rounded(0.3 + Math.random(), 2) };
  set({ look, edits });
  const job = await dream();
  if (job) say(`A surprise: ${look}${edits.layers ? `, made of ${Object.keys(edits.layers).join(" and ")}` : ""}.`, () => set(before), "My settings back");
});

const shuffled = (list) => list.map((one) => [Math.random(), one]).sort(([a], [b]) => a - b).map(([, one]) => one);

const KINDS = {
  seeds: () => Array.from({ length: 4 }, seed).map((one) => ({ settings: { seed: one, jitter: valueOf("jitter") || 48 }, label: `Seed ${one}` })),
  looks: () => [state.look, ...shuffled(others()).slice(0, 3).map((look) => look.name)]
    .map((preset) => ({ settings: { preset }, label: preset, bare: preset !== state.look })),
  strengths: () => [0.5, 1, 1.8, 3].map((factor) => ({ settings: { step: each(valueOf("step"), (step) => rounded(step * factor, 2)) }, label: `Strength × ${factor}` })),
};

export const four = tried(async (kind) => {
  const base = await request();
  const { layers, ...knobs } = base.settings; // another look brings its own layers
  const jobs = KINDS[kind]().map(({ settings, label, bare }) => ({ ...base, relation: "variation", settings: { ...(bare ? knobs : base.settings), ...settings }, label }));
  await group("variations", jobs, { across: 2 });
});

const sweep = tried(async ({ x, y }) => {
  const base = await request();
  const down = y.values.length ? y.values.map((value) => [y.knob, value]) : [null];
  const jobs = down.flatMap((row) => x.values.map((value) => {
    const turned = [[x.knob, value], row].filter(Boolean);
    return { ...base, relation: "sweep", settings: { ...base.settings, ...Object.fromEntries(turned) }, label: turned.map((pair) => pair.join(" ")).join(", ") };
  }));
  await group("sweep", jobs, { across: x.values.length, x, y: y.values.length ? y : null });
});

const MOST = 36; // dreams of one grid
const change = (name, changes) => set({ axes: { ...state.axes, [name]: { ...state.axes[name], ...changes } } });

const swept = () => state.schema.knobs.filter(({ name, kind }) =>
  name !== "model" && (!["objective", "floats", "ints"].includes(kind) || ["step", "iterations", "gradient_blur"].includes(name)));

function some(knob) {
  if (knob.choices.length) return knob.choices.slice(0, 6).join(", ");
  if (knob.kind === "bool") return "no, yes";
  const now = valueOf(knob.name);
  const base = typeof now === "number" && now > 0 ? now : 1;
  const fitting = (value) => Math.min(knob.high ?? Infinity, isWhole(knob) ? Math.max(knob.low ?? 0, Math.round(value)) : rounded(value));
  return [...new Set([base / 2, base, base * 2].map(fitting))].join(", ");
}

function valuesOf({ knob: name, text }) {
  const knob = knobOf(name);
  if (!knob) return [];
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  if (knob.kind === "bool") return parts.map((part) => ["yes", "true", "on", "1"].includes(part.toLowerCase()));
  return knob.kind === "choice" ? parts : parts.map((part) => number(part, isWhole(knob)));
}

export function Sweep() {
  const [x, y] = Object.values(state.axes).map((axis) => ({ ...axis, values: valuesOf(axis) }));
  const count = x.values.length * Math.max(1, y.values.length);
  return html`<${Section} name="Sweep">
    <p class="note">Two knobs over several values: a grid of dreams to choose from. Everything else stays as it is set.</p>
    <${Axis} name="x" label="across" axis=${x} />
    <${Axis} name="y" label="down" axis=${y} none />
    <p class="note">${count} dreams${count > MOST && `; ${MOST} at most`}.</p>
    <${Button} id="go-sweep" class="strong" label="Dream the ${count}" disabled=${!count || count > MOST || state.asking} onClick=${() => sweep({ x, y })} />
  <//>`;
}

function Axis({ name, label, axis, none }) {
  const choose = (knob) => change(name, { knob, text: knob && some(knobOf(knob)) });
  const options = swept().map((knob) => knob.name);
  return html`<fieldset><legend>${label}</legend>
    <${Select} id="sweep-${name}" aria-label="Knob ${label}" options=${none ? ["", ...options] : options} words=${(knob) => labelOf(knob) || "nothing"} value=${axis.knob} onChange=${choose} />
    ${axis.knob && html`<input id="sweep-${name}-values" type="text" aria-label="Values ${label}, with commas" value=${axis.text} onInput=${({ target }) => change(name, { text: target.value })} />`}
  </fieldset>`;
}
