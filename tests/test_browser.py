"""The pages in a real Chromium: nothing of a student's runs, nobody is shut out, the class page works and is light."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from grader.records import CellOutcome, CellStatus, Ending, NotebookSummary, Person, msg
from grader.report import page_name, render_run
from grader.selfcheck.page import html_of
from grader.selfcheck.results import CheckResult, ModelCheck, TaskCheck
from tests.browser import chromium, opened
from tests.hostile_outputs import MARKDOWN, OUTPUTS
from tests.sample_results import cohort, run, submission, task3


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


def record(out, student, cells):
    """Put an executed notebook of cells into a run's record, and return its summary."""
    folder = out / "record" / "students" / student / "notebook-0"
    folder.mkdir(parents=True)
    (folder / "executed.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}), "utf-8", "replace")
    outcomes = tuple(
        CellOutcome(index=index, number=index + 1, status=CellStatus.OK)
        for index, cell in enumerate(cells)
        if cell["cell_type"] == "code"
    )
    return NotebookSummary(
        name="a.ipynb", ending=Ending.COMPLETED, reason=None, cells=outcomes, seconds=1.0, seal="bubblewrap"
    )


def code(source, *outputs):
    """Return a code cell."""
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def hostile_page(out, cells):
    """Render a student whose notebook is made of the given cells; returns the page's path."""
    notebook = record(out, "a", cells)
    render_run(run(), [submission("a", notebooks=(notebook,))], out, language="en")
    return out / "students" / "a.html"


def provoke(page):
    """Do what a curious reader does: open everything, point at everything, click whatever is in an output."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    page.evaluate("""document.querySelectorAll('.cells *').forEach((one) => {
      for (const kind of ['mouseover', 'focus', 'toggle', 'load'])
        one.dispatchEvent(new Event(kind, {bubbles: true}));
    })""")
    page.evaluate("document.querySelectorAll('.cells *:not(a)').forEach((one) => one.click && one.click())")
    page.wait_for_timeout(400)


def test_no_hostile_output_runs_or_asks_for_anything(tmp_path, browser):
    """A corpus of scripts, frames, pictures, styles, floods: no dialog, no request, and our page stays as it was."""
    cells = [code(name, output) for name, output in OUTPUTS.items()]
    cells += [{"cell_type": "markdown", "source": source} for source in MARKDOWN.values()]
    path = hostile_page(tmp_path, cells)
    assert path.stat().st_size < 4_000_000, "floods are cut"
    with opened(browser, path) as (page, watch):
        provoke(page)
        assert watch.dialogs == []
        assert watch.requests == []
        assert page.title() == "a · Workbook 7, part 2: TensorFlow and Keras"
        assert page.locator(".code-cell").count() == len(OUTPUTS), "nothing closed or opened an element of ours"
        assert page.locator("h1").count() == 1
        assert page.locator("h1").is_visible()
        assert page.locator(".cells [style], .cells [id], .cells script, .cells style, .cells iframe").count() == 0
        assert page.locator("footer").is_visible()
        assert all(not link.startswith(("javascript", "data")) for link in hrefs(page))


def hrefs(page):
    """Return where the links of a page lead."""
    return page.evaluate("[...document.links].map((one) => one.getAttribute('href'))")


def test_the_page_s_policy_alone_would_hold(tmp_path, browser):
    """Were the sanitiser to let everything through, the policy still admits no script, style, frame or address."""
    path = hostile_page(tmp_path, [code("x", {"output_type": "stream", "name": "stdout", "text": "HERE"})])
    bundles = [output.get("data") for name, output in OUTPUTS.items() if name != "refresh"]
    unsafe = "".join(bundle.get("text/html", "") for bundle in bundles if isinstance(bundle, dict))
    path.write_text(path.read_text("utf-8").replace("HERE", unsafe), "utf-8")
    with opened(browser, path) as (page, watch):
        page.wait_for_timeout(400)
        assert watch.dialogs == []
        assert watch.requests == []


def test_what_is_harmless_is_shown(tmp_path, browser):
    """Tables, pictures, colours and Markdown of an honest notebook look as their author meant them."""
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
    table = "<table border='1' class='dataframe'><thead><tr><th>loss</th></tr></thead><tr><td>0.1</td></tr></table>"
    cells = [
        {"cell_type": "markdown", "source": ["# Task 3\n", "**bold** and `code`\n"]},
        code("a", {"output_type": "display_data", "data": {"image/png": png}}),
        code("b", {"output_type": "execute_result", "data": {"text/html": [table], "text/plain": "..."}}),
        code("c", {"output_type": "stream", "name": "stdout", "text": "\x1b[1;31mred\x1b[0m plain"}),
        code(
            "d",
            {
                "output_type": "display_data",
                "data": {
                    "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
                },
            },
        ),
    ]
    with opened(browser, hostile_page(tmp_path, cells)) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert page.locator(".text-cell strong").inner_text() == "bold"
        assert page.locator(".code-cell td").inner_text() == "0.1"
        assert page.locator(".ansi-red").inner_text() == "red"
        sizes = page.evaluate("[...document.querySelectorAll('.code-cell img')].map((one) => one.naturalWidth)")
        assert sizes == [1, 9]


def rendered(out, language, count=14):
    """Render a class with groups, a decision and a notebook; returns the folder."""
    notebook = record(out, "student-000", [code("print(1)", {"output_type": "stream", "name": "stdout", "text": "1"})])
    results = list(cohort(count))
    results[0] = replace(results[0], notebooks=(notebook,))
    results = [
        replace(one, who=Person(id=one.student, name=f"Name {n}", group="AB"[n % 2])) for n, one in enumerate(results)
    ]
    render_run(run(), results, out, language=language)
    return out


def test_the_notebook_is_on_paper_though_nobody_opened_it(tmp_path, browser):
    """What a page folds away is printed all the same."""
    with opened(browser, pages(rendered(tmp_path, "en", 2))["student"]) as (page, _):
        assert not page.locator(".code-cell").first.is_visible()
        page.emulate_media(media="print")
        assert page.locator(".code-cell").first.is_visible()


LOOKS = {
    "desktop": {"width": 1280},
    "phone": {"width": 390},
    "dark": {"width": 1280, "color_scheme": "dark"},
    "print": {"width": 1000},
}


def inspect(browser, file, look, shot=None):
    """Open a page in a certain look; axe must find nothing, nothing may stick out."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, file, **LOOKS[look]) as (page, watch):
        page.emulate_media(media="print" if look == "print" else "screen")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        found = axe.run(page)
        assert found.violations_count == 0, f"{file.name}, {look}: {found.generate_report()}"
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
        assert watch.errors == []
        if shot:
            assert len(page.screenshot(path=shot, full_page=True)) > 20_000


def pages(out):
    """Return the class page and a student's page of a rendered run."""
    return {"class": out / "index.html", "student": out / "students" / page_name("student-000")}


@pytest.mark.parametrize("look", ["phone", "dark"])
def test_the_pages_hinder_nobody(tmp_path, browser, look):
    """On a phone, and in the dark on a desktop: axe finds nothing and nothing sticks out."""
    for file in pages(rendered(tmp_path, "ru", 6)).values():
        inspect(browser, file, look)


NOTEBOOKS = {"light": ("#fff", "rgba(0,0,0,.87)"), "dark": ("#111", "#fff"), "colab": ("#383838", "#e3e3e3")}
"""Background and text of an output in JupyterLab's two themes and in Colab's dark one."""


@pytest.mark.parametrize("theme", NOTEBOOKS)
@pytest.mark.parametrize("width", [900, 390])
def test_the_self_check_in_a_notebook_hinders_nobody(tmp_path, browser, theme, width):
    """The block that a notebook shows is read on every theme: axe finds nothing, nothing sticks out."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    background, text = NOTEBOOKS[theme]
    task = TaskCheck(
        task="task3", title=task3().title, model="model", cell=7, findings=task3().findings,
        later=(task3().title,), hidden=1, accuracy=(msg("{accuracy}", accuracy=0.97),), advice=msg("{a}", a="fit"),
    )  # fmt: skip
    models = (ModelCheck(name="model", cell=7, role=task3().title),)
    look = html_of(CheckResult(language="en", models=models, tasks=(task,), missing=(task3().title,)))
    style = f"<style>body {{ background: {background}; color: {text}; font: 14px/1.5 sans-serif; }}</style>"
    file = tmp_path / "notebook.html"
    file.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Notebook</title>{style}<main><h1>Notebook</h1>{look}</main></html>",
        "utf-8",
    )
    with opened(browser, file, width=width) as (page, _):
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ru", "en"])
def test_pictures_of_every_look(tmp_path, browser, language, request):
    """Screenshots for people: both pages, both languages, desktop, phone, dark, print; axe looks at each."""
    out = rendered(tmp_path, language)
    shots = request.config.cache.mkdir("screenshots")
    for name, file in pages(out).items():
        for look in LOOKS:
            inspect(browser, file, look, shots / f"{name}-{look}-{language}.png")


def test_the_class_table_is_sorted_and_filtered_by_keyboard(tmp_path, browser):
    """Headings sort up and down, the search and the lists narrow, and how many are left is said."""
    with opened(browser, rendered(tmp_path, "en") / "index.html") as (page, watch):
        held_back = []
        page.on("console", lambda message: held_back.append(message.text))
        page.reload()
        totals = "[...document.querySelectorAll('#students tbody tr .total')].map((one) => +one.textContent)"
        page.get_by_role("button", name="Total").focus()
        page.keyboard.press("Enter")
        page.locator("th[aria-sort=ascending]").wait_for()
        assert page.evaluate(totals) == sorted(page.evaluate(totals))
        page.keyboard.press("Space")
        page.locator("th[aria-sort=descending]").wait_for()
        assert page.evaluate(totals) == sorted(page.evaluate(totals), reverse=True)
        page.get_by_role("combobox", name="Group").select_option("A")
        assert page.get_by_role("status").inner_text() == "Shown: 7 of 14"
        page.get_by_label("Find a student").fill("name 2")
        assert page.get_by_role("status").inner_text() == "Shown: 1 of 14"
        page.get_by_label("Find a student").fill("")
        page.get_by_role("combobox", name="Group").select_option("")
        page.get_by_role("combobox", name="Status").select_option("graded")
        states = page.evaluate("[...document.querySelectorAll('#students tbody .chip')].map((one) => one.textContent)")
        assert states
        assert set(states) == {"graded"}
        assert watch.errors == held_back == [], "the page's policy held nothing of the library back"


def test_the_pages_say_everything_without_scripts(tmp_path, browser):
    """Rows, charts and explanations are there where scripts are switched off."""
    with opened(browser, rendered(tmp_path, "en") / "index.html", java_script_enabled=False) as (page, _):
        assert page.locator("#students tbody tr").count() == 14
        assert page.locator("#students tbody tr").last.is_visible()
        assert page.locator("svg.spread").count() >= 2


@pytest.mark.slow
def test_a_thousand_students_stay_light(tmp_path, browser):
    """The class page of a thousand students weighs under 3 MB, and a browser has it in a moment."""
    render_run(run(), cohort(1000), tmp_path, language="ru")
    assert (tmp_path / "index.html").stat().st_size < 3_000_000
    with opened(browser, tmp_path / "index.html") as (page, _):
        took = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        assert page.locator("#students tbody tr").count() == 1000
        assert took < 10_000, "two seconds on a quiet machine"
