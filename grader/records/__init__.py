"""The frozen values that pass between stages and come across the wall.

Standard library only: every stage, the reports and the tests share these words. The wire format of the probe's
trace is these field names as JSON, one event a line (see ``grader/trace.py``).
"""

from grader.records.closed import CellStatus, Ending, Evidence, Stage, Status, TrainingOutcome, Verdict
from grader.records.judging import (
    AccuracyFacts,
    Answer,
    Finding,
    NotebookSummary,
    Override,
    RunFacts,
    SubmissionResult,
    TaskResult,
)
from grader.records.metrics import accuracy_among
from grader.records.notebook import (
    ArrayFacts,
    CallbackFacts,
    CellOutcome,
    CompileFacts,
    EvaluateFacts,
    Execution,
    FailureFacts,
    FitFacts,
    LabelFacts,
    LayerFacts,
    LegacyFacts,
    Limits,
    ModelFacts,
    NoteFacts,
    PredictionFacts,
    RowFacts,
    Trace,
)
from grader.records.people import Delivery, Person, goes_by, label_of
from grader.records.rows import MOST_ROWS, row_numbers
from grader.records.training import Band, DataSet, Platform, Profile, Recipe, Training, TrainingLimits
from grader.records.words import PLACE, Message, Sentence, Text, Words, joined, msg

__all__ = [
    "MOST_ROWS",
    "PLACE",
    "AccuracyFacts",
    "Answer",
    "ArrayFacts",
    "Band",
    "CallbackFacts",
    "CellOutcome",
    "CellStatus",
    "CompileFacts",
    "DataSet",
    "Delivery",
    "Ending",
    "EvaluateFacts",
    "Evidence",
    "Execution",
    "FailureFacts",
    "Finding",
    "FitFacts",
    "LabelFacts",
    "LayerFacts",
    "LegacyFacts",
    "Limits",
    "Message",
    "ModelFacts",
    "NoteFacts",
    "NotebookSummary",
    "Override",
    "Person",
    "Platform",
    "PredictionFacts",
    "Profile",
    "Recipe",
    "RowFacts",
    "RunFacts",
    "Sentence",
    "Stage",
    "Status",
    "SubmissionResult",
    "TaskResult",
    "Text",
    "Trace",
    "Training",
    "TrainingLimits",
    "TrainingOutcome",
    "Verdict",
    "Words",
    "accuracy_among",
    "goes_by",
    "joined",
    "label_of",
    "msg",
    "row_numbers",
]
