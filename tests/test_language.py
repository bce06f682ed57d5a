"""Words: the catalogue is complete, places are filled plainly, nothing a terminal or a page would obey comes out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from grader.inside.reasons import Reason
from grader.language import PLACE, Language, printable
from grader.reasons import SENTENCES, sentence_of
from grader.records import CellStatus, Ending, Evidence, Sentence, Status, Text, Verdict, Words, msg
from grader.report import catalogue
from grader.report.explain import CELL, ENDING, EVIDENCE, STATUS, VERDICT

RU, EN = Language("ru"), Language("en")


def test_every_sentence_is_translated_with_the_same_places():
    """Each sentence of the code and the templates has a finished Russian translation, and no other is kept."""
    known = {entry.id: entry for entry in catalogue.load() if entry.id}
    wanted = {text for text, _ in catalogue.sentences()}
    assert not {text for text in wanted if text not in known or not known[text].string or known[text].fuzzy}
    assert not set(known) - wanted
    for text in wanted:
        assert set(PLACE.findall(text)) == set(PLACE.findall(known[text].string)), text


def test_the_extractor_follows_constants_and_refuses_what_it_cannot_read():
    """A text put together from constants is found; one made up at run time is a fault with its place."""
    source = 'AGAIN = "again"\nmsg("once " + AGAIN if x else "no")\nlanguage.t("page")\nself.msg(kind)\n'
    assert set(catalogue.in_code(source, "a.py")) == {"once again", "no", "page"}
    with pytest.raises(ValueError, match=r"a\.py:1: the text of msg"):
        list(catalogue.in_code('msg(f"{x} layers")', "a.py"))


def test_numbers_take_the_language_s_separators():
    """Russian has a decimal comma and a space between thousands, English a point and a comma."""
    message = msg("{accuracy}", accuracy=0.98304)
    assert (RU.say(message), EN.say(message)) == ("0,983", "0.983")
    assert (RU.number(104202), EN.number(104202)) == ("104\xa0202", "104,202")
    assert (RU.share(0.9), EN.share(0.9)) == ("0,9000", "0.9000")
    assert EN.number(float("nan")) == EN.number(float("inf")) == EN.share(float("nan")) == EN.share(None) == "–"


def test_a_lecturer_s_text_comes_in_the_language_asked_for():
    """Both languages of a Text are reachable, and nothing is said for None."""
    text = Text(ru="да", en="yes")
    assert (RU.say(text), EN.say(text), EN.say(None)) == ("да", "yes", "")


def test_a_sentence_of_a_data_file_is_filled_in_and_survives_the_ledger():
    """Its places take numbers in the reader's language; written as JSON and read again it is the same, as all words are."""
    words = (
        Sentence(ru="ячейка {cell}", en="cell {cell}", values={"cell": 1.5}),
        Text(ru="да", en="yes"),
        msg("{a}", a=1),
    )
    assert (RU.say(words[0]), EN.say(words[0])) == ("ячейка 1,5", "cell 1.5")
    ledger = TypeAdapter(tuple[Words, ...])
    assert ledger.validate_json(ledger.dump_json(words)) == words


@pytest.mark.parametrize("value", ["{other}", "{0.__class__}", "{value.__class__}", "%s", "{", "}}"])
def test_a_value_is_never_read_as_a_template(value):
    """What a student wrote is put in as it is, whatever braces it has."""
    assert EN.say(msg("a {value} b", value=value, other="SECRET")) == f"a {value} b"


def test_only_plain_places_are_places():
    """Attributes, indices and formats in a template stay text."""
    text = "{value.__class__} {value[0]} {value!r} {value:>9} {missing} {value}"
    assert EN.t(text, value="x") == text.removesuffix("{value}") + "x"


@given(st.text())
def test_nothing_printable_obeys(text):
    """Control characters, direction marks and surrogates never pass; everything else does, and once is enough."""
    shown = printable(text)
    assert not set(shown) & set("\x00\x07\x08\x1b\x7f\x9b\r\u061c\u200e\u200f\u202a\u202e\u2066\u2069\ud800")
    assert printable(shown) == shown
    shown.encode("utf-8")


def test_there_is_no_third_language():
    """An unknown language is refused with those there are."""
    with pytest.raises(ValueError, match="ru, en"):
        Language("de")


@pytest.mark.parametrize("language", [RU, EN], ids=["ru", "en"])
def test_no_value_of_a_closed_list_stays_unexplained(language):
    """Every status, ending, cell status, kind of evidence and verdict has words of its own."""
    for table, values in ((STATUS, Status), (ENDING, Ending), (CELL, CellStatus), (EVIDENCE, Evidence)):
        assert len({language.say(table[value]) for value in values}) == len(list(values))
    assert {mark.sign for mark in VERDICT.values()} == {"✓", "✕", "…"}
    assert set(VERDICT) == set(Verdict)
    assert len({language.status(status) for status in Status}) == len(list(Status))


PROBE = Path(__file__).parents[1] / "grader" / "inside" / "probe"
GIVES_REASONS = {"_unfit", "_kind", "_why_unportable", "portable_config", "not_fresh_because"}


def reasons(source):
    """Yield what the probe's code says in words: values of "why", returned reasons, what touched a model."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name in GIVES_REASONS:
            for part in ast.walk(node):
                if isinstance(part, ast.Return) and part.value is not None:
                    yield from texts(part.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "why":
                    yield from texts(value)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(("['why']", ".not_fresh")):
            yield from texts(node.value)
        elif isinstance(node, ast.Call) and ("touch" in ast.unparse(node) or ast.unparse(node.func) == "Unread"):
            for argument in node.args:
                yield from texts(argument)


def texts(node):
    """Yield the sentences an expression can be; what is put in at run time becomes ``x``."""
    match node:
        case ast.Constant(value=str(text)) if " " in text:
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(part.value if isinstance(part, ast.Constant) else "x" for part in parts)
        case ast.IfExp(body=body, orelse=other):
            yield from (*texts(body), *texts(other))
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from texts(part)


def test_the_probe_gives_no_reason_in_words():
    """What it says is a code of the closed list: sentences, and their languages, are the host's."""
    assert not {reason for path in PROBE.glob("*.py") for reason in reasons(path.read_text("utf-8"))}
    assert set(reasons('facts = {"why": "it is old"}\nraise Unread("a new step")')) == {"it is old", "a new step"}


def test_every_reason_has_a_sentence_of_its_own_in_both_languages():
    """One for each code, with one place at most: for what stands after the colon."""
    assert set(SENTENCES) == set(Reason)
    assert len({sentence.text for sentence in SENTENCES.values()}) == len(SENTENCES)
    for sentence in SENTENCES.values():
        assert len(PLACE.findall(sentence.text)) <= 1
        assert RU.say(sentence) != sentence.text or sentence.text == "a PyDataset"


def test_a_reason_inside_a_sentence_is_translated_and_nothing_else_is():
    """A reason of the probe is said in the reader's language with what it is about; a notebook's own words stay."""
    fresh = "the training did not start from fresh weights: {why}"
    assert (
        RU.say(msg(fresh, why=sentence_of(Reason.TRAINED_BEFORE)))
        == "обучение началось не с новых весов: модель уже обучали раньше"
    )
    assert RU.say(msg("{why}", why=sentence_of("own-layer: {name}\x1b"))) == "собственный слой {name}\ufffd"
    assert RU.say(msg("{why}", why="trained-before")) == "trained-before", "a layer may be called so"
    for forged in ("passed", "own-layer:Mine", "own-layer: " + "x" * 500, "", ": ", "it was trained before"):
        assert sentence_of(forged) == forged
    assert EN.say(sentence_of("numbers-of-type")) == "numbers of type ", "a forged one, about nothing"


def test_moments_and_durations_read_well():
    """Dates are spelled out, long times have minutes, and a broken date does no harm."""
    assert RU.moment("2026-03-06T15:40:12+00:00") == "6 марта 2026, 15:40 UTC"
    assert EN.moment("2026-03-06T15:40:12+00:00") == "March 6, 2026, 15:40 UTC"
    assert EN.moment("yesterday\x1b") == "yesterday\ufffd"
    assert (EN.duration(3.21), EN.duration(318)) == ("3.2 s", "5 min 18 s")
    assert [EN.duration(seconds) for seconds in (3599, 3600, 94_212)] == ["59 min 59 s", "1 h 0 min", "26 h 10 min"]
