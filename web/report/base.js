// Shared by all pages: making elements (texts always as text, never as markup), numbers for people.

const page = JSON.parse(document.getElementById("data").textContent);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on"))
      node.addEventListener(name.slice(2), value);
    else if (name.startsWith("--"))
      node.style.setProperty(name, value);
    else
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}
const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/// A number in about four digits; steps and counts in full.
function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "\u2013";
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (Number.isInteger(value) && size < 1e6) return String(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2).replace("e+", "e");
  if (size < 1) return value.toFixed(size < 0.1 ? 4 : 3);
  return value.toPrecision(4);
}
/// 2300 -> "2,300"
const counted = (value) => Number(value).toLocaleString("en-US");
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

/// A picture of the page as an SVG in its own pixels, to be drawn upon.
function pictureSvg(place, width, height, ...children) {
  return svg(
      "svg", {class: "picture", viewBox: `0 0 ${width} ${height}`, role: "img"},
      svg("image", {href: page.pictures[place], width, height, preserveAspectRatio: "none"}), ...children);
}
const boxSvg = (box, attributes) => svg(
    "rect",
    {x: box[0], y: box[1], width: Math.max(0, box[2] - box[0]), height: Math.max(0, box[3] - box[1]), ...attributes});

/// Maps of one pixel a patch are shown as squares, photographs smoothly.
const picture = (place, caption) =>
    el("figure", {}, el("img", {
         class: "picture",
         src: page.pictures[place],
         alt: caption,
         onload: ({target}) => target.classList.toggle("pixels", target.naturalWidth < 0.4 * target.clientWidth)
       }),
       el("figcaption", {}, caption));

const kColours = ["--first", "--second", "--third", "--fourth", "--fifth", "--sixth"];
const colourName = (index) => kColours[index % kColours.length];
const colourOf = (index) => getComputedStyle(document.documentElement).getPropertyValue(colourName(index)).trim();
const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// Steps done, for a snapshot or an evaluation after step `step`; -1 is before the first one.
const moment = (step) => page.moment ?? (step < 0 ? "before training" : `after ${counted(step + 1)} steps`);

function section(title, ...children) { return el("section", {}, el("h2", {}, title), ...children); }
