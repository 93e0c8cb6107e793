// Motion: a film dreamt frame by frame, and a journey into a dream that never ends.

import { post } from "./api.js";
import { dream } from "./dreams.js";
import { html, Part } from "./html.js";
import { Button, Slider } from "./menu.js";
import { set, shownJob, state, tried } from "./state.js";

const MOVES = [
  ["zoom", "Zoom", 1, 1.15, 0.005, "how much nearer each frame is"],
  ["angle", "Turn", -8, 8, 0.25, "degrees each frame"],
];
const PACE = [["frames", "Frames", 8, 240, 1], ["fps", "Frames a second", 6, 30, 1]];
const USUAL = { recipe: "zoom", zoom: 1.03, angle: 0.3, frames: 60, fps: 15 };
const change = (changes) => set({ journey: { ...state.journey, ...changes } });

export class Motion extends Part {
  render() {
    const { film } = state.picture;
    return html`<section id="motion" aria-label="Motion">
      <div class="head"><h2>Motion</h2></div>
      <h3>A film</h3>
      ${film ? html`<${Film} film=${film} />` : html`<p class="note">Drop a video or an animated picture on the page: all of it is dreamt, each frame on the one before.</p>`}
      <${Journey} />
    </section>`;
  }
}

function Film({ film }) {
  const go = tried(() => dream({ kind: "film", label: state.picture.name.slice(0, 80) || "Film" }));
  return html`<p class="note">${film.frames} frames, ${Math.round(film.seconds * 10) / 10} seconds. Three of them are dreamt first, so that you see what comes.</p>
    <${Button} id="dream-film" class="strong" icon="motion" label="Dream the film" onClick=${go} />`;
}

function Journey() {
  const { recipes } = state.schema;
  const now = { ...USUAL, ...state.journey };
  const job = shownJob()?.state === "done" ? shownJob() : null;
  const { about } = recipes.find((one) => one.name === now.recipe) ?? {};
  const go = tried(async () => {
    const journey = { ...state.journey, recipe: now.recipe, frames: now.frames, fps: now.fps };
    const from = job ? { picture: (await post(`/api/jobs/${job.id}/deeper`)).id, parent: job.id, mask: null } : {};
    await dream({ kind: "journey", journey, label: `Journey: ${now.recipe}`, ...from });
  });
  const sliders = (which) => which.map(([name, label, min, max, step, title]) => html`<${Slider} key=${name} id=${`journey-${name}`} label=${label} min=${min} max=${max} step=${step} title=${title} value=${now[name]} onInput=${(value) => change({ [name]: value })} />`);
  return html`<h3>A journey</h3>
    <p class="note">Into ${job ? "this dream" : "the picture"}, without an end: each frame is dreamt on the one before.</p>
    <div class="simple"><label for="journey-recipe">Way</label>
      <select id="journey-recipe" onChange=${(event) => set({ journey: { recipe: event.target.value } })}>
        ${recipes.map(({ name }) => html`<option key=${name} value=${name} selected=${name === now.recipe}>${name}</option>`)}
      </select></div>
    <p class="note">${about}</p>
    ${now.recipe === "zoom" && sliders(MOVES)}
    ${sliders(PACE)}
    <${Button} id="dream-journey" class="strong" icon="motion" label="Set out" onClick=${go} />`;
}
