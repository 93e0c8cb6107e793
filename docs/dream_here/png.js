// A dream as a PNG, its record inside where the library writes and reads it.

const CHUNK = "kerasdream";
const CRC = Int32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function chunk(type, content) {
  const bytes = new Uint8Array(content.length + 12), view = new DataView(bytes.buffer), end = content.length + 8;
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  let crc = -1;
  for (let i = 4; i < end; i++) crc = CRC[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  view.setInt32(end, ~crc);
  return bytes;
}

// Each byte as its difference from the pixel to the left, which compresses better.
function filtered({ height, width, data }) {
  const row = width * 3, bytes = new Uint8Array(height * (row + 1));
  for (let r = 0, to = 0; r < height; r++) {
    bytes[to++] = 1;
    for (let i = 0; i < row; i++) bytes[to++] = data[r * row + i] - (i < 3 ? 0 : data[r * row + i - 3]);
  }
  return bytes;
}

// The file of a picture {height, width, data} of RGB bytes.
export async function png(picture, record) {
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, picture.width);
  view.setUint32(4, picture.height);
  header.set([8, 2], 8); // bits a channel, RGB
  const packed = new Blob([filtered(picture)]).stream().pipeThrough(new CompressionStream("deflate"));
  const text = new TextEncoder().encode(`${CHUNK}\0\0\0\0\0${JSON.stringify(record)}`);
  const content = new Uint8Array(await new Response(packed).arrayBuffer());
  const chunks = [chunk("IHDR", header), chunk("iTXt", text), chunk("IDAT", content), chunk("IEND", [])];
  return new Blob([Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), ...chunks], { type: "image/png" });
}
