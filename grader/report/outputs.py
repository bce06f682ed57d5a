"""What a notebook's cell shows, as HTML that cannot run, load or cover anything.

Three fences stand between a student's output and the reader: kinds that only a program could show are dropped, the
rest is sanitised or put into a ``data:`` picture, and the page's policy admits no script and no address. Formats:
nbformat 4, "Code cell outputs".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from grader.language import Language
from grader.report.ansi import coloured

_PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
}
_PICTURE_BYTES = 1 << 20
_PIXELS = 25_000_000
_HTML_CHARACTERS = 60_000
_TEXT_CHARACTERS = 64_000
_LINES_FIRST, _LINES_LAST = 60, 20
_LONGEST_LINE = 2_000
_WIDEST_SPAN = 50

_TAGS = {
    *("b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "hr", "i", "img", "kbd", "li"),
    *("ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead"),
    *("tr", "u", "ul"),
}
_ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "img": {"src"}}
_DROPPED_WHOLE = {"script", "style", "title", "template", "textarea", "noscript", "iframe", "object", "select"}
_INSTALLED = re.compile(r"(?:/[\w.+-]{1,80}){1,14}/site-packages/")
"""Where this machine keeps its libraries says nothing to a student."""
_DATA_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]{1,1400000}\Z")


def show(output: Mapping[str, Any], language: Language) -> Markup:
    """Return one output of a cell; a sentence instead of it where it cannot be shown."""
    match output.get("output_type"):
        case "stream":
            return terminal(_text(output.get("text")), language)
        case "error":
            trace = "\n".join(_text(line) for line in _list(output.get("traceback")))
            return terminal(trace or f"{output.get('ename')}: {output.get('evalue')}", language, kind="traceback")
        case "display_data" | "execute_result":
            data = output.get("data")
            return _display(data, language) if isinstance(data, Mapping) else Markup()
    return Markup()


def terminal(text: str, language: Language, *, kind: str = "printed") -> Markup:
    """Return printed text, its middle left out when it is long."""
    lines = _INSTALLED.sub("site-packages/", text[:_TEXT_CHARACTERS]).rstrip("\n").split("\n")
    lines = [line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + " …" for line in lines]
    left_out = max(0, len(lines) - _LINES_FIRST - _LINES_LAST)
    if len(text) > _TEXT_CHARACTERS:
        lines, left_out = lines[:_LINES_FIRST], max(left_out, 1)
        note = language.t("… the rest of this output is left out: characters {count}", count=len(text))
        parts = [_head(lines), Markup('<span class="cut">{}</span>').format(note)]
    elif left_out:
        note = language.t("… lines left out: {count}", count=left_out)
        parts = [
            _head(lines[:_LINES_FIRST]),
            Markup('<span class="cut">{}</span>').format(note),
            _head(lines[-_LINES_LAST:]),
        ]
    else:
        parts = [_head(lines)]
    return Markup('<pre class="{}">{}</pre>').format(kind, Markup("\n").join(parts))


def _head(lines: list[str]) -> Markup:
    return coloured("\n".join(lines)[:_TEXT_CHARACTERS])


def _display(data: Mapping[str, Any], language: Language) -> Markup:
    """Return the richest form of a display that is safe: a picture, a table, text."""
    for kind in _PICTURES:
        if kind in data:
            return _picture(kind, _text(data[kind]), language)
    if "image/svg+xml" in data:
        return _drawing(_text(data["image/svg+xml"]), language)
    if "text/html" in data:
        clean = sanitised(_text(data["text/html"])[:_HTML_CHARACTERS])
        if clean.striptags().strip() or "<img" in clean:
            return Markup('<div class="rich" role="group" tabindex="0" aria-label="{}">{}</div>').format(
                language.t("Output"), clean
            )
    if "text/markdown" in data:
        return Markup('<div class="rich">{}</div>').format(markdown(_text(data["text/markdown"])))
    for kind in ("text/plain", "text/latex"):
        if kind in data:
            return terminal(_text(data[kind]), language)
    return _missing(language.t("An output of this kind is not shown: {kinds}", kinds=", ".join(map(str, data))[:200]))


def sanitised(html: str) -> Markup:
    """Return HTML with an allow-list of tags: tables, lists, plain text marks, pictures from ``data:`` addresses.

    No classes, ids, styles or links survive: nothing may look like a part of our page, or lead away from it.
    """
    clean = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        set_tag_attribute_values={"img": {"alt": ""}},
        url_schemes={"data"},
        link_rel=None,
    )
    return Markup(clean)  # noqa: S704 - this is what the sanitiser let through


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if _DATA_PICTURE.match(value) else None
    if name in {"colspan", "rowspan"}:
        return value if value.isdecimal() and int(value[:4]) <= _WIDEST_SPAN else None
    return value


def markdown(text: str) -> Markup:
    """Return a Markdown cell; headings become bold lines, so that they do not mix with the page's own."""
    parser = MarkdownIt("js-default", {"linkify": False, "maxNesting": 20})
    tokens = parser.parse(text[:_HTML_CHARACTERS])
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "p"
        if token.type == "heading_open":
            token.attrSet("class", "md-heading")
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=_TAGS | {"a"},
        clean_content_tags=_DROPPED_WHOLE,
        attributes={**_ATTRIBUTES, "a": {"href"}, "p": {"class"}},
        attribute_filter=lambda tag, name, value: (
            (value if value == "md-heading" else None) if tag == "p" else _attribute(tag, name, value)
        ),
        set_tag_attribute_values={"img": {"alt": ""}},
        url_schemes={"http", "https", "data"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(html)  # noqa: S704 - this is what the sanitiser let through


def _picture(kind: str, text: str, language: Language) -> Markup:
    try:
        content = base64.b64decode(text[: 2 * _PICTURE_BYTES], validate=False)
    except (binascii.Error, ValueError):
        content = b""
    if not content.startswith(_PICTURES[kind]):
        return _missing(language.t("A picture that cannot be read."))
    if len(content) > _PICTURE_BYTES or _pixels(kind, content) > _PIXELS:
        return _missing(language.t("A picture that is too large for this page."))
    return _image(kind, content, language)


def _drawing(text: str, language: Language) -> Markup:
    """Return SVG as a picture: inside ``img`` a browser runs no script of it and loads nothing for it."""
    content = text.encode("utf-8", "replace")
    if len(content) > _PICTURE_BYTES // 2 or b"<!ENTITY" in content.upper():
        return _missing(language.t("A picture that is too large for this page."))
    return _image("image/svg+xml", content, language)


def _image(kind: str, content: bytes, language: Language) -> Markup:
    return Markup('<img alt="{}" src="data:{};base64,{}">').format(
        language.t("Picture drawn by the cell"), kind, base64.b64encode(content).decode()
    )


def _pixels(kind: str, content: bytes) -> int:
    """Return the pixels of a PNG or a GIF by its header, before any browser unpacks it."""
    if kind == "image/png":
        return int.from_bytes(content[16:20], "big") * int.from_bytes(content[20:24], "big")
    if kind == "image/gif":
        return int.from_bytes(content[6:8], "little") * int.from_bytes(content[8:10], "little")
    return 0


def _missing(sentence: str) -> Markup:
    return Markup('<p class="muted">{}</p>').format(escape(sentence))


def _text(value: Any) -> str:
    """Return a multi-line string of nbformat: a string, or a list of lines."""
    return "".join(str(line) for line in value) if isinstance(value, list) else str(value if value is not None else "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
