"""A run's grades, handed back in the formats of LMSs: one module a system.

What is handed back is decided in one place, :func:`grades_of`; every export ends in an :class:`Account` of what it
sets, leaves and refuses. Reading what LMSs hand out is :mod:`grader.collect`.
"""

from grader.exchange.account import Account, ExportOptions, Outcome, SkipReason
from grader.exchange.grades import Grade, grades_of

__all__ = ["Account", "ExportOptions", "Grade", "Outcome", "SkipReason", "grades_of"]
