# SPDX-License-Identifier: Apache-2.0
"""What a user's own photographs buy: a hand network before and after, on people it was not adapted to. One JSON object.

    python benchmarks/fine_tuning.py --set DIR [--from shipped] [--refiner RUN] [--steps 600] [--seed 0] [--workers 1]
        [--labelled 16 64 0] [--write-training-set DIR]

``DIR`` is a labelled set with a ``joints.json``. Its people are dealt out by the seed, half to train on, half to test
on; nobody is in both. On the photographs of the second half, errors are ``benchmarks/photographs.py``'s given the true
box: ``before``; fine-tuned on so many labelled photographs of the first half (0: all); on the same with half of each
one's keypoints unlabelled; on other renders as they are, the control; and, without any label, on renders moved to the
photographs' look by a refiner, which must have been trained on the first half's photographs only
(``--write-training-set`` writes them, pictures alone, and ends; train with the same seed). Intervals are over the
people who are tested on.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from photographs import bytes_of, errors_of, read_in_box, summary
from PIL import Image

from handcraft.cli.estimate_from import refined_look
from handcraft.data import HandSample, open_dataset, split_by_subject
from handcraft.estimate.hand import TUNE_LAPTOP, HandStart, HandTuneConfig, labelled_photographs, open_start
from handcraft.estimate.hand import tune_hand_net as tune
from handcraft.estimate.hand.export import export_hand_net, write_hand_net
from handcraft.predict import Predictor
from handcraft.randomness import generator_for
from handcraft.training import LoopConfig

CHOICE_STREAM, HIDING_STREAM = 1, 2
KEPT_OF_21 = 11


def halves(samples: Sequence[HandSample], seed: int) -> tuple[list[HandSample], list[HandSample]]:
    """Photographs to train on and to test on; no person is in both."""
    parts = split_by_subject([sample.subject for sample in samples], [0.5, 0.5], seed)
    training, test = ([samples[index] for index in part] for part in parts)
    assert not {sample.subject for sample in training} & {sample.subject for sample in test}
    return training, test


def chosen(samples: Sequence[HandSample], count: int, seed: int) -> list[HandSample]:
    """So many of them, drawn; all for 0. More hold those that fewer hold."""
    order = torch.randperm(len(samples), generator=generator_for(seed, CHOICE_STREAM)).tolist()
    return [samples[index] for index in sorted(order[: count or len(samples)])]


def half_labelled(samples: Sequence[HandSample], seed: int) -> list[HandSample]:
    """The same photographs, of which each shows ``KEPT_OF_21`` labelled keypoints, drawn."""
    answers = []
    for number, sample in enumerate(samples):
        hidden = torch.randperm(21, generator=generator_for(seed, HIDING_STREAM, number))[KEPT_OF_21:]
        confidence = sample.confidence.clone()
        confidence[hidden] = 0
        answers.append(dataclasses.replace(sample, confidence=confidence))
    return answers


def tested(hand: Path, samples: Sequence[HandSample]) -> dict[str, Any]:
    """Errors given the true box, as ``benchmarks/photographs.py`` has them."""
    predictor = Predictor(hand_file=hand)
    errors = np.stack([errors_of(sample, read_in_box(predictor, sample).keypoints_px) for sample in samples])
    people = [sample.subject for sample in samples]
    return {**summary(errors, people), "people": len(set(people))}


@dataclasses.dataclass(frozen=True)
class Trial:
    """One start, tuned in several ways and tested on the same people."""

    start: HandStart
    config: HandTuneConfig
    test: Sequence[HandSample]
    workers: int

    def before(self) -> dict[str, Any]:
        """The start as it is."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "hand.onnx"
            write_hand_net(self.start.network, self.start.config, {}, file)
            return tested(file, self.test)

    def after(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401 (what `tune` takes)
        """Tuned with what is given."""
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            run, file = Path(folder) / "run", Path(folder) / "hand.onnx"
            tune(self.start, self.config, run, workers=self.workers, **given)
            seconds = time.perf_counter() - begin
            export_hand_net(run, file)
            return {**tested(file, self.test), "seconds": seconds}

    def labelled(self, samples: Sequence[HandSample]) -> dict[str, Any]:
        """Tuned on labelled photographs."""
        scale, size = self.start.config.crops.reach, self.config.stream.render_px
        parameters = self.start.network.shape_parameters
        photographs = labelled_photographs(samples, size, scale=scale, shape_parameters=parameters)
        told = {
            "labelled_photographs": len(photographs),
            "labelled_people": len(set(photographs.subjects)),
            "labelled_keypoints": int((photographs.examples.keypoint_weights > 0).sum()),
        }
        return {**told, **self.after(photographs=photographs)}


def write_pictures(samples: Sequence[HandSample], folder: Path) -> None:
    """Pictures without labels, for a refiner."""
    folder.mkdir(parents=True)
    for sample in samples:
        Image.fromarray(bytes_of(sample)).save(folder / f"{sample.key}.png")


def arguments_of() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--from", dest="start", default="shipped")
    parser.add_argument("--refiner", type=Path)
    parser.add_argument("--steps", type=int, default=TUNE_LAPTOP.loop.steps)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--labelled", type=int, nargs="*", default=[16, 64, 0])
    parser.add_argument("--block", type=int, default=TUNE_LAPTOP.stream.block)
    parser.add_argument("--write-training-set", type=Path)
    return parser.parse_args()


def main() -> None:
    """Split, tune, measure and print."""
    arguments = arguments_of()
    samples = [each for each in open_dataset(arguments.set) if each.keypoints_px is not None]
    training, test = halves(samples, arguments.seed)
    if arguments.write_training_set:
        write_pictures(training, arguments.write_training_set)
        print(f"Wrote {len(training)} pictures into {arguments.write_training_set}")
        return
    config = dataclasses.replace(
        TUNE_LAPTOP,
        stream=dataclasses.replace(TUNE_LAPTOP.stream, block=arguments.block),
        seed=arguments.seed,
        loop=LoopConfig(arguments.steps, max(1, arguments.steps // 20), arguments.steps, arguments.steps),
    )
    trial = Trial(open_start(arguments.start), config, test, arguments.workers)
    look = refined_look(arguments.refiner, config) if arguments.refiner else None  # one that is none is told at once
    arms: dict[str, Any] = {}
    _keep(arms, "before", trial.before())
    for count in arguments.labelled:
        few = chosen(training, count, arguments.seed)
        name = str(count or "all")
        _keep(arms, f"{name} labelled", trial.labelled(few))
        _keep(arms, f"{name} half labelled", trial.labelled(half_labelled(few, arguments.seed)))
    _keep(arms, "other renders, no labels", trial.after())
    if look:
        told = {"refiner_sha256": look.described["checkpoint_sha256"], "labelled_photographs": 0}
        _keep(arms, "refined renders, no labels", {**told, **trial.after(look=look)})
    result = {
        "start": trial.start.described,
        "people_are_disjoint": True,
        "training": {"photographs": len(training), "people": len({sample.subject for sample in training})},
        "test": {"photographs": len(test), "people": len({sample.subject for sample in test})},
        "steps": arguments.steps,
        "batch_size": config.batch_size,
        "photograph_share": config.photograph_share,
        "seed": arguments.seed,
        "arms": arms,
    }
    print(json.dumps(result, indent=2))


def _keep(arms: dict[str, Any], name: str, figures: dict[str, Any]) -> None:
    """Also on stderr, so that a later arm that fails loses nothing."""
    arms[name] = figures
    print(json.dumps({name: figures}), file=sys.stderr)


if __name__ == "__main__":
    main()
