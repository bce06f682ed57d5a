"""Recorded trainings: the bands they give, and how often the rule is wrong about them."""

from __future__ import annotations

from grader.reference.band import FEWEST, band_of
from grader.reference.bands import Bands
from grader.reference.chances import Chances, alpha_for, chances
from grader.reference.record import (
    ReferenceRecord,
    add_training,
    load_record,
    load_records,
    place_of,
    record_path,
    refused,
    unlike,
    write_record,
)
from grader.reference.resampled import resampled
from grader.reference.trials import TrialCounts, against, held_out, interval

__all__ = [
    "FEWEST",
    "Bands",
    "Chances",
    "ReferenceRecord",
    "TrialCounts",
    "add_training",
    "against",
    "alpha_for",
    "band_of",
    "chances",
    "held_out",
    "interval",
    "load_record",
    "load_records",
    "place_of",
    "record_path",
    "refused",
    "resampled",
    "unlike",
    "write_record",
]
