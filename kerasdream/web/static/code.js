// The same dream from Python, and from the command line, with what was chosen as files.

import { asked, layersOf } from "./settings.js";
import { say, state, tried } from "./state.js";

function whole(guideOf) {
  const all = asked();
  if (state.guide) Object.assign(all, { layers: Object.keys(layersOf()).map((name) => guideOf(name.replace(/:.*$/, ""))), max_loss: null });
  if (state.mask) all.mask = "mask.png";
  return Object.entries(all);
}

function picture(sample, noise, file) {
  const { id } = state.picture;
  return id === "sample" ? sample : id.startsWith("noise") ? noise(id) : file;
}

export function asPython() {
  const text = JSON.stringify;
  const value = (v) => v === null ? "None" : v === true ? "True" : v === false ? "False"
    : Array.isArray(v) ? `(${v.map(value).join(", ")})`
    : typeof v === "object" ? `{${Object.entries(v).map(([name, weight]) => `${text(name)}: ${weight}`).join(", ")}}` : text(v);
  const all = whole((name) => `kerasdream.Guide(${text(name)}, "guide.jpg")`)
    .map(([name, v]) => `${name}=${name === "layers" && Array.isArray(v) ? v.join(" + ") : value(v)}`);
  return `import kerasdream\n\nkerasdream.dream(${[picture("kerasdream.sample()", text, '"picture.jpg"'), ...all].join(", ")}).save("dream.png")`;
}

export function asCommand() {
  const value = (v) => v === null ? "none" : Array.isArray(v) ? v.join(",")
    : typeof v === "object" ? Object.entries(v).map((pair) => pair.join("=")).join(",") : v;
  const quoted = (text) => (/^[\w.,=:+-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  const flags = whole((name) => `guide(${name}, guide.jpg)`)
    .map(([name, v]) => v === false ? `--no${name}` : v === true ? `--${name}` : quoted(`--${name}=${value(v)}`));
  return ["kerasdream", ...picture([], (id) => [`--image=${id}`], ["picture.jpg"]), ...flags].join(" ");
}

// Browsers give the clipboard to pages of this machine and of https only.
export const copy = tried(async (text) => {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else {
    const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("The browser does not let this page copy.");
  }
  say("Copied.");
});
