// The knobs: a form made from the studio's own list of them, and what it says.

import { call } from "/static/api.js";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

export class Form {
  constructor(schema, look) {
    this.schema = schema;
    this.fields = new Map();
    this.base = {};
    for (const knob of schema.knobs) {
      if (knob.name === "preset") continue;
      const row = knob.name === "layers" ? this.layersRow(knob) : this.row(knob);
      (knob.name === "model" ? document.getElementById("network") : this.group(knob.group)).append(row);
    }
    this.look = look;
    this.fields.get("model").input.addEventListener("change", () => this.fillLayers());
  }

  // The part of the form for knobs that belong together.
  group(name) {
    const id = `group-${name}`;
    const found = document.getElementById(id);
    if (found) return found;
    const part = make("fieldset", { id }, make("legend", { textContent: name }));
    document.getElementById("knobs").append(part);
    return part;
  }

  row(knob) {
    const id = `knob-${knob.name}`;
    let input;
    if (knob.choices.length) {
      input = make("select", { id }, ...knob.choices.map((one) => make("option", { value: one, textContent: one })));
    } else if (knob.kind === "bool") {
      input = make("input", { id, type: "checkbox" });
    } else {
      input = make("input", { id, type: "text", inputMode: "decimal", placeholder: knob.optional ? "none" : "" });
    }
    const fault = make("p", { className: "fault", id: `${id}-fault` });
    input.setAttribute("aria-describedby", `${id}-note ${id}-fault`);
    const note = make("p", { className: "note", id: `${id}-note`, textContent: knob.help });
    note.title = knob.expected;
    this.fields.set(knob.name, { knob, input, fault });
    return make("div", { className: "knob" }, make("label", { htmlFor: id, textContent: knob.name }), input, note, fault);
  }

  layersRow(knob) {
    const rows = make("div", { id: "layers" });
    const add = make("button", { type: "button", textContent: "Add a layer" });
    add.addEventListener("click", () => this.addLayer("", 1, true));
    const fault = make("p", { className: "fault" });
    this.fields.set("layers", { knob, rows, fault });
    const note = make("p", { className: "note", textContent: "Layers and their weights; mixed4:150 is one channel." });
    return make("div", { className: "knob wide" }, make("span", { textContent: "layers" }), rows, add, note, fault, make("datalist", { id: "layer-names" }));
  }

  addLayer(name, weight, focus = false) {
    const { rows } = this.fields.get("layers");
    const number = rows.children.length + 1;
    const what = make("input", { type: "text", value: name, ariaLabel: `Layer ${number}` });
    what.setAttribute("list", "layer-names");
    const how = make("input", { type: "text", inputMode: "decimal", value: String(weight), ariaLabel: `Weight of layer ${number}` });
    const away = make("button", { type: "button", textContent: "×", ariaLabel: `Remove layer ${number}` });
    const sketch = make("img", { className: "sketch", alt: "", hidden: true });
    const row = make("div", { className: "layer" }, what, how, away, sketch);
    const look = () => this.sketch(what.value.trim(), sketch);
    what.addEventListener("change", look);
    look();
    away.addEventListener("click", () => row.remove());
    rows.append(row);
    if (focus) what.focus();
  }

  // Beside a single channel, what it looks for; the studio draws it when nothing else waits.
  async sketch(text, image) {
    const [, layer, channel] = text.match(/^([\w/]+):(\d+)$/) ?? [];
    image.hidden = true;
    image.dataset.of = text;
    if (!layer) return;
    const path = `/api/channels/${this.fields.get("model").input.value}/${layer}/${channel}`;
    for (let turn = 0; turn < 60 && image.dataset.of === text; turn += 1) {
      const answer = await fetch(path).catch(() => null);
      if (answer?.status === 200) {
        image.src = path;
        image.alt = `What ${text} looks for`;
        image.hidden = false;
      }
      if (answer?.status !== 202) return;
      await new Promise((done) => setTimeout(done, 1500));
    }
  }

  async fillLayers() {
    const model = this.fields.get("model").input.value;
    const { layers } = await call(`/api/layers/${encodeURIComponent(model)}`);
    if (model !== this.fields.get("model").input.value) return;
    const names = layers.map((layer) => make("option", { value: layer.name, textContent: layer.look }));
    document.getElementById("layer-names").replaceChildren(...names);
  }

  // Show settings: those of the look, changed by those given.
  show(settings) {
    this.faults("");
    this.fields.get("layers").rows.replaceChildren();
    for (const [name, { knob, input }] of this.fields) {
      const value = name in settings ? settings[name] : knob.default;
      if (name === "layers") {
        for (const [layer, weight] of Object.entries(settings.layers ?? {})) this.addLayer(layer, weight);
      } else if (knob.kind === "bool") {
        input.checked = Boolean(value);
      } else {
        input.value = value === null ? "" : Array.isArray(value) ? value.join(", ") : String(value);
      }
    }
    this.base = this.values();
    this.fillLayers().catch(() => {});
  }

  values() {
    const values = {};
    for (const [name, { knob, input, rows }] of this.fields) {
      if (name === "layers") {
        const pairs = [...rows.children].map((row) => [row.children[0].value.trim(), number(row.children[1].value)]);
        const sums = {}; // two rows of one name count together
        for (const [layer, weight] of pairs) if (layer) sums[layer] = layer in sums ? sums[layer] + weight : weight;
        values.layers = Object.keys(sums).length ? sums : null;
      } else if (knob.kind === "bool") {
        values[name] = input.checked;
      } else {
        values[name] = read(input.value.trim(), knob);
      }
    }
    return values;
  }

  // What differs from the look, with the look and the model.
  changes() {
    const values = this.values();
    const changed = Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(this.base[name]));
    return { preset: this.look(), model: values.model, ...this.extra, ...Object.fromEntries(changed) };
  }

  // Settings that were restored go before those of the look.
  restore(settings, extra = {}) {
    this.extra = extra;
    this.show(settings);
  }

  // A message that begins with the name of a knob stands beside it; whether it did.
  faults(message) {
    let placed = false;
    for (const [name, field] of this.fields) {
      const own = message && new RegExp(`^(An array of shape .* for )?${name}\\b`).test(message);
      field.fault.textContent = own ? message : "";
      field.input?.setAttribute("aria-invalid", Boolean(own));
      if (own) {
        placed = true;
        (field.input ?? field.rows).closest("details")?.setAttribute("open", "");
        field.input?.focus();
      }
    }
    return placed;
  }
}

// What was written as a number, or the words themselves: the studio says what it expected.
const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text.trim() : Number(text));

function read(text, knob) {
  if (text === "" && knob.optional) return null;
  if (["int", "float", "ints", "floats"].includes(knob.kind)) {
    const numbers = text.split(",").map(number);
    return numbers.length > 1 ? numbers : numbers[0];
  }
  return text;
}

// The same dream from Python, and from the command line. What was chosen in the page has to be there as files.
function whole(settings, { guide, mask }, layers, guideOf) {
  const all = { ...settings };
  if (guide) Object.assign(all, { layers: Object.keys(layers ?? {}).map((name) => guideOf(name.replace(/:.*$/, ""))), max_loss: null });
  if (mask) all.mask = "mask.png";
  return all;
}

export function asPython(settings, chosen, layers) {
  const value = (v) => v === null ? "None" : v === true ? "True" : v === false ? "False"
    : Array.isArray(v) ? `(${v.map(value).join(", ")})`
    : typeof v === "object" ? `{${Object.entries(v).map(([k, w]) => `${JSON.stringify(k)}: ${w}`).join(", ")}}` : JSON.stringify(v);
  const all = Object.entries(whole(settings, chosen, layers, (name) => `kerasdream.Guide(${JSON.stringify(name)}, "guide.jpg")`))
    .map(([name, v]) => `${name}=${name === "layers" && Array.isArray(v) ? v.join(" + ") : value(v)}`);
  const picture = chosen.picture === "sample" ? "kerasdream.sample()" : chosen.picture.startsWith("noise") ? JSON.stringify(chosen.picture) : '"picture.jpg"';
  return `import kerasdream\n\nkerasdream.dream(${[picture, ...all].join(", ")}).save("dream.png")`;
}

export function asCommand(settings, chosen, layers) {
  const value = (v) => v === null ? "none" : Array.isArray(v) ? v.join(",")
    : typeof v === "object" ? Object.entries(v).map(([k, w]) => `${k}=${w}`).join(",") : String(v);
  const quoted = (text) => (/^[\w.,=:+-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  const flags = Object.entries(whole(settings, chosen, layers, (name) => `guide(${name}, guide.jpg)`))
    .map(([n, v]) => v === false ? `--no${n}` : v === true ? `--${n}` : quoted(`--${n}=${value(v)}`));
  const picture = chosen.picture === "sample" ? [] : [chosen.picture.startsWith("noise") ? `--image=${chosen.picture}` : "picture.jpg"];
  return ["kerasdream", ...picture, ...flags].join(" ");
}
