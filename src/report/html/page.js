// Keeps an open page current: the server announces changes, and the script replaces the parts that differ.
// Without the script the page shows the state it was loaded with.
(() => {
  "use strict";
  const self = document.currentScript;
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  if (!self || !main || !live || !window.EventSource) return;
  const events = new URL(self.dataset.root + "api/v1/events", location.href);
  const QUIET = 30000; // between two announcements to screen readers, and between polls, in ms
  let seen = self.dataset.version;
  let source = null;
  let poll = 0;
  let isBusy = false;
  let isStale = false;
  let announcedAt = 0;

  function announce(text, always) {
    if (!always && Date.now() - announcedAt < QUIET) return;
    announcedAt = Date.now();
    live.textContent = text;
  }

  // Finds an element again after its part of the page was replaced.
  function place(element) {
    if (!element || !main.contains(element) || element === main) return null;
    if (element.id) return () => document.getElementById(element.id);
    const tag = element.tagName;
    const same = (other) => other.tagName === tag
      && other.getAttribute("href") === element.getAttribute("href")
      && other.getAttribute("name") === element.getAttribute("name")
      && other.textContent === element.textContent;
    const nth = [...main.querySelectorAll(tag)].filter(same).indexOf(element);
    return () => [...main.querySelectorAll(tag)].filter(same)[nth];
  }

  function key(details) {
    const row = details.closest("[id]");
    return (row ? row.id : "") + "/" + details.querySelector("summary").textContent;
  }

  function replace(fresh) {
    const before = [...main.children];
    const after = [...fresh.children];
    const open = new Set([...main.querySelectorAll("details[open]")].map(key));
    for (const details of fresh.querySelectorAll("details")) {
      if (open.has(key(details))) details.open = true;
    }
    for (const pre of fresh.querySelectorAll("pre")) offerCopy(pre);
    const focus = place(document.activeElement);
    let changed = 0;
    if (before.length !== after.length) {
      main.replaceChildren(...after);
      changed = 1;
    } else {
      after.forEach((node, index) => {
        // A form keeps what is typed into it.
        if (before[index].matches("form") || before[index].isEqualNode(node)) return;
        before[index].replaceWith(node);
        changed += 1;
      });
    }
    const found = focus && focus();
    if (found && found !== document.activeElement) found.focus({ preventScroll: true });
    return changed > 0;
  }

  async function refresh() {
    if (isBusy) { isStale = true; return; }
    isBusy = true;
    try {
      const answer = await fetch(location.href, { cache: "no-cache", headers: { accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = next.getElementById("main");
      if (!answer.ok || !fresh) {
        announce(answer.status === 404 ? "This is gone now." : "The operator is busy; this is the last known state.");
        return;
      }
      if (replace(fresh)) announce("Updated.");
      else if (live.dataset.lost) announce("", true);
      delete live.dataset.lost;
      const judged = document.getElementById("judged");
      const newer = next.getElementById("judged");
      if (judged && newer) judged.replaceWith(newer);
    } catch {
      live.dataset.lost = "yes";
      announce("Not connected; this is the last known state.");
    } finally {
      isBusy = false;
      if (isStale) { isStale = false; refresh(); }
    }
  }

  function stop() {
    if (source) source.close();
    source = null;
    clearInterval(poll);
    poll = 0;
  }

  function start() {
    stop();
    source = new EventSource(events);
    source.addEventListener("version", (event) => {
      const [version] = event.data.split("-");
      if (event.data === seen || version === seen) { seen = event.data; return; }
      seen = event.data;
      refresh();
    });
    source.addEventListener("error", () => {
      // The server has no room for another stream, or a proxy allows none.
      if (source && source.readyState === EventSource.CLOSED && !poll) poll = setInterval(refresh, QUIET);
    });
  }

  function offerCopy(pre) {
    if (!navigator.clipboard || pre.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(pre.querySelector("code").textContent);
      announce("Copied.", true);
    });
    pre.append(button);
  }

  for (const pre of main.querySelectorAll("pre")) offerCopy(pre);
  main.addEventListener("change", (event) => {
    const form = event.target.closest("form.filters");
    if (form && event.target.matches("select")) form.requestSubmit();
  });
  document.addEventListener("visibilitychange", () => {
    // Browsers allow few connections to one host, for all tabs together.
    if (document.hidden) stop();
    else { start(); refresh(); }
  });
  window.addEventListener("pagehide", stop);
  if (!document.hidden) start();
})();
