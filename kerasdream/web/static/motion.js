// Motion: films, and journeys into a dream.

import { asPicture, dream } from "./dreams.js";
import { Button, html, Section, Select, Slider } from "./parts.js";
import { set, shownJob, state, tried } from "./state.js";

const MOVES = [
  ["zoom", "Zoom", 1, 1.15, 0.005, "how much nearer each frame is"],
  ["angle", "Turn", -8, 8, 0.25, "degrees each frame"],
];
const PACE = [["frames", "Frames", 8, 240], ["fps", "Frames a second", 6, 30]];
const USUAL = { recipe: "zoom", zoom: 1.03, angle: 0.3, frames: 60, fps: 15 };

export function Motion() {
  const { film } = state.picture;
  return html`<${Section} name="Motion">
    <h3>A film</h3>
    ${film ? html`<${Film} film=${film} />` : html`<p class="note">Drop a video or an animated picture on the page: all of it is dreamt, each frame on the one before.</p>`}
    <${Journey} />
  <//>`;
}

function Film({ film }) {
  const go = tried(() => dream({ kind: "film", label: state.picture.name.slice(0, 80) || "Film" }));
  return html`<p class="note">${film.frames} frames, ${Math.round(film.seconds * 10) / 10} seconds. Three of them are dreamt first, so that you see what comes.</p>
    <${Button} id="dream-film" class="strong" icon="motion" label="Dream the film" onClick=${go} />`;
}

function Journey() {
  const { recipes } = state.schema;
  const now = { ...USUAL, ...state.journey };
  const { recipe, frames, fps } = now;
  const job = shownJob()?.state === "done" && shownJob();
  const go = tried(async () => {
    const from = job && { picture: (await asPicture(job)).id, parent: job.id, mask: null };
    await dream({ kind: "journey", journey: { ...state.journey, recipe, frames, fps }, label: `Journey: ${recipe}`, ...from });
  });
  const sliders = (which) => which.map(([name, label, min, max, step, title]) => html`<${Slider} id="journey-${name}" label=${label} min=${min} max=${max} step=${step} title=${title}
    value=${now[name]} onInput=${(value) => set({ journey: { ...state.journey, [name]: value } })} />`);
  return html`<h3>A journey</h3>
    <p class="note">Into ${job ? "this dream" : "the picture"}, without an end: each frame is dreamt on the one before.</p>
    <div class="simple"><label for="journey-recipe">Way</label>
      <${Select} id="journey-recipe" options=${recipes.map((one) => one.name)} value=${recipe} onChange=${(way) => set({ journey: { recipe: way } })} /></div>
    <p class="note">${recipes.find((one) => one.name === recipe).about}</p>
    ${recipe === "zoom" && sliders(MOVES)}
    ${sliders(PACE)}
    <${Button} id="dream-journey" class="strong" icon="motion" label="Set out" onClick=${go} />`;
}
