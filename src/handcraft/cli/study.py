# SPDX-License-Identifier: Apache-2.0
"""``handcraft study``: a document's tables and figures again, each study in a module of its own."""

import importlib

from handcraft.errors import HandcraftError

STUDIES = {
    "murphy": "seed 000: VAEGAN and two CycleGANs, judged by an estimator and by measures of realism",
    "hgan": "seed 002: pixel, geometric and multi-scale perceptual CycleGANs, measures and domain classifiers",
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
    lines = "\n".join(f"  {name:<8}{about}" for name, about in STUDIES.items())
    return (
        "usage: handcraft study NAME [options]\n\nMake a document's tables and figures again, each published figure "
        f"beside ours.\n\n{lines}\n\n`handcraft study NAME --help` lists a study's options."
    )
