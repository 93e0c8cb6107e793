// The same dream from Python, and from the command line. What was chosen in the page has to be there as files.

import { asked, layersOf } from "./settings.js";
import { say, state } from "./state.js";

function whole(guideOf) {
  const all = asked();
  if (state.guide) Object.assign(all, { layers: Object.keys(layersOf()).map((name) => guideOf(name.replace(/:.*$/, ""))), max_loss: null });
  if (state.mask) all.mask = "mask.png";
  return all;
}

const quotedPair = ([name, weight]) => `${JSON.stringify(name)}: ${weight}`;

export function asPython() {
  const value = (v) => v === null ? "None" : v === true ? "True" : v === false ? "False"
    : Array.isArray(v) ? `(${v.map(value).join(", ")})`
    : typeof v === "object" ? `{${Object.entries(v).map(quotedPair).join(", ")}}` : JSON.stringify(v);
  const all = Object.entries(whole((name) => `kerasdream.Guide(${JSON.stringify(name)}, "guide.jpg")`))
    .map(([name, v]) => `${name}=${name === "layers" && Array.isArray(v) ? v.join(" + ") : value(v)}`);
  const { id } = state.picture;
  const picture = id === "sample" ? "kerasdream.sample()" : id.startsWith("noise") ? JSON.stringify(id) : '"picture.jpg"';
  return `import kerasdream\n\nkerasdream.dream(${[picture, ...all].join(", ")}).save("dream.png")`;
}

export function asCommand() {
  const value = (v) => v === null ? "none" : Array.isArray(v) ? v.join(",")
    : typeof v === "object" ? Object.entries(v).map(([k, w]) => `${k}=${w}`).join(",") : String(v);
  const quoted = (text) => (/^[\w.,=:+-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  const flags = Object.entries(whole((name) => `guide(${name}, guide.jpg)`))
    .map(([n, v]) => v === false ? `--no${n}` : v === true ? `--${n}` : quoted(`--${n}=${value(v)}`));
  const { id } = state.picture;
  const picture = id === "sample" ? [] : [id.startsWith("noise") ? `--image=${id}` : "picture.jpg"];
  return ["kerasdream", ...picture, ...flags].join(" ");
}

// Browsers give the clipboard to pages of this machine and of https only.
export async function copy(text, words = "Copied.") {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else {
    const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("The browser does not let this page copy.");
  }
  say(words);
}
