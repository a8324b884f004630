"""The decoders of a command: forked from the command itself, with the enabled selections."""

from __future__ import annotations

import click

from framecap.config import SettingsError, load_selections
from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.service.launcher import DirectFork
from framecap.decoder.service.settings import DecoderSettings


def direct_fork() -> DirectFork:
    """Returns the launcher of a command's decoders. Create it before the process has threads.

    Raises:
        UsageError: The setting of enabled selections is invalid.
    """
    try:
        return DirectFork(serve_forked, DecoderSettings(selections=load_selections()))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
