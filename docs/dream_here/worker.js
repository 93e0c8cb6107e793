// Dreams beside the page, which stays awake: takes {pixels, settings, terms} or "stop".
import { Dream } from "./dream.js";
import { Network } from "./network.js";

const REST = 150; // milliseconds between two pictures shown
let network, stopped;

onmessage = ({ data }) => {
  if (data === "stop") stopped = true;
  else dream(data).catch((fault) => postMessage({ fault: fault.message }));
};

async function dream({ pixels, settings, terms }) {
  stopped = false;
  network ??= await Network.open(import.meta.url);
  await network.load(network.depth(terms), (share) => postMessage({ share }));
  const started = performance.now(), dreamt = new Dream(pixels, settings, terms, network), octaves = dreamt.shapes.length;
  let shown = 0;
  for (const moment of stopped ? [] : dreamt.steps()) {
    const picture = performance.now() - shown > REST && dreamt.picture();
    if (picture) shown = performance.now();
    postMessage({ ...moment, octaves, picture });
    await new Promise((resolve) => setTimeout(resolve)); // a word from the page is heard now
    if (stopped) break;
  }
  const seconds = (performance.now() - started) / 1000, { losses } = dreamt;
  postMessage({ done: true, losses, seconds, picture: losses.length && dreamt.picture() });
}
