// CHANNELS, from channels.js: [{layer, folder, numbers, names}], all that the site holds.
const MOST = 40;
const root = document.body.dataset.root;
const [search, found, count] = ["search", "found", "count"].map(id => document.getElementById(id));

const page = (one, number) => `${one.folder}/${String(number).padStart(4, "0")}`;

/** Return [address, picture, words] of the layers and channels that have every word of a query. */
function matches(query) {
  const words = query.toLowerCase().split(/[\s:]+/).filter(Boolean), hits = [];
  if (!words.length) return hits;
  for (const one of CHANNELS) {
    const layer = one.layer.toLowerCase();
    if (words.every(word => layer.includes(word)))
      hits.push([`${one.folder}/index.html`, null, `${one.layer}, ${one.numbers.length} channels`]);
  }
  for (const one of CHANNELS) {
    const layer = one.layer.toLowerCase();
    one.numbers.forEach((number, place) => {
      const name = one.names ? one.names[place] : "", lower = name.toLowerCase();
      const fits = word => word === String(number) || lower.includes(word) || layer.includes(word);
      const own = word => word === String(number) || lower.includes(word);
      if (hits.length < MOST && words.every(fits) && words.some(own))
        hits.push([`${page(one, number)}.html`, `${page(one, number)}.webp`, `${one.layer}:${number} ${name}`]);
    });
  }
  return hits;
}

function show() {
  const hits = matches(search.value);
  found.replaceChildren(...hits.map(([address, picture, words]) => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = root + address;
    if (picture) {
      const image = document.createElement("img");
      Object.assign(image, { src: root + picture, alt: "", loading: "lazy" });
      link.append(image);
    }
    link.append(words);
    item.append(link);
    return item;
  }));
  const asked = Boolean(search.value.trim());
  count.textContent = asked ? (hits.length < MOST ? `${hits.length} found` : `the first ${MOST}`) : "";
  if (asked && !hits.length) {
    const item = document.createElement("li");
    item.className = "none";
    item.textContent = "Nothing of that name or number.";
    found.append(item);
  }
  found.hidden = !asked;
}

search.addEventListener("input", show);
search.form.addEventListener("submit", event => {
  event.preventDefault();
  found.querySelector("a")?.click();
});
search.form.addEventListener("keydown", event => {
  const links = [...found.querySelectorAll("a")], step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    search.value = "";
    show();
    search.focus();
  } else if (step && links.length) {
    const next = links.indexOf(document.activeElement) + step;
    (next < 0 ? search : links[Math.min(next, links.length - 1)]).focus();
    event.preventDefault();
  }
});
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || search.form.contains(event.target)) return;
  const turn = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (turn) document.querySelector(`a[rel=${turn}]`)?.click();
  else if (event.key === "/") {
    search.focus();
    event.preventDefault();
  }
});
show();
document.documentElement.dataset.ready = "";
