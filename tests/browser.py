"""A real Chromium for the tests of pages: every request that leaves the disk and every dialog is written down."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import pytest

from grader.report import find_chromium


@dataclass
class Watch:
    """What a page tried to do."""

    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextlib.contextmanager
def chromium():
    """Yield a browser, or skip the test with the reason."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium here: sudo apt-get install chromium")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(browser, path, *, width=1280, **settings):
    """Yield a page of a file and a watch over it; a fragment may follow the path."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
    watch = Watch()
    page = context.new_page()

    def request(one):
        if not one.url.startswith(("file:", "data:", "blob:")):
            watch.requests.append(one.url)

    def failed(one):
        # What the page's policy, or the browser's rule for <use>, held back has never left.
        if one.failure in {"csp", "origin"} and one.url in watch.requests:
            watch.requests.remove(one.url)

    page.on("request", request)
    page.on("requestfailed", failed)
    page.on("dialog", lambda dialog: (watch.dialogs.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    context.on("page", lambda other: other.on("request", request))
    try:
        page.goto(path.resolve().as_uri())
        yield page, watch
    finally:
        context.close()
