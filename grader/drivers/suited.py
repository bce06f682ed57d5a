"""Whether a notebook runs in a kernel that has imported TensorFlow before it as in one that has not."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORTS = re.compile(rb"\b(tensorflow|keras)\b")
_BEFORE_IMPORT = re.compile(
    rb"environ|putenv|getenv|%\s*(set_)?env\b|\b(KERAS|TF|XLA|CUDA|OMP|MKL|ONEDNN)_|sys\.modules|sys\.path|importlib"
    rb"|reload|meta_path|backend\s*=|tensorflow_version"
)
"""What may change what an import does: environment variables above all. Found in text or outputs too, which costs a
few seconds and nothing else."""


def suits_ahead(notebook: Path) -> bool:
    """Tell whether a notebook imports TensorFlow or Keras and does nothing that counts only before that."""
    try:
        content = notebook.read_bytes()
    except OSError:
        return False
    return bool(_IMPORTS.search(content)) and not _BEFORE_IMPORT.search(content)
