// The camera over a picture: how near, and which place is in the middle. All panes share one.

import { set, state, WHOLE, within } from "./state.js";

const FURTHEST = 0.5;
const NEAREST = 40;

export function placed(camera, room, { width, height }) {
  const fitted = Math.min(room.width / width, room.height / height);
  const scale = fitted * camera.zoom;
  return {
    width,
    height,
    scale,
    fitted,
    left: room.left + room.width / 2 - camera.x * width * scale,
    top: room.top + room.height / 2 - camera.y * height * scale,
  };
}

// The place under the pointer stays where it is.
export function zoomed(camera, factor, at) {
  const zoom = within(camera.zoom * factor, FURTHEST, NEAREST);
  const share = camera.zoom / zoom;
  return held({ zoom, x: at.x + (camera.x - at.x) * share, y: at.y + (camera.y - at.y) * share });
}

// A picture that fits stays in the middle; of a larger one some part is always seen.
const held = ({ zoom, x, y }) => (zoom <= 1 ? { ...WHOLE, zoom } : { zoom, x: within(x, 0, 1), y: within(y, 0, 1) });

export const panned = (camera, x, y) => held({ ...camera, x: camera.x - x, y: camera.y - y });

export const zoom = (factor) => set({ camera: zoomed(state.camera, factor, state.camera) });
export const fit = () => set({ camera: WHOLE });
