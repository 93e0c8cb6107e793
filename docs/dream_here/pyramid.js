// Pictures of other sizes, to the last bit as the library makes them. A picture is {height, width, data}: RGB, float32.

// For every pixel of a resized side: the pixels before and after it, and its fraction of the way between.
function neighbours(side, wanted) {
  const scale = Math.fround(side / wanted);
  return Array.from({ length: wanted }, (_, i) => {
    const centre = Math.fround(Math.fround((i + 0.5) * scale) - 0.5), before = Math.floor(centre);
    return [Math.max(before, 0), Math.min(before + 1, side - 1), Math.fround(centre - before)];
  });
}

const between = (start, end, fraction) => Math.fround(Math.fround(end - start) * fraction) + start;

// A picture at another size: bilinear, half-pixel centres, no antialiasing.
export function resize(image, height, width) {
  if (image.height === height && image.width === width) return { height, width, data: Float32Array.from(image.data) };
  const across = neighbours(image.width, width), wide = new Float32Array(image.height * width * 3);
  for (let r = 0; r < image.height; r++) {
    let to = r * width * 3;
    for (const [left, right, fraction] of across) {
      for (let k = r * image.width * 3; k < r * image.width * 3 + 3; k++) {
        wide[to++] = between(image.data[left * 3 + k], image.data[right * 3 + k], fraction);
      }
    }
  }
  const data = new Float32Array(height * width * 3), row = width * 3;
  neighbours(image.height, height).forEach(([above, below, fraction], r) => {
    for (let i = 0; i < row; i++) {
      data[r * row + i] = between(wide[above * row + i], wide[below * row + i], fraction);
    }
  });
  return { height, width, data };
}

// The index on an axis that goes back and forth between its ends.
export function reflected(index, side) {
  const period = Math.max(2 * (side - 1), 1), place = Math.abs(index) % period;
  return Math.min(place, period - place);
}

// A part of a picture, beginning at (top, left); past the edges it is reflected.
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
