"""What one capture is charged for: its usage record, written once."""

from __future__ import annotations

import time

from framecap.call import CaptureCall
from framecap.capture_result import CaptureResult
from framecap.decoder.v1 import decoder_pb2
from framecap.errors import CaptureError
from framecap.model.usage import SUCCESS, UsageRecord
from framecap.services import Services


class Charge:
    """The usage record of one capture. Explanations, probes and validations have none.

    Args:
        call: The call.
        source: The source as events show it.
        mode: The mode's name.
        services: The log of usage records and the meter.
    """

    def __init__(self, call: CaptureCall, source: str, mode: str, services: Services) -> None:
        self._call = call
        self._source = source
        self._mode = mode
        self._services = services
        captures = call.kind == decoder_pb2.JOB_KIND_CAPTURE and not call.validate_only
        # A task is charged once, at its end.
        self._due = captures and call.attempt is None
        self.recorded = False
        """True once the record is written."""

    def check(self) -> None:
        """Returns if the record can be written, as far as is known.

        Raises:
            DataStoreUnavailable: It cannot, for now; the work of the capture would be wasted.
        """
        if self._due:
            self._services.usage.check()

    async def record(self, result: CaptureResult, error: CaptureError | None) -> None:
        """Writes the record; only the first call does.

        Args:
            result: The result of the capture.
            error: The error that ended the capture; None when it succeeded.

        Raises:
            DataStoreUnavailable: It could not be written, for now.
        """
        if not self._due:
            return
        # A cancelled call wrote the record all the same.
        self._due = False
        record = UsageRecord(
            record_id=self._call.call_id,
            principal=self._call.principal,
            source=self._source,
            mode=self._mode,
            outcome=error.reason if error else SUCCESS,
            image_count=result.delivered.object_count,
            usage=result.usage,
            end_time=time.time_ns(),
        )
        await self._services.usage.record(record)
        self.recorded = True
        self._services.meter.usage_recorded(record)
