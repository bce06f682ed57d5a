"""Trains for notebooks while they run: a ``fit`` in a kernel is answered by the trainer, once per distinct recipe.

The kernel can only ask. Its request is the two events it also writes to the trace, read by the same code and written
as a recipe by the same code; its answer is a training that anybody with this recipe gets. Of the test split it learns
nothing but what a validation over many of its rows tells.
"""

from grader.delegate.helper import Delegate
from grader.delegate.quota import Quota

__all__ = ["Delegate", "Quota"]
