"""A Ray cluster: notebooks are tasks with a processor each, trainers are actors with a share of a GPU.

What runs where, and again where a node is lost, is Ray's to say. The process that grades keeps order, ledger and
verdicts; when it is lost itself, ``grader resume`` goes on as after any interruption.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from grader.delegate import Delegate
from grader.engine.base import Engine, EngineConfig
from grader.engine.payload import pack, run_payload, unpack
from grader.errors import GraderError, MachineError, UsageError
from grader.execute import Helper, Job
from grader.records import Execution, msg

if TYPE_CHECKING:
    from grader.engine.actors import SchedulerClient, TrainerResources

_PER_GPU = 4
"""Trainers that share a GPU."""
_RETRIES = 5
_CONNECT_SECONDS = 10
_AT_ONCE = 1_000
"""Who may wait for the scheduler: a notebook for its training, the grader for another."""
_MISSING = msg(
    "--engine ray needs Ray in the Python that runs the grader; in its checkout: pip install -e '.[cluster]'"
)


@contextmanager
def ray_engine(config: EngineConfig, address: str | None) -> Iterator[Engine]:
    """Yield the engine of a Ray cluster; its actors end with the block.

    Args:
        config: What the run has in common.
        address: As ``ray.init`` takes it, ``auto`` for the cluster this machine belongs to; None starts one here.

    Raises:
        UsageError: There is no such cluster, or a device is not written as a cluster takes it.
        MachineError: Ray is missing, or no node has a GPU where one is asked for.
    """
    ray = _connected(address)
    try:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        from grader.engine.actors import SchedulerClient, TrainingScheduler

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        scheduler = SchedulerClient(
            ray.remote(TrainingScheduler)
            .options(num_cpus=0, max_concurrency=_AT_ONCE, max_restarts=3, max_task_retries=3, scheduling_strategy=here)
            .remote(config, _trainer_resources(config, ray.cluster_resources()))
        )
        slots = config.jobs or max(1, int(ray.cluster_resources().get("CPU", 1)))
        yield Engine(run=_runner(ray, scheduler), trainer=scheduler, platform=scheduler.platform(), slots=slots)
    finally:
        ray.shutdown()


def _connected(address: str | None) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise MachineError(_MISSING) from None
    ending = signal.getsignal(signal.SIGTERM)
    try:
        _require_listener(address)
        ray.init(address=address, log_to_driver=False, logging_level="error", **({} if address else _ALONE))
    except (OSError, ValueError, RuntimeError) as fault:
        text = msg(
            "--address {address}: no Ray cluster answers there ({why}); start one with `ray start --head`",
            address=address or "-",
            why=str(fault),
        )
        raise UsageError(text) from None
    if ending is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, ending)  # a node that Ray starts here puts one of its own in its place
    return ray


def _require_listener(address: str | None) -> None:
    """Raise OSError where nobody listens: Ray itself would go on trying for minutes."""
    host, _, port = (address or "").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()


_ALONE: dict[str, Any] = {"include_dashboard": False}


def _trainer_resources(config: EngineConfig, resources: dict[str, float]) -> TrainerResources:
    from grader.engine.actors import TrainerResources

    gpus = int(resources.get("GPU", 0))
    if config.device.startswith("gpu:"):
        raise UsageError(
            msg(
                "--device {device}: with --engine ray, Ray chooses the GPUs; write gpu, cpu or auto",
                device=config.device,
            )
        )
    if config.device == "gpu" and not gpus:
        raise MachineError(msg("--device gpu: no node of this cluster offers Ray a GPU; see `ray status`"))
    if gpus and config.device != "cpu":
        return TrainerResources(trainers=_PER_GPU * gpus, gpus=1 / _PER_GPU)
    return TrainerResources(trainers=max(1, int(resources.get("CPU", 1))))


def _runner(ray: Any, scheduler: SchedulerClient) -> Callable[[Job, Helper | None], Execution]:
    """Return what runs a notebook as a task; Ray starts it again elsewhere when its node is lost."""
    task = ray.remote(run_payload).options(num_cpus=1, max_retries=_RETRIES)

    def run(job: Job, helper: Helper | None) -> Execution:
        # Whoever serves the notebook runs beside it, and asks the scheduler.
        beside = None if helper is None else replace(cast("Delegate", helper), trainer=scheduler)
        chosen = task.options(num_gpus=1 / _PER_GPU) if job.gpu else task
        try:
            return unpack(ray.get(chosen.remote(pack(job), beside)), job)
        except ray.exceptions.RayTaskError as fault:
            if isinstance(fault.cause, GraderError):
                raise fault.cause from None
            raise
        except ray.exceptions.RayError as loss:
            text = msg(
                "the cluster lost the nodes that ran {notebook}, {count} times ({why}); `grader resume` goes on when "
                "they are back",
                notebook=job.notebook.name,
                count=_RETRIES,
                why=str(loss),
            )
            raise MachineError(text) from None

    return run
