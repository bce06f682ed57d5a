// Makes the students' table sortable and searchable, with a list to filter by over each column that asks for one.
// The page is complete without this. `DataTable` comes from the bundle that stands before it in the page's script.
const table = document.getElementById("students");
if (table) {
  const { compare } = new Intl.Collator(document.documentElement.lang, { numeric: true });
  Object.assign(DataTable.ext.type.order, { "string-asc": compare, "string-desc": (a, b) => compare(b, a) });
  const heads = [...table.tHead.rows[0].cells];
  const names = heads.map((head) => head.textContent.trim());
  const label = (text, control) => {
    const made = document.createElement("label");
    made.append(text, control);
    return made;
  };

  const students = new DataTable(table, {
    autoWidth: false,
    columns: heads.map((head) => ({ orderable: head.classList.contains("sortable") })),
    language: {
      search: table.dataset.find,
      info: table.dataset.shown,
      infoEmpty: table.dataset.shown,
      infoFiltered: "",
      zeroRecords: "–",
      aria: { orderable: table.dataset.sort, orderableReverse: table.dataset.sort, orderableRemove: table.dataset.sort },
    },
    layout: { topStart: ["search", () => lists(), "info"], topEnd: null, bottomStart: null, bottomEnd: null },
    order: [],
    paging: false,
    search: { smart: false },
  });

  table.tHead.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches("[role=button]")) return;
    event.preventDefault(); // a button obeys the space bar as well as Enter
    event.target.click();
  });
  table.closest(".scroll").before(students.table().container().firstElementChild);

  function lists() {
    const box = document.createElement("div");
    box.className = "lists";
    heads.forEach((head, column) => {
      if (!("filter" in head.dataset)) return;
      const rows = [...table.tBodies[0].rows];
      const parts = rows.map(({ cells: { [column]: cell } }) =>
        head.dataset.filter ? [...cell.children].map((one) => one.textContent) : [cell.textContent.trim()],
      );
      const select = document.createElement("select");
      const values = [...new Set(parts.flat())].filter(Boolean).sort(compare);
      select.append(new Option(table.dataset.all, ""), ...values.map((value) => new Option(value, value)));
      select.addEventListener("input", () => {
        const fits = (_, __, row) => !select.value || parts[row].includes(select.value);
        students.column(column).search.fixed("list", fits).draw();
      });
      box.append(label(names[column], select));
    });
    return box;
  }
}
