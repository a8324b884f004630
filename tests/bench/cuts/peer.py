"""PySceneDetect's HashDetector, shown the same frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product, starmap

from av.video.frame import VideoFrame
from scenedetect import FrameTimecode, StatsManager
from scenedetect.detectors import HashDetector

RATE = 30.0
"""Times play no part: lengths are given in frames."""

DEFAULT_THRESHOLD = 0.35
DEFAULT_APART = 15


@dataclass(frozen=True, order=True)
class Setting:
    """What is hashed: `size` x `size` bits of a picture of `size * lowpass` pixels a side."""

    size: int
    lowpass: int

    @property
    def bits(self) -> int:
        """The length of the hash."""
        return self.size**2


DEFAULT = Setting(8, 2)
EARLIER = Setting(16, 2)
EARLIER_THRESHOLD = 0.395
"""The defaults of versions before 0.7.2."""

EVERY = tuple(starmap(Setting, product((4, 8, 12, 16, 32), (1, 2, 3, 4, 8))))


class Watching:
    """Lets detectors see a film frame by frame.

    Args:
        settings: How they hash; the default is always among them.
    """

    def __init__(self, settings: Iterable[Setting] = ()) -> None:
        self._stock = HashDetector()
        self._stats = {}
        self._detectors = {}
        for setting in dict.fromkeys((DEFAULT, *settings)):
            detector = HashDetector(size=setting.size, lowpass=setting.lowpass)
            detector.stats_manager = self._stats[setting] = StatsManager()
            self._detectors[setting] = detector
        self.distances: dict[Setting, list[float]] = {setting: [] for setting in self._detectors}
        """How far each frame is from the one before, as the detector itself measures it."""

        self.by_default: list[int] = []
        """The cuts of the detector as it comes."""

    def show(self, number: int, frame: VideoFrame) -> None:
        """Shows the next frame."""
        when = FrameTimecode(number, fps=RATE)
        picture = frame.to_ndarray(format="bgr24")
        self.by_default += [cut.frame_num for cut in self._stock.process_frame(when, picture)]
        for setting, detector in self._detectors.items():
            detector.process_frame(when, picture)
            (distance,) = self._stats[setting].get_metrics(when, detector.get_metrics())
            self.distances[setting].append(distance or 0.0)

    def cuts(self, setting: Setting, threshold: float) -> list[int]:
        """Returns the cuts without a shortest length of shots."""
        return [
            number
            for number, distance in enumerate(self.distances[setting])
            if number and distance >= threshold
        ]


def thresholds(setting: Setting) -> list[float]:
    """Returns every threshold that makes a difference."""
    return [bits / setting.bits for bits in range(1, setting.bits + 1)]
