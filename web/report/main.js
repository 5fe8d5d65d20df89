// Puts the page together, and keeps it up to date while `gtsa report --follow` runs.

const kAskEvery = 2000;  // milliseconds

// crops.json is `crops` of a run; pictures.json `pictures` (the page's own pictures are page.pictures).
const withPictures = (runs) => runs.map((run) => ({...run, pictures_json: run.pictures}));

const headNode = el("div"), tablesNode = el("div"), detailNode = el("div"), pictureNode = el("div"),
      endNode = el("div");
const charts = new Charts();
const status = el("p", {class: "quiet small"});

/// <details> that the reader opened or closed stay so.
function keepingOpen(node, change) {
  const open = new Map([...node.querySelectorAll("details")].map((d, i) => [d.dataset.keep ?? i, d.open]));
  change();
  [...node.querySelectorAll("details")].forEach((d, i) => {
    const was = open.get(d.dataset.keep ?? i);
    if (was !== undefined) d.open = was;
  });
}

function notes(runs) {
  const lines = runs.flatMap((run) => {
    const quiet = [...run.notes];
    if (run.accuracy || run.semantic) return quiet.map((line) => `${runs.length > 1 ? `${run.name}: ` : ""}${line}.`);
    if (!run.crops) quiet.push("no sample views");
    if (!run.pictures) quiet.push("no pictures of features");
    if (!run.rotation) quiet.push("no rotation probe");
    if (!run.segmentation) quiet.push("no segmentation probe");
    return quiet.length === 0 ? [] : [`${runs.length > 1 ? `${run.name}: ` : ""}${quiet.join("; ")}.`];
  });
  return lines.map((line) => el("p", {class: "note"}, line));
}

function showLive({runs, written, program}) {
  const all = withPictures(runs), several = runs.length > 1;
  headNode.replaceChildren(
      el("h1", {}, several ? `${runs.length} runs compared` : runs[0].name), status,
      el("div", {class: "run-head columns"}, runs.map((run, index) => runHead(run, index, several))));
  tablesNode.replaceChildren(...[probeTable(all)].filter(Boolean));
  charts.show(all);
  keepingOpen(
      detailNode,
      () => detailNode.replaceChildren(...[probeDetails(all), classification(all), semantic(all)].filter(Boolean)));
  keepingOpen(
      endNode,
      () => endNode.replaceChildren(...[events(all), machine(all), configuration(all), ...notes(runs),
                                        el("footer", {},
                                           `${program}, ${written}. Curves: uPlot ${uPlotVersion()}, MIT licence. ` +
                                               "Drag over a chart to zoom into steps, double-click to see all.")]
                                        .filter(Boolean)));
  status.textContent = page.follow ? `following; last news ${written}` : `written ${written}`;
  status.classList.toggle("live", page.follow);
}

/// The banner of uPlot's file says which version it is.
function uPlotVersion() {
  return document.scripts[document.scripts.length - 1].textContent.match(/uPlot \(v([\d.]+)\)/)?.[1] ??
      [...document.scripts].map((s) => s.textContent.match(/uPlot \(v([\d.]+)\)/)?.[1]).find(Boolean) ?? "";
}

// --- following: a script beside the page is loaded again and again; fetch() may not read files -------------------

const memory = {
  // of this tab; private windows may refuse
  get(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      sessionStorage.setItem(key, value);
    } catch { /* then zoom and place are lost */
    }
  },
};

function loadAnew(reason) {
  // Once for each state of the page, so that a vanished update cannot make it load for ever.
  const state = `${reason} ${page.written} ${page.pictures_are}`;
  if (memory.get("gtsa loaded") === state) {
    status.textContent = "no longer followed";
    status.classList.remove("live");
    return;
  }
  memory.set("gtsa loaded", state);
  memory.set("gtsa zoom", JSON.stringify(Chart.zoom));
  location.reload();
}

window.gtsaUpdate = (news) => {
  if (news.pictures_are !== page.pictures_are) return loadAnew("pictures");
  if (news.written !== page.shown) showLive(news);
  page.shown = news.written;
};

function ask() {
  const base = location.href.split(/[?#]/)[0].replace(/\.[^./]*$/, "");
  const script = el("script", {src: `${base}.data.js?${Date.now()}`});
  script.onload = () => {
    script.remove();
    setTimeout(ask, kAskEvery);
  };
  script.onerror = () => {
    script.remove();
    loadAnew("end");
  };
  document.head.append(script);
}

document.getElementById("main").append(headNode, tablesNode, charts.node, detailNode, pictureNode, endNode);
try {
  Chart.zoom = JSON.parse(memory.get("gtsa zoom"));
} catch {
  Chart.zoom = null;
}
memory.set("gtsa zoom", "null");
showLive(page);
{
  const all = withPictures(page.runs);
  pictureNode.replaceChildren(...[segmentedPictures(all), ...featurePictures(all), crops(all)].filter(Boolean));
}
if (page.follow) setTimeout(ask, kAskEvery);
