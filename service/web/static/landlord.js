// The keyboard: j and k go through a table's rows, enter opens one, / goes to the search, Ctrl K opens the palette. Every page
// works without this file.
"use strict";
(() => {
  const typing = (e) => e.target.closest("input, select, textarea, [contenteditable]");
  const rows = () => [...document.querySelectorAll("main tr.link th a, main .list a.row")];
  const step = (list, by) => {
    if (!list.length) return;
    const at = list.indexOf(document.activeElement);
    const to = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1);
    list[to].focus();
    list[to].scrollIntoView({ block: "nearest" });
  };
  const palette = document.getElementById("palette");
  const open = () => {
    if (!palette || palette.open) return;
    palette.showModal();
    const field = palette.querySelector("input");
    field.select();
    htmx.trigger(field, "sought");
  };
  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
      e.preventDefault();
      return open();
    }
    if (palette && palette.open && (e.key === "ArrowDown" || e.key === "ArrowUp" || (e.key === "Enter" && e.target.matches("input")))) {
      const found = [...palette.querySelectorAll(".found a")];
      e.preventDefault();
      if (e.key === "Enter") return void (found[0] && found[0].click());
      if (e.key === "ArrowUp" && document.activeElement === found[0]) return palette.querySelector("input").focus();
      return step(found, e.key === "ArrowDown" ? 1 : -1);
    }
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "j") step(rows(), 1);
    if (e.key === "k") step(rows(), -1);
    if (e.key === "/") {
      const field = document.querySelector("main input[type=search]");
      if (field) {
        e.preventDefault();
        field.focus();
      }
    }
  });
  document.addEventListener("click", (e) => {
    if (palette && e.target.closest("[data-palette]")) {
      e.preventDefault();
      open();
    }
    if (palette && e.target === palette) palette.close();
  });
  // Times are shown in the reader's zone, and the zone with them; without this file they are in UTC.
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const localize = (root) => {
    for (const t of root.querySelectorAll("time[datetime]")) {
      const at = new Date(t.dateTime);
      if (isNaN(at)) continue;
      t.title = exact.format(at);
      if (t.dataset.exact !== undefined) t.textContent = exact.format(at);
    }
  };
  localize(document);
  // What htmx asked for and did not get is said, not swallowed.
  const trouble = (text) => {
    const at = document.getElementById("trouble");
    if (!at) return;
    at.textContent = text;
    at.hidden = !text;
  };
  document.addEventListener("htmx:sendError", () => trouble("The server does not answer. What you see may be old."));
  document.addEventListener("htmx:sseError", () => trouble("The connection was lost; it is tried again. What you see may be old."));
  document.addEventListener("htmx:sseOpen", () => trouble(""));
  document.addEventListener("htmx:afterOnLoad", () => trouble(""));
  document.addEventListener("htmx:beforeSwap", (e) => {
    const { xhr } = e.detail;
    if (xhr.status === 422) e.detail.shouldSwap = true; // the form with its faults
    else if (xhr.status >= 400) trouble(xhr.status === 429 ? "Too many tries. Wait a little." : "That did not work. Load the page again to see why.");
  });
  document.addEventListener("htmx:load", (e) => localize(e.target));
  // A filter that is chosen is a filter that is set: the button is for who has no script.
  for (const b of document.querySelectorAll("[data-noscript]")) b.hidden = true;
})();
