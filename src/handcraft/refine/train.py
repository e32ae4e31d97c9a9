# SPDX-License-Identifier: Apache-2.0
"""Trains a refiner of any kind into a run folder: the whole stage in one call."""

from pathlib import Path

from handcraft.data import PreparedSet
from handcraft.refine.kinds import RefinerConfig, kind_of
from handcraft.refine.refiner import Refiner
from handcraft.training import Device, RunFolder, make_accelerator, train


def train_refiner(
    rendered: PreparedSet,
    photographs: PreparedSet,
    config: RefinerConfig,
    run_path: Path,
    *,
    resume: bool = False,
    device: Device = "auto",
    progress: bool = True,
) -> Refiner:
    """Train on unpaired crops of both domains, write the run folder ``run_path``, and return the refiner.

    The type of ``config`` decides the kind. With ``resume``, a run that is already there goes on, and ends as if it had
    never stopped; only ``config.loop`` may differ then.

    Raises:
        HandcraftError: unsuitable crops, a folder in use, a changed configuration, a full disk, a loss that is no
            number.
    """
    accelerator = make_accelerator(device, config.precision)
    learner = kind_of(config).learner(rendered, photographs, config, accelerator)
    run = RunFolder.create(
        run_path,
        stage="refine",
        config=config.without_loop(),
        seed=config.seed,
        inputs={"rendered": _named(rendered), "photographs": _named(photographs)},
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop, run, resume=resume, progress=progress)
    accelerator.wait_for_everyone()
    return Refiner.load(run.path, device=str(accelerator.device))


def _named(images: PreparedSet) -> dict[str, str | int | bool]:
    return {"source": images.source, "images": len(images), "size_px": images.size, "is_real": images.is_real}
