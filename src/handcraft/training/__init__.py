# SPDX-License-Identifier: Apache-2.0
"""The loop, checkpoints and the run folder: what training has in common, whatever is trained."""

from handcraft.training.batches import batch_indices, process_slice
from handcraft.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from handcraft.training.devices import Device, Precision, make_accelerator
from handcraft.training.loop import DivergenceError, Learner, LoopConfig, ValidatingLearner, train
from handcraft.training.run_folder import RunFolder
from handcraft.training.seeding import forked_rng
from handcraft.training.session import session_of
from handcraft.training.single_network import SingleNetwork

__all__ = [
    "Checkpoint", "Device", "DivergenceError", "Learner", "LoopConfig", "Precision", "RunFolder", "SingleNetwork",
    "ValidatingLearner", "batch_indices", "forked_rng", "load_checkpoint", "make_accelerator", "process_slice",
    "save_checkpoint", "session_of", "train",
]  # fmt: skip
