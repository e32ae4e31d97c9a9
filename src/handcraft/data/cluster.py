# SPDX-License-Identifier: Apache-2.0
"""Renders on a Ray cluster: the same batches, as Ray tasks, in the order they were asked for.

Samples depend on (config, seed, number) only, so where they are rendered changes no byte. What a task sends back are
encoded files; the process that asked writes them, which needs no folder that all machines share.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

import torch

from handcraft.errors import HandcraftError


@contextmanager
def ray_processes(workers: int) -> Iterator["RayExecutor"]:
    """An executor whose workers are Ray's: those of the cluster that ``RAY_ADDRESS`` names, else of this machine.

    Args:
        workers: how many at once on this machine; 0 takes one per core. A cluster decides by itself.

    Raises:
        HandcraftError: Ray is not installed, or there is no cluster where ``RAY_ADDRESS`` says.
    """
    try:
        import ray
    except ImportError as error:
        raise HandcraftError(
            "Expected Ray for `cluster ray`, but it is not installed; pip install 'handcraft[ray]', or leave the "
            "option out and use `workers`."
        ) from error
    began = not ray.is_initialized()
    if began:
        _begin(ray, workers)
    try:
        yield RayExecutor(ray)
    finally:
        if began:
            ray.shutdown()


def _begin(ray: Any, workers: int) -> None:  # noqa: ANN401 (a module that need not be there)
    on_cluster = bool(os.environ.get("RAY_ADDRESS"))
    options = {} if on_cluster else {"num_cpus": workers or None, "include_dashboard": False}
    try:
        ray.init(log_to_driver=False, logging_level="ERROR", **options)
    except ConnectionError as error:
        raise HandcraftError(
            f"Expected a Ray cluster at RAY_ADDRESS={os.environ['RAY_ADDRESS']}, but none answers; start it (`ray "
            "start`) or unset RAY_ADDRESS to use this machine."
        ) from error


class RayExecutor(Executor):
    """``concurrent.futures`` on Ray: what is submitted runs as a task of one CPU."""

    def __init__(self, ray: Any) -> None:  # noqa: ANN401 (a module that need not be there)
        self._task = ray.remote(num_cpus=1)(_on_one_thread)
        self.workers = max(1, int(ray.cluster_resources().get("CPU", 1)))

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
        """Start ``function`` on a worker; the future has its result or its error."""
        return self._task.remote(function, arguments, named).future()


def _on_one_thread(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:  # noqa: ANN401
    torch.set_num_threads(1)  # one task, one core; sums of floats are then the same as in every other worker
    return function(*arguments, **named)
