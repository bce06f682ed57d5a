"""Whether a notebook runs in a kernel that has imported TensorFlow before it as in one that has not."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORTS = re.compile(rb"\b(tensorflow|keras)\b")
BEFORE_IMPORT = re.compile(
    rb"environ|putenv|getenv|setenv|%\s*(set_)?env\b|magic\W+(set_)?env\b|dotenv|keras\.json"
    rb"|\b(KERAS|TF|XLA|CUDA|OMP|MKL|ONEDNN)_|sys\.modules|sys\.path|importlib|reload|meta_path|backend\s*="
    rb"|tensorflow_version"
)
"""What may change what an import does: environment variables above all. Found in text or outputs too, which costs a
few seconds and nothing else. Whoever writes them so that they are not found is sealed in the same way, in a kernel that
has imported TensorFlow before."""
_MOST_BYTES = 8 << 20
"""Of a notebook that is looked at here, outside the wall; the few that are larger lose seconds at most."""


def suits_warm_kernel(notebook: Path) -> bool:
    """Tell whether a notebook imports TensorFlow or Keras and does nothing that counts only before that."""
    try:
        with notebook.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError:
        return False
    if len(content) > _MOST_BYTES:
        return False
    return bool(_IMPORTS.search(content)) and not BEFORE_IMPORT.search(content)
