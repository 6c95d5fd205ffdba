// Elements are made with text as text: no name from data is ever read as markup.

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false).map(c => typeof c === "object" ? c : String(c)));
  return element;
}

const svgSpace = "http://www.w3.org/2000/svg";

export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const byId = id => document.getElementById(id);

// Four digits for the eye; the whole number is in the title.
export function number(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  if (size < 1e-12) return "0"; // what rounding leaves
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(2) : Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−");
}

export const signed = value => Math.abs(value) < 5e-4 ? "≈ 0" : (value > 0 ? "+" : "") + number(value, 3);

export function exact(value, digits) {
  return h("span", { class: "num", title: typeof value === "number" ? String(value) : null }, number(value, digits));
}

export function table(headers, rows, numeric = []) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", null,
    h("thead", null, h("tr", null, headers.map((t, i) => h("th", { scope: "col", class: numeric.includes(i) ? "n" : null }, t)))),
    h("tbody", null, rows.map(r => h("tr", null, r.map((c, i) => h("td", { class: numeric.includes(i) ? "n" : null }, typeof c === "number" ? exact(c) : c ?? "–")))))));
}

export function setWidth(element, share) {
  element.style.width = `${Math.max(0, Math.min(1, share || 0)) * 100}%`;
  return element;
}

export function announce(text) {
  byId("status").textContent = text;
}
