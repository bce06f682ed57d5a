"""Why nothing can be checked here: one sentence, and the command that mends it."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from grader.records import Message, msg

_KERAS = 3
_INSTALL = 'pip install --upgrade "tensorflow>=2.16"'


def obstacle(model: Any = None) -> Message | None:
    """Return what is wrong with this session's Keras, or with the model of another one; None when all is well."""
    root = _root(model)
    if root == "tf_keras" or root.startswith("tensorflow"):
        return msg(
            "The model comes from {found}, and the workbook is graded with Keras 3. Import keras instead, take "
            "TF_USE_LEGACY_KERAS out of the notebook, restart the kernel and run all cells.",
            found="tf_keras" if root == "tf_keras" else "tensorflow.python.keras",
        )
    keras = sys.modules.get("keras")
    version = str(getattr(keras, "__version__", ""))
    if version and int(version.partition(".")[0]) < _KERAS:
        return msg(
            "This is Keras {found}, and the workbook is graded with Keras 3. Run: {command}, then restart the kernel.",
            found=version,
            command=_INSTALL,
        )
    if keras is None and importlib.util.find_spec("tensorflow") is None and importlib.util.find_spec("keras") is None:
        return msg("TensorFlow is not installed here. Run: {command}, then restart the kernel.", command=_INSTALL)
    return None


def _root(model: Any) -> str:
    """Return the package that the model's own Keras class comes from; empty when it is no model at all."""
    for cls in type(model).__mro__:
        module = cls.__module__
        if cls.__name__ == "Model" and (module.startswith(("tf_keras", "tensorflow.python.keras", "keras"))):
            return module if module.startswith("tensorflow") else module.partition(".")[0]
    return ""
