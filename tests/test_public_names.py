# SPDX-License-Identifier: Apache-2.0
"""The public names of every room, compared with public_names.txt, so that none comes or goes unseen.

After a change that is meant: ``.venv/bin/python -m tests.test_public_names`` rewrites the list.
"""

import importlib
from pathlib import Path

import handcraft

LIST = Path(__file__).with_name("public_names.txt")
PACKAGE = Path(handcraft.__file__).parent
ROOMS = sorted(".".join(init.parent.relative_to(PACKAGE).parts) for init in PACKAGE.glob("*/**/__init__.py"))


def public_names():
    for room in ROOMS:
        module = importlib.import_module(f"handcraft.{room}")
        for name in sorted(getattr(module, "__all__", ())):
            getattr(module, name)
            yield f"handcraft.{room}.{name}"


def test_public_names_are_the_listed_ones():
    listed = set(LIST.read_text(encoding="utf-8").split())
    found = set(public_names())
    assert found == listed, f"new: {sorted(found - listed)}; gone: {sorted(listed - found)}; meant? {__doc__}"


if __name__ == "__main__":
    LIST.write_text("\n".join(public_names()) + "\n", encoding="utf-8")
