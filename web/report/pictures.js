// What the teacher's features look like: PCA colours, self-attention, correspondences; before and after training.

function featuresOf(run) {
  const {photos, snapshots} = run.pictures_json;
  const coloured = snapshots.some((snapshot) => snapshot.photos.some((photo) => photo.pca !== null));
  const rows = !coloured ? [] : photos.map(
      (photo, index) =>
          el("div", {class: "row"}, picture(photo.picture, "photograph"),
             snapshots.map((snapshot) => picture(snapshot.photos[index].pca, moment(snapshot.step)))));
  const heads = photos.map(
      (photo, index) =>
          el("div", {class: "card"},
             el("div", {class: "snapshots"},
                snapshots.map(
                    (snapshot) => el(
                        "div", {}, el("p", {class: "small quiet"}, moment(snapshot.step)),
                        el("div", {class: "row"}, picture(photo.picture, "photograph"),
                           snapshot.photos[index].attention.map((place, head) => picture(place, `head ${head}`))))))));
  const anyHeads = snapshots.some((snapshot) => snapshot.photos.some((photo) => photo.attention.length > 0));
  return {
    pca: rows.length > 0 ? el("div", {class: "card snapshots pca"}, rows) : null,
    attention: anyHeads ? heads : []
  };
}

/// Both views side by side, a line from each patch to the patch of the other view that is nearest in feature space.
function pairOf(pair, step) {
  const {size, matches} = pair;
  const gap = size / 12, width = 2 * size + gap;
  const hits = matches.filter((match) => match.hit).length;
  const said = el("figcaption", {}, `${moment(step)}: ${hits} of ${matches.length} where the geometry says`);
  const rest = said.textContent;
  const drawing =
      svg("svg", {class: "picture matches", viewBox: `0 0 ${width} ${size}`, role: "img"},
          svg("image", {href: page.pictures[pair.first], width: size, height: size}),
          svg("image", {href: page.pictures[pair.second], x: size + gap, width: size, height: size}),
          [...matches].sort((a, b) => a.hit - b.hit).map((match) => {
            const ends = {x1: match.from[0], y1: match.from[1], x2: match.to[0] + size + gap, y2: match.to[1]};
            const kind = match.hit ? "hit" : "miss";
            const words = `${kind}, similarity ${match.similarity.toFixed(3)}`;
            return svg(
                "g", {onmouseenter: () => (said.textContent = words), onmouseleave: () => (said.textContent = rest)},
                svg("line", {class: `match ${kind}`, ...ends}),
                svg("circle", {class: `end ${kind}`, cx: ends.x1, cy: ends.y1, r: size / 110}),
                svg("circle", {class: `end ${kind}`, cx: ends.x2, cy: ends.y2, r: size / 110}),
                svg("circle", {class: "truth", cx: match.truth[0] + size + gap, cy: match.truth[1], r: size / 24}),
                svg("line", {class: "touch", ...ends}));
          }));
  return el("figure", {}, drawing, said);
}

function pairsOf(run) {
  const {snapshots} = run.pictures_json;
  const most = Math.max(0, ...snapshots.map((snapshot) => snapshot.pairs.length));
  return Array.from(
      {length: most},
      (_, index) =>
          el("div", {class: "card pairs"},
             snapshots.filter((snapshot) => snapshot.pairs[index])
                 .map((snapshot) => pairOf(snapshot.pairs[index], snapshot.step))));
}

const lineKey = (kind, text) =>
    el("span", {class: "key"},
       svg("svg", {viewBox: "0 0 28 8"},
           svg("line", {class: `match ${kind}`, x1: 0, y1: 4, x2: 28, y2: 4, style: "stroke-width: 3px"})),
       text);

function featurePictures(runs) {
  const several = runs.length > 1;
  const pca = [], attention = [], pairs = [];
  runs.forEach((run, index) => {
    if (!run.pictures_json) return;
    const head = () => (several ? [el("h3", {}, swatch(index), run.name)] : []);
    const found = featuresOf(run), matched = pairsOf(run);
    if (found.pca) pca.push(...head(), found.pca);
    if (found.attention.length > 0) attention.push(...head(), ...found.attention);
    if (matched.length > 0) pairs.push(...head(), ...matched);
  });
  return [
    pca.length === 0 ?
        null :
        section(
            "Patch features in three colours",
            el("p", {class: "quiet small"},
               "The first three principal components of the teacher's patch features as red, green and blue: " +
                   "like colours, like features."),
            pca),
    pairs.length === 0 ?
        null :
        section(
            "Correspondences between two views",
            el("p", {class: "quiet small"},
               "From each patch of the left view to the patch of the right one whose feature is most similar. " +
                   "Hover a line: a ring shows where it should end."),
            el("p", {}, lineKey("hit", "where the geometry says"), lineKey("miss", "elsewhere")), pairs),
    attention.length === 0 ?
        null :
        section(
            "Self-attention of the class token",
            el("p", {class: "quiet small"}, "Where each head of the last block looks; bright is much."), attention),
  ];
}
