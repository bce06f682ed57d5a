"""What pages cost: ``python -m benchmarks.pages RUN``.

RUN is any finished run, such as ``make demo`` leaves; its submissions are multiplied, executed notebooks and all. Timed
are pages of 300 students, first and when one student has changed, the class page of 1,000 in a real Chromium, and PDFs
of 20. Seconds of the clock depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.run_directory import multiply, say
from grader.ledger import Ledger
from grader.report import find_chromium, render_pdf, render_run
from grader.report.names import page_name


def main() -> None:
    """Multiply, render, open, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "300"
        multiply(asked.run, out, 300)
        run, results = Ledger(out).run(), Ledger(out).results()
        render = lambda: render_run(run, results, out, language="ru")  # noqa: E731
        row("pages of 300 students, first", render)
        row("again, nothing changed", render)
        results = (replace(results[0], reason=None, digest="changed"), *results[1:])
        row("again, one student changed", render)
        row("PDFs of 20 of them", lambda: render_pdf(results[:20], out))
        row("again, nothing changed", lambda: render_pdf(results[:20], out))
        weights = [(out / "students" / page_name(one.student)).stat().st_size for one in results]
        say(f"{'heaviest student page':32}{max(weights) / 1e6:10.2f} MB")
        large = Path(folder) / "1000"
        multiply(asked.run, large, 1000)
        many = Ledger(large).results()
        render_run(run, many, large, language="ru")
        say(f"{'class page of 1,000':32}{(large / 'index.html').stat().st_size / 1e6:10.2f} MB")
        opened(large / "index.html")


def row(name: str, work: Callable[[], object]) -> None:
    """Time one piece of work and print it."""
    begun = time.monotonic()
    work()
    say(f"{name:32}{time.monotonic() - begun:10.1f} s")


def opened(page: Path) -> None:
    """Print how soon a browser has a page, with its table made sortable."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(page.resolve().as_uri())
        tab.locator(".dt-info").wait_for()
        milliseconds = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        say(f"{'it opens in':32}{milliseconds / 1000:10.1f} s")
        browser.close()


if __name__ == "__main__":
    main()
