// What is asked for: a look, a network, and the knobs that one has turned oneself.

import { call } from "./api.js";
import { say, set, state } from "./state.js";

export const knobOf = (name) => state.schema.knobs.find((knob) => knob.name === name);
export const lookOf = (name) => state.schema.looks.find((look) => look.name === name) ?? state.schema.looks[0];

const NUMBERS = { int: /^-?\d+$/, float: /^-?(\d+\.?\d*|\.\d+)(e-?\d+)?$/i };

// What was typed as a number, or the words themselves: the studio says what it expected.
export function number(text, kind = "float") {
  const words = String(text).trim();
  const value = Number(words);
  const fits = NUMBERS[kind].test(words) && (kind === "float" || Number.isSafeInteger(value));
  return fits ? value : words;
}

function read(typed, knob) {
  if (typeof typed !== "string") return typed;
  const text = typed.trim();
  if (text === "" && knob.optional) return null;
  if (!["int", "float", "ints", "floats"].includes(knob.kind)) return text;
  const kind = knob.kind.replace(/s$/, "");
  const numbers = text.split(",").map((part) => number(part, kind));
  return numbers.length > 1 ? numbers : numbers[0];
}

export function usual(name) {
  const settings = lookOf(state.look).settings;
  return name in settings ? settings[name] : knobOf(name)?.default;
}

export const valueOf = (name) => (name in state.edits ? read(state.edits[name], knobOf(name)) : usual(name));
export const typed = (name) => {
  const value = name in state.edits ? state.edits[name] : usual(name);
  return value === null || value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);
};
export const layersOf = () => (state.edits.layers ?? lookOf(state.look).settings.layers ?? {});

// Turn a knob; what is as the look has it is no edit.
export function turn(name, value) {
  const { [name]: _, ...edits } = state.edits;
  const same = JSON.stringify(value) === JSON.stringify(usual(name)) || (typeof value === "string" && value !== "" && value === String(usual(name)));
  set({ edits: same ? edits : { ...edits, [name]: value }, fault: "" });
}

export function turnBack(name) {
  const { [name]: _, ...edits } = state.edits;
  set({ edits });
}

export function asked() {
  const own = Object.keys(state.edits).map((name) => [name, name === "layers" ? state.edits.layers : read(state.edits[name], knobOf(name))]);
  return { preset: state.look, model: state.model, ...Object.fromEntries(own) };
}

const kept = () => ({ look: state.look, model: state.model, edits: state.edits });

// Choose a look. The knobs one has turned stay turned, but for the layers, which make the look; that can be undone.
export function choose(look) {
  if (look === state.look && !state.edits.layers) return;
  const before = kept();
  const { layers, ...edits } = state.edits;
  set({ look, edits });
  const many = Object.keys(edits).length;
  if (layers) say(`${look}: your own layers were laid aside.`, () => set(before));
  else if (many) say(`${look}, with ${many === 1 ? "the knob" : `the ${many} knobs`} you turned.`, () => set({ edits: {} }), "As the look has it");
}

// Take settings of a dream or a picture. What was set before comes back with Undo.
export function restore({ preset, model, ...edits }) {
  const before = kept();
  const own = Object.keys(before.edits).length > 0;
  set({ look: preset ?? state.schema.looks[0].name, model: state.schema.models.includes(model) ? model : state.model, edits });
  if (own && JSON.stringify(before) !== JSON.stringify(kept())) say("The settings of this dream.", () => set(before), "Back to mine");
}

export function reset() {
  const before = kept();
  set({ edits: {} });
  say("All knobs are as the look has them.", () => set(before));
}

export async function loadLayers(model = state.model) {
  if (state.layers[model]) return;
  const { layers } = await call(`/api/layers/${encodeURIComponent(model)}`);
  set({ layers: { ...state.layers, [model]: layers } });
}

export function limits(knob) {
  if (knob.choices.length || knob.kind === "bool" || knob.kind === "objective") return "";
  const whole = knob.kind.startsWith("int") ? "whole number" : "number";
  const range = knob.low !== null && knob.high !== null ? `a ${whole} from ${knob.low} to ${knob.high}`
    : knob.low !== null ? `a ${whole} above ${knob.low}` : `a ${whole}`;
  return range + (knob.kind.endsWith("s") ? ", or one for each size, with commas" : "") + (knob.optional ? "; empty: none" : "");
}

export function faulty(words) {
  return state.schema.knobs.find(({ name }) => words && new RegExp(`^(An array of shape .* for )?${name}\\b`).test(words))?.name;
}
