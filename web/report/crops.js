// The views of a photograph, where they were cut, and what two of them have in common.

const kGlobal = "#56b4e9", kLocal = "#ff9d3c";  // upon photographs, in light and dark

function viewTile(view, index) {
  const node = pictureSvg(view.picture, view.size, view.size);
  node.dataset.view = index;
  const arrow =
      svg("g", {transform: `translate(${0.86 * view.size} ${0.14 * view.size}) rotate(${- 90 * view.turn})`},
          svg("text",
              {class: "label", "text-anchor": "middle", "dominant-baseline": "central", "font-size": 0.2 * view.size},
              "\u2191"));
  node.append(svg("g", {class: "overlaps"}), arrow);
  const words =
      [view.global ? "global" : "local", view.turn > 0 ? kTurns[view.turn] : null, view.flipped ? "mirrored" : null];
  return el(
      "figure", {class: `view ${view.global ? "global" : "local"}`}, node,
      el("figcaption", {}, `${index} ${words.filter(Boolean).join(", ")}`));
}

function cropsOf(photo) {
  const unit = Math.max(photo.width, photo.height);
  const source = pictureSvg(photo.picture, photo.width, photo.height);
  const boxes = photo.views.map(
      (view, index) => svg(
          "g", {"data-box": index}, boxSvg(view.box, {class: "halo"}),
          boxSvg(view.box, {class: "outline", stroke: view.global ? kGlobal : kLocal}),
          svg("text",
              {class: "label", x: view.box[0] + 0.012 * unit, y: view.box[1] + 0.05 * unit, "font-size": 0.042 * unit},
              String(index))));
  const marks = svg("g", {class: "overlaps"});
  source.append(...boxes, marks);
  const tiles = photo.views.map(viewTile);

  /// Only these views' boxes; all of them for null.
  const show = (views, overlap) => {
    boxes.forEach((box, index) => box.setAttribute("opacity", views === null || views.includes(index) ? 1 : 0.12));
    tiles.forEach((tile, index) => {
      tile.style.opacity = views === null || views.includes(index) ? 1 : 0.3;
      tile.querySelector(".overlaps").replaceChildren();
    });
    marks.replaceChildren();
    if (!overlap) return;
    marks.append(boxSvg(overlap.in_photo, {class: "overlap"}));
    tiles[overlap.first].querySelector(".overlaps").append(boxSvg(overlap.in_first, {class: "overlap"}));
    tiles[overlap.second].querySelector(".overlaps").append(boxSvg(overlap.in_second, {class: "overlap"}));
  };
  let pinned = null;
  const chips = photo.overlaps.map((overlap) => {
    const on = () => show([overlap.first, overlap.second], overlap);
    const chip =
        el("button", {
          type: "button",
          "aria-pressed": "false",
          onmouseenter: on,
          onfocus: on,
          onclick: () => {
            pinned = pinned?.chip === chip ? null : {chip, on};
            chips.forEach((other) => other.setAttribute("aria-pressed", String(pinned?.chip === other)));
            rest();
          }
        },
           `${overlap.first}\u2013${overlap.second}`);
    return chip;
  });
  const rest = () => (pinned ? pinned.on() : show(null));
  chips.forEach((chip) => ["mouseleave", "blur"].forEach((event) => chip.addEventListener(event, rest)));
  tiles.forEach((tile, index) => {
    tile.addEventListener("mouseenter", () => show([index]));
    tile.addEventListener("mouseleave", rest);
  });
  return el(
      "div", {class: "card crops"}, el("div", {}, source),
      el("div", {}, el("div", {class: "pictures"}, tiles),
         chips.length === 0 ?
             null :
             el("p", {class: "small quiet", style: "margin: 10px 0 0"}, "Overlaps of two views; hover or press one:"),
         el("div", {class: "chips"}, chips)));
}

function crops(runs) {
  const several = runs.length > 1;
  const shown = runs.flatMap(
      (run, index) => (
          run.crops ? [several ? el("h3", {}, swatch(index), run.name) : null, ...run.crops.photos.map(cropsOf)] : []));
  return shown.length === 0 ?
      null :
      section(
          "Views of a photograph",
          el("p", {class: "quiet small"},
             "Boxes on the photograph are what the views show, blue global, orange local. The arrow on a view " +
                 "points to where up was in the photograph."),
          shown);
}
