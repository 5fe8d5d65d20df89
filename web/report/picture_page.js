// The pictures of a report without the report: what `gtsa visualize` writes.

{
  const runs = page.runs.map((run) => ({...run, pictures_json: run.pictures}));
  const sections = [...featurePictures(runs), crops(runs)].filter(Boolean);
  const notes = runs.flatMap((run) => run.notes ?? []).map((note) => el("p", {class: "note"}, note));
  document.getElementById("main").append(el("h1", {}, runs[0].name), ...sections, ...notes);
}
