// The pages work without this. With it: times in the reader's own zone, a list that filters while one types, and word of
// newer stories.
(() => {
  "use strict";
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    const here = `${day.format(at)}, ${clock.format(at)}`;
    const today = time.closest(".lead") && day.format(at) === day.format(new Date());
    const said = time.dataset.as === "instant" && (today ? clock.format(at) : here);
    time.title = said ? `${time.dateTime.replace("T", " ").replace(/(:\d\d)?(\.\d+)?Z$/, "")} UTC` : `${here} where you are`;
    if (said) time.textContent = said;
  }

  for (const field of document.querySelectorAll("input[data-filter]")) {
    const table = document.getElementById(field.dataset.filter);
    if (!table) continue;
    const rows = [...table.tBodies[0].rows];
    field.addEventListener("input", () => {
      const text = field.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(text);
    });
  }

  const live = document.querySelector("[data-live]");
  if (live && "EventSource" in window) {
    const events = new EventSource(`/live?known=${live.dataset.live}`);
    events.addEventListener("newer", () => {
      events.close();
      const link = document.createElement("a");
      link.href = location.href;
      link.textContent = "There is something newer: show it";
      live.append(link);
    });
  }

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = document.querySelector("input[type=search]");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  });
})();
