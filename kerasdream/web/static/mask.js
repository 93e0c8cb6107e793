// The mask: where the dream may go. It is kept as what was done, so that every stroke can be taken back.

import { loadImage } from "./api.js";
import { set, state } from "./state.js";

const COLOUR = "#b79cff";
export const canvas = document.createElement("canvas");
canvas.id = "mask";
canvas.setAttribute("role", "img");
canvas.setAttribute("aria-label", "Mask: where the dream goes");
const pen = canvas.getContext("2d", { willReadFrequently: true });
let done = []; // strokes, { kind: "invert" } and { kind: "image" }, in order

const note = () => set({ mask: done.length > 0 });

// The canvas has the size of the picture; another size begins anew.
export function size(width, height) {
  if (canvas.width === width && canvas.height === height) return;
  Object.assign(canvas, { width, height });
  replay();
}

function keep(some) {
  done = some;
  replay();
  note();
}

export const blank = () => keep([]);
export const undo = () => keep(done.slice(0, -1));

// Whether all that was painted lies beside the picture.
export const misses = () => done.every(({ places = [], width }) => places.every(({ x, y }) => {
  const reach = width / 2;
  return x < -reach || y < -reach || x > canvas.width + reach || y > canvas.height + reach;
}));

function act(one) {
  done.push(one);
  perform(one);
  note();
}

export const invert = () => act({ kind: "invert" });

export const begin = (place, width, erase = false) => act({ kind: "stroke", width, erase, places: [place] });

export function goOn(place) {
  const stroke = done.at(-1);
  if (!stroke?.places) return; // it was taken back meanwhile
  line(stroke, stroke.places.at(-1), place);
  stroke.places.push(place);
}

export async function loadMask(path, width, height) {
  const image = await loadImage(path);
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

function fill(operation, on = pen, colour = COLOUR) {
  on.globalCompositeOperation = operation;
  on.fillStyle = colour;
  on.fillRect(0, 0, canvas.width, canvas.height);
  on.globalCompositeOperation = "source-over";
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

// The mask as a picture: white on black.
export function maskBlob(feather = state.pen.feather) {
  const [white, flat] = [0, 1].map(() => Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height }).getContext("2d"));
  white.drawImage(canvas, 0, 0);
  fill("source-in", white, "#fff");
  fill("source-over", flat, "#000");
  if (feather > 0) flat.filter = `blur(${feather}px)`;
  flat.drawImage(white.canvas, 0, 0);
  return new Promise((ready) => flat.canvas.toBlob(ready, "image/png"));
}
