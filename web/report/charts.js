// Curves: one chart a figure, all runs in it; cursor and zoom are shared by all charts.

const kTitles = {
  loss: "loss (weighted sum)",
  lr: "learning rate",
  weight_decay: "weight decay",
  momentum: "teacher momentum",
  grad_norm: "gradient norm, before clipping",
  images_per_second: "images per second",
  data_wait: "data wait, share of a step",
};
function titleOf(name) {
  if (kTitles[name]) return kTitles[name];
  return name.replace(/^loss_(.*)/, "$1 loss")
      .replace(/^coefficient_(.*)/, "weight of the $1 loss")
      .replace(/^probe_/, "")
      .replaceAll("_", " ");
}

/// [[heading, figure's place in a run, names]]: in the order of the files.
function chartGroups(runs) {
  const names = (place) => [...new Set(runs.flatMap((run) => Object.keys(run[place])))];
  const schedule = (name) => ["lr", "weight_decay", "momentum"].includes(name) || name.startsWith("coefficient_");
  const metrics = names("metrics");
  const losses = metrics.filter((name) => name.startsWith("loss"));
  return [
    ["Loss", "metrics", losses],
    ["Evaluations over the run", "probes", names("probes")],
    ["Gradient and speed", "metrics", metrics.filter((name) => !schedule(name) && !losses.includes(name))],
    ["Health of the features", "health", names("health")],
    ["Schedule", "metrics", metrics.filter(schedule)],
  ].filter(([, , found]) => found.length > 0);
}

const kNoisy = 160;  // points from which a curve is shown with its running mean

/// Mean over about a fiftieth of the curve around each point; gaps stay gaps.
function runningMean(values) {
  const half = Math.max(2, Math.round(values.length / 100));
  const sums = [0], counts = [0];
  for (const value of values) {
    sums.push(sums.at(-1) + (value ?? 0));
    counts.push(counts.at(-1) + (value === null ? 0 : 1));
  }
  return values.map((value, at) => {
    const low = Math.max(0, at - half), high = Math.min(values.length, at + half + 1);
    return value === null ? null : (sums[high] - sums[low]) / (counts[high] - counts[low]);
  });
}

/// uPlot's table [steps, values of a series, ...]: a run has its raw curve and, if noisy, its mean.
function chartTable(runs, place, name) {
  const curves = runs.map((run) => run[place][name] ?? {steps: [], values: []});
  const noisy = place === "metrics" && /^loss|^grad_norm|^images|^data_wait/.test(name) &&
      curves.some((curve) => curve.values.length >= kNoisy);
  const tables = curves.map(({steps, values}) => (noisy ? [steps, values, runningMean(values)] : [steps, values]));
  const table = tables.length === 1 ? tables[0] : uPlot.join(tables, tables.map((t) => t.map(() => 1)));
  return {table, noisy};
}

/// Tick values are round: few digits suffice.
function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e4 && value % 100 === 0) return `${value / 1e3}k`;
  return size > 0 && size < 1e-3 ? value.toExponential().replace(/(\.\d\d)\d*/, "$1") : String(+value.toPrecision(6));
}

function axes(ticks) {
  const look = {
    stroke: cssColour("--quiet"),
    grid: {stroke: cssColour("--grid"), width: 1},
    ticks: {stroke: cssColour("--grid"), width: 1, size: 5},
    font: "11.5px system-ui, sans-serif"
  };
  const widest = (u, texts) => Math.max(34, 14 + 6.7 * Math.max(0, ...(texts ?? []).map((text) => text.length)));
  const texts = (u, splits) => splits.map(tickText);
  return [
    {
      ...look,
      values: texts,
      space: 60,
      size: 34,
      label: "step",
      labelSize: 14,
      labelFont: look.font,
      labelGap: -4,
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6]
    },
    {...look, values: texts, space: 26, size: widest}
  ];
}

class Chart {
  constructor(runs, place, name) {
    Object.assign(this, {runs, place, name});
    this.at = el("span", {class: "at"});
    this.values = el("ul", {class: "values"});
    this.plotNode = el("div", {class: "plot"});
    this.node =
        el("div", {class: "card chart", "data-name": name}, el("header", {}, el("h4", {}, titleOf(name)), this.at),
           this.values, this.plotNode);
  }

  draw() {
    const {table, noisy} = chartTable(this.runs, this.place, this.name);
    this.noisy = noisy;
    const few = table[0].length <= 60;
    const series = this.runs.flatMap((run, index) => {
      const stroke = colourOf(index);
      const line = {stroke, width: 1.8, spanGaps: false, points: {show: few, size: 5, fill: stroke}};
      return noisy ? [{...line, width: 1, alpha: 0.35, points: {show: false}}, {...line, points: {show: false}}] :
                     [line];
    });
    this.plot?.destroy();
    this.plot = new uPlot(
        {
          width: Math.max(200, this.plotNode.clientWidth),
          height: 190,
          legend: {show: false},
          padding: [10, 10, 0, 0],
          cursor: {y: false, sync: {key: "steps"}, points: {size: 7}},
          scales: {x: {time: false}},
          axes: axes(),
          series: [{}, ...series],
          hooks: {setCursor: [() => this.read()], setScale: [(u, key) => key === "x" && Chart.remember(u)]},
        },
        table, this.plotNode);
    this.read();
  }

  /// Values under the cursor, or the last ones.
  read() {
    if (!this.plot) return;
    const {data, cursor} = this.plot;
    const under = cursor.idx ?? null;
    const width = this.noisy ? 2 : 1;
    const step = data[0][under ?? data[0].length - 1];
    const shown = this.runs.map((run, index) => {
      const column = data[1 + index * width];
      if (under !== null && !(run[this.place][this.name]?.steps.at(-1) >= step)) return {run, index, value: null};
      // Of a thinned curve the nearest point to the left speaks for the steps between.
      let at = under ?? column.length - 1;
      while (at >= 0 && (column[at] === undefined || (under === null && column[at] === null))) --at;
      return {run, index, value: at < 0 ? null : column[at]};
    });
    this.at.textContent = step === undefined ? "" : step < 0 ? "before training" : `step ${counted(step)}`;
    this.values.replaceChildren(...shown.map(
        ({run, index, value}) =>
            el("li", {}, el("span", {class: "swatch", "--colour": `var(${colourName(index)})`}),
               this.runs.length > 1 ? `${run.name} ` : null, el("b", {}, short(value)))));
  }

  update(runs) {
    this.runs = runs;
    const zoom = Chart.zoom;
    const {table, noisy} = chartTable(runs, this.place, this.name);
    if (noisy !== this.noisy)
      this.draw();
    else
      this.plot.setData(table, !zoom);
    if (zoom) this.plot.setScale("x", zoom);
    this.read();
  }

  resize() {
    const width = Math.max(200, this.plotNode.clientWidth);
    if (this.plot && width !== this.plot.width) this.plot.setSize({width, height: 190});
  }

  /// The zoom in force, {min, max} of the steps; none while all of the run is shown.
  static remember(u) {
    const steps = u.data[0], {min, max} = u.scales.x;
    if (steps.length === 0 || min === null) return;
    const all = min <= steps[0] && max >= steps.at(-1);
    if (!all)
      Chart.zoom = {min, max};
    else if (Chart.zoom && !Chart.updating)
      Chart.zoom = null;
  }
}
Chart.zoom = null;

/// All charts of the page.
class Charts {
  constructor() {
    this.node = el("div", {id: "charts"});
    this.charts = [];
    new ResizeObserver(() => this.charts.forEach((chart) => chart.resize())).observe(this.node);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  show(runs) {
    const groups = chartGroups(runs);
    const form = JSON.stringify([runs.map((run) => run.name), groups]);
    if (form === this.form) {
      Chart.updating = true;
      this.charts.forEach((chart) => chart.update(runs));
      Chart.updating = false;
      return;
    }
    this.form = form;
    this.charts = [];
    this.node.replaceChildren(
        ...groups.map(([heading, place, names]) => section(heading, el("div", {class: "charts"}, names.map((name) => {
                                                             const chart = new Chart(runs, place, name);
                                                             this.charts.push(chart);
                                                             return chart.node;
                                                           })))));
    if (groups.length === 0)
      this.node.append(el("p", {class: "note"}, "No optimiser step has been logged yet: no curves."));
    this.redraw();
  }

  redraw() {
    const zoom = Chart.zoom;
    this.charts.forEach((chart) => {
      chart.draw();
      if (zoom) chart.plot.setScale("x", zoom);
    });
  }
}
