"""What grades here: versions, data, seal. Grades of different ones are not to be compared."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping

from grader.records import DataSet, Platform

_DECISIVE = ("grader", "keras", "tensorflow")
"""Of the versions, those that may change a trace or an accuracy."""


def versions() -> dict[str, str]:
    """Return the versions of what grades here, without importing any of it."""
    names = {"grader": "workbook-grader", "keras": "keras", "nbclient": "nbclient", "ipykernel": "ipykernel"}
    found = {short: version_of(name) for short, name in names.items()}
    found["tensorflow"] = version_of("tensorflow") or version_of("tensorflow-cpu")
    return {name: version for name, version in found.items() if version}


def decisive_versions() -> dict[str, str]:
    """Return the versions of what may change a trace or an accuracy."""
    return {name: version for name, version in versions().items() if name in _DECISIVE}


def platform_versions(platform: Platform) -> dict[str, str]:
    """Return device class, backend, and the backend's version, of what trains here."""
    found = {"device": platform.device, "backend": platform.backend}
    if platform.backend != "tensorflow":  # which is among the versions already: kernels run on it
        found[platform.backend] = version_of(platform.backend)
    return found


def version_of(package: str) -> str:
    """Return an installed package's version; empty when it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def conditions_of(datasets: Mapping[str, DataSet], seal: str, platform: Platform) -> dict[str, str]:
    """Return the conditions of grading in words that can be shown and compared."""
    data = {f"data {one.name}": f"{one.edition} {one.fingerprint[:12]}" for one in datasets.values()}
    return decisive_versions() | platform_versions(platform) | data | {"seal": seal}
