// A mask painted over the picture: white where the dream may go. An empty one means everywhere.

export class Mask {
  constructor(canvas, brush) {
    this.canvas = canvas;
    this.brush = brush;
    this.pen = canvas.getContext("2d");
    this.painted = false;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.last = this.place(event);
      this.line(this.last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) this.line(this.place(event));
    });
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.clear();
  }

  clear() {
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.painted = false;
  }

  // A mask that was painted before: its white parts.
  async load(path) {
    const image = Object.assign(new Image(), { src: path });
    await image.decode();
    const { width, height } = this.canvas;
    this.pen.drawImage(image, 0, 0, width, height);
    const pixels = this.pen.getImageData(0, 0, width, height);
    for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
    this.pen.putImageData(pixels, 0, 0);
    this.painted = true;
  }

  // Where in the picture a pointer is.
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = box.width / this.canvas.width;
    return { x: (event.clientX - box.left) / scale, y: (event.clientY - box.top) / scale, scale };
  }

  line(to) {
    this.pen.strokeStyle = "#fff";
    this.pen.lineCap = "round";
    this.pen.lineWidth = Number(this.brush.value) / to.scale;
    this.pen.beginPath();
    this.pen.moveTo(this.last.x, this.last.y);
    this.pen.lineTo(to.x, to.y + 0.01);
    this.pen.stroke();
    this.last = to;
    this.painted = true;
  }

  // The mask as a picture, black where nothing was painted.
  async blob() {
    const flat = document.createElement("canvas");
    Object.assign(flat, { width: this.canvas.width, height: this.canvas.height });
    const pen = flat.getContext("2d");
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, flat.width, flat.height);
    pen.drawImage(this.canvas, 0, 0);
    return new Promise((done) => flat.toBlob(done, "image/png"));
  }
}
