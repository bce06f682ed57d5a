"""Outputs that a notebook may hold and a reader's browser must not obey: name → an output of nbformat 4."""

from __future__ import annotations

import base64
import zlib

HIT = "https://example.com/hit"


def html(text):
    """Return a display of HTML."""
    return {"output_type": "display_data", "data": {"text/html": text, "text/plain": "plain"}, "metadata": {}}


def data(**kinds):
    """Return a display of several kinds; ``image_png`` is ``image/png``."""
    bundle = {name.replace("__", "+").replace("_", "/", 1).replace("_", "-"): value for name, value in kinds.items()}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def printed(text):
    """Return text on standard output."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def _png(width, height):
    def chunk(kind, content):
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    rows = zlib.compress(b"\0" * (width + 1) * min(height, 10))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


SVG_SCRIPT = (
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script><image href="{HIT}"/></svg>'
)

OUTPUTS = {
    "script": html("<script>alert(1)</script>"),
    "script from elsewhere": html(f'<script src="{HIT}.js"></script>'),
    "script split in two": html("<scr<script>ipt>alert(1)</scr</script>ipt>"),
    "event handlers": html('<img src=x onerror="alert(1)"><b onmouseover="alert(1)" onclick=alert(1)>b</b><p onfocus=alert(1) autofocus tabindex=1>'),
    "a picture from elsewhere": html(f'<img src="{HIT}.png"><img srcset="{HIT} 2x"><picture><source srcset="{HIT}"></picture>'),
    "an iframe": html(f'<iframe src="{HIT}"></iframe><iframe srcdoc="<script>alert(1)</script>"></iframe>'),
    "objects": html(f'<object data="{HIT}"></object><embed src="{HIT}"><applet code="{HIT}">'),
    "javascript: links": html('<a href="javascript:alert(1)" id=go>x</a><a href="java&#10;script:alert(1)">x</a><a href="data:text/html,<script>alert(1)</script>">x</a>'),
    "a form": html(f'<form action="{HIT}"><input name=a autofocus onfocus=alert(1)><button formaction="javascript:alert(1)">x</button></form>'),
    "refresh": html(f'<meta http-equiv="refresh" content="0;url={HIT}">'),
    "a policy of its own": html('<meta http-equiv="Content-Security-Policy" content="script-src *">'),
    "a base": html(f'<base href="{HIT}/">'),
    "styles": html(f'<style>@import "{HIT}.css"; body {{ background: url({HIT}) }} h1 {{ display: none }}</style><link rel="stylesheet" href="{HIT}.css">'),
    "an overlay": html(f'<div style="position:fixed;inset:0;z-index:9;background:url({HIT})" class="top" id="main">100 of 100 points</div>'),
    "preloading": html(f'<link rel="preload" as="image" href="{HIT}"><link rel="prefetch" href="{HIT}"><link rel="dns-prefetch" href="//example.com">'),
    "svg in html": html(f'<svg><script>alert(1)</script><a xlink:href="javascript:alert(1)"><text>x</text></a><image href="{HIT}"/><use href="{HIT}#a"/><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>'),
    "mutation": html('<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">'),
    "unclosed noscript": html('<noscript><p title="</noscript><img src=x onerror=alert(1)>">'),
    "a template": html("<template><img src=x onerror=alert(1)></template><slot onslotchange=alert(1)>"),
    "media": html(f'<video src="{HIT}" poster="{HIT}" autoplay></video><audio src="{HIT}" autoplay></audio>'),
    "background": html(f'<table background="{HIT}"><td background="{HIT}">x</table><body background="{HIT}" onload=alert(1)>'),
    "closing our page": html("</div></details></section></main></body></html><h1>0 of 100</h1><!--"),
    "a table of a million columns": html('<table><tr><td colspan="1000000" rowspan="65534">x</td></tr></table>'),
    "ten thousand levels": html("<div>" * 10_000 + "x"),
    "a svg file": data(image_svg__xml=SVG_SCRIPT),
    "a svg file with entities": data(image_svg__xml='<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>'),
    "javascript": data(application_javascript="alert(1)"),
    "a widget": data(application_vnd_jupyter_widget_view__json={"model_id": "x"}, text_plain="IntSlider()"),
    "a png that is html": data(image_png=base64.b64encode(b"<script>alert(1)</script>").decode()),
    "a png that breaks out": data(image_png='" onerror="alert(1)'),
    "a png of many gigabytes": data(image_png=base64.b64encode(_png(60_000, 60_000)).decode()),
    "mathjax": data(text_latex=r"$$\href{javascript:alert(1)}{x} \unicode{<img src=x onerror=alert(1)>} \require{html} \style{position:fixed}{x}$$"),
    "markdown": data(text_markdown=f"[x](javascript:alert(1)) ![x]({HIT}.png) <script>alert(1)</script> <{HIT}>"),
    "ansi links": printed(f"\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07 \x1b]0;title\x07 \x1b]52;c;aGk=\x07 \x1b]8;;{HIT}\x1b\\x"),
    "an ansi flood": printed("\x1b[31m\x1b[1m\x1b[44m" * 60_000 + "x"),
    "an ansi colour in every character": printed("".join(f"\x1b[{30 + n % 8}mx" for n in range(50_000))),
    "one endless line": printed("a" * 3_000_000),
    "a million lines": printed("a\n" * 1_000_000),
    "right to left": printed("\u202egpj.exe\u202c \u2066\u2067 \x00 \x08 \ud800"),
    "html in text": printed("</pre><script>alert(1)</script><img src=x onerror=alert(1)>"),
    "html in an error": {"output_type": "error", "ename": "<img src=x onerror=alert(1)>", "evalue": "</pre><script>alert(1)</script>", "traceback": ["\x1b[31m<script>alert(1)</script>"]},
    "no traceback": {"output_type": "error", "ename": "<b>", "evalue": "x", "traceback": 7},
    "not a bundle": {"output_type": "display_data", "data": 5},
    "not text": {"output_type": "stream", "name": "stdout", "text": {"a": 1}},
    "an unknown type": {"output_type": "<script>"},
}  # fmt: skip

MARKDOWN = {
    "script": "<script>alert(1)</script>\n\n# Heading",
    "links": f"[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html,x) [d]({HIT})",
    "pictures": f"![a]({HIT}.png) ![b](javascript:alert(1)) ![c](data:image/svg+xml;base64,PHN2Zy8+)",
    "html": f'<img src="{HIT}" onerror=alert(1)> <iframe src="{HIT}"></iframe> <details open ontoggle=alert(1)>',
    "attributes": "# x {onclick=alert(1)}\n\n```{=html}\n<script>alert(1)</script>\n```",
    "nesting": "> " * 3_000 + "deep",
    "brackets": "[" * 20_000,
    "mathjax": r"$\href{javascript:alert(1)}{x}$ $$\unicode{x}$$",
}
