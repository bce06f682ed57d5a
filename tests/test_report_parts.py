"""The parts of a page: the model drawn, what figures mean, lessons, the executed notebook, other formats."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from grader.criteria import KINDS
from grader.errors import MachineError
from grader.hints import finding_line, hints_of, lessons, lessons_for
from grader.language import Language
from grader.records import (
    AccuracyFacts,
    Band,
    Ending,
    Evidence,
    Execution,
    Finding,
    LayerFacts,
    LegacyFacts,
    Override,
    Person,
    Text,
    Trace,
    Verdict,
    msg,
)
from grader.report import page_name, render_markdown, render_pdf, render_run
from grader.report.charts import learning_curve
from grader.report.cohort import common_lessons, flags, shared_models, sharing_a_rare_one
from grader.report.meaning import meanings
from grader.report.network import draw
from grader.report.queue import waiting
from grader.report.summary import overfits_after
from grader.report.teaching import lesson_of
from tests.sample_results import EXAMPLE3, cohort, layers, run, submission, task1, task2, task3
from tests.test_report import HOSTILE, Page, hostile_submission, student_page
from tests.timing import processor_time

EN = Language("en")


def dense(units, activation):
    """Return a Dense layer."""
    return LayerFacts(kind="Dense", config={"units": units, "activation": activation}, output_shape=(None, units))


ASKED = ("Dense 128 tanh", "Dense 1 softmax")
STACKS = {
    "as asked": ([dense(128, "tanh"), dense(1, "softmax")], ["same", "same"]),
    "another activation": ([dense(128, "tanh"), dense(1, "sigmoid")], ["same", "other"]),
    "one too many": ([dense(64, "tanh"), dense(128, "tanh"), dense(1, "softmax")], ["extra", "same", "same"]),
    "one missing": ([dense(1, "softmax")], ["missing", "same"]),
    "a dropout between": ([dense(128, "tanh"), LayerFacts(kind="Dropout"), dense(1, "softmax")], ["same", "free", "same"]),
    "none": ([], ["missing", "missing"]),
}  # fmt: skip


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_layers_stand_beside_what_is_asked_in_their_place(stack):
    """Each found layer is paired with the asked one it answers; what differs, lacks or is too much is marked."""
    found, states = stack
    assert [row.state for row in draw(found, ASKED, EN)] == states


def test_counted_layers_are_paired_in_any_order():
    """Of five convolutions asked and four found one is missing: it is shown where it would be added."""
    rows = draw(layers(), ("Conv2D × 5", "MaxPooling2D × 4", "Dense 10 softmax"), EN)
    assert [(row.asked, row.state) for row in rows if row.state != "same"] == [
        ("Conv2D", "missing"),
        ("", "free"),
        ("", "free"),
    ]
    assert [row.shape for row in rows][:2] == ["28×28×16", "14×14×16"]
    assert all(row.block.startswith("<svg") for row in rows)


def test_a_network_without_end_is_cut():
    """A student's network of ten thousand layers does not make a page of ten thousand rows."""
    assert len(draw([dense(1, "relu")] * 10_000, ASKED, EN)) <= 122


BAND = Band(reference="e", mean=0.98, spread=0.002, count=9, lower=0.97, clearly_below=0.96, upper=0.99, alpha=0.001)
FIGURES = {
    "agree": (AccuracyFacts(claimed=0.98, notebook=0.98, band=BAND), "figures agree"),
    "as usual": (AccuracyFacts(claimed=0.984, notebook=0.98, band=BAND), "no more than two trainings"),
    "too good": (AccuracyFacts(claimed=0.999, notebook=0.91, band=BAND), "by 0.089, more than chance"),
    "trained before": (AccuracyFacts(notebook=0.99, decisive=0.95, band=BAND), "goes on from the last weights"),
    "reproduced": (AccuracyFacts(notebook=0.98, decisive=0.981, band=BAND), "agree as well as"),
    "worse": (AccuracyFacts(notebook=0.9, decisive=0.981, band=BAND), "scored lower"),
}


@pytest.mark.parametrize("figures", FIGURES.values(), ids=FIGURES)
def test_a_difference_is_explained(figures):
    """Claimed, reproduced and retrained figures: each difference has its plain meaning."""
    facts, words = figures
    assert any(words in EN.say(sentence) for sentence in meanings(facts, comparable=True))


def test_a_preview_is_never_held_against_a_claim():
    """A claim from another data set or a longer training is called just that; in-kernel scores are not retrained."""
    facts = AccuracyFacts(claimed=0.99, notebook=0.5)
    (sentence,) = meanings(facts, comparable=False)
    assert "another training than this run" in sentence.text
    assert not meanings(replace(facts, claimed=None, decisive=0.9, evidence=Evidence.IN_KERNEL), comparable=True)


def test_claimed_reproduced_and_retrained_stand_on_one_axis(tmp_path):
    """All three figures have a lane of their own, with the band and the workbook's figure."""
    task = replace(task3(), accuracy=replace(task3().accuracy, claimed=0.9999))
    page = student_page(tmp_path, submission("a", tasks=(task,)))
    places = [page.text.index(words) for words in ("Claimed:", "Reproduced:", "Retrained:", "Band of example 3")]
    assert places == sorted(places)
    assert "0.9999" in page.text


def test_curves_show_the_reference_and_where_overfitting_starts(tmp_path):
    """The reference's trainings lie behind the student's, and a line marks the best epoch, with words."""
    history = {"loss": (0.9, 0.5, 0.3, 0.1), "val_loss": (0.8, 0.6, 0.7, 0.9), "accuracy": (0.5, 0.6, 0.7, 0.8)}
    facts = replace(task3().accuracy, history=history, reference_history={"loss": ((0.8, 1.0), (0.4, 0.6))})
    page = student_page(tmp_path, submission("a", tasks=(replace(task3(), accuracy=facts),)))
    assert page.source.count('class="behind"') == 1
    assert "overfitting after epoch 2" in page.text
    assert overfits_after({"loss": (0.9, 0.5), "val_loss": (0.8, 0.6)}) is None
    assert overfits_after({"loss": (None,), "val_loss": (None,)}) is None
    odd = learning_curve({"a": [1.0]}, "L", EN, behind=[(float("inf"), -1e300)], turn=1)
    assert "inf" not in odd


def judged(kind, found, advice="", verdict=Verdict.FAILED):
    """Return a finding."""
    text = Text(ru="", en="")
    return Finding(
        id="x", kind=kind, verdict=verdict, points=3, title=text, expected=text, found=msg(found), advice=msg(advice)
    )


LESSONS = {
    "one-unit-softmax": "criterion layer output-layer: Dense: units = 1, activation = sigmoid. ",
    "too-small": "error ValueError: Computed output size would be negative. Received ...",
    "test-data-in-training": "criterion training-data x: test rows among the training data: 10000. ",
    "evaluated-on-training-data": "criterion evaluated evaluated: only training data. ",
    "labels-and-loss": "error ValueError: Arguments `target` and `output` must have the same rank (ndim).",
    "regression-loss": "note: Cell 3 trains a classifier with mean_squared_error, which measures a distance between numbers",
    "not-normalised": "note: Cell 3 trains on pixels of 0…255: they were not divided by 255.",
    "input-shape": 'error ValueError: Input 0 of layer "dense" is incompatible with the layer: expected axis -1',
    "flatten": "error ValueError: Argument `output` must have rank (ndim) ... output.shape=(None, 26, 26, 10)",
    "older-keras": "error ValueError: Argument(s) not recognized: {'lr': 0.01}",
    "labels-mixed-up": "criterion training-data x: labels that belong to their rows, in percent: 10. ",
    "all-training-data": "criterion training-data x: validation_split = 0.1 sets part of the training data aside. ",
    "overfitting": "criterion accuracy-gap x: 0.3. ",
    "trained-twice": "note: Cell 5: this fit goes on from the weights of an earlier fit.",
    "run-all": "error NameError: name 'model' is not defined",
    "missing-file": "error FileNotFoundError: [Errno 2] No such file or directory: 'a.csv'",
    "example-first": "criterion example-run example: no run of the example was found. ",
    "varied": "criterion varied units: nothing. ",
    "misspelt-name": "error ValueError: Could not interpret activation function identifier: sofmax",
    "other-layers": "criterion layer-count convolutions: Conv2D layers: 4. ",
    "batches-and-epochs": "criterion batch-size batch: Batch size: 32. ",
    "optimizer": "criterion optimizer optimizer: Optimizer: Adam. ",
    "never-trained": "criterion trained trained: the model was never trained. ",
    "low-accuracy": "criterion accuracy accuracy: 0.91, the median of three trainings. ",
}  # fmt: skip


def test_every_lesson_is_called_for_by_something_real():
    """Each mistake of the list has its lesson, in the file's order, complete in both languages; none is left over."""
    assert [lesson.id for lesson in lessons()] == list(LESSONS)
    for name, line in LESSONS.items():
        assert name in [lesson.id for lesson in lessons_for([line])], name
    for lesson in lessons():
        for words in (lesson.title, lesson.text, lesson.example):
            assert re.search("[а-яё]", words.ru)
            assert words.en
            assert not re.search("[а-яё]", words.en)
    assert not lessons_for(["criterion : nothing. ", "note: all is well"])


def test_what_a_training_would_have_shown_is_not_taught_where_none_ran():
    """A criterion that fails because the model breaks teaches why it breaks, not what an accuracy is."""
    values = {"error": "ValueError", "message": "Computed output size would be negative."}
    broken = replace(judged("accuracy", ""), found=msg("the model fails with {error}: {message}", **values))
    assert [lesson.id for lesson in lessons_for([finding_line(broken)])] == ["too-small"]
    bare = judged("evaluated", "the model was built but never trained")
    assert [lesson.id for lesson in lessons_for([finding_line(bare)])] == ["never-trained"]


def test_every_kind_of_criterion_teaches_something():
    """Whatever is not passed has a lesson; that of training data depends on what was wrong with them."""
    without = {kind for kind in KINDS if not lessons_for([f"criterion {kind} x: something else. "])}
    assert without == {"training-data"}


def test_a_lesson_is_shown_once_and_linked_from_its_criteria(tmp_path):
    """Two criteria with one mistake point to one explanation, with the workbook's example."""
    findings = (judged("evaluated", "a"), judged("evaluated", "b"), judged("varied", "c", verdict=Verdict.PASSED))
    task = replace(task3(), findings=findings)
    page = student_page(tmp_path, submission("a", tasks=(task,), notebooks=()))
    assert page.values("id").count("lesson-evaluated-on-training-data") == 1
    assert page.values("href").count("#lesson-evaluated-on-training-data") == 2
    assert "In the workbook" in page.text
    assert lesson_of(task, findings[2]) is None
    assert lesson_of(replace(task, answer=None), findings[0]) is None, "nothing was found, so nothing was done wrong"


def test_the_lecturer_s_decision_is_shown_with_its_reason(tmp_path):
    """An override shows who, when, why, and the points that were given."""
    word = Override(
        task="task3", criterion="convolutions", verdict=Verdict.PASSED, points=5, because="Shown in class",
        author="prof", at="2026-03-07T10:00:00+00:00",
    )  # fmt: skip
    first = task3()
    findings = tuple(
        replace(one, override=word, verdict=Verdict.PASSED) if one.id == "convolutions" else one
        for one in first.findings
    )
    result = submission("a", tasks=(replace(first, findings=findings),))
    page = student_page(tmp_path, result)
    for words in ("Decided by the lecturer:", "Shown in class", "prof, March 7, 2026", "5 of 6"):
        assert words in page.text, words
    assert "decided" in flags(result, run())


def test_old_spellings_are_listed_with_today_s_and_where_colab_would_stop(tmp_path):
    """The page lists every use; with `note` the class page flags who used them."""
    uses = (
        LegacyFacts(old="decay=", write="", stops=False, cell=1),
        LegacyFacts(old="lr=", write="learning_rate=", cell=2),
    )
    first = submission("a").notebooks[0]
    notes = hints_of(Execution(notebook="a.ipynb", ending=Ending.COMPLETED, trace=Trace(legacy=uses)))
    result = submission("a", notebooks=(replace(first, legacy=uses, notes=notes),))
    page = student_page(tmp_path, result)
    assert "Your notebook would stop here in Colab today: in cell 2, at lr=. Write learning_rate=." in page.text
    assert "Old spellings that were understood here: 2" in page.text
    assert "legacy" in flags(result, run(legacy="note"))
    assert "legacy" not in flags(result, run())


ENDINGS = {
    Ending.COMPLETED: set(),
    Ending.EMPTY: set(),
    Ending.UNREADABLE: {"unreadable"},
    Ending.TIMED_OUT: {"stopped"},
    Ending.OUT_OF_MEMORY: {"stopped"},
    Ending.OUTPUT_LIMIT: {"stopped"},
    Ending.KERNEL_DIED: {"stopped"},
    Ending.SANDBOX_FAILED: {"not-run"},
    Ending.INTERNAL_ERROR: {"not-run"},
}


@pytest.mark.parametrize("ending", Ending)
def test_a_flag_says_what_became_of_a_notebook(ending):
    """A file that cannot be opened did not stop early, and a machine's fault is not a notebook's."""
    one = replace(submission("a").notebooks[0], ending=ending)
    found = flags(submission("a", notebooks=(one,)), run())
    assert {"unreadable", "stopped", "not-run"} & set(found) == ENDINGS[ending]


@pytest.mark.parametrize(
    ("decisive", "limit", "flagged"),
    [(0.9951, 0.9879, True), (0.9949, 0.9879, False), (0.9951, 0.9779, False), (None, 0.9879, False)],
)
def test_an_accuracy_above_the_band_is_flagged_where_it_must_be_that_network(decisive, limit, flagged):
    """A margin allows other networks: a better one than the example's is what such a task asks for."""
    band = Band(reference="x", mean=0.991, spread=0.001, count=20, lower=0.98795, clearly_below=0.984, upper=0.995,
                alpha=0.01)  # fmt: skip
    task = replace(task3(), accuracy=AccuracyFacts(decisive=decisive, limit=limit, band=band))
    assert ("above" in flags(submission("a", tasks=(task,)), run())) is flagged


def test_where_nothing_was_seen_no_model_is_said_to_be_missing(tmp_path):
    """Of an unreadable file nobody knows whether a model is in it."""
    findings = tuple(replace(one, verdict=Verdict.REVIEW) for one in task2().findings)
    page = student_page(tmp_path, submission("a", tasks=(replace(task2(), findings=findings, in_review=20),)))
    assert "No trained model was found" not in page.text
    without_criteria = submission("a", tasks=(replace(task2(), findings=()),))
    assert "No trained model was found" in student_page(tmp_path / "b", without_criteria).text


def test_that_no_model_was_found_is_said_once(tmp_path):
    """Where criteria stand, they say it."""
    assert "No trained model was found" not in student_page(tmp_path, submission("a", tasks=(task2(),))).text


def test_a_student_s_page_names_nobody_else(tmp_path):
    """Names, ids and figures of others are on the class page alone, also where models are shared."""
    names = [f"Person{number}" for number in range(6)]
    results = [submission(name, who=Person(id=f"id{name}", name=f"Name{name}", group="G7")) for name in names]
    render_run(run(), results, tmp_path, language="en")
    for name in names:
        page = (tmp_path / "students" / page_name(name)).read_text("utf-8")
        assert not [other for other in names if other != name and other in page]
    assert all(name in (tmp_path / "index.html").read_text("utf-8") for name in names)


def test_the_class_page_says_what_a_lecturer_asks(tmp_path):
    """Groups, flags, the review queue, spreads, mistakes, shared models and the run's facts are all there."""
    results = [replace(one, who=Person(group="AB"[n % 2])) for n, one in enumerate(cohort(8))]
    render_run(run(), results, tmp_path, language="en")
    text = re.sub(r"\s+", " ", Page(tmp_path / "index.html").text)
    for words in (
        "Group", "cells with errors", "Review queue (2)", "Submissions by points", "Common mistakes",
        "The image has become smaller than the filter", "ValueError", "Different models that answer tasks: 1.",
        "saved by sharing: 1,290", "Slowest notebook",
    ):  # fmt: skip
        assert words in text, words


def test_the_queue_puts_one_reason_together_and_the_dearest_first():
    """A submission that could not be read waits once, not once a criterion."""
    why = msg("could not be read")
    blind = replace(
        task3(),
        findings=tuple(replace(one, verdict=Verdict.REVIEW, found=why) for one in task3().findings),
    )
    queue = waiting([submission("a"), submission("b", tasks=(blind,))])
    assert [(one.result.student, one.points) for one in queue] == [("b", 30), ("a", 6)]


PRESCRIBED = tuple(f"{layer.kind} 1" for layer in layers() if layer.kind != "Flatten")


def test_models_are_shared_by_recipe():
    """Equal recipes are one model; answers that could not be rebuilt are nobody's."""
    other = replace(task3(), answer=replace(task3().answer, recipe="cd" * 32))
    bare = replace(task3(), answer=replace(task3().answer, recipe=""))
    results = [submission(name, tasks=(task3(),)) for name in "abc"]
    results += [submission("d", tasks=(other,)), submission("e", tasks=(bare,)), submission("f", tasks=(bare,))]
    shared, distinct = shared_models(results)
    assert [[one.student for one in model.students] for model in shared] == [["a", "b", "c"]]
    assert distinct == 2
    assert common_lessons(results)


@pytest.mark.parametrize(
    ("asked", "count", "alike", "flagged"),
    [
        ((), 12, 2, True),
        ((), 12, 4, False),
        ((), 9, 2, False),
        (("Conv2D × 4", "Dense 10 softmax"), 12, 2, True),
        (("Dense 10 softmax",), 12, 2, True),
        (PRESCRIBED, 12, 2, False),
    ],
)
def test_a_shared_model_is_rare_in_a_large_class_that_was_free_to_choose(asked, count, alike, flagged):
    """Few in ten answers, and of a task that does not say every layer itself."""
    mine = replace(task3(), expected_layers=asked)
    results = [
        submission(f"s{number}", tasks=(replace(mine, answer=replace(mine.answer, recipe=f"{max(number, alike)}")),))
        for number in range(1, count + 1)
    ]
    sharing = sharing_a_rare_one(shared_models(results)[0], results)
    assert sharing == ({f"s{number}" for number in range(1, alike + 1)} if flagged else set())


def test_the_columns_count_those_whose_points_are_all_decided(tmp_path):
    """As the median does; how many are left out is said."""
    whole = replace(task3(), in_review=0)
    sure = submission("sure", tasks=(task1(), task2(), whole))
    render_run(run(), [sure, submission("waits"), submission("waits too")], tmp_path, language="en")
    page = re.sub(r"\s+", " ", Page(tmp_path / "index.html").text)
    assert "left out, as not all is decided: 2" in page
    assert (tmp_path / "index.html").read_text("utf-8").count('class="column"') == 1 + 1  # and one of accuracies


def executed(out, student, cells):
    """Put an executed notebook into a run's record."""
    folder = out / "record" / "students" / student / "notebook-0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "executed.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))


def test_the_executed_notebook_marks_the_cell_that_failed(tmp_path):
    """Cells carry the numbers of the rest of the page, and the failing one says so."""
    cells = [
        {"cell_type": "markdown", "source": "# Title"},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"output_type": "stream", "text": ["1\n"]}]},
        {"cell_type": "code", "source": " "},
        {"cell_type": "code", "source": ["boom", "()"], "outputs": [{"output_type": "error", "traceback": ["Boom"]}]},
    ]
    executed(tmp_path, "a", cells)
    page = student_page(tmp_path, submission("a"))
    text = re.sub(r"\s+", " ", page.text)
    assert "Cell 2 · stopped with an error boom() Boom" in text
    assert "Cell 1 print(1) 1" in text


def test_a_warning_does_not_say_where_libraries_are_installed(tmp_path):
    """The machine's own folders are left out of what a cell printed."""
    text = "/srv/x/.venv/lib/python3.11/site-packages/keras/a.py:7: UserWarning: softmax over one unit"
    executed(
        tmp_path, "a", [{"cell_type": "code", "source": "1", "outputs": [{"output_type": "stream", "text": text}]}]
    )
    page = student_page(tmp_path, submission("a"))
    assert "site-packages/keras/a.py:7: UserWarning" in page.text
    assert "/srv" not in page.text


@pytest.mark.parametrize("content", [b"", b"[]", b'{"cells": 3}', b'{"cells": [3, null, {}]}', b"[" * 100_000, b"\xff"])
def test_a_broken_record_leaves_the_rest_of_the_page(tmp_path, content):
    """What is not a notebook is not shown."""
    executed(tmp_path, "a", [])
    (tmp_path / "record" / "students" / "a" / "notebook-0" / "executed.ipynb").write_bytes(content)
    assert "as it ran here" not in student_page(tmp_path, submission("a")).text


def test_a_page_is_made_again_only_when_something_has_changed(tmp_path):
    """The same records leave the file alone; another result, another notebook or another language do not."""
    page = tmp_path / "students" / "a.html"

    def stamp(result, language="en"):
        render_run(run(), [result], tmp_path, language=language)
        return page.stat().st_ino

    first = stamp(submission("a"))
    assert stamp(submission("a")) == first
    second = stamp(submission("a", tasks=(task1(),)))
    assert second != first
    executed(tmp_path, "a", [{"cell_type": "code", "source": "1"}])
    third = stamp(submission("a", tasks=(task1(),)))
    assert third != second
    assert stamp(submission("a", tasks=(task1(),)), "ru") != third


def test_markdown_is_short_and_obeys_nobody(tmp_path):
    """A comment for an LMS: points, what was missed, what to mend first; a student's text stays text."""
    sample = tuple(replace(data, edition="sample") for data in run().datasets)
    folder = render_markdown(
        run(profile="quick", datasets=sample), [submission("a"), hostile_submission()], tmp_path, language="en"
    )
    text = (folder / "a.md").read_text("utf-8")
    assert "38 of 70" in text
    assert "not passed: Convolutional layers" in text
    assert "1. Task 2 · Batch size: " in text  # advice that two tasks share is not said twice alike
    assert "preview" in text
    assert "Offline samples stand in for: mnist." in text
    assert len(text) < 2_000
    hostile = (folder / page_name(HOSTILE, ".md")).read_text("utf-8")
    assert "<script" not in hostile.replace("\\<", "")


def test_a_pdf_without_a_browser_says_what_to_install(tmp_path, monkeypatch):
    """The lecturer reads how to get Chromium."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(MachineError, match="apt-get install chromium"):
        render_pdf([], tmp_path)
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(MachineError, match="did not print"):
        render_pdf([], tmp_path)


@pytest.mark.slow
def test_pages_are_printed_by_a_real_browser(tmp_path):
    """The class and each student become PDF files."""
    from grader.report import find_chromium

    if find_chromium() is None:
        pytest.skip("no Chromium here: sudo apt-get install chromium")
    results = [submission("a", tasks=(task1(), task2()))]
    render_run(run(), results, tmp_path, language="ru")
    assert render_pdf(results, tmp_path).read_bytes().startswith(b"%PDF-")
    pdf = tmp_path / "students" / "a.pdf"
    assert pdf.read_bytes().startswith(b"%PDF-")
    before = pdf.stat().st_mtime_ns
    render_run(run(), results, tmp_path, language="ru")
    render_pdf(results, tmp_path)
    assert pdf.stat().st_mtime_ns == before, "the page is the same, so it is not printed again"
    render_run(run(), results, tmp_path, language="en")
    render_pdf(results, tmp_path)
    assert pdf.stat().st_mtime_ns > before


@pytest.mark.slow
def test_three_hundred_notebooks_take_seconds(tmp_path):
    """A class of 300 with executed notebooks is rendered in a moment, and again in less."""
    lines = "".join(f"{n}/938 \x1b[32m━━━\x1b[0m 1s - accuracy: 0.9{n % 10} - loss: 0.1\n" for n in range(200))
    cell = {
        "cell_type": "code",
        "source": "model.fit(x, y)\n" * 10,
        "outputs": [{"output_type": "stream", "text": lines}],
    }
    results = cohort(300)
    for result in results:
        executed(tmp_path, result.student, [cell] * 15)
    begun = processor_time()
    render_run(run(), results, tmp_path, language="ru")
    first, begun = processor_time() - begun, processor_time()
    render_run(run(), results, tmp_path, language="ru")
    again = processor_time() - begun
    assert first < 60, "15 seconds on two quiet cores"
    assert again < first
    assert EXAMPLE3.count == 20
