# SPDX-License-Identifier: Apache-2.0
"""``handcraft measure domains``: a classifier of rendered and photographed hands, and what it takes refined ones for.

Two questions of seed 002, section IV-D. Two classes: is a refined hand, which the classifier has never seen, taken for
a render or for a photograph (table II)? Three classes: can refined hands be told from photographs at all, once they
have been seen (table III, figure 7)? Parts share no subject, and a refined hand stays with the render it was made of.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from handcraft.data import PreparedSet
from handcraft.encode import DomainClassifier, DomainConfig, Domains, train_domain_classifier
from handcraft.errors import HandcraftError
from handcraft.files import write_json_atomically
from handcraft.measure import Confusion, confusion
from handcraft.training import RunFolder, session_of

SYNTHETIC, REAL, GENERATED = "synthetic", "real", "generated"
TEST_SHARE = 0.25
"""Seed 002 has 10,500 training and 3,500 test images of each class."""


@dataclasses.dataclass(frozen=True)
class ConfusedDomains:
    """A test of a classifier: the matrix and what it is a matrix of."""

    title: str
    confusion: Confusion
    note: str

    def to_json(self) -> dict[str, Any]:
        """An entry of ``confusions`` in ``results.json``."""
        return {"title": self.title, "note": self.note, **self.confusion.to_json()}


def answers(classifier: DomainClassifier, domains: Domains, *, taken_for: Mapping[str, str] | None = None) -> Confusion:
    """What the classifier takes the images of ``domains`` for.

    Args:
        classifier: of two domains or more.
        domains: test images of domains that it knows.
        taken_for: for domains that it does not know, the known one that it is right to take them for.

    Raises:
        HandcraftError: a domain that the classifier does not know.
    """
    known = {**{name: name for name in domains.names}, **(taken_for or {})}
    unknown = [name for name in domains.names if known[name] not in classifier.names]
    if unknown:
        raise HandcraftError(
            f"Expected `domains` to be among {', '.join(classifier.names)}, but got {unknown[0]!r}; "
            "say what it is right to take it for."
        )
    place = torch.tensor([classifier.names.index(known[name]) for name in domains.names])
    return confusion(place[domains.labels], classifier.predict(domains.float_images()), classifier.names)


def domains_study(
    run_path: Path, sets: Mapping[str, PreparedSet], config: DomainConfig, *, resume: bool = False
) -> dict[str, Any]:
    """Train classifiers into ``run_path`` and return what ``results.json`` there holds.

    Args:
        run_path: the run folder; with ``resume`` finished trainings in it are kept.
        sets: crops under ``synthetic``, ``real`` and, where there are some, ``generated``.
        config: of the classifiers.
        resume: go on with the run in ``run_path``, if there is one.

    Raises:
        HandcraftError: crops of different sizes, a set of one subject, a folder in use.
    """
    inputs = {name: {"source": each.source, "images": len(each)} for name, each in sets.items()}
    run = RunFolder.create(run_path, stage="domains", config=config, seed=config.seed, inputs=inputs, resume=resume)
    with session_of(run):
        confused = confused_domains(run_path, sets, config, resume=resume)
        run.update()
        results = _results(run, config, sets, confused)
        write_json_atomically(run_path / "results.json", results)
    return results


def confused_domains(
    run: Path, sets: Mapping[str, PreparedSet], config: DomainConfig, *, resume: bool = False
) -> list[ConfusedDomains]:
    """Train on a split by subject and test on the other part, with two classes and, if there are three sets, three."""
    both = Domains.of({name: [each] for name, each in sets.items()})
    training, test = both.split([1 - TEST_SHARE, TEST_SHARE], seed=config.seed)
    two = train_domain_classifier(only(training, SYNTHETIC, REAL), config, run / "two-classes", resume=resume)
    found = [
        ConfusedDomains("Renders against photographs", answers(two, only(test, SYNTHETIC, REAL)),
                        "Trained on both; tested on images of other subjects."),
    ]  # fmt: skip
    if GENERATED in sets:
        asked = answers(two, only(test, SYNTHETIC, GENERATED), taken_for={GENERATED: REAL})
        three = train_domain_classifier(training, config, run / "three-classes", resume=resume)
        found += [
            ConfusedDomains("Refined hands, taken for renders or for photographs", asked,
                            "The same classifier, which has never seen a refined hand. The row of real holds refined "
                            "hands: its recall is the share of them that is taken for photographs."),
            ConfusedDomains("All three told apart", answers(three, test),
                            "Trained on all three. The more refined and photographed hands are confused, the more "
                            "alike they look to it."),
        ]  # fmt: skip
    return found


def only(domains: Domains, *names: str) -> Domains:
    """The images of some domains, whose classes are numbered anew in the order of ``names``."""
    number = {domains.names.index(name): place for place, name in enumerate(names)}
    rows = [index for index, label in enumerate(domains.labels.tolist()) if label in number]
    kept = domains.select(rows)
    labels = torch.tensor([number[label] for label in kept.labels.tolist()])
    return dataclasses.replace(kept, names=names, labels=labels)


def _results(
    run: RunFolder, config: DomainConfig, sets: Mapping[str, PreparedSet], confused: list[ConfusedDomains]
) -> dict[str, Any]:
    record = run.record
    session = record["sessions"][-1]
    folders = ["two-classes", "three-classes"][: 2 if GENERATED in sets else 1]
    return {
        "schema": 1,
        "title": "What domain hands are taken for",
        "preset": f"{config.network} network, {config.epochs} epochs",
        "seeds": [config.seed],
        "seconds": round(record["seconds"], 1),
        "config": record["config"],
        **{name: session[name] for name in ("machine", "versions", "command")},
        "commit": session["git_commit"],
        "sets": {name: _set(each) for name, each in sets.items()},
        "arms": [],
        "confusions": [each.to_json() for each in confused],
        "training": [{"name": name, "metrics": f"{name}/metrics.jsonl"} for name in folders],
        "verdict": verdict(confused),
        "limits": [
            "One training: another seed gives other figures.",
            "A classifier sees every difference between the sets, such as crops, compression and backdrops, not only "
            "the look of hands.",
        ],
    }


def verdict(confused: list[ConfusedDomains]) -> str:
    """How well renders and photographs are told apart, and what refined hands are taken for."""
    two = confused[0].confusion
    said = f"Renders and photographs of people it has not seen are told apart with an accuracy of {two.accuracy():.3f}."
    if len(confused) == 1:
        return said
    asked, three = confused[1].confusion, confused[2].confusion
    share = float(asked.recall()[asked.names.index(REAL)])
    generated, real = three.names.index(GENERATED), three.names.index(REAL)
    taken = float(three.shares()[generated, real])
    return (
        f"{said} Of refined hands, which it has never seen, {share:.0%} are taken for photographs; once it has seen "
        f"some, {taken:.0%}."
    )


def _set(prepared: PreparedSet) -> dict[str, Any]:
    return {
        "name": prepared.source,
        "count": len(prepared),
        "people": None if prepared.subjects == prepared.keys else len(set(prepared.subjects)),
        "is_real": prepared.is_real,
        "labelled": False,
        "skipped": prepared.skipped,
    }
