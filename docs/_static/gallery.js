// The gallery's filters, and its dreams opened in place. Without this file the links lead to the same dialogs.
const filters = document.querySelector(".dream-filters");
const cards = [...document.querySelectorAll(".dream")];
const chosen = { kind: null, network: null };

function show() {
  for (const card of cards) {
    card.hidden = Object.entries(chosen).some(([what, value]) => value && card.dataset[what] !== value);
  }
  for (const button of filters.children) {
    button.setAttribute("aria-pressed", String(chosen[button.dataset.filter] === button.value));
  }
}

function open(name) {
  const dialog = document.getElementById(name);
  if (dialog?.matches("dialog.dream-details") && !dialog.open) dialog.showModal();
}

filters.hidden = false;
filters.addEventListener("click", ({ target }) => {
  if (!target.value) return;
  const what = target.dataset.filter;
  chosen[what] = chosen[what] === target.value ? null : target.value;
  show();
});

for (const card of cards) {
  card.addEventListener("click", (event) => {
    event.preventDefault();
    history.replaceState(null, "", card.getAttribute("href"));
    open(card.hash.slice(1));
  });
}

for (const dialog of document.querySelectorAll("dialog.dream-details")) {
  dialog.addEventListener("click", (event) => {
    const outside = event.target === dialog;
    if (!outside && !event.target.closest(".dream-close")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") dialog.close(); // which Sphinx keeps from the browser
  });
  dialog.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
}

open(decodeURIComponent(location.hash.slice(1)));
