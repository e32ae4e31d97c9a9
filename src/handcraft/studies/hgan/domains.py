# SPDX-License-Identifier: Apache-2.0
"""Tables II and III and Figure 7: does a vision transformer take generated hands for real ones?

Taught and tested images share no hands. Generated training images come from renders of the model's own training,
generated test images from renders it never saw; in Table II generated hands count as real ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from handcraft.data import PreparedSet
from handcraft.encode import DomainClassifier, Domains, train_domain_classifier
from handcraft.measure import Confusion, Estimate, bootstrap, confusion, mean_of
from handcraft.studies.described import evenly
from handcraft.studies.hgan.models import Models
from handcraft.studies.hgan.published import TABLE_I
from handcraft.studies.hgan.realism import RAW
from handcraft.studies.refinement.arms import folder_name

SYNTHETIC, REAL, GENERATED = CLASSES = ("synthetic", "real", "generated")
HALVES = "half real, half generated"


@dataclass(frozen=True)
class Tested:
    """What a classifier made of a test set."""

    confusion: Confusion
    recall: tuple[Estimate, ...]
    """With intervals over hands, in the order of the classes."""
    accuracy: Estimate


@dataclass(frozen=True)
class Classified:
    """All answers of all classifiers."""

    table_two: Mapping[tuple[str, str], Tested]
    """By what was taught as real and what was tested as real."""
    table_three: Tested
    called_real: Mapping[str, Estimate]
    """Shares that the classifier of synthetic and real hands calls real: of test renders, test photographs and every
    model's test images. It has seen no generated hand."""
    network: str


def classify(models: Models, seed: int) -> Classified:
    """Train the four classifiers (finished ones are loaded) and ask them."""
    taught, tested = _taught(models, seed), _tested(models, seed)
    half = len(taught[REAL]) // 2
    real_classes = {
        REAL: [taught[REAL]],
        GENERATED: [taught[GENERATED]],
        HALVES: [_first(taught[REAL], half), _first(taught[GENERATED], half, last=True)],
    }
    two = {}
    for taught_as, sets in real_classes.items():
        classifier = _trained(models, taught_as, {SYNTHETIC: [taught[SYNTHETIC]], REAL: sets})
        for name in (REAL, GENERATED):
            asked = Domains.of({SYNTHETIC: [tested[SYNTHETIC]], REAL: [tested[name]]})
            two[taught_as, name] = _asked(classifier, asked)
        if taught_as == REAL:
            called_real = _called_real(classifier, models, tested, seed)
    three = _trained(models, "three classes", {name: [taught[name]] for name in CLASSES})
    return Classified(
        two, _asked(three, Domains.of({name: [tested[name]] for name in CLASSES})), called_real, _network(models)
    )


def _taught(models: Models, seed: int) -> dict[str, PreparedSet]:
    sets, count = models.sets, models.config.taught_each
    generated = models.refined(models.config.classified, seed, "whole_renders")
    return {SYNTHETIC: _some(sets.whole_renders, count), REAL: _some(sets.whole_photographs, count),
            GENERATED: _some(generated, count)}  # fmt: skip


def _tested(models: Models, seed: int) -> dict[str, PreparedSet]:
    sets, count = models.sets, models.config.tested_each
    generated = models.refined(models.config.classified, seed, "test_renders")
    return {SYNTHETIC: _some(sets.test_renders, count), REAL: _some(sets.test_photographs, count),
            GENERATED: _some(generated, count)}  # fmt: skip


def _some(prepared: PreparedSet, count: int) -> PreparedSet:
    return prepared.select(evenly(len(prepared), count))


def _first(prepared: PreparedSet, count: int, *, last: bool = False) -> PreparedSet:
    return prepared.select(range(len(prepared) - count, len(prepared)) if last else range(count))


def _folder(models: Models, taught_as: str) -> Path:
    return models.run / folder_name("classify", taught_as.replace(",", ""))


def _trained(models: Models, taught_as: str, sets: Mapping[str, Sequence[PreparedSet]]) -> DomainClassifier:
    return train_domain_classifier(
        Domains.of(sets), models.config.classifier, _folder(models, taught_as), resume=True
    )  # fmt: skip


def _asked(classifier: DomainClassifier, tested: Domains) -> Tested:
    predicted = classifier.predict(tested.float_images())
    right = (predicted == tested.labels).float()
    recall = tuple(_share(right[tested.labels == label], _of(tested, label)) for label in range(len(tested.names)))
    return Tested(confusion(tested.labels, predicted, tested.names), recall, _share(right, tested.subjects))


def _of(tested: Domains, label: int) -> list[str]:
    return [subject for subject, own in zip(tested.subjects, tested.labels.tolist(), strict=True) if own == label]


def _share(right: torch.Tensor, subjects: Sequence[str]) -> Estimate:
    return bootstrap([mean_of(right)], list(subjects), seed=0)


def _called_real(
    classifier: DomainClassifier, models: Models, tested: Mapping[str, PreparedSet], seed: int
) -> dict[str, Estimate]:
    count = models.config.tested_each
    asked = {RAW: tested[SYNTHETIC]}
    asked |= {name: _some(models.refined(name, seed, "test_renders"), count) for name in TABLE_I}
    asked |= {"photographs": tested[REAL]}
    real = classifier.names.index(REAL)
    return {
        name: _share((classifier.predict(each.float_images()) == real).float(), each.subjects)
        for name, each in asked.items()
    }


def _network(models: Models) -> str:
    config = models.config.classifier
    if config.weights is not None:
        return f"{config.network} from {config.weights.name}"
    return f"handcraft's own vision transformer from scratch (width {config.width}, {config.depth} blocks)"
