"""What the service gives its captures to work with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from framecap.config import Settings, SettingsError
from framecap.decoder.launcher import Launcher
from framecap.model.spec import CaptureSpec
from framecap.server.admission import Admission
from framecap.services import Services
from framecap.sink.directory import local_bucket_sink, sweep_local_buckets
from framecap.sink.inline import InlineSink
from framecap.sink.naming import Naming, SourceName, resolve_bucket
from framecap.sink.payloads import Sink
from framecap.sink.template import KeyTemplate
from framecap.source.local import LocalBuckets, LocalFiles
from framecap.source.sources import Sources
from framecap.telemetry.metrics import ServiceMetrics


class BucketSinks:
    """Sends images inside the events, or into the local bucket that a request names.

    Args:
        data: The directory with the buckets.
    """

    def __init__(self, data: Path) -> None:
        self._data = data

    def naming(self, spec: CaptureSpec, source: SourceName) -> Naming | None:
        """Returns what the images will be called; None when they travel inside the events.

        Raises:
            TargetInvalid: The target's bucket or key cannot be used.
            TargetIsSource: An image would replace its own source.
        """
        if spec.target is None:
            return None
        return Naming(
            template=KeyTemplate.parse(spec.target.key_template),
            bucket=resolve_bucket(spec.target, source.bucket),
            source=source,
            format=spec.format,
            created=datetime.now(UTC),
        )

    def open(self, naming: Naming | None) -> Sink:
        """Returns what takes the images of one capture; who calls must close it."""
        if naming is None or naming.bucket is None:
            return InlineSink()
        return local_bucket_sink(self._data, naming.bucket, naming)


def make_services(
    settings: Settings, launcher: Launcher, admission: Admission, metrics: ServiceMetrics
) -> Services:
    """Returns what captures work with, as the settings say.

    Raises:
        SettingsError: A directory that they name cannot be used.
    """
    data = settings.server.data
    try:
        files = LocalFiles(settings.server.allow_path)
    except OSError as error:
        raise SettingsError(f"allow-path: {error}") from error
    try:
        sweep_local_buckets(data)
    except OSError as error:
        raise SettingsError(f"data: {data}: {error.strerror}") from error
    return Services(
        launcher=launcher,
        sources=Sources(objects=LocalBuckets(data), files=files),
        sinks=BucketSinks(data),
        gate=admission,
        meter=metrics,
        limits=settings.capture,
    )
