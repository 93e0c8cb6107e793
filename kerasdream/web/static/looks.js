// The wall of looks, each dreamt on one's own picture; looks of one's own; the network.

import { call, post, remove } from "./api.js";
import { Button, html, IconButton, Section, Select } from "./parts.js";
import { asked, choose, restore } from "./settings.js";
import { say, set, state, tried } from "./state.js";

export const loadLooks = tried(async () => set({ looks: (await call("looks")).looks }));

export const saveLook = tried(async (job) => {
  const name = prompt("What is this look called?", job?.look ?? state.look);
  if (!name) return;
  const { seed, ...settings } = job?.settings ?? asked();
  await post("looks", { name, settings, dream: job?.id });
  await loadLooks();
  say(`“${name}” is among the looks now.`);
});

const forgetLook = tried(async (look) => {
  await remove(`looks/${look.id}`);
  await loadLooks();
});

export function Looks() {
  const looks = state.schema.looks.filter((look) => look.on_wall);
  const there = looks.filter((look) => state.wall.looks[look.name]).length;
  const how = there === looks.length ? "Each on your picture." : there ? `On your picture: ${there} of ${looks.length} so far.` : "Each will soon be shown on your picture.";
  return html`<${Section} name="Looks" head=${html`<${Network} />`}>
    <p class="note">${how}</p>
    <div id="wall" role="radiogroup" aria-label="Look">${looks.map((look) => html`<${Look} key=${look.name} ...${look} />`)}</div>
    <h3>Your own</h3>
    ${state.looks.length ? html`<ul class="own-looks">${state.looks.map((look) => html`<li key=${look.id}>
      <button class="tile" onClick=${() => restore(look.settings)}>${look.thumb && html`<img src="/api/looks/${look.id}/thumb" alt="" />`}<span>${look.name}</span></button>
      <${IconButton} class="small" icon="close" label="Forget the look ${look.name}" onClick=${() => forgetLook(look)} />
    </li>`)}</ul>` : html`<p class="note">Turn the knobs until you like it, then keep it here.</p>`}
    <${Button} id="save-look" label="Keep these settings as a look" onClick=${() => saveLook()} />
  <//>`;
}

// Until it is dreamt on one's own picture, a look is shown on the sample.
function Look({ name, about }) {
  const own = state.wall.looks[name];
  const src = own ? `/api/wall/${state.picture.id}/${state.model}/${name}` : `/static/looks/${name}.webp`;
  const chosen = name === state.look;
  return html`<label class=${chosen && "chosen"} title=${about}>
    <input type="radio" name="look" value=${name} checked=${chosen} onChange=${() => choose(name)} />
    <img src=${src} alt="" data-own=${own} /><span>${name}</span>
  </label>`;
}

const NAMES = { mini: "mini, the quick one", inception_v3: "InceptionV3" };
const words = (model) => NAMES[model] ?? model;

export function Network() {
  const { models } = state.schema;
  if (models.length < 2) return html`<span class="note">${words(state.model)}</span>`;
  return html`<${Select} id="knob-model" class="model" aria-label="Network" options=${models} words=${words} value=${state.model} onChange=${(model) => set({ model })} />`;
}
