// Motion: a film dreamt frame by frame, and a journey into a dream that never ends.

import { dream } from "./dreams.js";
import { html, Part } from "./html.js";
import { Button, Slider } from "./menu.js";
import { set, shownJob, state, tried } from "./state.js";

const SLIDERS = [
  ["zoom", "Zoom", 1, 1.2, 0.005, "how much nearer each frame is"],
  ["angle", "Turn", -10, 10, 0.5, "degrees each frame"],
  ["frames", "Frames", 8, 240, 1, ""],
  ["fps", "Frames a second", 6, 30, 1, ""],
];
const JOURNEY = { zoom: 1.04, angle: 0, frames: 48, fps: 15, loop: false };
const journey = () => state.journey ?? JOURNEY;
const change = (changes) => set({ journey: { ...journey(), ...changes } });

export class Motion extends Part {
  render() {
    const { film } = state.picture;
    return html`<section id="motion" aria-label="Motion">
      <div class="head"><h2>Motion</h2></div>
      ${film ? html`<${Film} film=${film} />` : html`<p class="note">Drop a video or an animated picture on the page to dream a film of it.</p>`}
      <${Journey} />
    </section>`;
  }
}

function Film({ film }) {
  const go = tried(() => dream({ kind: "film", label: state.picture.name || "Film" }));
  return html`<h3>The film</h3>
    <p class="note">${film.frames} frames, ${film.fps} a second${film.seconds ? `, ${Math.round(film.seconds)} s` : ""}. Three frames are dreamt first, so that you see what it becomes.</p>
    <${Button} id="dream-film" class="strong" icon="motion" label="Dream the film" onClick=${go} />`;
}

// An infinite zoom from the dream that is shown, or from the picture.
function Journey() {
  const recipes = state.schema.recipes ?? [];
  const now = journey();
  const shown = shownJob();
  const go = tried(() => {
    const plan = Object.fromEntries(Object.entries(now).filter(([, value]) => value !== "" && value !== undefined));
    const family = shown?.state === "done" ? { parent: shown.id } : {};
    return dream({ kind: "journey", journey: plan, label: "Journey", ...family });
  });
  return html`<h3>A journey</h3>
    <p class="note">An endless zoom into ${shown?.state === "done" ? "this dream" : "the picture"}: each frame is dreamt on the one before, a little nearer.</p>
    ${recipes.length > 0 && html`<div class="simple"><label for="journey-recipe">Recipe</label>
      <select id="journey-recipe" value=${now.recipe ?? ""} onChange=${(event) => change({ recipe: event.target.value })}>
        <option value="">none</option>${recipes.map((one) => html`<option key=${one.name ?? one} value=${one.name ?? one}>${one.name ?? one}</option>`)}
      </select></div>`}
    ${SLIDERS.map(([name, label, min, max, step, title]) => html`<${Slider} key=${name} id=${`journey-${name}`} label=${label} min=${min} max=${max} step=${step} title=${title} value=${now[name]} onInput=${(value) => change({ [name]: value })} />`)}
    <label class="check"><input type="checkbox" checked=${now.loop} onChange=${(event) => change({ loop: event.target.checked })} /> There and back, without an end</label>
    <${Button} id="dream-journey" class="strong" icon="motion" label="Set out" onClick=${go} />`;
}
