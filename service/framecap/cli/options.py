"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

SOURCE: Final = click.argument("source")

REQUEST: Final = click.argument("request")

DATA: Final = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("framecap-data"),
    envvar="FRAMECAP_DATA",
    show_envvar=True,
    show_default=True,
    metavar="DIR",
    help="Where buckets are: the bucket B is the directory DIR/buckets/B.",
)

JSON: Final = click.option(
    "--json",
    "as_json",
    is_flag=True,
    envvar="FRAMECAP_JSON",
    show_envvar=True,
    help="Write JSON instead of lines.",
)
