"""Capturing the cover art of an audio file."""

from __future__ import annotations

from collections.abc import Generator

from framecap.media.media import Media
from framecap.model.capture import Phase, Pick, Reason, Report
from framecap.model.spec import CaptureSpec
from framecap.modes.cover import substituted, without_effect
from framecap.pipeline.capture_statistics import CaptureStatistics
from framecap.pipeline.imaging import Imaging
from framecap.pipeline.until import Until
from framecap.plan.choose import choose_cover
from framecap.stage_timer import StageTimer


def capture_cover(
    spec: CaptureSpec, media: Media, timer: StageTimer, *, size: int, until: Until
) -> Generator[Report]:
    """Captures the cover: always one image, at time 0.

    The stored bytes are the image when the request names their format and no box. They are decoded
    first all the same, to check them.
    """
    imaging, statistics = Imaging(spec, media, timer), CaptureStatistics(spec, media, timer)
    with timer.stage("decode"):
        cover = media.read_cover()
    frame = cover.frame
    picture = media.picture(frame)
    info = statistics.info = imaging.describe(picture)
    yield info
    if until is Until.PROBED:
        return
    yield from without_effect(spec)
    if cover.fault is not None:
        yield substituted(cover.fault)
    plan = choose_cover(imaging.geometry(picture), size)
    yield from imaging.warnings(info, picture)
    yield plan
    if until is Until.PLANNED:
        return
    as_stored = media.cover_format is spec.format and not spec.box.given
    pick = Pick(frame=frame, reason=Reason.COVER, requested_time=0)
    encoded = imaging.encoded(frame, stored=cover.stored if as_stored else None)
    statistics.phase = Phase.DECODING
    yield statistics.add(imaging.image(pick, 1, encoded))
    yield from statistics.last()
    yield statistics.summary()
