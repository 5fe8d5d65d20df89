// Click a patch: the cosine of its feature with every patch of every photograph, as a colour.

// Viridis, which reads the same for every kind of colour vision and in grey.
const kScale = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121],
  [109, 205, 89], [180, 222, 44], [253, 231, 37]
];
function colourAt(share) {
  const place = Math.min(Math.max(share, 0), 1) * (kScale.length - 1),
        low = Math.min(Math.floor(place), kScale.length - 2);
  return kScale[low].map((value, i) => Math.round(value + (place - low) * (kScale[low + 1][i] - value)));
}

/// Unit vectors (patches, dim) from base64 of signed bytes.
function unitVectors(text, dim) {
  const bytes = Int8Array.from(atob(text), (c) => (c.charCodeAt(0) << 24) >> 24);
  const units = new Float32Array(bytes.length);
  for (let row = 0; row < bytes.length; row += dim) {
    let square = 0;
    for (let i = row; i < row + dim; ++i) square += bytes[i] * bytes[i];
    const norm = Math.sqrt(square) || 1;
    for (let i = row; i < row + dim; ++i) units[i] = bytes[i] / norm;
  }
  return units;
}

class Photo {
  constructor(given, index) {
    Object.assign(this, given);
    this.index = index;
    this.units = unitVectors(given.features, page.dim);
    this.map = el("canvas", {width: this.columns, height: this.rows});
    this.marks = svg("svg", {viewBox: `0 0 ${this.columns} ${this.rows}`, preserveAspectRatio: "none"});
    this.said = el("figcaption", {}, "\u00a0");
    this.stack =
        el("div", {
          class: "stack",
          tabindex: 0,
          "data-photo": index,
          "aria-label": `photograph ${index + 1}, ${this.columns} by ${this.rows} patches`
        },
           el("img", {
             class: "picture",
             src: page.pictures[this.picture],
             alt: "",
             style: `aspect-ratio: ${this.width} / ${this.height}`
           }),
           this.map, this.marks);
    this.node = el("figure", {class: "card"}, this.stack, this.said);
    this.stack.addEventListener("click", (event) => {
      choose(this, this.patchAt(event));
      this.say(this.patchAt(event));
    });
    this.stack.addEventListener("mousemove", (event) => this.say(this.patchAt(event)));
    this.stack.addEventListener("mouseleave", () => this.say(null));
    this.stack.addEventListener("keydown", (event) => this.walk(event));
  }

  patchAt(event) {
    const place = this.stack.getBoundingClientRect();
    const at = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
    return at((event.clientY - place.top) / place.height, this.rows) * this.columns +
        at((event.clientX - place.left) / place.width, this.columns);
  }

  walk(event) {
    const move = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (!move) return;
    event.preventDefault();
    const from = chosen?.photo === this ? chosen.patch : 0;
    const row = Math.min(Math.max(Math.floor(from / this.columns) + move[0], 0), this.rows - 1);
    const column = Math.min(Math.max(from % this.columns + move[1], 0), this.columns - 1);
    choose(this, row * this.columns + column);
  }

  compare(query) {
    this.similarity = new Float32Array(this.rows * this.columns);
    for (let patch = 0; patch < this.similarity.length; ++patch) {
      let sum = 0;
      for (let i = 0; i < page.dim; ++i) sum += query[i] * this.units[patch * page.dim + i];
      this.similarity[patch] = sum;
    }
  }

  paint(low, high, opacity) {
    const context = this.map.getContext("2d");
    const pixels = context.createImageData(this.columns, this.rows);
    this.similarity.forEach(
        (value, patch) => pixels.data.set([...colourAt((value - low) / (high - low)), 255 * opacity], 4 * patch));
    context.putImageData(pixels, 0, 0);
    const ring = (patch, name) =>
        svg("rect", {class: name, x: patch % this.columns, y: Math.floor(patch / this.columns), width: 1, height: 1});
    const own = chosen.photo === this;
    const best = this.similarity.reduce((top, value, patch) => (value > this.similarity[top] ? patch : top), 0);
    this.marks.replaceChildren(
        ...(own ? [ring(chosen.patch, "chosen under"), ring(chosen.patch, "chosen")] :
                  [ring(best, "chosen under"), ring(best, "best")]));
    this.best = best;
    this.say(null);
  }

  say(patch) {
    if (!this.similarity) return;
    const at = (p) => `row ${Math.floor(p / this.columns) + 1}, column ${p % this.columns + 1}`;
    if (patch !== null)
      this.said.textContent = `${at(patch)}: ${this.similarity[patch].toFixed(3)}`;
    else if (chosen.photo === this)
      this.said.textContent = `chosen: ${at(chosen.patch)}`;
    else
      this.said.textContent = `most similar: ${this.similarity[this.best].toFixed(3)} at ${at(this.best)}`;
  }
}

let chosen = null;
const photos = page.photos.map((photo, index) => new Photo(photo, index));
const lowText = el("span"), highText = el("span");
const opacity =
    el("input",
       {type: "range", min: 0, max: 100, value: 70, "aria-label": "strength of the map", oninput: () => repaint()});

function choose(photo, patch) {
  chosen = {photo, patch};
  const query = photo.units.subarray(patch * page.dim, (patch + 1) * page.dim);
  photos.forEach((other) => other.compare(query));
  repaint();
}

/// One scale for all photographs: from the smallest similarity to 1.
function repaint() {
  const low = Math.min(...photos.map((photo) => photo.similarity.reduce((a, b) => Math.min(a, b), 1))), high = 1;
  lowText.textContent = low.toFixed(2);
  highText.textContent = high.toFixed(2);
  photos.forEach((photo) => photo.paint(Math.min(low, high - 1e-6), high, opacity.value / 100));
}

const ramp = kScale.map((_, i) => `rgb(${colourAt(i / (kScale.length - 1)).join(" ")})`).join(", ");
document.getElementById("main").append(
    el("h1", {}, page.title),
    el("p", {class: "quiet"},
       "Click a patch, or focus a photograph and use the arrow keys: colours show how similar every other " +
           "patch's feature is (cosine). The dashed ring is the most similar patch of a photograph."),
    el("div", {class: "scale"}, lowText, el("i", {style: `background: linear-gradient(to right, ${ramp})`}), highText,
       el("label", {}, "photograph", opacity, "map")),
    el("div", {class: "similarity"}, photos.map((photo) => photo.node)));
choose(photos[0], Math.floor(photos[0].rows / 2) * photos[0].columns + Math.floor(photos[0].columns / 2));
