// What is done to a gradient before the picture follows it: blur, Laplacian normalization, one common scale.
import { reflected } from "./pyramid.js";

const MIN_GRADIENT = 1e-6, EPSILON = 1e-8;
const BINOMIAL = [1, 4, 6, 4, 1].map((weight) => weight / 16);
const TENT = [1, 2, 1].map((weight) => weight / 4);
const CASCADE_RADIUS = 4;

function gaussian(sigma, radius) {
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / Math.max(sigma, 1e-3)) ** 2));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Gaussian kernels along one axis: one, or three for the "cascade". */
export function gaussianKernels(sigma, kind) {
  if (kind === "cascade") return [0.5, 1, 2].map((factor) => gaussian(sigma * factor, CASCADE_RADIUS));
  return [gaussian(sigma, Math.max(1, Math.ceil(3 * sigma)))];
}

// Convolve along one axis, of `count` lines of `side` pixels: past the edge they are reflected.
function convolveAxis(image, kernel, stride, alongRows) {
  const { height, width, data } = image, side = alongRows ? width : height, radius = (kernel.length - 1) / 2;
  const kept = Math.ceil(side / stride), taps = Array.from({ length: kept }, (_, i) =>
    kernel.map((_, tap) => reflected(i * stride + tap - radius, side)));
  const result = alongRows ? { height, width: kept } : { height: kept, width };
  result.data = new Float32Array(result.height * result.width * 3);
  for (let r = 0, to = 0; r < result.height; r++) {
    for (let c = 0; c < result.width; c++) {
      const places = taps[alongRows ? c : r];
      for (let k = 0; k < 3; k++, to++) {
        let sum = 0;
        for (let tap = 0; tap < kernel.length; tap++) {
          const pixel = alongRows ? r * width + places[tap] : places[tap] * width + c;
          sum += kernel[tap] * data[pixel * 3 + k];
        }
        result.data[to] = sum;
      }
    }
  }
  return result;
}

function convolve(image, kernel, stride = 1) {
  return convolveAxis(convolveAxis(image, kernel, stride, false), kernel, stride, true);
}

/** The mean of a gradient blurred with each kernel. */
export function blur(gradient, kernels) {
  const blurred = kernels.map((kernel) => convolve(gradient, kernel).data);
  const data = blurred[0].map((_, i) => blurred.reduce((sum, one) => sum + one[i], 0) / kernels.length);
  return { ...gradient, data };
}

function upsample(small, like) {
  const { height, width } = like, data = new Float32Array(height * width * 3);
  for (let r = 0, to = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      for (let k = 0; k < 3; k++) data[to++] = small.data[((r >> 1) * small.width + (c >> 1)) * 3 + k];
    }
  }
  return convolve({ height, width, data }, TENT).data;
}

function unitRms(data) {
  const rms = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length) + EPSILON;
  return data.map((value) => value / rms);
}

/** Divide each level of a Laplacian pyramid by its root mean square. */
export function laplacianNormalize(gradient, levels) {
  const bands = [];
  for (let level = 0; level < levels; level++) {
    const small = convolve(gradient, BINOMIAL, 2), smooth = upsample(small, gradient);
    bands.push({ ...gradient, data: gradient.data.map((value, i) => value - smooth[i]) });
    gradient = small;
  }
  let result = { ...gradient, data: unitRms(gradient.data) };
  for (const band of bands.reverse()) {
    const smooth = upsample(result, band);
    result = { ...band, data: unitRms(band.data).map((value, i) => value + smooth[i]) };
  }
  return result;
}

export function meanAbsolute(data) {
  return data.reduce((sum, value) => sum + Math.abs(value), 0) / data.length;
}

/** What to subtract from a gradient, and what to divide it by. */
export function normalization(data, kind) {
  if (kind === "mean") return [0, Math.max(meanAbsolute(data), MIN_GRADIENT)];
  const square = data.reduce((sum, value) => sum + value * value, 0) / data.length;
  if (kind === "l2") return [0, Math.sqrt(square) + EPSILON];
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return [kind === "standard" ? mean : 0, Math.sqrt(Math.max(square - mean * mean, 0)) + EPSILON];
}
