// Times in the visitor's own zone, and the live room's pause, length and state. Everything else works without scripts.
(() => {
  "use strict";
  const ROWS_MAX = 200;

  const two = (number) => String(number).padStart(2, "0");
  const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  function localTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      const seconds = time.closest(".live") ? `:${two(at.getSeconds())}` : "";
      const clock = `${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
      const today = time.closest(".live") && new Date().toDateString() === at.toDateString();
      time.textContent = today ? clock : `${day} ${clock}`;
      time.title = time.dateTime;
      time.dataset.local = "";
    }
    for (const place of root.querySelectorAll("[data-zone]")) place.textContent = zone();
  }

  function live(room) {
    const rows = document.getElementById("live-rows");
    const pause = document.getElementById("live-pause");
    const state = document.getElementById("live-state");
    const waiting = document.getElementById("live-waiting");
    let held = [];
    let heldRows = 0;
    let paused = false;

    const show = (connected) => {
      state.textContent = connected ? room.dataset.connected : room.dataset.connecting;
      state.classList.toggle("on", connected);
    };
    const trim = () => {
      document.getElementById("live-empty")?.remove();
      while (rows.children.length > ROWS_MAX) rows.lastElementChild.remove();
    };

    pause.hidden = false;
    show(false);
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
      pause.textContent = paused ? room.dataset.resume : room.dataset.pause;
      if (paused) return;
      for (const html of held) htmx.swap(rows, html, { swapStyle: "afterbegin" });
      held = [];
      heldRows = 0;
      waiting.textContent = "";
      trim();
    });
    room.addEventListener("htmx:sseOpen", () => show(true));
    room.addEventListener("htmx:sseError", () => show(false));
    room.addEventListener("htmx:sseClose", () => show(false));
    rows.addEventListener("htmx:sseBeforeMessage", (event) => {
      if (!paused) return;
      event.preventDefault();
      held.push(event.detail.data);
      heldRows += event.detail.data.split("<li").length - 1;
      if (held.length > ROWS_MAX) held.shift();
      waiting.textContent = room.dataset.waiting.replace("{}", String(heldRows));
    });
    rows.addEventListener("htmx:sseMessage", trim);
  }

  document.documentElement.classList.add("scripted");
  localTimes(document);
  document.addEventListener("htmx:load", (event) => localTimes(event.detail.elt.parentElement || document));
  document.addEventListener("htmx:sseMessage", () => localTimes(document));
  for (const copy of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(copy.dataset.copy);
      copy.textContent = copy.dataset.done;
    });
  }
  const room = document.getElementById("live");
  if (room) live(room);
})();
