// What is asked for: a look, a network, and the knobs that one has turned oneself.

import { call } from "./api.js";
import { same, say, set, state } from "./state.js";

export const knobOf = (name) => state.schema.knobs.find((knob) => knob.name === name);
const lookOf = (name) => state.schema.looks.find((look) => look.name === name) ?? state.schema.looks[0];
export const isWhole = ({ kind }) => kind.startsWith("int");

// What is no number stays words: the studio says what it expected.
export function number(text, whole = false) {
  const words = text.trim();
  const value = Number(words);
  return words && (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) ? value : words;
}

function read(typed, knob) {
  if (typeof typed !== "string") return typed;
  const text = typed.trim();
  if (text === "" && knob.optional) return null;
  if (!/^(int|float)/.test(knob.kind)) return text;
  const numbers = text.split(",").map((part) => number(part, isWhole(knob)));
  return numbers.length > 1 ? numbers : numbers[0];
}

export function usual(name) {
  const { settings } = lookOf(state.look);
  return name in settings ? settings[name] : knobOf(name)?.default;
}

export const valueOf = (name) => (name in state.edits ? read(state.edits[name], knobOf(name)) : usual(name));
export const typed = (name) => [(name in state.edits ? state.edits[name] : usual(name)) ?? ""].flat().join(", ");
export const layersOf = () => state.edits.layers ?? lookOf(state.look).settings.layers ?? {};

// Turn a knob; what is as the look has it is no edit.
export function turn(name, value) {
  turnBack(name);
  const asIs = same(value, usual(name)) || (value !== "" && value === String(usual(name)));
  set({ edits: asIs ? state.edits : { ...state.edits, [name]: value }, fault: "" });
}

export function turnBack(name) {
  const { [name]: _, ...edits } = state.edits;
  set({ edits });
}

export const asked = () => ({ preset: state.look, model: state.model, ...Object.fromEntries(Object.keys(state.edits).map((name) => [name, valueOf(name)])) });

const kept = () => ({ look: state.look, model: state.model, edits: state.edits });

// The knobs one has turned stay turned, but for the layers, which make the look.
export function choose(look) {
  if (look === state.look && !state.edits.layers) return;
  const before = kept();
  const { layers, ...edits } = state.edits;
  set({ look, edits });
  const many = Object.keys(edits).length;
  if (layers) say(`${look}: your own layers were laid aside.`, () => set(before));
  else if (many) say(`${look}, with ${many === 1 ? "the knob" : `the ${many} knobs`} you turned.`, () => set({ edits: {} }), "As the look has it");
}

export function restore({ preset, model, ...edits }) {
  const before = kept();
  set({ look: lookOf(preset).name, model: state.schema.models.includes(model) ? model : state.model, edits });
  if (Object.keys(before.edits).length && !same(before, kept())) say("The settings of this dream.", () => set(before), "Back to mine");
}

export function reset() {
  const before = kept();
  set({ edits: {} });
  say("All knobs are as the look has them.", () => set(before));
}

export async function loadLayers() {
  const { model } = state;
  if (state.layers[model]) return;
  const { layers } = await call(`layers/${encodeURIComponent(model)}`);
  set({ layers: { ...state.layers, [model]: layers } });
}

export function faulty(words) {
  return state.schema.knobs.find(({ name }) => new RegExp(`^${name}\\b`).test(words))?.name;
}
