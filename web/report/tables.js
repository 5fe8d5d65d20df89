// What a run says in words and figures.

const swatch = (index) => el("span", {class: "swatch", "--colour": `var(${colourName(index)})`});

function runHead(run, index, several) {
  const last = (name) => run.metrics[name]?.values.filter((value) => value !== null).at(-1);
  const facts = [
    ["steps done", run.wanted_steps ? `${counted(run.steps)} of ${counted(run.wanted_steps)}` : counted(run.steps)],
    ["last loss", short(last("loss"))],
    ["images per second", short(last("images_per_second"))],
  ];
  return el(
      "div", {class: "card"}, several ? el("h3", {}, swatch(index), run.name) : null,
      el("div", {class: "quiet small"}, run.folder),
      el("dl", {class: "facts"}, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}

const probeName = (name) => name.replace(/^probe_/, "").replaceAll("_", " ");

/// First and last measurement of every figure that probes made, and their ratio; the first is before training where
/// that was measured.
function probeTable(runs) {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.probes)))];
  if (names.length === 0) return null;
  const curves = (run) => Object.values(run.probes);
  const first = (run) => Math.min(...curves(run).map((curve) => curve.steps[0]));
  const last = (run) => Math.max(...curves(run).map((curve) => curve.steps.at(-1)));
  const measured = runs.filter((run) => curves(run).length > 0);
  const cells = (run, name) => {
    const {steps, values} = run.probes[name] ?? {steps: [], values: []};
    const before = steps[0] === first(run) ? values[0] : null;
    const after = steps.at(-1) === last(run) && last(run) > first(run) ? values.at(-1) : null;
    return [before, after, before && after !== null ? after / before : null];
  };
  const several = runs.length > 1;
  return section(
      "Evaluations, before and after",
      el("div", {class: "card scroll", id: "probes"},
         el("table", {},
            el("thead", {},
               several ? el("tr", {}, el("th", {}),
                            measured.map((run) => el("th", {colspan: 3}, swatch(runs.indexOf(run)), run.name))) :
                         null,
               el("tr", {}, el("th", {}, "probe"),
                  measured.map(
                      (run) =>
                          [el("th", {class: "number"}, moment(first(run))),
                           el("th", {class: "number"}, last(run) > first(run) ? moment(last(run)) : "later"),
                           el("th", {class: "number"}, "ratio")]))),
            el("tbody", {},
               names.map((name) => el("tr", {}, el("th", {}, probeName(name)), measured.map((run) => {
                           const [before, after, ratio] = cells(run, name);
                           return [
                             el("td", {class: "number"}, short(before)), el("td", {class: "number"}, short(after)),
                             el("td", {class: "number ratio"}, ratio === null ? "\u2013" : `\u00d7${ratio.toFixed(2)}`)
                           ];
                         })))))),
      measured.filter((run) => run.correspondence)
          .map(
              ({name, correspondence: {patches, photos, chance}}) =>
                  el("p", {class: "quiet small"},
                     `${several ? `${name}: ` : ""}correspondence of ${counted(patches)} patches in ${
                         counted(photos)} photographs; ` +
                         `by chance ${short(chance)} of them lie where the geometry says.`)));
}

/// Rows [name, value of a run, ...] under the runs' names.
function runsTable(runs, rows, id) {
  return el(
      "div", {class: "scroll"},
      el("table", {class: "wide", id},
         runs.length > 1 ?
             el("thead", {}, el("tr", {}, el("th", {}), runs.map((run, i) => el("th", {}, swatch(i), run.name)))) :
             null,
         el("tbody", {},
            rows.map(
                ([name, ...values]) => el("tr", {}, el("th", {}, name), values.map((value) => el("td", {}, value)))))));
}

function machine(runs) {
  const names = [...new Set(runs.flatMap((run) => run.machine.map(([name]) => name)))];
  if (names.length === 0) return null;
  const rows = names.map(
      (name) =>
          [name.replaceAll("_", " "),
           ...runs.map((run) => run.machine.find(([other]) => other === name)?.[1] ?? "\u2013")]);
  return section("Machine", el("div", {class: "card"}, runsTable(runs, rows, "machine")));
}

const keyOf = ([part, key]) => (part ? `${part}.${key}` : key);

function configuration(runs) {
  const keys = [...new Set(runs.flatMap((run) => run.configuration.map(keyOf)))];
  if (keys.length === 0) return null;
  const row = (run, key) => run.configuration.find((entry) => keyOf(entry) === key);
  if (runs.length === 1) {
    return section(
        "Configuration",
        el("div", {class: "card scroll"},
           el("table", {class: "wide", id: "configuration"},
              el("thead", {}, el("tr", {}, el("th", {}, "option"), el("th", {}, "value"), el("th", {}, "set by"))),
              el("tbody", {},
                 runs[0].configuration.map(
                     (entry) =>
                         el("tr", {}, el("th", {}, keyOf(entry)), el("td", {}, el("code", {}, entry[2])),
                            el("td", {class: "origin"}, entry[3])))))));
  }
  const values = (key) => runs.map((run) => row(run, key)?.[2] ?? "\u2013");
  const rowOf = (key) => [key, ...values(key).map((value) => el("code", {}, value))];
  const different = keys.filter((key) => new Set(values(key)).size > 1);
  return section(
      "Configuration",
      el("div", {class: "card"},
         el("p", {}, different.length === 0 ? "The runs have the same configuration." : "Where the runs differ:"),
         different.length === 0 ? null : runsTable(runs, different.map(rowOf), "differences"),
         el("details", {}, el("summary", {}, `All ${keys.length} options`),
            runsTable(runs, keys.map(rowOf), "configuration"))));
}

const kKinds = {
  bad_step: "skipped step",
  bad_file: "bad file",
  save: "saved"
};

function eventList(run) {
  const {rows, left_out: leftOut} = run.events;
  if (rows.length === 0) return el("p", {class: "note"}, "No warnings, bad files, skipped steps or saves.");
  const serious = rows.filter((row) => row.kind !== "save").length;
  const table = el(
      "div", {class: "scroll"},
      el("table", {class: "wide"},
         el("thead", {}, el("tr", {}, el("th", {class: "number"}, "step"), el("th", {}, "what"), el("th", {}, "more"))),
         el("tbody", {},
            rows.map(
                (row) =>
                    el("tr", {}, el("td", {class: "number"}, row.step === null ? "\u2013" : counted(row.step)),
                       el("td", {},
                          el("span", {class: `kind ${new RegExp("^[a-z_]+$").test(row.kind) ? row.kind : ""}`},
                             kKinds[row.kind] ?? row.kind)),
                       el("td", {}, row.text))))));
  const older = leftOut > 0 ? el("p", {class: "note"}, `${counted(leftOut)} older ones are in events.jsonl.`) : null;
  return el(
      "details", {open: rows.length <= 12, "data-keep": `events ${run.name}`},
      el("summary", {}, `${counted(rows.length)} events, ${counted(serious)} of them other than saves`), table, older);
}

function events(runs) {
  return section(
      "Events",
      runs.map(
          (run, index) => el(
              "div", {class: "card"}, runs.length > 1 ? el("h3", {}, swatch(index), run.name) : null, eventList(run))));
}

const kTurns = ["0\u00b0", "90\u00b0", "180\u00b0", "270\u00b0"];

function rotation(run) {
  const {accuracy, confusion} = run.rotation;
  return el(
      "div", {class: "card"}, el("h3", {}, `Rotation: ${percent(accuracy)} right`),
      el("p", {class: "quiet small"},
         "Share of the views turned so (row) that were taken for turned so (column); chance is 25%."),
      el("div", {class: "scroll"},
         el("table", {class: "confusion", id: "confusion"},
            el("thead", {}, el("tr", {}, el("th", {}, "turned"), kTurns.map((turn) => el("th", {}, turn)))),
            el("tbody", {}, confusion.map((row, index) => {
              const all = row.reduce((sum, count) => sum + count, 0);
              return el("tr", {}, el("th", {}, kTurns[index]), row.map((count) => {
                const share = all > 0 ? count / all : 0;
                return el(
                    "td", {style: `background: rgba(var(--shade), ${(0.6 * share).toFixed(3)})`}, percent(share),
                    el("small", {}, counted(count)));
              }));
            })))));
}

/// Rows [name, value or null], the best first; of very many the ends are shown and the rest can be opened.
function classBars(rows, index, id) {
  const kAll = 40, kEnd = 12;
  const sorted = [...rows].sort((a, b) => (b[1] ?? -1) - (a[1] ?? -1));
  const bars = (shown, attributes = {}) => el(
      "div", {class: "bars", ...attributes},
      shown.map(
          ([name, value]) =>
              [el("span", {}, name),
               el("span", {class: "bar", "--colour": `var(${colourName(index)})`, "--share": percent(value ?? 0)}),
               el("span", {class: "number"}, value === null ? "absent" : value.toFixed(3))]));
  if (sorted.length <= kAll) return bars(sorted, {id});
  const measured = sorted.filter(([, value]) => value !== null);
  return el(
      "div", {id}, el("p", {class: "quiet small"}, `The best ${kEnd} of ${counted(measured.length)} measured classes`),
      bars(measured.slice(0, kEnd)), el("p", {class: "quiet small"}, `The last ${kEnd}`), bars(measured.slice(-kEnd)),
      el("details", {"data-keep": `${id} ${index}`}, el("summary", {}, `All ${counted(sorted.length)} classes`),
         bars(sorted)));
}

function segmentation(run, index) {
  return el(
      "div", {class: "card"}, el("h3", {}, `Frozen segmentation: mIoU ${short(run.segmentation.miou)}`),
      el("p", {class: "quiet small"}, "Intersection over union by class, 0 to 1."),
      classBars(run.segmentation.classes, index, "classes"));
}

function probeDetails(runs) {
  const several = runs.length > 1;
  const shown = runs.flatMap((run, index) => {
    const cards =
        [run.rotation ? rotation(run) : null, run.segmentation ? segmentation(run, index) : null].filter(Boolean);
    if (cards.length === 0) return [];
    return [several ? el("h3", {}, swatch(index), run.name) : null, el("div", {class: "columns"}, cards)];
  });
  return shown.length === 0 ? null : section("Probes in detail", shown);
}
