def obus(packet: bytes | memoryview) -> list[tuple[int, int, int, int, int, int]] | None:
    """Returns the OBUs of a packet, or None where they are not clear.

    Each as obu_type, temporal_id, spatial_id, its begin, its payload's begin, its end.
    """

class Frame:
    """What a frame header says before its sizes."""

    @property
    def existing(self) -> bool:
        """True where it only shows the frame that a slot holds; the rest then says nothing."""

    @property
    def slot(self) -> int:
        """The slot to show."""

    @property
    def key(self) -> bool:
        """True of a key frame."""

    @property
    def shown(self) -> bool:
        """True of a frame that is shown once decoded."""

    @property
    def refreshed(self) -> int:
        """The slots that will hold the frame, a bit for each."""

    @property
    def named(self) -> int:
        """The slots it may refer to, a bit for each."""

class Sequence:
    """A sequence header, without which frame headers cannot be read."""

    @staticmethod
    def read(payload: bytes | memoryview) -> Sequence | None:
        """Returns the sequence header that is an OBU's payload, or None where it is not clear."""

    @property
    def operating_point(self) -> int:
        """The layers that a decoder decodes: operating_point_idc[0]; 0 for all."""

    def frame(self, payload: bytes | memoryview, temporal_id: int, spatial_id: int) -> Frame | None:
        """Returns a frame header that begins an OBU's payload, or None where it is not clear."""
