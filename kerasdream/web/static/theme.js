// Light, dark, or as the system has it; remembered by the browser.

import { set, state } from "./state.js";

const THEMES = ["system", "light", "dark"];
const KEY = "kerasdream-theme";

export function readTheme() {
  const kept = localStorage.getItem(KEY);
  if (THEMES.includes(kept)) set({ theme: kept });
}

export function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length];
  localStorage.setItem(KEY, theme);
  set({ theme });
}
