"""The services of a capture on the command line: this machine's files and stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click

from framecap.admission import Admission, AdmissionLimits
from framecap.cli.locate import locate
from framecap.config import SettingsError, load_storage
from framecap.decoder.service.launcher import Launcher
from framecap.errors import DeliveryConflict
from framecap.model.spec import CaptureSpec
from framecap.services import Services
from framecap.sink.naming import Naming, SourceName, object_naming
from framecap.sink.payloads import Sink
from framecap.sink.template import DEFAULT_TEMPLATE, KeyTemplate
from framecap.source.address import FileAddress
from framecap.source.sources import Sources
from framecap.storage.bucket_table import BucketsInvalid
from framecap.storage.directory.reading import UserFiles
from framecap.storage.directory.writing import directory_sink
from framecap.storage.registry import Stores

OUTPUT_FIELD: Final = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The destination of the images of a capture."""

    stores: Stores
    """The stores of buckets, for `sys/saveas`."""

    output: Path | None = None
    """The directory for images without `sys/saveas`; None for the current one."""

    def naming(self, spec: CaptureSpec, source: SourceName) -> Naming:
        """Returns the naming of the images.

        Raises:
            DeliveryConflict: Both the request and `output` set a destination.
            TargetInvalid: The request's destination cannot be used.
            TargetIsSource: An image would replace its own source.
        """
        if spec.destination is None:
            return Naming(
                template=KeyTemplate.parse(DEFAULT_TEMPLATE, OUTPUT_FIELD),
                bucket=None,
                source=source,
                format=spec.format,
                field=OUTPUT_FIELD,
            )
        if self.output is not None:
            raise DeliveryConflict(
                "the request's sys/saveas and -o both say where the images go; leave one out",
                field=OUTPUT_FIELD,
            )
        return object_naming(spec, spec.destination, source)

    def open(self, naming: Naming | None) -> Sink:
        """Returns the sink for the images of one capture; the caller must close it."""
        assert naming is not None
        if naming.bucket is None:
            return directory_sink(self.output or Path(), naming)
        return self.stores.sink(naming)


def stores_of(data: Path) -> Stores:
    """Returns the stores that a command reads from and writes to.

    Raises:
        UsageError: The storage settings in the environment cannot be used.
    """
    try:
        return Stores(data, load_storage())
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    except BucketsInvalid as error:
        raise click.UsageError(f"FRAMECAP_BUCKETS: {error}") from error


@asynccontextmanager
async def local_services(launcher: Launcher, destination: Destination) -> AsyncIterator[Services]:
    """Yields the services of a capture; ends all decoders when the block ends."""
    try:
        yield Services(
            launcher=launcher,
            sources=Sources({**destination.stores.openers, FileAddress.scheme: UserFiles()}),
            sinks=destination,
            admission=Admission(AdmissionLimits()),
            read_address=partial(locate, stores=destination.stores),
        )
    finally:
        await launcher.close()
        await destination.stores.close()
