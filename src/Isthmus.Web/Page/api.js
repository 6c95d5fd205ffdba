import { byId } from "./dom.js";

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new Error("the server does not answer: is 'isthmus serve' still running?");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error + (answer.hint ? ` (${answer.hint})` : ""));
  return answer;
}

export const get = (path, values) => {
  const query = new URLSearchParams(Object.entries(values ?? {}).filter(([, v]) => v !== null && v !== undefined && v !== ""));
  return ask(path + (query.size ? "?" + query : ""));
};

export const post = (path, body, signal) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });

export function fail(error) {
  const place = byId("error");
  place.hidden = !error;
  place.textContent = error ? error.message : "";
}

// Runs what a person asked for; what goes wrong is shown, not lost.
export const attempt = work => async (...args) => {
  try {
    fail(null);
    return await work(...args);
  } catch (e) {
    if (e.name !== "AbortError") fail(e);
  }
};
