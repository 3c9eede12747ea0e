// Keeps an open page current: when the ledger moves, this page is fetched again and its <main> replaced.
// It does not know what the page shows. Without it every page works; one reloads by hand.
// Invariant: at most one fetch runs and one waits; scroll place, focus, open details and typed text survive.
"use strict";

(() => {
  const live = document.getElementById("live");
  if (!live || !window.EventSource) return;
  const word = live.querySelector(".word");
  const announce = document.getElementById("announce");

  const say = (state, text) => {
    live.dataset.state = state;
    if (word.textContent !== text) word.textContent = text;
  };

  const newestSeq = (root) => Number(root.querySelector("#newest")?.dataset.seq ?? 0);
  let announcedSeq = newestSeq(document);
  // What the server sent last. Compared with the next answer, so that an unchanged page is left alone.
  let served = document.getElementById("main").innerHTML;

  let running = false;
  let waiting = false;
  let ended = false;

  const refresh = async () => {
    if (ended) return;
    if (running) {
      waiting = true;
      return;
    }
    running = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) end();
      else if (answer.ok || answer.status === 404) take(await answer.text());
      else throw new Error(`status ${answer.status}`);
    } catch {
      if (!ended) say("lost", live.dataset.lost);
    } finally {
      running = false;
      if (waiting) {
        waiting = false;
        // A pause, so that a busy ledger does not keep the page busy.
        setTimeout(refresh, 400);
      }
    }
  };

  const end = () => {
    ended = true;
    source.close();
    say("ended", live.dataset.ended);
  };

  const take = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const next = fresh.getElementById("main");
    if (!next) return;
    for (const count of fresh.querySelectorAll("[data-count]")) {
      const shown = document.querySelector(`[data-count="${count.dataset.count}"]`);
      if (!shown) continue;
      shown.textContent = count.textContent;
      shown.hidden = count.hidden;
    }
    // What is said once (an address, why a form was refused) stays until the reader goes on.
    const said = document.querySelector("#main [data-once]");
    if (!said && next.innerHTML !== served) {
      served = next.innerHTML;
      swap(next);
      document.title = fresh.title;
    }
    const seq = newestSeq(fresh);
    if (seq > announcedSeq) {
      announcedSeq = seq;
      announce.textContent = `${live.dataset.announce} ${fresh.getElementById("newest").textContent}`;
    }
  };

  // A name that finds the same element again in the new page.
  const place = (element) => {
    if (!element || element === document.body) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    if (element.name) return `[name="${CSS.escape(element.name)}"]`;
    const href = element.getAttribute("href");
    if (href) return `a[href="${CSS.escape(href)}"]`;
    const label = element.getAttribute("aria-label");
    return label ? `[aria-label="${CSS.escape(label)}"]` : null;
  };

  const labelled = (root, selector) => [...root.querySelectorAll(selector)];
  // Details are known by the row they stand in: rows may come and go above them.
  const detailsName = (details) => (details.closest("tr")?.querySelector("th")?.firstElementChild?.textContent ?? "") + details.querySelector("summary").textContent;

  const swap = (next) => {
    const main = document.getElementById("main");
    const active = main.contains(document.activeElement) ? document.activeElement : null;
    const focus = place(active);
    const range = active && typeof active.selectionStart === "number" ? [active.selectionStart, active.selectionEnd] : null;
    const typed = labelled(main, "input, select, textarea").filter((field) => field.name && field.type !== "hidden").map((field) => [place(field), field.value]);
    const opened = new Set(labelled(main, "details[open]").map(detailsName));
    const scrolled = labelled(main, ".scroll, pre").map((box) => [box.scrollLeft, box.scrollTop]);
    const [left, top] = [window.scrollX, window.scrollY];

    main.replaceChildren(...document.importNode(next, true).childNodes);

    for (const [name, value] of typed) {
      const field = name && main.querySelector(name);
      if (field && field.value !== value) field.value = value;
    }
    for (const details of labelled(main, "details")) details.open = opened.has(detailsName(details));
    labelled(main, ".scroll, pre").forEach((box, index) => {
      if (scrolled[index]) [box.scrollLeft, box.scrollTop] = scrolled[index];
    });
    const again = focus && main.querySelector(focus);
    if (again) {
      again.focus({ preventScroll: true });
      if (range && typeof again.setSelectionRange === "function") again.setSelectionRange(...range);
    }
    window.scrollTo(left, top);
  };

  // Every (re)connection sends the head once, so nothing that moved in between is missed.
  const source = new EventSource("/events");
  source.addEventListener("open", () => say("on", live.dataset.on));
  source.addEventListener("moved", refresh);
  source.addEventListener("error", () => {
    if (ended) return;
    say("lost", live.dataset.lost);
    // Closed for good means that the server refused; the page itself tells whether the session has ended.
    if (source.readyState === EventSource.CLOSED) refresh();
  });
  window.addEventListener("pagehide", () => source.close());
  // A page that comes back from the browser's memory has no connection: load it anew.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
