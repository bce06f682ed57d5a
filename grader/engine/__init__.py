"""Where notebooks run and recipes are trained: on this machine, or on a Ray cluster. Everything else stays as it is.

The order of stages, the ledger and every verdict belong to the process that grades; an engine is lent a notebook or a
recipe and gives back an execution or a training. So engines can be told apart by their speed only.
"""

from grader.engine.base import Engine, EngineConfig
from grader.engine.local import local_engine

__all__ = ["Engine", "EngineConfig", "local_engine"]
