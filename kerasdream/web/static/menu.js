// Menus: one is open at a time.

import { html } from "./html.js";
import { Icon } from "./icon.js";
import { set, state } from "./state.js";

const toggle = (name) => set({ menu: state.menu === name ? null : name });

// A button with what it opens. Each entry is [words, action], or an element.
export function Menu({ name, icon, label, hint, entries, up = false, text = true }) {
  const open = state.menu === name;
  return html`<div class="menu" data-menu=${name}>
    <button type="button" id=${`menu-${name}`} class="quiet" aria-expanded=${open} aria-haspopup="true" title=${hint} aria-label=${text ? undefined : label} onClick=${() => toggle(name)}>
      <${Icon} name=${icon} />${text && html`<span>${label}</span>`}
    </button>
    ${open && html`<ul class=${up ? "up" : ""}>${entries.filter(Boolean).map((entry) => html`<li>
      ${Array.isArray(entry) ? html`<button type="button" onClick=${() => { set({ menu: null }); entry[1](); }}>${entry[0]}${entry[2] && html`<small>${entry[2]}</small>`}</button>` : entry}
    </li>`)}</ul>`}
  </div>`;
}

export function closeMenus(event) {
  if (state.menu && !event.target.closest?.(`[data-menu=${state.menu}]`)) set({ menu: null });
}

export const Button = ({ icon, label, title, ...rest }) => html`<button type="button" title=${title ?? label} ...${rest}>${icon && html`<${Icon} name=${icon} />`}<span>${label}</span></button>`;

export const IconButton = ({ icon, label, ...rest }) => html`<button type="button" class="quiet" aria-label=${label} title=${label} ...${rest}><${Icon} name=${icon} /></button>`;

export const Slider = ({ id, label, value, shown = value, onInput, children, ...rest }) => html`<div class="simple"><label for=${id}>${label}</label><output for=${id}>${shown}</output>
  <input id=${id} type="range" ...${rest} value=${value} onInput=${(event) => onInput(Number(event.target.value))} />${children}</div>`;
