// Pictures of other sizes, to the last bit as the library makes them. A picture is {height, width, data}: RGB, float32.

/** The sizes of the octaves, smallest first. */
export function octaveShapes(height, width, count, scale) {
  return Array.from({ length: count }, (_, i) => scale ** (count - 1 - i)).map((power) => [
    Math.trunc(height / power),
    Math.trunc(width / power),
  ]);
}

// For every pixel of a resized side: the pixels before and after it, and its fraction of the way between.
function neighbours(side, wanted) {
  const scale = Math.fround(side / wanted);
  return Array.from({ length: wanted }, (_, i) => {
    const centre = Math.fround(Math.fround((i + 0.5) * scale) - 0.5), before = Math.floor(centre);
    return [Math.max(before, 0), Math.min(Math.max(before + 1, 0), side - 1), Math.fround(centre - before)];
  });
}

/** A picture at another size: bilinear, half-pixel centres, no antialiasing. */
export function resize(image, height, width) {
  if (image.height === height && image.width === width) return { ...image, data: image.data.slice() };
  const across = neighbours(image.width, width), wide = new Float32Array(image.height * width * 3);
  for (let r = 0; r < image.height; r++) {
    across.forEach(([left, right, fraction], c) => {
      const from = (r * image.width + left) * 3, after = (r * image.width + right) * 3, to = (r * width + c) * 3;
      for (let k = 0; k < 3; k++) {
        const start = image.data[from + k];
        wide[to + k] = Math.fround(Math.fround(image.data[after + k] - start) * fraction) + start;
      }
    });
  }
  const data = new Float32Array(height * width * 3), row = width * 3;
  neighbours(image.height, height).forEach(([above, below, fraction], r) => {
    for (let i = 0; i < row; i++) {
      const start = wide[above * row + i];
      data[r * row + i] = Math.fround(Math.fround(wide[below * row + i] - start) * fraction) + start;
    }
  });
  return { height, width, data };
}

/** The index on an axis that goes back and forth between its ends. */
export function reflected(index, side) {
  const period = Math.max(2 * (side - 1), 1), place = ((index % period) + period) % period;
  return Math.min(place, period - place);
}

/** A part of a picture, beginning at (top, left); past the edges it is reflected. */
export function cut(image, top, left, height, width) {
  const data = new Float32Array(height * width * 3);
  for (let r = 0; r < height; r++) {
    const row = reflected(r + top, image.height) * image.width;
    for (let c = 0; c < width; c++) {
      const from = (row + reflected(c + left, image.width)) * 3;
      for (let k = 0; k < 3; k++) data[(r * width + c) * 3 + k] = image.data[from + k];
    }
  }
  return { height, width, data };
}
