// The wall of looks, each dreamt on one's own picture; and looks of one's own.

import { call, post, remove } from "./api.js";
import { html, Part } from "./html.js";
import { Button, IconButton } from "./menu.js";
import { Network } from "./network.js";
import { asked, choose, restore } from "./settings.js";
import { say, set, state, tried } from "./state.js";

// A look as it is on one's own picture where that is there, else on the sample.
function thumb(name) {
  const own = state.wall.looks[name];
  return own ? `/api/wall/${state.picture.id}/${state.model}/${name}` : `/static/looks/${name}.webp`;
}

export const loadLooks = tried(async () => set({ looks: (await call("/api/looks")).looks }));

export const saveLook = tried(async (job) => {
  const name = prompt("What is this look called?", job?.look ?? state.look);
  if (!name) return;
  const { seed, ...settings } = job?.settings ?? asked();
  await post("/api/looks", { name, settings, dream: job?.id });
  await loadLooks();
  say(`“${name}” is among the looks now.`);
});

const forgetLook = tried(async (look) => {
  await remove(`/api/looks/${look.id}`);
  await loadLooks();
});

export class Looks extends Part {
  render() {
    const { schema, looks } = state;
    const waiting = schema.looks.filter((look) => !state.wall.looks[look.name]).length;
    return html`<section id="looks" aria-label="Looks">
      <div class="head"><h2>Looks</h2><${Network} /></div>
      <p class="note">${waiting === schema.looks.length ? "Each will soon be shown on your picture." : waiting ? `On your picture: ${schema.looks.length - waiting} of ${schema.looks.length} so far.` : "Each on your picture."}</p>
      <div id="wall" role="radiogroup" aria-label="Look">
        ${schema.looks.map((look) => html`<label key=${look.name} class=${look.name === state.look ? "chosen" : ""} title=${look.about}>
          <input type="radio" name="look" value=${look.name} checked=${look.name === state.look} onChange=${() => choose(look.name)} />
          <img src=${thumb(look.name)} alt="" data-own=${state.wall.looks[look.name] ? "" : undefined} /><span>${look.name}</span>
        </label>`)}
      </div>
      <h3>Your own</h3>
      ${looks.length ? html`<ul class="own-looks">${looks.map((look) => html`<li key=${look.id}>
        <button type="button" class="tile" onClick=${() => restore(look.settings)}>${look.thumb && html`<img src=${`/api/looks/${look.id}/thumb`} alt="" />`}<span>${look.name}</span></button>
        <${IconButton} class="quiet small" icon="close" label=${`Forget the look ${look.name}`} onClick=${() => forgetLook(look)} />
      </li>`)}</ul>` : html`<p class="note">Turn the knobs until you like it, then keep it here.</p>`}
      <${Button} id="save-look" label="Keep these settings as a look" onClick=${() => saveLook(null)} />
    </section>`;
  }
}
