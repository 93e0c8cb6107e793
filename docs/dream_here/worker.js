// Dreams beside the page, which stays awake: takes {pixels, settings, terms} or "stop".
import { Dream } from "./dream.js";
import { Network } from "./network.js";

const REST = 60; // milliseconds between two pictures shown
let network, stopped;

onmessage = ({ data }) => {
  if (data === "stop") stopped = true;
  else dream(data).catch((fault) => postMessage({ fault: fault.message }));
};

function send(message, picture) {
  postMessage({ ...message, picture }, picture ? [picture.buffer] : []);
}

async function dream({ pixels, settings, terms }) {
  stopped = false;
  network ??= await Network.open(import.meta.url);
  await network.load(network.depth(terms), (share) => send({ share }));
  const started = performance.now(), dreamt = new Dream(pixels, settings, terms, network), octaves = dreamt.shapes.length;
  let shown = 0;
  for (const moment of stopped ? [] : dreamt.steps()) {
    const show = performance.now() - shown > REST;
    send({ ...moment, octaves }, show && dreamt.picture());
    if (show) shown = performance.now();
    await new Promise((resolve) => setTimeout(resolve)); // a word from the page is heard now
    if (stopped) break;
  }
  const seconds = (performance.now() - started) / 1000, { losses } = dreamt;
  send({ done: true, losses, seconds, steps: losses.flat().length }, dreamt.picture());
}
