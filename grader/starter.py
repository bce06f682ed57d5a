"""Starter notebooks: the question, an empty place for the answer, and the self-check."""

from __future__ import annotations

import json
from typing import Any

from grader.language import Language
from grader.records import Message, msg
from grader.workbook import Task, Workbook


def starter(workbook: Workbook, task: Task, language: Language, install: str = "") -> str:
    """Return a notebook (nbformat 4.5, JSON) for one task; criteria that show after grading only are not told.

    ``install`` is what pip gets the self-check from; that of the workbook by default.
    """
    say = language.say
    cells = [
        _markdown(f"# {say(task.title)}\n\n{say(workbook.title)}\n\n{_asked(task, language)}"),
        _code(
            f"{_installing(install or workbook.install, language)}\n"
            "from grader import selfcheck\n\n"
            "import keras\n"
            "from keras import layers"
        ),
    ]
    if task.example is not None:
        example = next(one for one in workbook.references if one.id == task.example.reference)
        cells += [
            _markdown(
                f"## {say(example.title)}\n\n{say(msg('Type in the worked example of the workbook and run it.'))}"
            ),
            _code(""),
        ]
    cells += [
        _markdown(f"## {say(msg('Your solution'))}\n\n{say(_HINT)}"),
        _code(""),
        _markdown(f"## {say(msg('Check yourself'))}\n\n{say(_CHECK)}"),
        _code(f'selfcheck("{task.id}", model, history, lang="{language.code}")'),
    ]
    notebook = {
        "cells": [{**cell, "id": f"{task.id}-{number}"} for number, cell in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


_HINT: Message = msg(
    "Name the model `model`, and what `model.fit` returns `history`. Use as many cells as you like; they must run from "
    "top to bottom in a fresh kernel."
)
_CHECK: Message = msg("Nothing is stored or sent. Run all cells again before you hand in.")


def _installing(install: str, language: Language) -> str:
    """Return comments that say how the self-check is installed: never by a name, which anybody could register."""
    if not install:
        return f"# {language.t('Where the self-check is not installed yet, ask your lecturer for the command.')}"
    once = language.t("Once, where the self-check is not installed yet, without the # in front:")
    return f"# {once}\n# %pip install --no-deps {install}"


def _asked(task: Task, language: Language) -> str:
    shown = [criterion for criterion in task.criteria if criterion.show == "always"]
    titles = [(language.say(one.title or one.default_title), one.points) for one in shown]
    lines = [
        f"- {title[:1].upper()}{title[1:]} ({language.say(msg('points: {points}', points=points))})"
        for title, points in titles
    ]
    return "\n".join([language.say(msg("What is looked at:")), "", *lines])


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }
