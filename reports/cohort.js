"use strict";
// Sorts the students' table by its headings and filters it; the page is complete without this.
const table = document.getElementById("students");
if (table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();

  for (const head of heads.filter((one) => one.classList.contains("sortable"))) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keys = new Map(rows.map((row) => [row, key(row, head.cellIndex)]));
      rows.sort((a, b) => collator.compare(keys.get(a), keys.get(b)));
      body.append(...(down ? rows.toReversed() : rows));
    });
  }

  const tools = document.createElement("div");
  tools.className = "tools";
  const labelled = (text, control) => {
    const label = document.createElement("label");
    label.append(text, control);
    tools.append(label);
    control.addEventListener("input", filter);
    return control;
  };
  const search = document.createElement("input");
  search.type = "search";
  labelled(table.dataset.find, search);
  const wanted = heads
    .filter((head) => "filter" in head.dataset)
    .map((head) => {
      const column = head.cellIndex;
      const parts = (row) => {
        const cell = row.cells[column];
        return head.dataset.filter ? [...cell.children].map((one) => one.textContent) : [cell.textContent.trim()];
      };
      const select = document.createElement("select");
      const values = [...new Set(rows.flatMap(parts))].filter(Boolean).sort(collator.compare);
      select.append(new Option(table.dataset.all, ""), ...values.map((value) => new Option(value, value)));
      labelled(head.textContent.trim(), select);
      return { select, parts };
    });
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  tools.append(count);
  function filter() {
    const text = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits =
        row.cells[0].textContent.toLowerCase().includes(text) &&
        wanted.every(({ select, parts }) => !select.value || parts(row).includes(select.value));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = table.dataset.shown.replace("{shown}", shown).replace("{count}", rows.length);
  }
  filter();
  table.parentElement.before(tools);
}
