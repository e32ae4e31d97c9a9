# SPDX-License-Identifier: Apache-2.0
"""What SeqHAND's two sets take: seconds and bytes a frame of a slice, hours and gigabytes of the whole. Prints JSON.

    python benchmarks/sequences.py [--sequences 20] [--flows 200] [--pool 20000]

The slice is rendered by one process as ``handcraft render --preset seqhand`` does it, with its encoding, and scaled to
410,000 frames; processes divide the hours. ``flows`` reports distinct frames of 10 and progress of pose flows in all
modes through a library of sampled poses: seed document 003's form (``document``) beside the one that does not stall.
"""

import argparse
import json
import platform
import time
from dataclasses import asdict, replace
from typing import Any, get_args

import torch

from handcraft.cli.render import SEQHAND
from handcraft.data.records import files_from_sample
from handcraft.data.rendered import RenderedSet
from handcraft.data.scene_samples import flow_report
from handcraft.hand.motion import FlowMode, PoseFlowConfig
from handcraft.scene import SequenceConfig

WHOLE = 410_000


def seqhand(pool: int) -> SequenceConfig:
    """The preset's configuration, with a library of so many poses."""
    preset: dict[str, Any] = SEQHAND
    return SequenceConfig(preset["scenes"], preset["frames"], replace(preset["motion"], sampled_poses=pool))


def measure_rendering(config: SequenceConfig, sequences: int) -> dict[str, float]:
    """Rates of one process, without the time until its first batch."""
    list(RenderedSet(config, 1, config.frames))
    seconds = {"wall": time.perf_counter(), "cpu": time.process_time()}
    kinds: dict[str, int] = {}
    rendered = RenderedSet(config, 0, sequences * config.frames)
    for sample in rendered:
        for kind, content in files_from_sample(sample, "jpg").items():
            kinds[kind] = kinds.get(kind, 0) + 512 + -(-len(content) // 512) * 512  # as a tar file has it
    seconds = {"wall": time.perf_counter() - seconds["wall"], "cpu": time.process_time() - seconds["cpu"]}
    each = {name: value / len(rendered) for name, value in seconds.items()}
    size = sum(kinds.values()) / len(rendered)
    return {
        "frames": len(rendered),
        "seconds_per_frame": round(each["wall"], 4),
        "cpu_seconds_per_frame": round(each["cpu"], 4),
        "bytes_per_frame": round(size),
        "hours_of_one_process_for_410000": round(WHOLE * each["wall"] / 3600, 2),
        "cpu_hours_for_410000": round(WHOLE * each["cpu"] / 3600, 2),
        "gigabytes_for_410000": round(WHOLE * size / 1e9, 1),
        **{f"bytes_of_{kind}": round(total / len(rendered)) for kind, total in kinds.items()},
    }


def measure_flows(config: SequenceConfig, flows: int) -> dict[str, dict[str, float]]:
    """Distinct frames and progress by mode."""
    reports = {}
    for mode in get_args(FlowMode):
        flowing = replace(config, motion=replace(config.motion, flow=PoseFlowConfig(mode)))
        report = flow_report(flowing, 0, range(flows))
        reports[mode] = {name: round(value, 3) for name, value in asdict(report).items()}
    return reports


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=20)
    parser.add_argument("--flows", type=int, default=200)
    parser.add_argument("--pool", type=int, default=20_000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = seqhand(arguments.pool)
    print(json.dumps({
        "rendering": measure_rendering(config, arguments.sequences), "flows": measure_flows(config, arguments.flows),
        "pool": arguments.pool, "platform": platform.platform(), "torch": torch.__version__,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
