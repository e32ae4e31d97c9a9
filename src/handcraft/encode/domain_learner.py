# SPDX-License-Identifier: Apache-2.0
"""Trains a classifier to tell domains apart: what it confuses looks alike to it.

Which images a step sees and how they are turned follows from (seed, step) alone; every batch has as many images of each
domain, so that a larger one is not guessed for its size.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from jaxtyping import Float, Int64
from torch import Tensor

from handcraft.data import contact_sheet, picture_from_image, whole_scale
from handcraft.encode.domain_config import DomainConfig
from handcraft.encode.domain_networks import make_domain_network
from handcraft.encode.domains import Domains
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.training import batch_indices, process_slice
from handcraft.training.schedule import learning_rate_at, set_learning_rate

KIND = "domain-classifier"
TURN_STREAM, ORDER_STREAM = 1, 2
"""The order of domain d has stream ``ORDER_STREAM + d``."""
DRAWN_SAMPLES = 12


class DomainLearner:
    """Learns ``config`` from ``domains``; a ``training.Learner``."""

    kind = KIND

    def __init__(self, domains: Domains, config: DomainConfig, accelerator: Accelerator) -> None:
        if config.batch_size < len(domains.names):
            raise HandcraftError(
                f"Expected `batch_size` to be at least {len(domains.names)}, one image of each domain, but got "
                f"{config.batch_size}."
            )
        self.domains, self.config, self.accelerator = domains, config, accelerator
        self.rows = [(domains.labels == label).nonzero()[:, 0] for label in range(len(domains.names))]
        self.steps = config.loop_for(len(domains)).steps
        network, self.name = make_domain_network(config, len(domains.names))
        optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        self.network = network.to(accelerator.device)
        self.wrapped, self.optimiser = accelerator.prepare(self.network, optimiser)

    def step(self, step: int) -> dict[str, float]:
        """Train on the batch of ``step``."""
        rate = learning_rate_at(step, steps=self.steps, peak=self.config.learning_rate, schedule=self.config.schedule)
        set_learning_rate(self.optimiser, rate)
        images, labels = self._batch(step)
        self.network.train()
        logits = self.wrapped(images).float()
        loss = F.cross_entropy(logits, labels)
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.optimiser.step()
        return {"loss": loss.item(), "accuracy": (logits.argmax(1) == labels).float().mean().item()}

    def _batch(self, step: int) -> tuple[Float[Tensor, "batch 3 s s"], Int64[Tensor, " batch"]]:
        """This process's share of the batch."""
        config, each = self.config, self.config.batch_size // len(self.rows)
        chosen = torch.stack([
            rows[batch_indices(len(rows), each, seed=config.seed, stream=ORDER_STREAM + label, step=step)]
            for label, rows in enumerate(self.rows)
        ], 1).flatten()  # fmt: skip
        mine = process_slice(
            chosen, process_index=self.accelerator.process_index, num_processes=self.accelerator.num_processes
        )
        images = self.domains.images[mine].float() / 255
        if config.turned:
            generator = generator_for(config.seed, TURN_STREAM, step, self.accelerator.process_index)
            images = turned(images, torch.randint(8, (len(mine),), generator=generator))
        return images.to(self.accelerator.device), self.domains.labels[mine].to(self.accelerator.device)

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimiser and the domains' names, which a classifier answers with."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "names": list(self.domains.names),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` gave.

        Raises:
            ValueError: a state of other domains.
        """
        if tuple(state["names"]) != self.domains.names:
            raise ValueError(f"its domains are {state['names']}, not {list(self.domains.names)}")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Training images by what the classifier takes them for now, a row per domain; its errors stand out."""
        self.network.eval()
        shown = torch.cat([rows[: DRAWN_SAMPLES * len(self.rows)] for rows in self.rows])
        images = self.domains.images[shown].float() / 255
        taken_for = self.network(images.to(self.accelerator.device)).argmax(1).cpu()
        scale = whole_scale(images.shape[-1])
        rows = [
            [picture_from_image(image, scale=scale) for image in images[taken_for == label][:DRAWN_SAMPLES]]
            for label in range(len(self.domains.names))
        ]
        titles = [f"taken for {name}" for name in self.domains.names]
        found = [(row, title) for row, title in zip(rows, titles, strict=True) if row]
        contact_sheet([row for row, _ in found], row_titles=[title for _, title in found]).save(path, format="PNG")


def turned(
    images: Float[Tensor, "batch 3 side side"], turns: Int64[Tensor, " batch"]
) -> Float[Tensor, "batch 3 side side"]:
    """Each image by one of the square's eight symmetries: quarter turns (0 to 3), and these of its mirror image."""
    moved = [torch.rot90(image.flip(-1) if turn >= 4 else image, turn % 4, (-2, -1))
             for image, turn in zip(images, turns.tolist(), strict=True)]  # fmt: skip
    return torch.stack(moved)
