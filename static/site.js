// What pages gain with JavaScript. Every page works without it: nothing here is needed to act, and nothing here
// decides. No text from the server is ever put into the page as HTML.
"use strict";
(() => {
  const root = document.documentElement;
  const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);

  function remembered(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is switched off: the choice lasts for this page
    }
  }
  function remember(key, value) {
    try {
      if (value) localStorage.setItem(key, value);
      else localStorage.removeItem(key);
    } catch {
      // as above
    }
  }

  // --- theme: as the system says, light or dark -------------------------------------------------------------
  const kThemes = ["", "light", "dark"];
  const kThemeNames = { "": "as the system", light: "light", dark: "dark" };
  function applyTheme(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  }
  const storedTheme = remembered("theme");
  let theme = kThemes.includes(storedTheme) ? storedTheme : "";
  applyTheme(theme); // before the first paint where the script is early enough, right after it elsewhere

  function setUpTheme() {
    each("[data-theme-switch]", (button) => {
      const show = () => (button.textContent = "Theme: " + kThemeNames[theme]);
      button.hidden = false;
      show();
      button.addEventListener("click", () => {
        theme = kThemes[(kThemes.indexOf(theme) + 1) % kThemes.length];
        applyTheme(theme);
        remember("theme", theme);
        show();
      });
    });
  }

  // On a phone the way around is one row that scrolls: where one is, is in sight, also after the phone was turned.
  function setUpNavigation() {
    each('nav [aria-current="page"]', (here) => {
      const row = here.parentElement;
      const show = () => (row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2);
      show();
      window.addEventListener("resize", show);
    });
  }

  // --- forms --------------------------------------------------------------------------------------------------
  // A secret can be looked at while it is typed, and is covered again before it is sent.
  function setUpReveal() {
    each("input[type=password]", (input) => {
      const button = document.createElement("button");
      button.type = "button";
      const label = input.labels && input.labels[0] ? input.labels[0].textContent.trim() : "the text";
      const cover = (covered) => {
        input.type = covered ? "password" : "text";
        button.textContent = covered ? "Show" : "Hide";
        button.setAttribute("aria-label", (covered ? "Show " : "Hide ") + label);
      };
      const row = document.createElement("div");
      row.className = "with-button";
      input.replaceWith(row);
      row.append(input, button);
      cover(true);
      button.addEventListener("click", () => cover(input.type === "text"));
      if (input.form) input.form.addEventListener("submit", () => cover(true));
    });
  }

  function setUpCopy() {
    if (!navigator.clipboard) return;
    each("button.copy[data-copy]", (button) => {
      const source = document.querySelector(button.dataset.copy);
      if (!source) return;
      const words = button.textContent;
      button.hidden = false;
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(source.textContent);
          button.textContent = "Copied";
        } catch {
          button.textContent = "Copying was refused: select the text instead";
        }
        say(button.textContent);
        setTimeout(() => (button.textContent = words), 4000);
      });
    });
  }

  // --- time -----------------------------------------------------------------------------------------------------
  let speaker = null;
  function say(text) {
    if (!speaker) {
      speaker = document.createElement("p");
      speaker.className = "visually-hidden";
      speaker.setAttribute("aria-live", "polite");
      document.body.append(speaker);
    }
    speaker.textContent = text;
  }

  // Absolute times in the person's own zone; the server writes UTC.
  function setUpLocalTimes() {
    const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    each("time[datetime][data-local]", (time) => {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.textContent = full.format(at);
    });
  }

  // In minutes, so that nobody is hurried; a screen reader hears of it at five, two and one.
  const kAnnounced = [5, 2, 1];
  function setUpCountdowns() {
    each("[data-deadline]", (place) => {
      // Counted from now by the server's own remainder: the clock of the person's machine may be wrong.
      const end = performance.now() + Number(place.dataset.deadline) * 1000;
      let told = Infinity;
      const tick = () => {
        const left = end - performance.now();
        const minutes = Math.ceil(left / 60000);
        if (left <= 0) {
          place.textContent = "closed: load the page again to see what became of it";
          say("This request has closed.");
          return;
        }
        place.textContent = minutes === 1 ? "in less than a minute" : `in ${minutes} minutes`;
        const due = kAnnounced.find((mark) => minutes <= mark && mark < told && minutes === mark);
        if (due !== undefined) {
          told = due;
          say(minutes === 1 ? "This request closes in a minute." : `This request closes in ${minutes} minutes.`);
        }
        setTimeout(tick, Math.min(10000, left % 60000 || 1000) + 50);
      };
      tick();
    });
  }

  // --- live: one event stream for all tabs of this browser ----------------------------------------------------------
  // The tab that holds the lock has the stream and tells the others. A hidden tab lets go of it.
  const kSourcePath = "/events";
  const kPollPath = "/events/now";
  const kPollEvery = 15000;
  function setUpLive() {
    const marker = document.querySelector("[data-live]");
    if (!marker || !window.BroadcastChannel) return;
    const channel = new BroadcastChannel("countersign-live");
    let seen = marker.dataset.live;
    const title = document.title;
    const entitle = (number) => (document.title = number > 0 ? `(${number}) ${title}` : title);
    const counted = document.querySelector("nav [data-waiting-count]:not([hidden])");
    if (counted) entitle(Number(counted.textContent)); // only the tab with the stream is told before anything changes

    function show(state) {
      const number = Number(state.count);
      if (!Number.isInteger(number) || typeof state.digest !== "string") return;
      entitle(number);
      each("nav [data-waiting-count]", (count) => {
        count.textContent = String(number);
        count.hidden = number === 0;
      });
      if (state.digest === seen) return;
      seen = state.digest;
      each("[data-live-note]", (note) => (note.hidden = false)); // what is under the pointer never moves by itself
      if (document.querySelector("[data-live-note]")) say("Something has changed on this page.");
    }
    function tellAll(state) {
      show(state);
      channel.postMessage(state);
    }
    channel.addEventListener("message", (event) => show(event.data));

    let stop = null;
    function lead() {
      const source = new EventSource(kSourcePath);
      let failures = 0;
      let timer = 0;
      const poll = async () => {
        try {
          const answer = await fetch(kPollPath, { headers: { Accept: "application/json" } });
          if (answer.ok) tellAll(await answer.json());
        } catch {
          // offline: the next round tries again
        }
        timer = setTimeout(poll, kPollEvery);
      };
      source.addEventListener("waiting", (event) => {
        failures = 0;
        tellAll(JSON.parse(event.data));
      });
      source.addEventListener("error", () => {
        failures += 1;
        if (source.readyState !== EventSource.CLOSED && failures < 4) return;
        source.close();
        if (!timer) poll();
      });
      return () => {
        source.close();
        clearTimeout(timer);
      };
    }
    function begin() {
      if (stop) return;
      if (!navigator.locks) {
        stop = lead();
        return;
      }
      const given = new AbortController();
      let release = () => {};
      let end = () => {};
      stop = () => {
        given.abort();
        end();
        release();
      };
      navigator.locks
        .request("countersign-live", { signal: given.signal }, () => {
          end = lead();
          return new Promise((resolve) => (release = resolve));
        })
        .catch(() => {}); // aborted while it waited: this tab went to the background
    }
    function pause() {
      if (stop) stop();
      stop = null;
    }
    document.addEventListener("visibilitychange", () => (document.hidden ? pause() : begin()));
    window.addEventListener("pagehide", pause);
    window.addEventListener("pageshow", () => !document.hidden && begin());
    if (!document.hidden) begin();
  }

  // A page from the back/forward cache may be somebody's who has signed out since.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  function start() {
    setUpTheme();
    setUpNavigation();
    setUpReveal();
    setUpCopy();
    setUpLocalTimes();
    setUpCountdowns();
    setUpLive();
    const problems = document.querySelector(".problems");
    if (problems) problems.focus();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
