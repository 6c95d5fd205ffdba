// Middle and right: what passes in one case, how it is changed, what that does to the answer.
import { announce, byId, exact, h, number, setWidth, signed } from "./dom.js";
import { attempt, get, post } from "./api.js";
import * as cases from "./cases.js";

let about = null, open = null, largest = 1, changes = [], history = [], pending = null, busy = null, asked = null;

export function start(run) {
  about = run;
  document.addEventListener("keydown", keys);
}

export const show = attempt(async row => {
  pending?.abort();
  open = await get(`/api/cases/${row}`);
  [changes, history, asked] = [open.changes, [], null];
  cases.mark(row);
  byId("case-title").textContent = `Case ${open.name ?? open.row}` + (open.group ? ` · ${open.group}` : "");
  byId("input").replaceChildren(input(open.input), open.label !== null ? h("p", { class: "muted" }, "label: ", h("b", null, open.label)) : "");
  render(open);
  tools();
  if (open.concepts) await suggest();
});

// ----- changes

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const changed = name => changes.find(c => c.name === name);

// The changes in force with one put in place of an earlier one of that name; without it where there is none.
const put = (name, change) => current => [...current.filter(c => c.name !== name), ...(change ? [{ name, ...change }] : [])];

// While a slider moves the answer is only looked at; what is let go of is logged.
async function preview(make) {
  pending?.abort();
  pending = new AbortController();
  try {
    answer(await post("/api/edit", { row: open.row, changes: make(changes) }, pending.signal));
  } catch (e) {
    if (e.name !== "AbortError") throw e;
  }
}

const commit = attempt(async (make, more) => {
  pending?.abort();
  while (busy) await busy.catch(() => null); // one after another: the next builds on the last
  const row = open.row, next = make(changes);
  busy = post("/api/edit", { row, changes: next, log: true, who: byId("who")?.value, comment: byId("comment")?.value, suggested_by: more?.suggested_by });
  let done;
  try {
    done = await busy;
  } catch (e) {
    if (open.row === row) render(open);
    throw e;
  } finally {
    busy = null;
  }
  if (open.row !== row) return;
  if (more?.undone) history.pop();
  else if (!same(next, changes)) history.push(changes);
  changes = done.changes;
  if (byId("comment")) byId("comment").value = "";
  render({ ...open, ...done });
  Object.assign(open, { outcome: done.outcome, changes: done.changes, concepts: done.concepts ?? open.concepts, head: done.head ?? open.head });
  tools();
  announce(done.outcome.classes ? `prediction ${done.outcome.after.prediction}` : "the answer is computed");
  if (open.concepts) await suggest();
});

const undo = () => changes.length || history.length ? commit(current => history.at(-1) ?? current.slice(0, -1), { undone: true }) : null;

function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) && e.target.type !== "radio" || byId("view-cases").hidden || !open) return;
  if (e.key === "j") cases.step(1);
  else if (e.key === "k") cases.step(-1);
  else if (e.key === "u") undo();
  else return;
  e.preventDefault();
}

// ----- the middle

function input(data) {
  if (data.kind === "image") return h("img", { class: "case", src: data.picture, alt: "the case's image" });
  if (data.kind === "table") {
    const facts = h("dl", { class: "facts" }, data.columns.map(c => h("div", null, h("dt", null, c.name), h("dd", null, exact(c.value)))));
    return data.columns.length > 12 ? h("details", null, h("summary", null, `The row: ${data.columns.length} columns`), facts) : facts;
  }
  return h("details", null, h("summary", null, `Input: ${data.shape.join(" × ")} numbers`), h("p", { class: "num" }, data.values.slice(0, 200).map(v => number(v, 3)).join("  ")));
}

function render(state) {
  const place = byId("passed");
  const focused = place.contains(document.activeElement) ? [document.activeElement.id, document.activeElement.value] : null;
  largest = Math.max(1e-9, ...(state.concepts ?? []).flatMap(c => c.contributions ?? []).map(Math.abs));
  const list = state.concepts ? state.concepts.map(concept) : state.passed.map(entry);
  place.replaceChildren(
    h("h3", null, state.concepts ? `Concepts (${list.length})` : `What passes (${list.length}${list.length < state.passed_count ? ` of ${state.passed_count}` : ""})`),
    state.head ? h("p", { class: "muted" }, "contribution: what each adds to the logit of ", h("b", null, state.head.predicted), ", then of ", h("b", null, state.head.runner_up)) : "",
    h("div", null, list), other(), applied());
  if (focused?.[0]) {
    const again = byId(focused[0]);
    if (again?.type === "radio") (document.querySelector(`input[name="${CSS.escape(again.name)}"]:checked`) ?? again).focus();
    else again?.focus();
  }
  answer(state);
  marks();
}

let serial = 0;
const ids = new Map();
const idOf = name => {
  if (!ids.has(name)) ids.set(name, `entry-${serial++}`);
  return ids.get(name);
};

function row(name, control, put, ...more) {
  return h("div", { class: "entry" + (put ? " put" : ""), "data-name": name, role: "group", "aria-label": name }, h("div", { class: "name", id: idOf(name) + "-name" }, name), h("div", { class: "control" }, control), more);
}

function slider(name, value, low, high, step) {
  const id = idOf(name);
  const shown = h("output", { for: id, title: String(value) }, number(value, 4));
  const range = h("input", {
    type: "range", id, min: low, max: high, step, "aria-labelledby": id + "-name", "aria-valuetext": number(value, 4),
    oninput: attempt(() => { shown.textContent = number(Number(range.value), 4); range.setAttribute("aria-valuetext", shown.textContent); return preview(put(name, { value: Number(range.value) })); }),
    onchange: () => commit(put(name, { value: Number(range.value) })),
  });
  range.value = value;
  const reset = changed(name) ? h("button", { type: "button", "aria-label": `take back ${name}`, title: "take back", onclick: () => commit(put(name, null)) }, "↺") : null;
  return [range, shown, reset];
}

function segments(name, options, selected, choose) {
  const id = idOf(name);
  return h("div", { class: "segments", role: "radiogroup", "aria-labelledby": id + "-name" }, options.map((o, i) => {
    const radio = h("input", { type: "radio", name: id, id: i === 0 ? id : `${id}-${i}`, value: o.key, onchange: () => choose(o.key) });
    radio.checked = o.key === selected;
    return h("label", null, radio, o.text);
  }));
}

function choice(name, options, selected, choose) {
  const id = idOf(name);
  const select = h("select", { id, "aria-labelledby": id + "-name", onchange: () => choose(select.value) }, options.map(o => h("option", { value: o.key }, o.text)));
  select.value = selected;
  return select;
}

// An entry of a message without concepts.
function entry(e) {
  const own = changed(e.name);
  const value = own ? own.value : e.value;
  if (value === null) return row(e.name, h("span", { class: "muted" }, "absent"), false);
  const choose = key => commit(put(e.name, key === "" ? null : { value: Number(key) }));
  if (e.kind === "bit") return row(e.name, segments(e.name, [{ key: "0", text: "0" }, { key: "", text: `as passed (${e.value})` }, { key: "1", text: "1" }], own ? String(own.value) : "", choose), own);
  if (e.kind === "code") {
    const codes = e.high + 1;
    const control = codes <= 256
      ? choice(e.name, [{ key: "", text: `as passed (${e.value})` }, ...Array.from({ length: codes }, (_, k) => ({ key: String(k), text: `code ${k}` }))], own ? String(own.value) : "", choose)
      : h("input", { id: idOf(e.name), type: "number", min: 0, max: e.high, value, "aria-labelledby": idOf(e.name) + "-name", onchange: x => choose(x.target.value) });
    const block = h("button", { type: "button", "aria-label": `block code ${e.value} of ${e.name}`, title: "the nearest other code stands in", onclick: () => commit(current => [...current, { text: `block ${e.name}:${e.value}` }]) }, "block");
    return row(e.name, [control, block], own);
  }
  return row(e.name, slider(e.name, value, e.low, e.high, e.kind === "level" ? 1 : "any"), own);
}

// The state that a person has put, by its position; null where a number outside the states was put.
function stateOf(c, own) {
  if (own.word !== null && own.word !== undefined) return c.categories.indexOf(own.word);
  const named = c.categories.findIndex(t => Number(t) === own.value);
  return named >= 0 ? named : c.type === "binary" && (own.value === 0 || own.value === 1) ? own.value : -1;
}

function concept(c) {
  const own = changed(c.name);
  const choose = key => commit(put(c.name, key === "" ? null : { word: c.categories[Number(key)] }), key !== "" && asked?.name === c.name ? { suggested_by: asked.policy } : {});
  const selected = own && c.type !== "continuous" ? String(stateOf(c, own)) : "";
  let control;
  if (c.type === "binary") control = segments(c.name, [{ key: "0", text: c.categories[0] }, { key: "", text: "model" }, { key: "1", text: c.categories[1] }], selected, choose);
  else if (c.type === "continuous") control = slider(c.name, c.value, c.low, c.high, "any");
  else control = choice(c.name, [{ key: "", text: `model: ${c.categories[c.believed]}` }, ...c.categories.map((t, k) => ({ key: String(k), text: t }))], selected, choose);
  const probability = c.type === "continuous" ? null
    : h("div", { class: "meter" }, h("span", { class: "track" }, setWidth(h("span", { class: "fill" }), c.probability)), h("span", { class: "muted" }, `${c.categories[c.state]} `, exact(c.probability, 3)));
  const bars = c.contributions ? h("div", { class: "contrib" }, c.contributions.map((v, i) => [diverging(v / largest), h("span", { class: "num muted", title: String(v) }, signed(v), h("span", { class: "visually-hidden" }, i === 0 ? " to the predicted class" : " to the runner-up"))])) : null;
  const notes = [c.truth !== null ? `annotated: ${c.truth}` : null, c.cost !== 1 ? `cost ${number(c.cost)}` : null].filter(Boolean);
  return row(c.name, control, own, h("div", null, probability, notes.length ? h("div", { class: "muted" }, notes.join(" · ")) : null), h("div", null, bars), h("div", { class: "why" }));
}

function diverging(share) {
  const bar = h("i", { class: share >= 0 ? "p" : "m" });
  bar.style.width = `${Math.min(1, Math.abs(share)) * 50}%`;
  return h("span", { class: "diverging", "aria-hidden": "true" }, bar);
}

function other() {
  const text = h("input", { "aria-label": "another change", placeholder: open.concepts ? "name=value" : "block code.*:5", spellcheck: "false" });
  return h("form", { class: "row", onsubmit: e => { e.preventDefault(); if (text.value.trim()) commit(current => [...current, { text: text.value.trim() }]); } },
    text, h("button", { type: "submit" }, "Apply"), h("span", { class: "muted" }, "as for ", h("code", null, "isthmus edit --set")));
}

function applied() {
  if (!changes.length) return h("p", { class: "muted" }, "Nothing is changed.");
  return h("div", { class: "row", role: "list", "aria-label": "changes in force" }, changes.map((c, i) => h("span", { role: "listitem" },
    h("button", { type: "button", class: "chip", "aria-label": `take back ${c.shown ?? c.text}`, onclick: () => commit(current => current.filter((_, j) => j !== i)) }, c.shown ?? c.text ?? c.name, " ✕"))));
}

// ----- the right

function answer({ outcome }) {
  const o = outcome;
  byId("outcome").replaceChildren(decision(o), o.before.probabilities ? bars(o) : "", pictures(o), facts(o), ...(o.edit ? o.notes : []).map(n => h("p", { class: "muted" }, n)));
}

function decision(o) {
  if (typeof o.before.prediction === "string")
    return h("p", { class: "decision", id: "decision" }, h("b", { id: "before" }, o.before.prediction), o.edit ? [" → ", h("b", { id: "after" }, o.after.prediction), " ", o.changed ? h("span", { class: "flip" }, "flips") : h("span", { class: "muted" }, "stays")] : "");
  if (typeof o.before.prediction === "number")
    return h("p", { class: "decision", id: "decision" }, h("b", { id: "before" }, exact(o.before.prediction)), o.edit ? [" → ", h("b", { id: "after" }, exact(o.after.prediction)), h("span", { class: "muted" }, ` (${signed(o.difference[0])})`)] : "");
  if (o.difference && Array.isArray(o.before.prediction))
    return h("div", null, o.before.prediction.slice(0, 20).map((v, i) => h("p", { class: "num" }, `${i + 1}: `, exact(v), " → ", exact(o.after.prediction[i]))));
  return "";
}

function bars(o) {
  const order = o.classes.map((_, i) => i).sort((a, b) => Math.max(o.before.probabilities[b], o.after.probabilities[b]) - Math.max(o.before.probabilities[a], o.after.probabilities[a]) || a - b).slice(0, 12);
  return h("div", { class: "bars", role: "list", "aria-label": "probabilities before and after" }, order.map(c => {
    const [was, now] = [o.before.probabilities[c], o.after.probabilities[c]];
    return h("div", { class: "one", role: "listitem" }, h("span", null, o.classes[c]), h("span", null, exact(was, 3), " → ", exact(now, 3)),
      h("span", { class: "pair", "aria-hidden": "true" }, h("span", { class: "track" }, setWidth(h("span", { class: "b" }), was)), h("span", { class: "track" }, setWidth(h("span", { class: "a" }), now))));
  }), o.classes.length > order.length ? h("p", { class: "muted" }, `the ${order.length} largest of ${o.classes.length} classes`) : "");
}

function pictures(o) {
  if (about.kind !== "images" || !Array.isArray(o.before.prediction) || about.shape.length !== 3) return "";
  return h("div", { class: "pictures" }, [["before", o.before.prediction], ["after", o.after.prediction]].map(([what, values]) => h("figure", null, canvas(values, what), h("figcaption", null, what))));
}

function canvas(values, what) {
  const [channels, height, width] = about.shape;
  const place = h("canvas", { width, height, role: "img", "aria-label": `the answer ${what} the edit`, id: `picture-${what}` });
  const context = place.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * values[(channels === 3 ? c : 0) * width * height + i];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return place;
}

function facts(o) {
  const list = [];
  if (o.mse_before !== null) list.push(["squared error to the input", [exact(o.mse_before), " → ", exact(o.mse_after)]]);
  if (o.bits_before !== null) list.push(["bits of the message", [exact(o.bits_before), " → ", exact(o.bits_after)]]);
  if (o.kl_bits !== null) list.push(["the answer moved by", [exact(o.kl_bits), " bits (KL)"]]);
  else if (o.edit) list.push(["the answer moved by", [exact(o.output_mse), " (mean square)"]]);
  list.push(["entries of the message changed", exact(o.symbols_changed)]);
  return h("dl", { class: "facts" }, list.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function tools() {
  const who = byId("who")?.value ?? localStorage.getItem("who") ?? "";
  const comment = byId("comment")?.value ?? "";
  const policy = byId("policy")?.value;
  const focused = byId("tools").contains(document.activeElement) ? document.activeElement.id : null;
  byId("tools").replaceChildren(
    h("div", { class: "row" },
      h("button", { type: "button", id: "undo", "aria-keyshortcuts": "u", onclick: () => undo(), disabled: !changes.length && !history.length }, "Undo"),
      h("button", { type: "button", id: "reset", onclick: () => commit(() => []), disabled: !changes.length }, "Take all back"),
      open.concepts && about.classes ? h("button", { type: "button", id: "flip", onclick: flip }, "Smallest edit that flips it") : null),
    h("div", { id: "flips", "aria-live": "polite" }),
    open.concepts ? h("div", { class: "stack" }, h("label", null, "Who says what to ask next", policies(policy))) : "",
    h("div", { class: "stack" },
      h("label", null, "Who edits", h("input", { id: "who", value: who, autocomplete: "off", placeholder: "the account's name", maxlength: 200, onchange: e => localStorage.setItem("who", e.target.value) })),
      h("label", null, "Comment, logged with the next edit", h("textarea", { id: "comment", rows: 2, maxlength: 10000, value: comment }))),
    h("div", { class: "row" },
      h("button", { type: "button", id: "log-comment", onclick: () => byId("comment").value.trim() && commit(current => current) }, "Log the comment now"),
      h("a", { href: "/api/log/export", download: "edits.jsonl" }, "Export the log")),
    h("p", { class: "muted" }, "Keys: j and k for the next and previous case, u to undo."));
  if (focused) (byId(focused)?.disabled === false || byId(focused)?.href ? byId(focused) : byId("outcome")).focus();
}

const meanings = {
  coop: "coop: unsure, important and cheap", ucp: "ucp: what the model is least sure of", cctp: "cctp: what contributes most", ectp: "ectp: what may move the answer most",
  eudtp: "eudtp: what makes the answer most certain", random: "random",
};

function policies(chosen) {
  const known = about.policies.filter(p => about.task === "classification" || p !== "eudtp");
  const select = h("select", { id: "policy", onchange: () => suggest() }, Object.keys(meanings).filter(p => known.includes(p)).map(p => h("option", { value: p }, meanings[p])));
  select.value = chosen ?? "coop";
  return select;
}

// ----- concepts: what to ask next, what flips it

const suggest = attempt(async () => {
  const row = open.row;
  const next = await post("/api/suggest", { row, changes, wanted: byId("policy")?.value });
  if (open.row !== row) return;
  asked = next.suggestions.length ? { name: next.suggestions[0].name, policy: next.policy, all: next.suggestions } : { name: null, all: [] };
  marks();
});

function marks() {
  for (const place of byId("passed").querySelectorAll(".entry")) {
    const isNext = asked?.name === place.dataset.name || asked?.all?.[0]?.members?.includes(place.dataset.name);
    place.classList.toggle("next", Boolean(isNext));
    const cost = isNext ? asked.all[0].cost : null;
    place.querySelector(".why")?.replaceChildren(isNext ? h("span", { class: "chip ask" }, `ask next (${asked.policy}), cost ${number(cost)}`) : "");
  }
}

const flip = attempt(async () => {
  byId("flips").replaceChildren(h("p", { class: "muted" }, "looking…"));
  const found = await post("/api/flip", { row: open.row, changes });
  const how = found.exact ? "no smaller set does (all were tried)" : "found greedily: a smaller set may exist";
  byId("flips").replaceChildren(!found.found
    ? h("p", null, found.exact ? "No set of edits flips the decision." : "No set was found that flips the decision (greedy search).")
    : h("div", null, h("p", null, `${found.before} → `, h("b", null, found.after), ` by ${found.edits.length} ${found.edits.length === 1 ? "edit" : "edits"}; ${how}.`),
      h("ul", null, found.edits.map(e => h("li", null, h("code", null, e.change)))),
      h("button", { type: "button", id: "apply-flip", onclick: () => commit(current => [...current, ...found.edits.map(e => ({ name: e.name, word: e.value }))]) }, "Apply it")));
});
