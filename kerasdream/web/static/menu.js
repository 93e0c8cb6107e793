// Menus: one is open at a time.

import { html } from "/static/html.js";
import { Icon } from "/static/icon.js";
import { set, state } from "/static/state.js";

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

export const Button = ({ icon, label, text = true, ...rest }) => html`<button type="button" aria-label=${text ? undefined : label} title=${rest.title ?? label} ...${rest}>
  ${icon && html`<${Icon} name=${icon} />`}${text && html`<span>${label}</span>`}
</button>`;
