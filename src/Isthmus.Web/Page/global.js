// What holds for the run as a whole.
import { byId, h, number, svg, table } from "./dom.js";
import { attempt, get } from "./api.js";

let waiting = null;

export const show = attempt(async () => {
  clearTimeout(waiting);
  const g = await get("/api/global");
  const place = byId("view-global");
  if (!g.ready) {
    place.replaceChildren(h("p", { class: "muted", role: "status" }, "Looking at what passes: this takes a moment…"));
    waiting = setTimeout(() => { if (!place.hidden) show(); }, 600);
    return;
  }
  if (!g.curves_ready) waiting = setTimeout(() => { if (!place.hidden) show(); }, 1500);
  const e = g.explain;
  place.replaceChildren(h("h2", null, `What passes: ${e.concepts?.length ? `${e.concepts.length} concepts` : e.message}`), h("p", { class: "muted" }, `${e.rows} rows; the figures of `, h("code", null, "isthmus explain --json")),
    e.leakage ? leakage(e.leakage) : "", e.concepts?.length ? quality(e.concepts) : "", g.curves ? curves(g.curves) : "", e.head ? head(e.head) : "",
    e.codes ? codes(e.codes) : "", e.features ? features(e.features) : "", e.latents && !e.concepts ? latents(e.latents) : "", ...e.notes.map(n => h("p", { class: "muted" }, n)));
});

const tile = (name, value, more) => h("div", null, h("span", { class: "muted" }, name), h("b", { title: String(value) }, number(value)), more ? h("span", { class: "muted" }, more) : "");

const stands = label => label ? `${label.pattern} (precision ${number(label.precision, 3)}, recall ${number(label.recall, 3)})` : "–";

function codes(c) {
  return h("section", null, h("h3", null, "Codes"),
    h("div", { class: "tiles" }, tile("joint entropy", c.joint_entropy_bits, `bits; ceiling ${number(c.ceiling_bits)} for so many messages`), tile("sum of positions", c.factorised_bits, "bits"), tile("different messages", c.distinct, `of ${c.messages}`), tile("dead codes", c.dead)),
    table(["position", "codes", "used", "entropy, bits", "perplexity"], c.positions.slice(0, 200).map(p => [p.name, p.codes, p.used, p.entropy_bits, p.perplexity]), [1, 2, 3, 4]),
    table(["code", "share of rows", "stands for", "blocked: KL bits or mean square", "rows"], c.list.slice(0, 100).map(x => [x.name, x.share, stands(x.label), x.effect_kl_bits ?? x.effect_mse, x.examples.slice(0, 6).join(", ")]), [1, 3]));
}

function features(f) {
  return h("section", null, h("h3", null, "Features"), h("p", null, `${f.alive} of ${f.count} are active somewhere, ${number(f.l0)} a row.`),
    table(["feature", "density", "stands for", "silenced: KL bits or mean square", "rows"], f.list.slice(0, 100).map(x => [x.name, x.density, stands(x.label), x.effect_kl_bits ?? x.effect_mse, x.examples.slice(0, 6).join(", ")]), [1, 3]));
}

function latents(l) {
  const most = Math.max(1e-9, ...l.list.map(x => x.bits ?? 0));
  return h("section", null, h("h3", null, "Dimensions"), h("p", null, `${l.active} of ${l.count} are active.`),
    l.list.some(x => x.bits !== null) ? wide(bars(l.list.slice(0, 32).map(x => [x.name, x.bits ?? 0]), most, "bits"), "bits of each dimension") : "",
    table(["dimension", "bits", "mean", "deviation", "2nd … 98th percentile", "moved across: KL bits or mean square", "largest in rows"],
      l.list.map(x => [x.name + (x.active ? "" : " (inactive)"), x.bits, x.mean, x.deviation, `${number(x.low, 3)} … ${number(x.high, 3)}`, x.effect_kl_bits ?? x.effect_mse, x.examples.slice(0, 6).join(", ")]), [1, 2, 3, 5]));
}

// A plot that a narrow window scrolls, so that its words stay readable.
const wide = (plot, name) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, plot);

// Horizontal bars with their numbers, and whiskers where there is an interval.
export function bars(rows, most, unit) {
  const [left, width, line] = [190, 420, 24];
  const plot = svg("svg", { class: "plot", viewBox: `0 0 720 ${rows.length * line + 8}`, role: "img" }, svg("title", {}, `${unit}: ${rows.map(r => `${r[0]} ${number(r[1])}`).join("; ")}`));
  rows.forEach(([name, value, low, high], i) => {
    const y = i * line + 6, x = v => left + width * Math.max(0, v) / most;
    const label = svg("text", { x: left - 8, y: y + 13, "text-anchor": "end" });
    label.textContent = name.length > 26 ? name.slice(0, 25) + "…" : name;
    const figure = svg("text", { x: x(Math.max(value, high ?? value)) + 6, y: y + 13 });
    figure.textContent = `${number(value, 3)}${low !== undefined && low !== null ? ` [${number(low, 3)}, ${number(high, 3)}]` : ""} ${unit}`;
    plot.append(label, svg("rect", { x: left, y, width: Math.max(1, x(value) - left), height: 16, rx: 2, class: "bar" }), figure);
    if (low !== undefined && low !== null) plot.append(svg("path", { class: "axis", d: `M${x(low)} ${y + 8}H${x(high)}M${x(low)} ${y + 3}v10M${x(high)} ${y + 3}v10` }));
  });
  return plot;
}

function leakage(l) {
  const rows = [["beyond the annotations", l.beyond_annotations_bits, l.low_bits, l.high_bits], ["… rounded to states", l.hardened_bits], ["all that passes says", l.joint_bits], ["true concepts say", l.true_joint_bits], ["there is to know, H(Y)", l.target_entropy_bits]].filter(r => r[1] !== null);
  const most = Math.max(1e-9, ...rows.map(r => Math.max(r[1], r[3] ?? 0)));
  return h("section", null, h("h3", null, "Leakage"), h("p", { class: "verdict", id: "leak-verdict" }, h("b", null, l.text)), ...l.words.map(w => h("p", null, w)), wide(bars(rows, most, "bits"), "leakage"),
    h("dl", { class: "facts" }, [["what physically passes", l.passes], ["accuracy that true concepts allow", l.ceiling_accuracy], ["accuracy of a probe on what passes", l.code_accuracy], ["rows", l.rows], ["margin, bits", l.margin_bits], ["concepts-task leakage (CTL)", l.ctl], ["interconcept leakage (ICL)", l.icl], ["impurity (OIS)", l.ois]]
      .filter(([, v]) => v !== null).map(([name, v]) => h("div", null, h("dt", null, name), h("dd", null, typeof v === "number" ? number(v) : v)))));
}

function quality(list) {
  const shown = [["name", "concept"], ["type", "type"], ["rows", "rows"], ["accuracy", "accuracy"], ["majority", "commonest state"], ["auc", "AUC"], ["brier", "Brier"], ["calibration_error", "calibration error"], ["r2", "R²"], ["leak_bits", "leak, bits"], ["cost", "cost"]].filter(([k]) => list.some(c => c[k] !== null));
  return h("section", null, h("h3", null, "Concepts on rows that were not trained on"), table(shown.map(([, title]) => title), list.map(c => shown.map(([k]) => c[k])), shown.map((_, i) => i).slice(2)));
}

function head(w) {
  const most = Math.max(1e-9, ...w.weights.flat().map(Math.abs));
  const cell = v => {
    const td = h("td", { class: "n", title: String(v) }, number(v, 3));
    td.style.background = `color-mix(in srgb, var(${v >= 0 ? "--pos" : "--neg"}) ${Math.round(45 * Math.abs(v) / most)}%, transparent)`;
    return td;
  };
  return h("section", null, h("h3", null, "Rules as text"), h("ul", { id: "rules" }, w.rules.map(r => h("li", null, r))), h("h3", null, "Weights of the head"),
    h("p", { class: "muted" }, `${number(w.effective_concepts)} columns with a weight for an answer, on average (NEC).`),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "weights of the head" }, h("table", { class: "heat" },
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "concept"), w.answers.map(c => h("th", { scope: "col", class: "n" }, c)))),
      h("tbody", null, w.columns.map((name, i) => h("tr", null, h("th", { scope: "row" }, name), w.weights.map(of => cell(of[i]))))))));
}

const colours = ["#0072b2", "#d55e00", "#009e73", "#b0478f", "#9a7200", "#5b6470"];

function curves(list) {
  const [left, top, width, height] = [46, 10, 600, 240];
  const all = list.flatMap(c => c.points), policies = [...new Set(list.map(c => c.policy))];
  const most = Math.max(1, ...all.map(p => p.edited));
  const low = Math.min(...all.map(p => p.low)), high = Math.max(...all.map(p => p.high));
  const x = v => left + width * v / most, y = v => top + height * (1 - (v - low) / Math.max(1e-9, high - low));
  const plot = svg("svg", { class: "plot", viewBox: `0 0 720 ${height + 50 + 18 * list.length}`, role: "img" }, svg("title", {}, "quality against the number of concepts corrected, for each policy"));
  for (const share of [0, .25, .5, .75, 1]) {
    const v = low + share * (high - low), label = svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" });
    label.textContent = number(v, 3);
    plot.append(svg("line", { class: "grid", x1: left, x2: left + width, y1: y(v), y2: y(v) }), label);
  }
  list.forEach((c, i) => {
    const name = svg("text", { x: left + 22, y: height + 46 + 18 * i });
    name.textContent = `${c.policy}${c.competence < 1 ? `, expert right ${number(c.competence * 100)} %` : ""}`;
    const line = { class: "ln", stroke: colours[policies.indexOf(c.policy) % colours.length], "stroke-dasharray": c.competence < 1 ? "6 4" : "none" };
    plot.append(svg("polyline", { ...line, points: c.points.map(p => `${x(p.edited)},${y(p.accuracy ?? p.mse)}`).join(" ") }), svg("line", { ...line, x1: left, x2: left + 16, y1: height + 42 + 18 * i, y2: height + 42 + 18 * i }), name);
  });
  const axis = svg("text", { x: left + width / 2, y: height + 28, "text-anchor": "middle" });
  axis.textContent = `${all[0]?.accuracy === null ? "mean squared error" : "accuracy"} after 0 to ${most} concepts were corrected`;
  plot.append(axis);
  return h("section", null, h("h3", null, "Intervention curves"), wide(plot, "intervention curves"));
}
