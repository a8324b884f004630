"""The failure of a call, as a client sees it."""

from __future__ import annotations

from collections.abc import Mapping

from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode, aio
from grpc_status import rpc_status

from framecap.events.status import error_info


class CallFailed(Exception):
    """A call failed. The message is the service's sentence.

    Args:
        status: The status of the call, with its details.
    """

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self.status = status
        """The status of the call."""

    @property
    def reason(self) -> str:
        """The stable name of the error; empty where the service gave none."""
        return str(error_info(self.status).reason)

    @property
    def metadata(self) -> Mapping[str, str]:
        """Every variable part of the sentence."""
        return dict(error_info(self.status).metadata)

    @property
    def may_pass(self) -> bool:
        """True where the same call may succeed later."""
        return self.status.code == StatusCode.UNAVAILABLE.value[0] or self.retry_after is not None

    @property
    def retry_after(self) -> float | None:
        """The least number of seconds before another try, as the service says it."""
        info = error_details_pb2.RetryInfo()
        for detail in self.status.details:
            if detail.Unpack(info):
                return float(info.retry_delay.ToNanoseconds() / 1e9)
        return None


def failure_of(error: aio.AioRpcError) -> CallFailed:
    """Returns the failure of a call."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    if status is None:
        # Not the service answered, but the connection or a proxy.
        status = status_pb2.Status(code=error.code().value[0], message=error.details() or "")
    return CallFailed(status)
