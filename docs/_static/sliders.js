// The sliders of guides/sliders: they choose one of the pictures that scripts/docs_guides.py made.
for (const box of document.querySelectorAll(".sliders")) {
  const inputs = [...box.querySelectorAll("input")];
  const [image, code] = [box.querySelector("img"), box.querySelector("code")];
  const folder = image.getAttribute("src").replace(/[^/]*$/, "");
  const show = () => {
    const [layer, step, octaves] = inputs.map((input) => {
      const value = box.dataset[input.name].split(" ")[input.value];
      input.nextElementSibling.value = value;
      input.setAttribute("aria-valuetext", value);
      return value;
    });
    image.src = `${folder}${layer}-${step}-${octaves}.webp`;
    image.alt = `The castle, dreamt on ${layer} with step ${step} and num_octave ${octaves}`;
    code.textContent =
      `kerasdream castle.jpg --layers=${layer} --step=${step} --num_octave=${octaves} --jitter=16 --max_loss=none`;
  };
  box.addEventListener("input", show);
  show();
}
