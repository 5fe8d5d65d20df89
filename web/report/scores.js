// How good a fine-tuned network is: scores by class, confusions, segmented photographs.

const figures = (pairs) =>
    el("dl", {class: "facts"}, pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));

/// Cells [[true class, predicted class, count], ..] of a page's flat list.
function cellsOf({cells}) {
  const all = [];
  for (let i = 0; i < cells.length; i += 3) all.push(cells.slice(i, i + 3));
  return all;
}

/// What draws a matrix. One listener for all that are in the page: a live page shows new ones again and again, and a
/// listener each would keep the old ones.
const drawMatrix = new WeakMap();
matchMedia("(prefers-color-scheme: dark)")
    .addEventListener(
        "change", () => document.querySelectorAll("canvas.matrix").forEach((canvas) => drawMatrix.get(canvas)()));

/// A square a cell, as dark as its share of the row; says a cell's names and counts under the pointer.
function confusionCanvas(names, confusion, unit) {
  const size = names.length, cell = Math.max(1, Math.floor(640 / size));
  const canvas =
      el("canvas", {class: "matrix", width: size * cell, height: size * cell, role: "img", "aria-label": "confusion"});
  const cells = cellsOf(confusion), counts = new Map();
  const share = ([truth, , count]) => count / Math.max(1, confusion.rows[truth]);
  const draw = () => {
    const brush = canvas.getContext("2d");
    brush.fillStyle = cssColour("--grid");
    brush.fillRect(0, 0, canvas.width, canvas.height);
    for (const entry of cells) {
      const [truth, predicted] = entry;
      // The root lets rare confusions be seen beside a diagonal of nearly all.
      brush.fillStyle = `rgba(${cssColour("--shade")}, ${Math.sqrt(share(entry)).toFixed(3)})`;
      brush.fillRect(predicted * cell, truth * cell, cell, cell);
    }
  };
  cells.forEach(([truth, predicted, count]) => counts.set(truth * size + predicted, count));
  const rest = "Rows are true classes, columns predicted ones; point at a cell for its names.";
  const said = el("p", {class: "quiet small said"}, rest);
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (offset, side) => Math.min(size - 1, Math.max(0, Math.floor((offset / side) * size)));
    const truth = at(event.clientY - box.top, box.height), predicted = at(event.clientX - box.left, box.width);
    const count = counts.get(truth * size + predicted) ?? 0;
    said.textContent = `${names[truth]} taken for ${names[predicted]}: ${counted(count)} of ${
        counted(confusion.rows[truth])} ${unit}`;
  });
  canvas.addEventListener("pointerleave", () => (said.textContent = rest));
  draw();
  drawMatrix.set(canvas, draw);
  const key = el(
      "div", {class: "scale"}, "0%", el("i", {
        style: `background: linear-gradient(to right, ${
            [0, 0.05, 0.25, 1].map((s) => `rgba(var(--shade), ${Math.sqrt(s).toFixed(2)}) ${100 * s}%`).join(", ")})`
      }),
      "100% of the row");
  return el("div", {class: "confused"}, canvas, key, said);
}

function confusedPairs(names, confusion, unit) {
  const kPairs = 15;
  const pairs = cellsOf(confusion)
                    .filter(([truth, predicted, count]) => truth !== predicted && count > 0)
                    .sort((a, b) => b[2] - a[2])
                    .slice(0, kPairs);
  if (pairs.length === 0) return el("p", {class: "note"}, "Nothing is confused.");
  return el(
      "div", {class: "scroll"},
      el("table", {class: "pairs-table"},
         el("thead", {},
            el("tr", {}, el("th", {}, "is"), el("th", {}, "taken for"), el("th", {class: "number"}, unit),
               el("th", {class: "number"}, "share"))),
         el("tbody", {}, pairs.map(([truth, predicted, count]) => el(
                                       "tr", {}, el("td", {}, names[truth]), el("td", {}, names[predicted]),
                                       el("td", {class: "number"}, counted(count)),
                                       el("td", {class: "number"}, percent(count / confusion.rows[truth])))))));
}

/// Cards of a confusion: the matrix, and what is confused most.
function confusionCards({classes, confusion}, unit) {
  if (!confusion) return [];
  const names = classes.map(([name]) => name);
  const less = confusion.left_out > 0 ?
      el("p", {class: "note"}, `${counted(confusion.left_out)} smaller cells are not shown.`) :
      null;
  return [
    el("div", {class: "card"}, el("h3", {}, "Confusion"), confusionCanvas(names, confusion, unit), less),
    el("div", {class: "card"}, el("h3", {}, "Most confused"), confusedPairs(names, confusion, unit))
  ];
}

/// A section of what each run of `runs` has under `key`.
function scoreSection(runs, key, title, cards) {
  const several = runs.length > 1;
  const shown = runs.flatMap((run, index) => {
    if (!run[key]) return [];
    return [several ? el("h3", {}, swatch(index), run.name) : null, el("div", {class: "columns"}, cards(run, index))];
  });
  return shown.length === 0 ? null : section(title, shown);
}

function classification(runs) {
  return scoreSection(runs, "accuracy", "Classes told apart", ({accuracy}, index) => [
    el("div", {class: "card"}, figures([
         ["top-1", short(accuracy.top1)], ["top-5", short(accuracy.top5)], ["loss", short(accuracy.loss)],
         ["mean of the classes", short(accuracy.mean_class_accuracy)], ["pictures", counted(accuracy.images)]
       ]),
       el("h3", {}, "Accuracy by class"), classBars(accuracy.classes, index, "accuracies")),
    ...confusionCards(accuracy, "pictures")
  ]);
}

function semantic(runs) {
  return scoreSection(
      runs, "semantic", "Semantic segmentation", ({semantic}, index) => [
        el("div", {class: "card"}, figures([
             ["mIoU", short(semantic.miou)], ["mean accuracy", short(semantic.mean_accuracy)],
             ["pixels right", short(semantic.pixel_accuracy)], ["pictures", counted(semantic.pictures)]
           ]),
           el("h3", {}, "Intersection over union by class"), classBars(semantic.classes, index, "ious")),
        ...confusionCards(semantic, "pixels")
      ]);
}

function segmentedSample({classes}, sample) {
  const legend = sample.classes.map(
      (index) =>
          el("span", {class: "key"}, el("span", {class: "swatch", "--colour": classes[index][3]}), classes[index][0]));
  const score = sample.miou === null ? "" : `, mIoU ${short(sample.miou)}`;
  return el(
      "div", {class: "card"},
      el("div", {class: "segmented"}, picture(sample.picture, "photograph"), picture(sample.truth, "truth"),
         picture(sample.prediction, `prediction${score}`)),
      el("p", {class: "legend"}, legend));
}

function segmentedPictures(runs) {
  const several = runs.length > 1;
  const shown = runs.flatMap((run, index) => {
    if (!run.semantic || run.semantic.samples.length === 0) return [];
    return [
      several ? el("h3", {}, swatch(index), run.name) : null,
      ...run.semantic.samples.map((sample) => segmentedSample(run.semantic, sample))
    ];
  });
  return shown.length === 0 ? null :
                              section(
                                  "Segmented photographs",
                                  el("p", {class: "quiet small"},
                                     "Each pixel in the colour of its class; where the truth does not count, the " +
                                         "photograph shows through."),
                                  shown);
}
