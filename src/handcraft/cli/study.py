# SPDX-License-Identifier: Apache-2.0
"""``handcraft study``: documents' tables and figures again, and a study of our own, each in its own module."""

import importlib

from handcraft.errors import HandcraftError

STUDIES = {
    "murphy": "seed 000: VAEGAN and two CycleGANs, judged by an estimator and by measures of realism",
    "hgan": "seed 002: pixel, geometric and multi-scale perceptual CycleGANs, measures and domain classifiers",
    "variety": "the hand network without forearm, camera effects, pose prior, occlusion, backdrops, photometric range",
}


def main(argv: list[str]) -> int:
    """Run the study that is named first."""
    match argv:
        case ["-h" | "--help", *_]:
            print(_overview())
            return 0
        case [name, *rest] if name in STUDIES:
            return int(importlib.import_module(f"handcraft.cli.study_{name}").main(rest))
        case _:
            found = f"got `{argv[0]}`" if argv else "got none"
            raise HandcraftError(
                f"Expected a study ({', '.join(STUDIES)}), but {found}; `handcraft study --help` lists them."
            )


def _overview() -> str:
    lines = "\n".join(f"  {name:<9}{about}" for name, about in STUDIES.items())
    return (
        "usage: handcraft study NAME [options]\n\nMake a document's tables and figures again, each published figure "
        f"beside ours; or measure what the renders' variety is worth.\n\n{lines}\n\n"
        "`handcraft study NAME --help` lists a study's options."
    )
