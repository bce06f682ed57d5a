"""The pages: what stands on them, what never does, and that they are the same every time."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.language import Language
from grader.records import (
    AccuracyFacts,
    CellOutcome,
    CellStatus,
    Evidence,
    LayerFacts,
    NotebookSummary,
    Status,
    Text,
    Verdict,
    msg,
)
from grader.report import page_name, render_run
from grader.report.charts import axis, bar, finite, learning_curve
from grader.report.remarks import first_steps
from grader.report.summary import curves
from tests.sample_results import EXAMPLE3, cohort, layers, run, submission, task1, task3
from tests.timing import processor_time

VOID = {"meta", "br", "img", "input", "link", "hr", "col"}
HOSTILE = (
    '<script>alert(1)</script>" onmouseover="x" \'><img src=x onerror=y> {{ 7*7 }} \u202eabc \x1b[31m </style>\ud800'
)


class Page(HTMLParser):
    """A page's elements and texts; complains about tags that do not close."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if not self.open or self.open[-1] not in {"style", "script"} else ""

    def values(self, name):
        return [value for key, value in self.attributes if key == name]


def student_page(tmp_path, result, facts=None, language="en"):
    """Render one submission and return its page."""
    render_run(facts or run(), [result], tmp_path, language=language)
    return Page(tmp_path / "students" / page_name(result.student))


def test_a_run_leaves_pages_and_files_and_nothing_half_done(tmp_path):
    """One page for the cohort, one for each student, two files for programs; no part files stay."""
    results = cohort(5)
    render_run(run(), results, tmp_path, language="ru")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grades.csv", "index.html", "results.json", "students"]
    assert len(list((tmp_path / "students").iterdir())) == 5
    assert not list(tmp_path.rglob("*.part"))


def test_the_cohort_links_to_every_student(tmp_path):
    """Every link of the cohort's page leads to a file that is there, also for names with spaces and slashes."""
    names = ["Петрова Анна", "a/b", "..", "", "50% off", "a b#c?d"]
    render_run(run(), [submission(name) for name in names], tmp_path, language="ru")
    from urllib.parse import unquote

    links = [link for link in Page(tmp_path / "index.html").values("href") if link.startswith("students/")]
    pages = {link.partition("#")[0] for link in links}
    assert len(pages) == len(names)
    assert all((tmp_path / unquote(page)).is_file() for page in pages)


def test_file_names_are_harmless_and_distinct():
    """No name leaves the folder, and two students never share a page."""
    names = ["a/b", "a_b", "..", "../..", "a" * 300, "a" * 301, "\ud800", "é", "e\u0301", ".hidden", "con\x00"]
    files = [page_name(name) for name in names]
    assert len(set(files)) == len(files)
    for file in files:
        assert re.fullmatch(r"[\w.-]+\.html", file)
        assert not file.startswith(".")
        assert len(file.encode()) < 255


def test_nothing_is_fetched_and_only_our_script_runs(tmp_path):
    """The policy admits one style sheet and at most one script by their hashes; no page has an outside address."""
    render_run(run(), [submission("a")], tmp_path, language="en")
    cohort_page, page = Page(tmp_path / "index.html"), Page(tmp_path / "students" / "a.html")
    for one, scripts in ((cohort_page, 1), (page, 0)):
        policy = next(value for value in one.values("content") if "default-src" in value)
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert ("script-src 'none'" in policy) == (scripts == 0)
        assert "unsafe" not in policy
        assert one.tags.count("script") == scripts
        assert one.tags.count("style") == 1
        assert not one.values("style"), "the policy would drop it"
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', one.source)


def test_the_policy_s_hash_is_that_of_the_style_sheet_on_the_page(tmp_path):
    """A browser that obeys the policy accepts our style sheet."""
    import base64
    import hashlib

    source = student_page(tmp_path, submission("a")).source
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in source


def hostile_submission():
    """Return a submission in which everything a student controls is hostile."""
    words, text = msg("found {value}", value=HOSTILE), Text(ru=HOSTILE, en=HOSTILE)
    first = task3()
    findings = tuple(
        replace(
            f, id=HOSTILE, title=text, expected=words, found=words, where=words, advice=words, verdict=Verdict.FAILED
        )
        for f in first.findings
    )
    layer = LayerFacts(
        kind=HOSTILE, config={"units": HOSTILE, "activation": HOSTILE, "kernel_size": [HOSTILE] * 9}, custom=True
    )
    answer = replace(
        first.answer,
        notebook=HOSTILE,
        api=HOSTILE,
        optimizer=HOSTILE,
        loss=HOSTILE,
        layers=(layer,),
        runner_up=words,
        not_rebuilt_because=words,
    )
    accuracy = replace(first.accuracy, history={HOSTILE: (0.1, 0.2), "acc" + HOSTILE: (0.1, 0.2), "loss": (1.0,)})
    task = replace(
        first, task=HOSTILE, title=text, findings=findings, answer=answer, accuracy=accuracy, expected_layers=(HOSTILE,)
    )
    cell = CellOutcome(
        index=0, number=1, status=CellStatus.ERROR, error=HOSTILE, message=HOSTILE, traceback=HOSTILE, source=HOSTILE
    )
    notebook = NotebookSummary(
        name=HOSTILE, ending="completed", reason=words, cells=(cell,), seconds=1.0, seal=HOSTILE, notes=(words,)
    )
    from grader.records import Ending

    notebook = replace(notebook, ending=Ending.COMPLETED)
    return submission(HOSTILE, tasks=(task, task), notebooks=(notebook,), reason=words)


def test_hostile_text_stays_text_everywhere(tmp_path):
    """Tags, attributes, colour codes, direction marks and halves of characters from students change nothing."""
    result = hostile_submission()
    page = student_page(tmp_path, result, run(tasks=(HOSTILE,), versions={HOSTILE: HOSTILE}))
    for one, scripts in ((page, 0), (Page(tmp_path / "index.html"), 1)):
        assert one.tags.count("script") == scripts
        assert "img" not in one.tags
        assert not [name for name, _ in one.attributes if name.startswith("on")]
        assert not set(one.source) & set("\u202e\x1b\x00")
        assert "<script>alert(1)</script>" in one.text, "shown, not dropped"
        assert "{{ 7*7 }}" in one.text


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_explained_on_both_pages(tmp_path, status, language):
    """A student reads how the submission ended in plain words, and so does the lecturer."""
    from grader.report.explain import STATUS

    page = student_page(tmp_path, submission("a", status=status), language=language)
    sentence = Language(language).say(STATUS[status])
    assert sentence in page.text
    assert sentence in Page(tmp_path / "index.html").text


def test_criteria_show_verdict_points_and_advice(tmp_path):
    """Each criterion has a sign and a word, its points, what was expected and found, and what to do."""
    page = student_page(tmp_path, submission("a"))
    for words in (
        "✓ passed",
        "✕ not passed",
        "… for review",
        "6 of 6",
        "0 of 6",
        "? of 6",
        "Conv2D layers: 5",
        "Conv2D layers: 4",
        "What to do: Add one more Conv2D layer.",
        "lab7.ipynb, cell 7",
    ):
        assert words in page.text, words
    assert "Waits for the lecturer, who decides by hand. This costs no points." in page.text
    assert "28×28×16" in page.text
    assert "104,202" in page.text
    assert "Next best: lab7.ipynb, cell 5" in page.text


def unanswered():
    """Return task 3 without an answer: every criterion but the first failed for the same reason."""
    first, *others = task3().findings
    missing = [
        replace(finding, verdict=Verdict.FAILED, found=msg("no model was found"), advice=msg("Build the model."))
        for finding in others
    ]
    figure = AccuracyFacts(workbook_example=0.991, example_band=EXAMPLE3)
    return replace(task3(), findings=(first, *missing), earned=first.points, in_review=0, answer=None, accuracy=figure)


def test_what_several_criteria_share_is_said_once(tmp_path):
    """The shared finding and its advice stand above the table with their points; each row keeps verdict and points."""
    task = unanswered()
    page = student_page(tmp_path, submission("a", tasks=(task,)))
    assert page.text.count("No model was found") == 1
    assert page.text.count("Build the model.") == 2, "among the first steps, and once for the task"
    assert page.text.count("✕ not passed") == page.text.count("see above") == len(task.findings) - 1
    assert page.text.count("points: up to 26") == 2


def test_the_dearest_losses_come_first(tmp_path):
    """At most three pieces of advice head the page, those worth most points first; what waits for review is none."""
    language = Language("en")
    result = submission("a", tasks=(task1(), task3(), unanswered()))
    assert [(step.points, step.advice[:9]) for step in first_steps(result, language)] == [
        (26, "Build the"),
        (6, "Add one m"),
    ]
    waiting = replace(task3(), findings=tuple(replace(f, verdict=Verdict.REVIEW) for f in task3().findings))
    assert not first_steps(submission("a", tasks=(waiting,)), language)
    assert "What to mend first" not in student_page(tmp_path, submission("a", tasks=(waiting,))).text


def test_the_workbook_s_figure_alone_is_no_comparison(tmp_path):
    """Where nothing of the student's was measured there is no chart of what others reached."""
    assert "lane" not in student_page(tmp_path / "none", submission("a", tasks=(unanswered(),))).values("class")
    assert "lane" in student_page(tmp_path / "some", submission("a", tasks=(task3(),))).values("class")


def test_accuracy_stands_beside_everything_it_is_compared_with(tmp_path):
    """Trainings, limit, band, example and the workbook's figure are on the page, with the kind of evidence."""
    page = student_page(tmp_path, submission("a"))
    for words in (
        "0.9741 · 0.9765 · 0.9802",
        "0.9778",
        "0.9878 to 0.9946, mean 0.9912, trainings: 20",
        "0.9909",
        "0.9910",
        "the median decides",
        "at the moment the notebook called fit",
    ):
        assert words in page.text, words
    assert any("epoch 5" in label for label in page.values("aria-label"))


def test_the_median_is_spoken_of_where_it_decided(tmp_path):
    """Two more trainings are bought where the model overfits, too: then the first accuracy decides all the same."""
    once = replace(task3(), accuracy=replace(task3().accuracy, decisive=0.9741, decided_by=1))
    page = student_page(tmp_path, submission("a", tasks=(once,)))
    assert "0.9741 · 0.9765 · 0.9802" in page.text
    assert "the median decides" not in page.text


def test_the_training_accuracy_says_which_epoch_it_is_of(tmp_path):
    """The last one, unless the weights of a better one were restored."""
    assert "in the last epoch: 0.9931" in student_page(tmp_path / "last", submission("a")).text
    best = replace(task3(), accuracy=replace(task3().accuracy, train=0.986))
    page = student_page(tmp_path / "best", submission("a", tasks=(best,)))
    assert "in the epoch whose weights were kept: 0.9860" in page.text
    assert "last epoch:" not in page.text


@pytest.mark.parametrize("evidence", list(Evidence))
def test_every_kind_of_evidence_is_explained(tmp_path, evidence):
    """Weak evidence is called weak, and strong is explained."""
    from grader.report.explain import EVIDENCE

    result = submission("a", tasks=(replace(task3(), accuracy=replace(task3().accuracy, evidence=evidence)),))
    assert Language("en").say(EVIDENCE[evidence]) in student_page(tmp_path, result).text


def sample_data():
    """Return the run's data sets with the sample in place of MNIST."""
    return tuple(replace(data, edition="sample") for data in run().datasets)


def test_a_sample_is_never_compared_with_the_workbook_silently(tmp_path):
    """Both pages have a banner, and the workbook's figure a remark; on real data there is neither."""
    facts = run(datasets=sample_data())
    page = student_page(tmp_path / "sample", submission("a"), facts)
    assert "Offline samples stand in for: mnist." in page.text
    assert "so do not compare the two" in page.text
    assert "Offline samples stand in for: mnist." in Page(tmp_path / "sample" / "index.html").text
    real = student_page(tmp_path / "real", submission("a"))
    assert "Offline samples" not in real.text, "binary20 is synthetic by nature"
    assert "do not compare" not in real.text


def test_previews_and_unsealed_runs_say_so(tmp_path):
    """The quick profile and a missing sandbox are visible lines on both pages."""
    page = student_page(tmp_path, submission("a"), run(profile="quick", seal="none"))
    for one in (page, Page(tmp_path / "index.html")):
        assert "Preview." in one.text
        assert "ran without a sandbox" in one.text
    assert "Preview." not in student_page(tmp_path, submission("a")).text


def test_the_learning_curve_is_that_of_the_accuracy():
    """Not of another metric whose name holds the word."""
    history = {"top_k_categorical_accuracy": (0.9, 0.99), "accuracy": (0.5, 0.6), "val_accuracy": (0.4, 0.5)}
    task = replace(task3(), accuracy=AccuracyFacts(history=history))
    assert curves(task, Language("en"))[0].series == {"training data": (0.5, 0.6), "validation data": (0.4, 0.5)}


def test_a_page_without_measurements_has_no_empty_charts(tmp_path):
    """A submission in which nothing trained still has a page."""
    bare = replace(task1(), accuracy=AccuracyFacts(), answer=None)
    page = student_page(tmp_path, submission("a", tasks=(bare,), notebooks=()))
    assert "Accuracy on test data" not in page.text
    assert "polyline" not in page.tags
    empty = student_page(tmp_path, submission("a", tasks=(), notebooks=()))
    assert "0 of 0" not in re.sub(r"\s+", " ", empty.text)


def test_odd_numbers_do_not_break_charts():
    """Values that are missing, not finite or huge are left out or bounded, and long histories thinned."""
    language = Language("en")
    for values in ([None], [float("nan")], []):
        assert learning_curve({"a": values}, "L", language) == ""
    for values in ([1.0], [0.0, 0.0], [1e308, -1e308], [None, 1.0, float("inf"), 2.0], [5e-324, 0.0]):
        drawn = learning_curve({"a": values}, "L", language)
        assert drawn.startswith("<svg")
        assert "nan" not in drawn
        assert "inf" not in drawn
    thinned = finite([float(n) for n in range(100_000)])
    assert len(thinned) <= 202
    assert thinned[-1][0] == 100_000
    assert axis([0.99, 1.0], most=1.0).high == 1.0
    assert bar([("earned", 0)], "none") == ""


def test_both_languages_render_wholly(tmp_path):
    """An English page has no Russian, and a Russian page no untranslated sentence of ours."""
    english = student_page(tmp_path / "en", submission("a"), language="en")
    assert not re.search("[а-яё]", english.text)
    assert not re.search("[а-яё]", Page(tmp_path / "en" / "index.html").text)
    russian = student_page(tmp_path / "ru", submission("a"), language="ru")
    assert not re.search(r"\b(Expected|Found|Points|passed|lecturer|trained)\b", russian.text)
    assert "0,9765" in russian.text


def test_the_same_records_give_the_same_bytes(tmp_path):
    """Rendering again changes no byte of any file."""
    for name in ("one", "two"):
        render_run(run(), cohort(12), tmp_path / name, language="ru")
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 15
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_three_hundred_students_take_seconds(tmp_path, capsys):
    """A whole class is rendered in at most 15 seconds on two processors."""
    results, begun = cohort(300), processor_time()
    render_run(run(), results, tmp_path, language="ru")
    seconds = processor_time() - begun
    with capsys.disabled():
        sys.stdout.write(f"\n300 students rendered in {seconds:.1f} s of processor time\n")
    assert seconds < 2 * 15


def test_layers_are_told_in_a_line():
    """Settings that matter are named once; usual ones and a pooling's own strides are left out."""
    from grader.report.layers import settings, shape

    english, convolution, pooling = Language("en"), layers()[0], layers()[1]
    assert settings(convolution, english) == "16 · 3×3 · same · relu"
    assert settings(pooling, english) == "2×2"
    assert settings(LayerFacts(kind="Dropout", config={"rate": 0.25}), Language("ru")) == "0,25"
    assert settings(LayerFacts(kind="Conv2D", config={"strides": [2, 2]}), english) == "strides 2×2"
    assert shape(convolution) == "28×28×16"
    assert shape(LayerFacts(kind="Dense")) == "–"
    assert EXAMPLE3.lower < EXAMPLE3.upper
