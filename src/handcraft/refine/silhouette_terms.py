# SPDX-License-Identifier: Apache-2.0
"""GeoConGAN's terms of a CycleGAN's loss: in both directions, a translated hand keeps the silhouette it had.

Seed 002 and Mueller et al. 2018. The frozen network looks at fresh translations, so its judgement reaches the
generators; what it must find there is the set's own mask, which for renders is exact, or what it finds in the original.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from handcraft.errors import HandcraftError
from handcraft.refine.config import CycleGANConfig, SilhouetteTruth
from handcraft.refine.objective import Images, Shown, Terms, Translations
from handcraft.refine.silhouette import SilhouetteNetwork, seen_silhouettes, silhouette_loss


def silhouette_terms_of(config: CycleGANConfig, device: torch.device) -> Callable[[Translations], Terms]:
    """How the silhouette terms of a configuration are computed; no terms where their weight is 0.

    Raises:
        HandcraftError: a weight, but no network or one that cannot be loaded.
    """
    if config.silhouette_weight == 0:
        return _no_terms
    if not config.silhouette:
        raise HandcraftError(
            "Expected `silhouette` to be the run folder of a silhouette network, but got none; train one with "
            "`handcraft refine silhouette` and name it with --silhouette RUN."
        )
    network = SilhouetteNetwork.load(Path(config.silhouette), device=device)
    return partial(silhouette_terms, network, truth=config.silhouette_truth)


def silhouette_terms(network: SilhouetteNetwork, images: Translations, truth: SilhouetteTruth) -> Terms:
    """The unweighted terms by name; each leads to the one generator that made the translation."""
    return {
        "silhouette_refined": _term(network, images.refined, images.rendered, truth),
        "silhouette_translated": _term(network, images.translated, images.photographed, truth),
    }


def _term(network: SilhouetteNetwork, translated: Images, source: Shown, truth: SilhouetteTruth) -> torch.Tensor:
    silhouettes = source.masks.float() if truth == "masks" else seen_silhouettes(network, source.images)
    return silhouette_loss(logits=network(translated).float(), silhouettes=silhouettes)


def _no_terms(images: Translations) -> Terms:
    return {}
