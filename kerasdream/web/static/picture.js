// The picture to dream on: dropped, pasted, chosen, or made of noise.

import { post, upload } from "./api.js";
import { open, shownOnWall } from "./dreams.js";
import { blank } from "./mask.js";
import { restore } from "./settings.js";
import { ALONE, SAMPLE, say, set, state, tried, WHOLE } from "./state.js";

let choice = 0; // the latest wish counts, not the latest answer

export function take(picture) {
  choice += 1;
  if (picture.id !== state.picture.id) blank();
  set({ ...ALONE, picture, camera: WHOLE, seen: null });
}

export function askForWall() {
  const asked = { picture: state.picture.id, model: state.model };
  const of = `${asked.picture} ${asked.model}`;
  if (state.wall.of === of) return;
  set({ wall: { of, looks: {} } });
  post("wall", asked)
    .then(({ there }) => there.forEach((look) => shownOnWall({ ...asked, look })))
    .catch(() => {}); // then the looks are shown on the sample
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

async function send(file) {
  const most = state.schema.max_upload;
  if (file.size > most) throw new Error(`${file.name || "This file"} has ${megabytes(file.size)}; ${megabytes(most)} at most are taken here.`);
  return { ...(await upload(file)), name: file.name };
}

// Of several files the first is shown; all wait in the tray.
export const takeFiles = tried(async (files) => {
  const all = [...files];
  if (!all.length) return;
  const mine = ++choice;
  say(all.length > 1 ? `${all.length} pictures are on their way.` : "The picture is on its way.");
  let kept;
  try {
    kept = await Promise.all(all.map(send));
  } finally {
    say("");
  }
  if (mine !== choice) return; // something else was chosen meanwhile
  const [first] = kept;
  set({ tray: kept });
  take(first);
  if (first.settings) restore(first.settings);
  told(first, kept.length);
});

function told({ film, given, width, height }, many) {
  if (many > 1) say(`${many} pictures: dream them one by one, or all.`);
  else if (film) {
    set({ drawer: "motion" });
    say(`A film of ${film.frames} frames: this is its first. Under Motion the whole film is dreamt.`);
  } else if (given && given[0] !== width) say(`The picture was shrunk from ${given.join(" × ")} to ${width} × ${height} pixels.`);
}

export const takeGuide = tried(async ([file]) => {
  if (file) set({ guide: (await send(file)).id });
});

export const sample = () => take(SAMPLE);
export const noise = () => take({ ...SAMPLE, id: "noise:768x512", name: "Noise" });

// Files, a dream of this page, or an address.
function takeTransfer(data) {
  if (data.files.length) return takeFiles(data.files);
  const address = data.getData("text/uri-list") || data.getData("text/plain");
  const [, dream] = address.match(/\/api\/jobs\/([0-9a-f]{32})\//) ?? [];
  if (dream && address.startsWith(location.origin)) return open(dream);
  if (/^https?:/.test(address)) set({ fault: "The studio fetches nothing from addresses. Save the picture, then drop the file here." });
  return null;
}

export function listenForPictures() {
  const { classList } = document.documentElement;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.types.includes("application/x-dream")) classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("over");
    if (event.target.closest?.("#guide-drop")) takeGuide(event.dataTransfer.files);
    else takeTransfer(event.dataTransfer);
  });
  addEventListener("paste", (event) => {
    if (event.target.closest?.("input, textarea") && !event.clipboardData.files.length) return;
    takeTransfer(event.clipboardData);
  });
}
