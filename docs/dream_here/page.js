// The page: a picture, a look, and the worker that dreams.
import { png } from "./png.js";

const $ = (id) => document.getElementById(id);
const { looks, version } = await (await fetch("looks.json")).json();
const canvas = $("picture").getContext("2d", { willReadFrequently: true }), knobs = $("knobs").elements;
const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
let source, original, look, settings, losses, dreamt, dreaming = false, loaded = 0;

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

async function open(file) {
  if (dreaming) return;
  try {
    source = { name: file.name ?? "sample.jpg", bitmap: await createImageBitmap(file) };
    fit();
  } catch {
    say(`${file.name} is no picture that this browser can open.`, true);
  }
}

// Show the picture at the size at which it is dreamt; it is never enlarged.
function fit() {
  const { bitmap } = source, share = Math.min(1, knobs.side.value / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * share)));
  Object.assign($("picture"), { width, height });
  $("stage").style.setProperty("--ratio", width / height);
  canvas.fillStyle = "#fff";
  canvas.fillRect(0, 0, width, height);
  canvas.imageSmoothingQuality = "high";
  canvas.drawImage(bitmap, 0, 0, width, height);
  const { data } = canvas.getImageData(0, 0, width, height);
  original = { height, width, data: data.filter((_, i) => (i & 3) !== 3) };
  finished(false);
  show(original.data);
  say(`${width} × ${height} pixels.`);
}

function show(rgb) {
  const { height, width } = original, image = canvas.createImageData(width, height);
  for (let i = 0, to = 0; i < rgb.length; i++) {
    image.data[to++] = rgb[i];
    if (i % 3 === 2) image.data[to++] = 255;
  }
  canvas.putImageData(image, 0, 0);
  $("glow").getContext("2d").drawImage($("picture"), 0, 0, 32, 24);
}

// What the buttons offer, after a dream and before.
function finished(yes) {
  $("original").setAttribute("aria-pressed", "false");
  document.body.classList.toggle("dreamt", yes);
  if (!yes) dreamt = null;
}

function compare(before) {
  if (!dreamt) return;
  $("original").setAttribute("aria-pressed", before);
  show(before ? original.data : dreamt);
}

function choose(chosen) {
  look = chosen;
  for (const knob of knobs) knob.value = look.settings[knob.name] ?? knob.value;
  tell();
}

function tell() {
  const missing = look.bytes - loaded, cost = missing > 0 ? ` Fetches ${(missing / 1e6).toFixed(1)} MB.` : "";
  $("about").textContent = `${look.about}.${cost}`;
}

const labels = looks.map(({ name }) => `<label><input type="radio" name="look" value="${name}">
  <img src="${name}.webp" alt=""><span>${name}</span></label>`);
$("wall").innerHTML = labels.join("");
$("wall").onchange = ({ target }) => choose(looks.find(({ name }) => name === target.value));

function begin() {
  if (!$("knobs").reportValidity()) return;
  settings = { ...look.settings };
  for (const { name, value } of knobs) if (name in settings) settings[name] = Number(value);
  losses = [];
  finished(false);
  rest(false);
  say("Fetching the network …");
  worker.postMessage({ pixels: original, settings, terms: look.terms });
}

function rest(yes) {
  dreaming = !yes;
  bar(0);
  document.body.classList.toggle("dreaming", dreaming);
  $("dream").textContent = dreaming ? "Stop" : "Dream";
  for (const part of [$("file"), ...knobs, ...document.querySelectorAll("#wall input")]) part.disabled = dreaming;
}

function bar(share) {
  $("bar").firstElementChild.style.scale = `${share} 1`;
}

function step({ octave, octaves, step, loss }) {
  losses.push(loss);
  const { iterations } = settings, top = Math.max(...losses) || 1, across = 100 / Math.max(losses.length - 1, 1);
  const points = losses.map((value, i) => `${(i * across).toFixed(2)},${(29 - (27 * value) / top).toFixed(2)}`);
  $("curve").firstElementChild.setAttribute("points", points.join(" "));
  bar((octave * iterations + step + 1) / (octaves * iterations));
  say(`Size ${octave + 1} of ${octaves}, step ${step + 1} of ${iterations}: loss ${loss.toPrecision(4)}`);
}

async function end({ picture, losses, seconds }) {
  rest(true);
  loaded = Math.max(loaded, look.bytes);
  tell();
  if (!losses.length) return say("Nothing was dreamt.");
  dreamt = picture;
  finished(true);
  say(`${losses.flat().length} steps in ${seconds.toFixed(1)} s, loss ${losses.at(-1).at(-1).toPrecision(4)}.`);
  const name = `${source.name.replace(/\.[^.]*$/, "")}-${look.name}.png`;
  const record = {
    settings,
    versions: { kerasdream: version },
    losses: losses.map((octave) => octave.map((loss) => Number(loss.toPrecision(7)))),
    seconds: Number(seconds.toFixed(2)),
    source: source.name,
  };
  URL.revokeObjectURL($("save").href);
  $("save").href = URL.createObjectURL(await png({ ...original, data: picture }, record));
  $("save").download = $("after").querySelector("span").textContent = name;
}

function failed(fault) {
  rest(true);
  say(`It did not work: ${fault}`, true);
}

worker.onmessage = ({ data }) => {
  if (data.picture) show(data.picture);
  if (data.fault) failed(data.fault);
  else if (data.done) end(data);
  else if ("share" in data) bar(data.share);
  else step(data);
};
worker.onerror = () => failed("the worker of this page could not begin.");

$("dream").onclick = () => (dreaming ? worker.postMessage("stop") : begin());
const given = ({ files: [file] }) => file && open(file);
$("file").onchange = ({ target }) => given(target);
$("original").onclick = () => compare($("original").getAttribute("aria-pressed") === "false");
$("picture").onpointerdown = () => compare(true);
$("picture").onpointerup = $("picture").onpointerleave = () => compare(false);
knobs.side.onchange = fit;
document.onpaste = ({ clipboardData }) => given(clipboardData);
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  given(event.dataTransfer);
};

knobs.side.value = matchMedia("(max-width: 600px)").matches ? 384 : 512;
$("wall").querySelector("[value=eyes]").click();
await open(await (await fetch("sample.jpg")).blob());
$("dream").disabled = false;
document.documentElement.dataset.ready = "";
