// The mask: where the dream may go. It is kept as what was done, so that every stroke can be taken back.

import { set, state } from "./state.js";

const COLOUR = "#b79cff";
const canvas = document.createElement("canvas");
canvas.id = "mask";
canvas.setAttribute("role", "img");
canvas.setAttribute("aria-label", "Mask: where the dream goes");
const pen = canvas.getContext("2d", { willReadFrequently: true });
let done = []; // strokes, { kind: "invert" } and { kind: "image" }, in order

export const maskCanvas = canvas;

const note = () => set({ mask: done.length ? { done: done.length } : null });

// The canvas has the size of the picture; another size begins anew.
export function size(width, height) {
  if (canvas.width === width && canvas.height === height) return;
  Object.assign(canvas, { width, height });
  replay();
}

export function blank() {
  if (!done.length) return;
  done = [];
  replay();
  note();
}

export function undo() {
  done.pop();
  replay();
  note();
}

// Whether all that was painted lies beside the picture.
export const misses = () => done.every(({ places = [], width }) => places.every(({ x, y }) => x < -width / 2 || y < -width / 2 || x > canvas.width + width / 2 || y > canvas.height + width / 2));

function act(one) {
  done.push(one);
  perform(one);
  note();
}

export const invert = () => act({ kind: "invert" });

export function begin(place, { size: width, erase }) {
  act({ kind: "stroke", width, erase, places: [place] });
}

export function goOn(place) {
  const stroke = done.at(-1);
  if (stroke?.kind !== "stroke") return;
  line(stroke, stroke.places.at(-1), place);
  stroke.places.push(place);
}

export async function loadMask(path, width, height) {
  const image = Object.assign(new Image(), { src: path });
  await image.decode();
  done = [];
  size(width, height);
  act({ kind: "image", image });
}

function replay() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  done.forEach(perform);
}

function perform(one) {
  if (one.kind === "stroke") one.places.forEach((place, i) => line(one, one.places[Math.max(0, i - 1)], place));
  else if (one.kind === "invert") fill("xor");
  else {
    pen.drawImage(one.image, 0, 0, canvas.width, canvas.height);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
    pen.putImageData(pixels, 0, 0);
    fill("source-in");
  }
}

function fill(operation) {
  pen.globalCompositeOperation = operation;
  pen.fillStyle = COLOUR;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.globalCompositeOperation = "source-over";
}

function line({ width, erase }, from, to) {
  pen.globalCompositeOperation = erase ? "destination-out" : "source-over";
  Object.assign(pen, { strokeStyle: COLOUR, lineCap: "round", lineJoin: "round", lineWidth: width });
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y + 0.01);
  pen.stroke();
  pen.globalCompositeOperation = "source-over";
}

export function maskBlob(feather = state.pen.feather) {
  const white = document.createElement("canvas");
  const flat = document.createElement("canvas");
  for (const one of [white, flat]) Object.assign(one, { width: canvas.width, height: canvas.height });
  const own = white.getContext("2d");
  own.drawImage(canvas, 0, 0);
  own.globalCompositeOperation = "source-in";
  own.fillStyle = "#fff";
  own.fillRect(0, 0, white.width, white.height);
  const out = flat.getContext("2d");
  out.fillStyle = "#000";
  out.fillRect(0, 0, flat.width, flat.height);
  if (feather > 0) out.filter = `blur(${feather}px)`;
  out.drawImage(white, 0, 0);
  return new Promise((ready) => flat.toBlob(ready, "image/png"));
}
