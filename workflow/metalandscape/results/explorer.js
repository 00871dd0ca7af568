// The page's interactive parts: charts of the data in #data, drawn by Vega, and the table of verdicts.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const chosen = (id) => [...byId(id).selectedOptions].map((option) => option.value);

function fill(id, names, selected) {
  for (const name of names) {
    byId(id).add(new Option(name, name, selected.includes(name), selected.includes(name)));
  }
}

// One row per run, seed and epoch that has both quantities on the chosen split.
function rows(runs, split, first, second) {
  const found = new Map();
  const { run, seed, epoch, metric, value } = data.columns;
  for (let i = 0; i < value.length; i += 1) {
    const name = data.quantities[metric[i]];
    const own = runs.includes(data.runs[run[i]]) && data.splits[data.columns.split[i]] === split;
    if (own && value[i] !== null && (name === first || name === second)) {
      const key = `${run[i]} ${seed[i]} ${epoch[i]}`;
      const row = found.get(key) || { run: data.runs[run[i]], seed: seed[i], epoch: epoch[i] };
      if (name === first) row.first = value[i];
      if (name === second) row.second = value[i];
      found.set(key, row);
    }
  }
  return [...found.values()];
}

// Curves over epochs; epochs selected by dragging are those of the scatter plot.
function spec(values, first, second, width) {
  const wide = width > 760;
  const size = { width: wide ? (width - 330) / 2 : width - 110, height: 260 };
  const color = { field: "run", type: "nominal", legend: { orient: wide ? "right" : "bottom", columns: 1, labelLimit: 180 } };
  const tooltip = ["run", "seed", "epoch", "first", "second"].map((field) => ({
    field, title: { first, second }[field] || field,
  }));
  const curve = (field, title) => ({
    ...size,
    transform: [{ filter: `isValid(datum.${field})` }],
    mark: { type: "line", point: { size: 40 } },
    encoding: {
      x: { field: "epoch", type: "quantitative" },
      y: { field, type: "quantitative", title, scale: { zero: false } },
      color, detail: { field: "seed" }, tooltip,
      opacity: { condition: { param: "run", value: 1 }, value: 0.15 },
    },
  });
  const curves = { ...curve("first", first), params: [
    { name: "epochs", select: { type: "interval", encodings: ["x"] } },
    { name: "run", select: { type: "point", fields: ["run"] }, bind: "legend" },
  ] };
  const scatter = {
    ...size,
    transform: [{ filter: "isValid(datum.first) && isValid(datum.second)" }, { filter: { param: "epochs" } }],
    mark: { type: "point", filled: true, size: 40 },
    encoding: {
      x: { field: "second", type: "quantitative", title: second, scale: { zero: false } },
      y: { field: "first", type: "quantitative", title: first, scale: { zero: false } },
      color, tooltip,
    },
  };
  return { data: { values }, [wide ? "hconcat" : "vconcat"]: [curves, scatter] };
}

async function draw() {
  const [split, first, second] = ["split", "first", "second"].map((id) => byId(id).value);
  const values = rows(chosen("runs"), split, first, second);
  byId("count").textContent = `${values.length} checkpoints`;
  const options = { mode: "vega-lite", renderer: "svg", actions: false };
  await vegaEmbed("#charts", spec(values, first, second, byId("charts").clientWidth), options);
}

function explore() {
  fill("runs", data.runs, data.runs.slice(0, 3));
  fill("split", data.splits, ["test"]);
  fill("first", data.quantities, ["target_accuracy"]);
  fill("second", data.quantities, ["gradient_product"]);
  for (const id of ["runs", "split", "first", "second"]) byId(id).addEventListener("change", draw);
  draw();
}

function filterVerdicts() {
  const words = byId("words").value.toLowerCase().split(/\s+/);
  const verdict = byId("verdict").value;
  for (const row of byId("verdicts").tBodies[0].rows) {
    const text = row.textContent.toLowerCase();
    const own = !verdict || row.dataset.verdict === verdict;
    row.hidden = !(own && words.every((word) => text.includes(word)));
  }
}

// Numbers by size, other texts by the alphabet; empty cells come last either way.
function compare(a, b, sign) {
  const numbers = a && b && !Number.isNaN(Number(a)) && !Number.isNaN(Number(b));
  return !a - !b || sign * (numbers ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
}

// A click on a heading sorts by its column, a second click the other way round.
function sortVerdicts(event) {
  const heading = event.target.closest("th");
  const body = byId("verdicts").tBodies[0];
  const sign = heading.ariaSort === "ascending" ? -1 : 1;
  const key = (row) => row.cells[heading.cellIndex].textContent;
  const sorted = [...body.rows].sort((a, b) => compare(key(a), key(b), sign));
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.ariaSort = sign === 1 ? "ascending" : "descending";
  body.append(...sorted);
}

byId("words").addEventListener("input", filterVerdicts);
byId("verdict").addEventListener("change", filterVerdicts);
byId("verdicts").tHead.addEventListener("click", sortVerdicts);
if (data.columns.value.length) explore();
