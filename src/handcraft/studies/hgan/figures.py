# SPDX-License-Identifier: Apache-2.0
"""Everything measured to ``results.json``: tables beside the published ones, drift, what was real, what it means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handcraft.measure import Estimate
from handcraft.refine import CycleGANConfig
from handcraft.studies.described import described_set
from handcraft.studies.hgan.config import HganConfig
from handcraft.studies.hgan.domain_tables import confusion_tables, domain_tables
from handcraft.studies.hgan.domains import Classified
from handcraft.studies.hgan.drift import drift_table
from handcraft.studies.hgan.models import Models
from handcraft.studies.hgan.published import TABLE_I
from handcraft.studies.hgan.realism import RAW, TableOne, tables_one
from handcraft.studies.hgan.sets import HganSets
from handcraft.training import RunFolder

TITLE = "H-GAN: rendered hands made real by five models (seed 002)"


@dataclass(frozen=True)
class Findings:
    """What the study measured."""

    table_one: TableOne
    classified: Classified
    drift: Sequence[dict[str, Any]]


def figures(run: RunFolder, models: Models, found: Findings) -> dict[str, Any]:
    """``results.json`` without its pictures."""
    config, sets, record = models.config, models.sets, run.record
    session = record["sessions"][-1]
    return {
        "schema": 1,
        "title": TITLE,
        "preset": f"{config.scale} scale, {len(sets.renders)} renders, {len(sets.photographs)} photographs",
        "seeds": list(config.hands.seeds),
        "seconds": round(record["seconds"], 1),
        "config": record["config"],
        **{name: session[name] for name in ("machine", "versions", "command")},
        "commit": session["git_commit"],
        "sets": _sets(sets),
        "frame": f"{sets.test_renders.size} px crops on white; models learned from crops of {sets.renders.size} px",
        "arms": [],
        "study": {
            "document": "seed 002",
            "scale": config.scale,
            "data": data_in_words(config, sets),
            "tables": [
                each.to_json()
                for each in (
                    *tables_one(found.table_one, models),
                    *domain_tables(found.classified, config),
                    drift_table(found.drift, size_px=sets.test_renders.size),
                )
            ],
        },
        "confusions": confusion_tables(found.classified, config),
        "realism": found.table_one.realism.to_json(),
        "label_drift": list(found.drift),
        "pictures": [],
        "training": _training_logs(config, models),
        "verdict": verdict(found, config),
        "limits": _limits(models),
    }


def data_in_words(config: HganConfig, sets: HganSets) -> str:
    """Scale and data, so that no table can be read without them."""
    named = {"renders": sets.renders, "photographs": sets.photographs, "test renders": sets.test_renders,
             "test photographs": sets.test_photographs}  # fmt: skip
    kinds = [
        f"{len(each)} {use} ({each.source}, {'photographs' if each.is_real else 'rendered'}, {each.size} px)"
        for use, each in named.items()
    ]
    seen = ", ".join(sorted({_LOOKS_THROUGH[each.discriminator.taps] for each in _perceptual(config)}))
    return f"Scale {config.scale}: {'; '.join(kinds)}; on white. Perceptual discriminators look through {seen}."


_LOOKS_THROUGH = {
    "hand_encoder": "handcraft's hand encoder",
    "vgg16": "VGG-16 from the user's file",
    "random_vgg16": "VGG-16 with random weights, a stand-in",
}


def _perceptual(config: HganConfig) -> list[CycleGANConfig]:
    """The models whose discriminators look through a frozen network."""
    models = config.hands.refiners.values()
    return [each for each in models if isinstance(each, CycleGANConfig) and each.discriminator.kind == "perceptual"]


def verdict(found: Findings, config: HganConfig) -> str:
    """What the figures allow to be said, in a few sentences."""
    metric = found.table_one.frechet
    by_name = {name: found.table_one.estimate(name, metric) for name in (RAW, *TABLE_I)}
    order = sorted(TABLE_I, key=lambda name: by_name[name].value)
    best, control = order[0], found.table_one.realism.figure(RAW, metric).control
    sentences = [
        f"By {metric.name} {best} comes nearest to photographs ({by_name[best]}; raw renders {by_name[RAW]}, "
        f"photographs against photographs {control}); the order is {', '.join(order)}, the document's "
        f"{', '.join(sorted(TABLE_I, key=lambda name: TABLE_I[name].frechet))}."
    ]
    if _overlap(by_name[best], by_name[order[1]]):
        sentences.append(f"Its interval overlaps that of {order[1]}, so that order is open between them.")
    called = found.classified.called_real
    sentences.append(
        f"A classifier of synthetic and real hands takes {called[config.classified].value:.0%} of the images by "
        f"{config.classified} for real, and {called['photographs'].value:.0%} of photographs and "
        f"{called[RAW].value:.0%} of raw renders."
    )
    moved = {each["refiner"]: each["displacement_px"]["value"] for each in found.drift}
    least, most = min(moved, key=lambda name: moved[name]), max(moved, key=lambda name: moved[name])
    sentences.append(
        f"Judged keypoints move least by {least} ({moved[least]:.2f} px) and most by {most} ({moved[most]:.2f} px)."
    )
    return " ".join(sentences)


def _overlap(first: Estimate, second: Estimate) -> bool:
    """Whether two intervals overlap, or one is not known."""
    known = first.has_interval and second.has_interval
    return not known or (first.low <= second.high and second.low <= first.high)


def _sets(sets: HganSets) -> dict[str, Any]:
    held_out = "no model, classifier or judge learned from them"
    return {
        "source": described_set(sets.renders, labelled=True, note="renders that models learn from, on white"),
        "target": described_set(sets.photographs, labelled=False, note=_target_note(sets)),
        "test": described_set(sets.test_photographs, labelled=False, note=f"{_target_note(sets)}; {held_out}"),
        "test renders": described_set(sets.test_renders, labelled=True, note=f"of other hands, on white; {held_out}"),
        "judge": described_set(sets.judge, labelled=True, note="what the judges of label drift learned from"),
    }  # fmt: skip


def _target_note(sets: HganSets) -> str:
    kind = "photographs" if sets.photographs.is_real else "simulated photographs, a stand-in"
    return f"{kind} on white; labels not used"


def _training_logs(config: HganConfig, models: Models) -> list[dict[str, str]]:
    seed = config.hands.seeds[0]
    folders = {name: models.folder(name, seed).relative_to(models.run) for name in TABLE_I}
    logs = [{"name": name, "metrics": f"{folder}/metrics.jsonl"} for name, folder in folders.items()]
    return [*logs, {"name": "silhouette network", "metrics": "silhouette/metrics.jsonl"}]


def _limits(models: Models) -> list[str]:
    config, sets = models.config, models.sets
    limits = [*_scale_limits(config)]
    if len(config.hands.seeds) == 1:
        limits.append(
            "One training of each model, as in the document: intervals are over images, and another training may "
            "differ by more than the models do."
        )
    if sets.test_photographs.subjects == sets.test_photographs.keys:
        limits.append(
            "Nobody knows who is in the photographs: people of the test may be among those the models learned from."
        )
    if config.space == "hand encoder" and any(
        each.discriminator.taps == "hand_encoder" for each in _perceptual(config)
    ):
        limits.append(
            "Perceptual discriminators and distances see the same hand encoder, so distances favour what was trained "
            "by it."
        )
    if not sets.test_photographs.is_real:
        limits.append("The photographs are rendered stand-ins: the figures say nothing about a camera's.")
    return [
        *limits,
        "Realism is not usefulness: no estimator was trained on these images. `handcraft demo` trains one on each.",
        "Label drift is what two judges see that were trained on renders; both err by themselves, which the columns "
        "before refining show.",
    ]


def _scale_limits(config: HganConfig) -> list[str]:
    if config.scale == "paper":
        return [
            "The last checkpoint is measured; the document kept the best of validation by Fréchet distance. Test and "
            "training share no recording here; the document cut its films by frame."
        ]
    model = config.hands.refiners[config.classified]
    assert isinstance(model, CycleGANConfig)
    return [
        f"Small on purpose: {model.loop.steps} steps of {model.batch_size} images at width {model.generator.width}, "
        "instance normalisation and no dropout (the document: 10 epochs of batches of 8 at width 64, batch "
        "normalisation), crops of the whole hand and not at native scale.",
    ]
