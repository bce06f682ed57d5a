"""Pages as PDF, printed by the Chromium that is installed."""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.errors import MachineError
from grader.records import SubmissionResult, msg
from grader.report.names import page_name

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120
_MOST_BROWSERS = 4
"""Printing at the same time; each takes some 200 MB."""


def find_chromium() -> str | None:
    """Return the browser that prints: ``$CHROMIUM``, or the first of the usual names on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), None)


def render_pdf(results: Sequence[SubmissionResult], out: Path) -> Path:
    """Print ``index.html`` and each student's page to a PDF beside it; returns that of the class.

    A PDF that is younger than its page is left as it is; several are printed at once.

    Raises:
        MachineError: There is no Chromium, or it does not print.
    """
    browser = find_chromium()
    if browser is None:
        text = msg("a PDF needs Chromium: install it (Debian, Ubuntu: sudo apt-get install chromium) or set $CHROMIUM")
        raise MachineError(text)
    pages = [out / "index.html", *(out / "students" / page_name(result.student) for result in results)]
    stale = [page for page in pages if not _is_printed(page)]
    # Threads are enough: each waits for a browser of its own.
    with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_BROWSERS)) as pool:
        for done in [pool.submit(_print, browser, page, page.with_suffix(".pdf")) for page in stale]:
            done.result()
    return out / "index.pdf"


def _is_printed(page: Path) -> bool:
    try:
        return page.with_suffix(".pdf").stat().st_mtime_ns > page.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def _print(browser: str, page: Path, pdf: Path) -> None:
    part = pdf.with_suffix(".pdf.part")  # a PDF is there whole or not at all
    with tempfile.TemporaryDirectory(prefix="grader-pdf-") as profile:
        command = [browser, "--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # Chromium has no sandbox for root; our pages run no script
            command.append("--no-sandbox")
        command += [f"--print-to-pdf={part.resolve()}", page.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            text = msg(
                "{browser} did not print {page} ({why}); set $CHROMIUM to another one",
                browser=str(browser),
                page=str(page),
                why=str(error),
            )
            raise MachineError(text) from error
    if done.returncode or not part.is_file():
        text = msg(
            "{browser} did not print {page} (exit code {code}); set $CHROMIUM to another one. It says: {printed}",
            browser=str(browser),
            page=str(page),
            code=done.returncode,
            printed=done.stderr[-300:].decode(errors="replace"),
        )
        raise MachineError(text)
    part.replace(pdf)
