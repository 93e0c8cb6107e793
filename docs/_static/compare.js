// A before-and-after to drag: a range above two pictures moves the line between them; the keyboard does, too.
for (const box of document.querySelectorAll(".compare")) {
  const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100, step: 0.5, value: 42 });
  range.setAttribute("aria-label", "before and after");
  const place = () => {
    // The middle of the thumb, which stays within the picture.
    const thumb = 41.6 / box.clientWidth;
    box.style.setProperty("--at", `${100 * (thumb / 2 + (range.value / 100) * (1 - thumb))}%`);
  };
  range.addEventListener("input", place);
  addEventListener("resize", place);
  box.append(range);
  box.classList.add("ready");
  place();
}
