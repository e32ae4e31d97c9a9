# SPDX-License-Identifier: Apache-2.0
"""A trained domain classifier: images in, the domain each seems to be from out (seed 002, tables II and III)."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from handcraft.encode.domain_config import DomainConfig
from handcraft.encode.domain_learner import KIND, DomainLearner
from handcraft.encode.domain_networks import make_domain_network
from handcraft.encode.domains import Domains
from handcraft.errors import HandcraftError
from handcraft.networks.weight_files import file_hash
from handcraft.training import RunFolder, load_checkpoint, make_accelerator, train

CHUNK = 64
"""Images classified at a time, so that memory does not grow with the request."""


class DomainClassifier:
    """Tells domains apart. The answer for an image does not depend on the images beside it."""

    def __init__(
        self,
        state: Mapping[str, Tensor],
        config: DomainConfig,
        names: Sequence[str],
        *,
        device: str | torch.device = "cpu",
    ) -> None:
        """Build the network of ``config`` with the weights ``state``; a RuntimeError says that they do not fit."""
        network, _ = make_domain_network(dataclasses.replace(config, weights=None), len(names))
        network.load_state_dict(state)
        self.network, self.config, self.names = network.to(device).eval(), config, tuple(names)

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu") -> "DomainClassifier":
        """The classifier of a run folder or of a checkpoint file; the weights it started from are not needed.

        Raises HandcraftError when there is none, or when it is damaged or of another kind.
        """
        path = Path(path)
        file = RunFolder.open(path).checkpoint if path.is_dir() else path
        checkpoint = load_checkpoint(file, kind=KIND)
        learner = checkpoint.state["learner"]
        try:
            return cls(learner["network"], DomainConfig.from_json(checkpoint.config), learner["names"], device=device)
        except (RuntimeError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise HandcraftError(f"Expected {file} to fit its configuration, but it does not: {reason}.") from error

    @torch.no_grad()
    def probabilities(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image domain"]:
        """Of each domain, for RGB images in [0, 1]; on the CPU."""
        device = next(self.network.parameters()).device
        return torch.cat([self.network(chunk.to(device)).float().softmax(1).cpu() for chunk in images.split(CHUNK)])

    def predict(self, images: Float[Tensor, "image 3 height width"]) -> Int64[Tensor, " image"]:
        """The number of the likeliest domain in ``names``, for each image."""
        return self.probabilities(images).argmax(1)

    def counts(self, tested: Domains) -> Int64[Tensor, "true predicted"]:
        """Images of each tested domain (rows) by what they are taken for (columns, in the order of ``names``).

        Rows are the domains of ``tested``, which may be others than those learned: table II asks a classifier of
        synthetic and real hands about generated ones.
        """
        counted = torch.zeros(len(tested.names), len(self.names), dtype=torch.int64)
        ones = torch.ones(len(tested), dtype=torch.int64)
        return counted.index_put_((tested.labels, self.predict(tested.float_images())), ones, accumulate=True)


def train_domain_classifier(
    domains: Domains, config: DomainConfig, run_path: Path, *, resume: bool = False, progress: bool = True
) -> DomainClassifier:
    """Train on ``domains`` into the folder ``run_path`` and return the classifier at the end of it.

    With ``resume`` a run that was killed goes on from its last checkpoint and ends where it would have ended.

    Raises:
        HandcraftError: a batch without room for every domain, weights that do not fit, a folder in use, or a resumed
            run with another configuration or other domains.
    """
    accelerator = make_accelerator(config.device, config.precision)
    learner = DomainLearner(domains, config, accelerator)
    run = RunFolder.create(
        run_path,
        stage="encode",
        config=config,
        seed=config.seed,
        inputs={
            "domains": dict(zip(domains.names, domains.counts, strict=True)),
            "network": learner.name,
            "weights": None if config.weights is None else file_hash(config.weights),
        },
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    train(learner, config.loop_for(len(domains)), run, resume=resume, progress=progress)
    return DomainClassifier(learner.network.state_dict(), config, domains.names, device=accelerator.device)
