// Icons, drawn with one pen.

import { html } from "./html.js";

const LINES = {
  looks: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  knobs: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  layers: "m12 4 9 5-9 5-9-5zM3 13l9 5 9-5M3 17l9 5 9-5",
  paint: "M20 4c-6 2-10 6-12 10l2 2c4-2 8-6 10-12zM8 14c-3 0-3 4-5 5 3 2 7 0 7-3",
  sweep: "M4 4h4v4H4zM10 4h4v4h-4zM16 4h4v4h-4zM4 10h4v4H4zM10 10h4v4h-4zM16 10h4v4h-4zM4 16h4v4H4zM10 16h4v4h-4zM16 16h4v4h-4z",
  motion: "M4 5h16v14H4zM10 9l5 3-5 3z",
  family: "M12 4v5M6 15v-3h12v3M12 9v3M10 2h4v3h-4zM4 15h4v4H4zM16 15h4v4h-4z",
  queue: "M4 6h16M4 12h16M4 18h10",
  gallery: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  heart: "M12 20s-8-5-8-11a4.4 4.4 0 0 1 8-2.6A4.4 4.4 0 0 1 20 9c0 6-8 11-8 11z",
  deeper: "M12 4v15M6 13l6 6 6-6",
  save: "M12 4v11M7 11l5 5 5-5M4 20h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  delete: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  again: "M20 12a8 8 0 1 1-3-6.2M20 4v4h-4",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  fit: "M4 4h16v16H4zM9 9h6v6H9z",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  help: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 17.5h.01M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18",
  close: "M6 6l12 12M18 6 6 18",
  play: "M7 5l12 7-12 7z",
  pause: "M8 5v14M16 5v14",
  picture: "M12 5v14M5 12h14",
  surprise: "M12 3l2 6 6 2-6 2-2 6-2-6-6-2 6-2zM19 3v4M17 5h4",
  four: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  undo: "M9 14l-5-5 5-5M4 9h10a6 6 0 0 1 0 12h-3",
  panel: "M4 5h16v14H4zM14 5v14",
  branch: "M6 4v16M6 14c8 0 10-3 10-8M13 8l3-3 3 3",
  columns: "M4 5h16v14H4zM12 5v14",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14M16 16l4 4",
};

export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${LINES[name]} /></svg>`;
