"""A student's look at their own models, in their own notebook, before handing in.

::

    from grader import selfcheck           # in the first cell: then it sees every training

    selfcheck("task3", model)              # the model
    selfcheck("task3", model, history)     # and how it was trained
    selfcheck.all()                        # every model of this session, and which task each answers

The same criteria and words as the grader's. Nothing is stored, sent or downloaded. The module itself can be called.
This file must be readable for any Python 3, so that an old one can be told what is wrong.
"""

import importlib.util
import sys
import types

if sys.version_info < (3, 11):  # noqa: UP036 - with pip's checks switched off it can be an older one
    raise ImportError(
        "Самопроверке нужен Python 3.11 или новее, а здесь Python {0}.{1}. "
        "Откройте тетрадь в Google Colab или установите новый Python: https://www.python.org/downloads/\n"
        "The self-check needs Python 3.11 or newer, and this is Python {0}.{1}. "
        "Run the notebook in Google Colab, or install a newer Python: https://www.python.org/downloads/".format(
            *sys.version_info[:2]
        )
    )

missing = [name for name in ("babel", "numpy", "platformdirs", "pydantic") if importlib.util.find_spec(name) is None]
if missing:  # pip was called with --no-deps, outside of Colab
    raise ImportError(
        "Самопроверке нужно то, что здесь не установлено. Выполните: pip install {0}, затем перезапустите ядро.\n"
        "The self-check needs what is not installed here. Run: pip install {0}, then restart the kernel.".format(
            " ".join(missing)
        )
    )

from grader.selfcheck.ask import check, check_all  # noqa: E402 - only where all of that is there
from grader.selfcheck.watch import begin  # noqa: E402

__all__ = ["all", "check", "check_all"]


def all(*, lang="ru"):  # type: ignore[no-untyped-def]  # noqa: A001, ANN001, ANN201
    """Show which task each model of this session answers, and what is not yet as asked."""
    from grader.selfcheck.show import show

    show(check_all(lang=lang))


class _Callable(types.ModuleType):
    def __call__(self, task=None, model=None, history=None, *, lang="ru"):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        """Show what the grader will find in ``model``, as an answer to ``task``.

        Args:
            task: Such as ``"task3"``, or its number.
            model: A Keras model; without one, the model of this session that fits best.
            history: What ``model.fit`` returned; found by itself where the model still knows it.
            lang: ``ru`` or ``en``.
        """
        from grader.selfcheck.show import show

        show(check(task, model, history, lang=lang))


sys.modules[__name__].__class__ = _Callable
begin()
