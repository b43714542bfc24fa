// Elements, made of values. Text is set as text, never read as HTML.

import { plain } from "./words.js";

/** An element with these attributes and children; a child is an element or a text. */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter((each) => each !== null).map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(plain(child));
}

/** Shows `made` in a section in place of what was there, where that is another. */
export function showIn(section, ...made) {
  const body = document.querySelector(`#${section} .body`);
  const fresh = made.flat();
  const same = body.children.length === fresh.length
    && fresh.every((each, at) => each.isEqualNode(body.children[at]));
  if (!same) {
    body.replaceChildren(...fresh);
  }
}

/**
 * A table. `columns` are headings, `rows` lists of cells; a narrow screen stacks them, which takes
 * the meaning of a table from elements in some browsers: so the roles are said.
 */
export function table(caption, columns, ...bodies) {
  const head = make("tr", { role: "row" }, columns.map(
    (each) => make("th", { scope: "col", role: "columnheader" }, each)));
  return make("table", { role: "table" },
    make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, head),
    bodies);
}

/** The rows of a table below the heading of what they belong to, where there is one. */
export function body(columns, rows, heading = null) {
  const first = heading === null ? [] : [make("tr", { role: "row", class: "group" }, make(
    "th", { scope: "rowgroup", role: "rowheader", colspan: columns.length }, heading))];
  const others = rows.map((cells) => make("tr", { role: "row" }, cells.map((cell, at) => make(
    at === 0 ? "th" : "td",
    { "data-label": columns[at], ...(at === 0 ? { scope: "row", role: "rowheader" } : { role: "cell" }),
      class: cell === "" ? "none" : isShort(cell) ? "nowrap" : null },
    Array.isArray(cell) ? cell : [cell]))));
  return make("tbody", { role: "rowgroup" }, first, others);
}

function isShort(cell) {
  return typeof cell === "string" && cell.length <= 12;
}

/** A word that stands for a state. */
export function badge(text, kind = "") {
  return make("span", { class: `badge ${kind}` }, text);
}

/** How far something is, with what it is called. */
export function bar(done, total, label) {
  return make("progress", { max: total || 1, value: total ? done : null, "aria-label": plain(label) });
}

/** What is said where there is nothing to show. */
export function nothing(text) {
  return make("p", { class: "empty" }, text);
}
