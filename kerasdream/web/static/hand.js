// The hand on a pane: it moves the camera, paints, or moves the handle between before and after.

import { panned, zoomed } from "./camera.js";
import { set, state, WHOLE, within } from "./state.js";

const NEAR = 26; // pixels about the handle that take hold of it

export class Hand {
  // `place` gives how the picture lies in the pane, `tool` what the first finger does.
  constructor(element, { place, tool, handle }) {
    Object.assign(this, { element, place, tool, handle, pointers: new Map() });
    const listeners = { pointerdown: "down", pointermove: "move", pointerup: "up", pointercancel: "up", pointerleave: "leave", dblclick: "twice", wheel: "wheel" };
    for (const [kind, action] of Object.entries(listeners)) element.addEventListener(kind, (event) => this[action](event));
  }

  at({ clientX, clientY }) {
    const box = this.element.getBoundingClientRect();
    return { left: clientX - box.left, top: clientY - box.top };
  }

  share(event) {
    const at = this.at(event);
    const { left, top, scale, width, height } = this.place();
    return { x: (at.left - left) / (width * scale), y: (at.top - top) / (height * scale) };
  }

  pixel(event) {
    const { x, y } = this.share(event);
    const { width, height } = this.place();
    return { x: x * width, y: y * height };
  }

  wheel(event) {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.012 : 0.0022));
    set({ camera: zoomed(state.camera, factor, this.share(event)) });
  }

  down(event) {
    if (event.button === 2) return;
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size > 1) return this.letGo();
    const handle = this.handle();
    this.sliding = handle && (event.target.closest("#handle") || Math.abs(this.at(event).left - handle.at) < NEAR);
    if (this.sliding || event.button !== 0 || event.altKey) return;
    this.painting = this.tool();
    this.painting?.begin(this.pixel(event));
  }

  letGo() {
    this.painting?.end();
    this.painting = null;
    this.sliding = false;
  }

  up(event) {
    if (this.pointers.delete(event.pointerId)) this.letGo();
  }

  leave() {
    set({ pointer: null });
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before || this.painting) set({ pointer: { ...this.share(event), ...this.at(event) } });
    if (!before) return;
    this.pointers.set(event.pointerId, event);
    if (this.sliding) return this.slide(event);
    if (this.painting) return event.getCoalescedEvents().concat(event).forEach((one) => this.painting.goOn(this.pixel(one)));
    const other = [...this.pointers.values()].find((one) => one !== event);
    return other ? this.pinch(before, event, other) : this.pan(state.camera, this.share(before), this.share(event));
  }

  pan(camera, from, to) {
    set({ camera: panned(camera, to.x - from.x, to.y - from.y) });
  }

  slide(event) {
    const { from, to } = this.handle();
    set({ split: within((this.at(event).left - from) / (to - from), 0, 1) });
  }

  pinch(before, event, other) {
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const middle = (one) => this.share({ clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 });
    const to = middle(event);
    this.pan(zoomed(state.camera, apart(event) / Math.max(1, apart(before)), to), middle(before), to);
  }

  // A double click goes to the picture's own pixels there, and back.
  twice(event) {
    if (state.tool !== "move" || event.target.closest("#handle")) return;
    const whole = 1 / this.place().fitted;
    const zoom = state.camera.zoom < whole * 0.99 ? whole : state.camera.zoom > 1.01 ? null : 2;
    set({ camera: zoom ? zoomed(state.camera, zoom / state.camera.zoom, this.share(event)) : WHOLE });
  }
}
