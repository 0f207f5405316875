// Comfort only: every page works without this. It never shows, keeps or sends what was typed, except into the field a
// browser fills from a text message. No framework, nothing from elsewhere, nothing but our own addresses.
"use strict";
(() => {
  const all = (css, root = document) => Array.from(root.querySelectorAll(css));
  const one = (css, root = document) => root.querySelector(css);
  const body = document.body;

  // A page part of the console (`#orders`) is never sent to a server: it travels along our forms and links, and
  // browsers carry it over every redirect to where the person was going.
  if (body.dataset.carries && location.hash.length > 1) {
    const kept = (address) => (address.includes("#") ? address : address + location.hash);
    for (const form of all("form[action]")) form.setAttribute("action", kept(form.getAttribute("action")));
    for (const button of all("button[formaction]")) {
      button.setAttribute("formaction", kept(button.getAttribute("formaction")));
    }
    for (const link of all("a.primary[href^='/'], a[data-on], a[href^='/.sekisho/']:not([href*='/guides'])")) {
      link.setAttribute("href", kept(link.getAttribute("href")));
    }
  }

  // A form goes once, however often its button is pressed. Coming back to the page makes it usable again.
  const leaving = new AbortController();
  for (const form of all("form[method='post']")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.gone) {
        event.preventDefault();
        return;
      }
      // Another language, a forgotten password: what was typed as a password is not for that.
      if (event.submitter && event.submitter.formNoValidate) {
        for (const secret of all("input[type='password']", form)) secret.value = "";
      }
      form.dataset.gone = "yes";
      leaving.abort();
      tell();
    });
  }
  addEventListener("pageshow", (event) => {
    for (const form of all("form[data-gone]")) delete form.dataset.gone;
    // What is shown once may be over by now.
    if (event.persisted && one("[data-once]")) location.reload();
    if (event.persisted) look();
  });

  // The code of a text message goes into the field; the person presses the button.
  const field = one("input[autocomplete='one-time-code'][data-by='sms']");
  if (field && "OTPCredential" in window) {
    navigator.credentials
      .get({ otp: { transport: ["sms"] }, signal: leaving.signal })
      .then((message) => {
        if (message && message.code && !field.value) field.value = message.code;
      })
      .catch(() => {});
  }

  // What could be done "from 14:21:30" can be done now.
  let opening;
  function openIn(seconds) {
    clearTimeout(opening);
    for (const later of all("[data-later]")) later.hidden = seconds !== 0;
    if (seconds === null) return;
    opening = setTimeout(() => {
      for (const wait of all("[data-over]")) wait.hidden = true;
      for (const later of all("[data-later]")) later.hidden = false;
    }, seconds * 1000);
  }
  const over = one("[data-over]");
  if (over) openIn(Number(over.dataset.over));

  // Whoever types a password may look at it. It goes out as a password again, for browsers that remember other fields.
  for (const tick of all("[data-reveal]")) {
    const form = tick.closest("form");
    const secrets = all("input[type='password']", form);
    const box = one("input", tick);
    const show = (shown) => {
      for (const secret of secrets) {
        secret.spellcheck = false;
        secret.autocapitalize = "off";
        secret.type = shown ? "text" : "password";
      }
    };
    tick.hidden = false;
    box.addEventListener("change", () => show(box.checked));
    form.addEventListener("submit", () => show(false));
  }

  // Buttons that copy what stands beside them, and that print the page.
  for (const row of all("[data-copy]")) {
    const source = document.getElementById(row.dataset.copy);
    const said = one("[data-done]", row);
    if (!source || !navigator.clipboard) continue;
    row.hidden = false;
    one("button", row).addEventListener("click", async () => {
      const lines = source.innerText.split("\n").map((line) => line.trim()).filter(Boolean);
      const text = source.dataset.lines ? lines.join("\n") : lines.join("").replace(/\s+/g, "");
      await navigator.clipboard.writeText(text);
      said.textContent = said.dataset.done;
    });
  }
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Other tabs of the same sign-in: whoever signs in says so, and the others look whether they may go on.
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("sekisho") : null;
  const tell = () => channel && channel.postMessage("moved");
  const waits = body.dataset.waits;
  const line = document.getElementById("delivery");
  const lead = document.getElementById("lead");
  const onwards = document.getElementById("unanswered");
  let looking = false;
  let typed = false;
  addEventListener("keydown", (event) => { typed ||= event.target instanceof HTMLInputElement && event.key !== "Tab"; });

  async function look() {
    if (looking || !waits || document.hidden) return null;
    looking = true;
    try {
      const headers = { accept: "application/json", "x-sekisho-who": body.dataset.who || "" };
      const answer = await fetch("/.sekisho/state", { headers, cache: "no-store", credentials: "same-origin" });
      if (!answer.ok) return null;
      const state = await answer.json();
      if (state.go && !typed) {
        sessionStorage.setItem("sekisho-go", "yes");
        location.reload();
        return null;
      }
      const said = line && (state.delivered || line.dataset[state.delivery]);
      if (said && line.dataset.now !== state.delivery) {
        line.textContent = said;
        line.className = "status " + state.delivery;
        line.dataset.now = state.delivery;
        const rang = state.delivery === "unanswered";
        if (lead) lead.hidden = rang;
        if (onwards) onwards.hidden = !rang;
        for (const aside of all("[data-unless-rang]")) aside.hidden = rang;
        openIn(state.again_in);
      }
      return state;
    } catch {
      return null;
    } finally {
      looking = false;
    }
  }

  const after = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
  async function lookFor(waits) {
    for (const wait of waits) {
      await after(wait);
      await look();
    }
  }

  // Until the message is on its way; a call until it rang for nobody, which takes as long as it rings.
  async function follow() {
    for (const wait of [1, 1, 2, 3, 5, 8, 13, 15, 15, 20, 30, 30]) {
      const now = line && line.dataset.now;
      if (now !== "queued" && !(now === "sent" && line.dataset.unanswered)) return;
      await after(wait);
      await look();
    }
  }

  // A tab that was waiting and found its person signed in goes on to its own page.
  const onward = one("a[data-onward]");
  const going = sessionStorage.getItem("sekisho-go");
  sessionStorage.removeItem("sekisho-go");
  if (going && onward) {
    location.replace(onward.href);
    return;
  }
  if (waits) {
    if (channel) channel.onmessage = () => lookFor([0.3, 0.7, 1, 2, 4]);
    document.addEventListener("visibilitychange", () => document.hidden || look());
    addEventListener("focus", look);
    follow();
  }
})();
