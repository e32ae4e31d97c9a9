# SPDX-License-Identifier: Apache-2.0
"""Numbers in words: signs, intervals, durations, and what a difference says."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from handcraft.measure import Estimate


def number(value: float, digits: int) -> str:
    """A number with a real minus sign.

    >>> number(-2.104, 2)
    '−2.10'
    """
    return f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A difference: its sign always shows.

    >>> signed(0.5)
    '+0.50'
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def reading(difference: Estimate) -> str:
    """What a difference in error says: better, worse, or nothing that the interval would bear out.

    >>> reading(Estimate(-2.0, -2.5, -1.5)), reading(Estimate(-2.0, -4.0, 0.1))
    ('better', 'no difference shown')
    """
    if not difference.has_interval:
        return "no interval"
    if not difference.excludes(0.0):
        return "no difference shown"
    return "better" if difference.value < 0 else "worse"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as many as matter.

    >>> duration(412.3), duration(7322.0), duration(3.21)
    ('6 min 52 s', '2 h 2 min', '3.2 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def within(text: str, letters: int) -> str:
    """The text, cut with an ellipsis where it is longer than ``letters``.

    >>> within("feature-map CycleGAN", 12)
    'feature-map…'
    """
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"


def settings(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested configuration as dotted names and values, in its order.

    >>> list(settings({"refine": {"steps": 300, "betas": [0.5, 0.999]}, "name": "laptop"}))
    [('refine.steps', '300'), ('refine.betas', '[0.5, 0.999]'), ('name', 'laptop')]
    """
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
