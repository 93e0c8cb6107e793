// What is done to a gradient before the picture follows it: blur, Laplacian normalization, one common scale.
import { reflected } from "./pyramid.js";

const MIN_GRADIENT = 1e-6, EPSILON = 1e-8;
const BINOMIAL = [1, 4, 6, 4, 1].map((weight) => weight / 16);
const TENT = [1, 2, 1].map((weight) => weight / 4);
const CASCADE_RADIUS = 4;

const sumOf = (data, of) => data.reduce((sum, value) => sum + of(value), 0);

function gaussian(sigma, radius) {
  const offsets = Array.from({ length: 2 * radius + 1 }, (_, i) => (i - radius) / Math.max(sigma, 1e-3));
  const weights = offsets.map((offset) => Math.exp(-0.5 * offset ** 2)), sum = sumOf(weights, (weight) => weight);
  return weights.map((weight) => weight / sum);
}

// Gaussian kernels along one axis: one, or three for the "cascade".
export function gaussianKernels(sigma, kind) {
  if (kind === "cascade") return [0.5, 1, 2].map((factor) => gaussian(sigma * factor, CASCADE_RADIUS));
  return [gaussian(sigma, Math.max(1, Math.ceil(3 * sigma)))];
}

// Convolve along rows, past whose ends they are reflected. The result has rows for columns: twice, and all is done.
function convolveRows({ height, width, data }, kernel, stride) {
  const kept = Math.ceil(width / stride), radius = kernel.length >> 1, result = new Float32Array(height * kept * 3);
  for (let c = 0, to = 0; c < kept; c++) {
    const taps = kernel.map((_, tap) => reflected(c * stride + tap - radius, width) * 3);
    for (let r = 0; r < height; r++) {
      for (let k = 0; k < 3; k++) {
        let sum = 0;
        for (let tap = 0; tap < kernel.length; tap++) sum += kernel[tap] * data[r * width * 3 + taps[tap] + k];
        result[to++] = sum;
      }
    }
  }
  return { height: kept, width: height, data: result };
}

function convolve(image, kernel, stride = 1) {
  return convolveRows(convolveRows(image, kernel, stride), kernel, stride);
}

// The mean of a gradient blurred with each kernel.
export function blur(gradient, kernels) {
  const blurred = kernels.map((kernel) => convolve(gradient, kernel).data);
  const data = blurred[0].map((_, i) => sumOf(blurred, (one) => one[i]) / kernels.length);
  return { ...gradient, data };
}

function upsample(small, { height, width }) {
  const data = new Float32Array(height * width * 3), row = width * 3;
  for (let i = 0; i < data.length; i++) {
    const r = Math.trunc(i / row) >> 1, c = Math.trunc((i % row) / 3) >> 1;
    data[i] = small.data[(r * small.width + c) * 3 + (i % 3)];
  }
  return convolve({ height, width, data }, TENT).data;
}

function unitRms(data) {
  const [, rms] = normalization(data, "l2");
  return data.map((value) => value / rms);
}

// Divide each level of a Laplacian pyramid by its root mean square.
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
  return sumOf(data, Math.abs) / data.length;
}

// What to subtract from a gradient, and what to divide it by.
export function normalization(data, kind) {
  if (kind === "mean") return [0, Math.max(meanAbsolute(data), MIN_GRADIENT)];
  const mean = sumOf(data, (value) => value) / data.length, square = sumOf(data, (value) => value * value) / data.length;
  const spread = kind === "l2" ? square : Math.max(square - mean * mean, 0);
  return [kind === "standard" ? mean : 0, Math.sqrt(spread) + EPSILON];
}
