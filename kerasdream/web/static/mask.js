// The mask, kept as what was done, so that every stroke can be taken back.

import { loadImage } from "./api.js";
import { set, state } from "./state.js";

const COLOUR = "#b79cff";
export const canvas = document.createElement("canvas");
Object.assign(canvas, { id: "mask", role: "img", ariaLabel: "Mask: where the dream goes" });
const pen = canvas.getContext("2d", { willReadFrequently: true });
let done = []; // what was painted, in order; each can draw itself anew

const note = () => set({ mask: done.length > 0 });

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
  one.draw();
  note();
}

export const invert = () => act({ draw: () => fill("xor") });

export function begin(place, width, erase = false) {
  const places = [place];
  act({ width, erase, places, draw: () => places.forEach((to, i) => line(width, erase, places[Math.max(0, i - 1)], to)) });
}

export function goOn(place) {
  const { width, erase, places } = done.at(-1) ?? {};
  if (!places) return; // it was taken back meanwhile
  line(width, erase, places.at(-1), place);
  places.push(place);
}

export async function loadMask(path, width, height) {
  const image = await loadImage(path);
  done = [];
  size(width, height);
  act({ draw: () => {
    pen.globalCompositeOperation = "copy";
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
    pen.putImageData(pixels, 0, 0);
    fill("source-in");
  } });
}

function replay() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const one of done) one.draw();
}

function fill(operation, on = pen, colour = COLOUR) {
  on.globalCompositeOperation = operation;
  on.fillStyle = colour;
  on.fillRect(0, 0, canvas.width, canvas.height);
}

function line(width, erase, from, to) {
  pen.globalCompositeOperation = erase ? "destination-out" : "source-over";
  Object.assign(pen, { strokeStyle: COLOUR, lineCap: "round", lineJoin: "round", lineWidth: width });
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x, to.y + 0.01);
  pen.stroke();
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
