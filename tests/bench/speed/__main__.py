"""How fast framecap is, beside other tools and beside what libav itself needs.

    cd tests && python -m bench.speed --corpus DIR [--only ROW …] [--quick] [--write FILE]

Needs the extra `bench`. Makes its films first, once: some minutes. They are kept in --films.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.speed import cost, memory, report
from bench.speed.claims import Section
from bench.speed.films import Library, default_directory, say
from bench.speed.measure import Pace
from bench.speed.ours import service
from bench.speed.rows import ROWS, Bench

ALL: Final[dict[str, Callable[[Bench], Section]]] = {
    **ROWS,
    "memory": memory.section,
    "cost": cost.section,
}
PEER_S: Final = 8.0
"""A peer that took so long on a film, all its rounds together, is not run again."""


def main() -> None:
    """Prints the figures, and writes them into the page where one is given."""
    arguments = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=os.environ.get("FRAMECAP_CORPUS"))
    arguments.add_argument("--films", type=Path, default=default_directory(), metavar="DIR")
    arguments.add_argument("--only", action="append", choices=ALL, metavar="ROW")
    arguments.add_argument("--film", default="", metavar="PART", help="films so named only")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--quick", action="store_true", help="one round, short films")
    arguments.add_argument("--write", type=Path, metavar="PAGE")
    asked = arguments.parse_args()
    if asked.corpus is None:
        arguments.error("--corpus is not given and FRAMECAP_CORPUS is not set")
    names = asked.only or list(ALL)
    library = Library(asked.corpus, asked.films, brief=asked.quick)
    pace = Pace(rounds=1 if asked.quick else asked.rounds, seconds=PEER_S)
    with service(library.directory) as running:
        bench = Bench(service=running, library=library, pace=pace, only=asked.film)
        sections = []
        for name in names:
            say(f"== {name}")
            sections.append(ALL[name](bench))
    print(report.printed(sections))
    if asked.write:
        command = "cd tests && python -m bench.speed"
        page = report.written(asked.write.read_text(), sections, command)
        asked.write.write_text(page)


if __name__ == "__main__":
    main()
