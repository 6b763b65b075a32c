// Draws each `<div class="chart" data-figure="ID">` from the figure JSON in the script element with that ID
// (`json_script`; `<c-chart>` writes both). Again when its width, the colours or the member's theme change, and for paper.
//
// A figure is what Plotly takes, `{data, layout}`, with three freedoms:
//
//   colours   any string may name CSS variables, "var(--v1)": they are looked up, so light and dark both work.
//             Fonts, axis colours, margins and a transparent ground are given where the layout says nothing.
//   narrow    `{data?, layout?}` laid over the figure while the drawing is under 440 px wide.
//   rows      for horizontal intervals: words that stand beside the drawing, and above each line on a phone.
//             [{y, label, value, interval, verdict, is_head}], all but `y` and `label` optional; `y` as on layout.yaxis,
//             which needs a numeric `range`. `is_head` is a line of words alone. `columns: [“Lift and interval”, “Verdict”]`
//             heads the words at the right; the verdict yields under 800 px. Shapes named "zero" or "band" are cut to the
//             intervals on a phone, where words would cross them. `axis_words: [“worse”, “better”]` stand under the axis
//             at both sides of zero. `engagement.core.figures.forest` writes all of it.
//
// Text is text: any tag but <br> is shown as typed. Plotly would turn <b> into a style attribute, which the content
// policy refuses; use `font: {weight: 600}`. Hover is off unless `layout.hovermode` asks for it.

const NARROW = 440;
const WIDE = 800;
const ROW_PX = { wide: 30, narrow: 46 };
const GAP = 16;
const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, typesetMath: false };

// ---- values ----

function resolve(value, style) {
  if (Array.isArray(value)) return value.map((item) => resolve(item, style));
  if (typeof value === "string") return plain(value.replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name, style)));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, style)]));
}

function plain(text) {
  return text.replace(/<(?!\/?(?:br|extra)\s*\/?>)/g, "&lt;");
}

// A custom property keeps `light-dark(…)` as written; only a real colour property computes it.
function colour(name, style) {
  style.probe.style.color = `var(${name})`;
  return getComputedStyle(style.probe).color;
}

function merge(base, over) {
  const merged = { ...base };
  for (const [key, item] of Object.entries(over ?? {})) {
    const both = isObject(base?.[key]) && isObject(item);
    merged[key] = both ? merge(base[key], item) : item;
  }
  return merged;
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// ---- what every figure gets ----

function houseStyle(chart) {
  const probe = document.createElement("span");
  probe.hidden = true;
  chart.append(probe);
  return { probe, family: getComputedStyle(document.body).fontFamily };
}

function axisDefaults(isValueAxis) {
  return {
    showgrid: isValueAxis,
    showline: !isValueAxis,
    ticks: isValueAxis ? "" : "outside",
    gridcolor: "var(--line)",
    linecolor: "var(--line-strong)",
    tickcolor: "var(--line-strong)",
    zeroline: false,
    fixedrange: true,
    automargin: true,
    ticklen: 4,
    title: { standoff: 8 },
  };
}

function layoutDefaults(style) {
  return {
    font: { family: style.family, size: 13, color: "var(--ink-soft)" },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 48, r: 16, t: 12, b: 32 },
    height: 320,
    showlegend: false,
    hovermode: false,
    dragmode: false,
    hoverlabel: { bgcolor: "var(--surface)", bordercolor: "var(--line-strong)", font: { color: "var(--ink)" } },
    xaxis: axisDefaults(false),
    yaxis: axisDefaults(true),
  };
}

// ---- rows of words beside intervals ----

const ruler = document.createElement("canvas").getContext("2d");

function widest(texts, family, weight = 400) {
  ruler.font = `${weight} 13px ${family}`;
  return Math.ceil(Math.max(0, ...texts.map((text) => ruler.measureText(text ?? "").width)));
}

function words(text, place, extra = {}) {
  return {
    text: plain(text),
    showarrow: false,
    xref: "paper",
    yref: "y",
    xanchor: "left",
    yanchor: "middle",
    align: "left",
    borderwidth: 0,
    borderpad: 0,
    ...place,
    ...extra,
    font: { color: "var(--ink)", ...extra.font },
  };
}

function besides(figure, family, width) {
  const { rows, columns = [] } = figure;
  const lines = rows.filter((row) => !row.is_head);
  const labels = widest(lines.map((row) => row.label), family);
  const pairs = lines.filter((row) => row.interval);
  const values = widest(pairs.map((row) => row.value), family, 600);
  const intervals = widest(pairs.map((row) => row.interval), family);
  const lone = widest(lines.filter((row) => !row.interval).map((row) => row.value), family, 600);
  const numbers = Math.max(values + 8 + intervals, lone, widest([columns[0]], family, 500));
  const verdicts = width < WIDE ? 0 : widest([columns[1], ...lines.map((row) => row.verdict)], family, 600);
  const right = GAP + numbers + (verdicts ? GAP + verdicts : 0);
  return { left: labels + GAP, right: numbers ? right : GAP, values, numbers, verdicts };
}

function wideRows(figure, family, width) {
  const space = besides(figure, family, width);
  const ranks = figure.rows.flatMap((row) => wideRow(row, space));
  const top = figure.layout.yaxis.range[1];
  const heads = (figure.columns ?? []).slice(0, space.verdicts ? 2 : 1).map((text, index) =>
    words(text, { x: 1, xshift: GAP + index * (space.numbers + GAP), y: top }, { yanchor: "bottom", font: { color: "var(--ink-soft)", weight: 500 } }),
  );
  return {
    annotations: [...ranks, ...heads],
    margin: { l: space.left, r: space.right, t: heads.length ? 28 : 4, b: figure.axis_words ? 52 : 32 },
  };
}

function wideRow(row, space) {
  const at = { y: row.y };
  const head = { font: { weight: 600 }, bgcolor: "var(--paper)" }; // a long one may cross the zero line
  if (row.is_head) return [words(row.label, { ...at, x: 0, xshift: -space.left }, head)];
  const parts = [words(row.label, { ...at, x: 0, xshift: -space.left })];
  if (row.value) parts.push(words(row.value, { ...at, x: 1, xshift: GAP }, { font: { weight: 600 } }));
  if (row.interval) {
    const shift = GAP + (row.value ? space.values + 8 : 0);
    parts.push(words(row.interval, { ...at, x: 1, xshift: shift }, { font: { color: "var(--ink-soft)" } }));
  }
  if (row.verdict && space.verdicts) {
    parts.push(words(row.verdict, { ...at, x: 1, xshift: 2 * GAP + space.numbers }, { font: { weight: 600 } }));
  }
  return parts;
}

function narrowRows(figure, family, width) {
  const intervals = figure.data.flatMap((trace) => trace.y);
  return {
    annotations: figure.rows.flatMap((row) => narrowRow(row, family, width)),
    shapes: (figure.layout.shapes ?? []).flatMap((shape) => cutToIntervals(shape, intervals)),
    margin: { l: GAP, r: GAP, t: 4, b: figure.axis_words ? 52 : 32 },
  };
}

function narrowRow(row, family, width) {
  const left = { x: 0, xshift: -GAP, y: row.y };
  if (row.is_head) return [words(row.label, { ...left, yshift: -6 }, { font: { weight: 600 } })];
  const interval = row.interval ? widest([row.interval], family) + 8 : 0;
  const right = { x: 1, xshift: GAP, y: row.y, yshift: 16, xanchor: "right" };
  const room = width - interval - widest([row.value], family, 600) - GAP;
  const parts = [words(fitted(row.label, room, family), { ...left, yshift: 16 })];
  if (row.interval) parts.push(words(row.interval, right, { font: { color: "var(--ink-soft)" } }));
  if (row.value) parts.push(words(row.value, { ...right, xshift: GAP - interval }, { font: { weight: 600 } }));
  return parts;
}

function fitted(text, room, family) {
  if (widest([text], family) <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && widest([`${letters.join("")}…`], family) > room) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

function cutToIntervals(shape, intervals) {
  if (shape.name !== "zero" && shape.name !== "band") return [shape];
  const spans = (y) => shape.yref !== "y" || (y < Math.max(shape.y0, shape.y1) && y > Math.min(shape.y0, shape.y1));
  return intervals.filter(spans).map((y) => ({ ...shape, yref: "y", y0: y - 0.18, y1: y + 0.18 }));
}

// At both sides of zero; on a phone at both ends, since zero may lie near one of them.
function axisWords(pair, isNarrow) {
  const place = { y: 0, yref: "paper", yanchor: "top", yshift: -26 };
  const soft = { font: { color: "var(--ink-soft)" } };
  const [left, right] = isNarrow
    ? [{ x: 0, xshift: -GAP, xanchor: "left" }, { x: 1, xshift: GAP, xanchor: "right" }]
    : [{ x: 0, xref: "x", xshift: -GAP / 2, xanchor: "right" }, { x: 0, xref: "x", xshift: GAP / 2, xanchor: "left" }];
  return [words(pair[0], { ...place, ...left }, soft), words(pair[1], { ...place, ...right }, soft)];
}

function withRows(figure, family, width) {
  const isNarrow = width < NARROW;
  const added = (isNarrow ? narrowRows : wideRows)(figure, family, width);
  const [low, high] = figure.layout.yaxis.range;
  const height = (high - low) * ROW_PX[isNarrow ? "narrow" : "wide"] + added.margin.t + added.margin.b;
  const own = figure.layout.annotations ?? [];
  const ends = figure.axis_words ? axisWords(figure.axis_words, isNarrow) : [];
  return merge(figure.layout, {
    ...added,
    annotations: [...own, ...added.annotations, ...ends],
    height,
    yaxis: { visible: false },
    xaxis: { automargin: false, showline: true, ticks: "outside", ticklabeloverflow: "allow", ...figure.layout.xaxis },
  });
}

// ---- drawing ----

function figureAt(width, stored, family) {
  const figure = width < NARROW && stored.narrow ? merge(stored, stored.narrow) : stored;
  const layout = figure.rows ? withRows(figure, family, width) : (figure.layout ?? {});
  return { data: figure.data, layout };
}

function draw(chart, stored) {
  const width = Math.floor(chart.clientWidth);
  if (!width) return;
  const style = houseStyle(chart);
  const { data, layout } = figureAt(width, stored, style.family);
  const whole = merge(layoutDefaults(style), { ...layout, width });
  const drawing = chart.querySelector(".drawing");
  globalThis.Plotly.react(drawing, resolve(data, style), resolve(whole, style), CONFIG);
  style.probe.remove();
}

function describe(chart) {
  const title = chart.closest("figure")?.querySelector(".figure-title");
  chart.setAttribute("role", "img");
  if (!chart.hasAttribute("aria-label") && title) chart.setAttribute("aria-label", title.textContent.trim());
}

function start(chart) {
  const stored = JSON.parse(document.getElementById(chart.dataset.figure).textContent);
  const drawing = document.createElement("div");
  drawing.className = "drawing";
  chart.append(drawing);
  describe(chart);
  draw(chart, stored);
  let width = chart.clientWidth;
  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    draw(chart, stored);
  }).observe(chart);
  return () => draw(chart, stored);
}

function startAll(root) {
  const redraws = [...root.querySelectorAll("[data-figure]:not([role=img])")].map(start);
  const redraw = () => redraws.forEach((again) => again());
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

startAll(document);
document.addEventListener("htmx:load", (event) => startAll(event.target));
