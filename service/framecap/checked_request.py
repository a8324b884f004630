"""A request that passed all checks that need no source."""

from __future__ import annotations

from dataclasses import dataclass, replace

from framecap.call import CaptureCall, accepted, name_warnings, source_name, understand
from framecap.outputs.registry import output_of
from framecap.services import Services
from framecap.sink.naming import Naming
from framecap.source.address import SourceAddress
from framecap.spec.request import ParsedRequest
from framecap.timebase import utc
from framecap.v1.event_pb2 import CaptureAccepted


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRequest:
    """A request that a capture can begin with."""

    parsed: ParsedRequest
    """The parsed request."""

    address: SourceAddress
    """The source."""

    naming: Naming | None
    """The naming of stored images; None when images are sent inline."""

    accepted: CaptureAccepted
    """The payload of the first event."""


def check_request(call: CaptureCall, services: Services) -> CheckedRequest:
    """Returns a call's request after all checks that need no source.

    Raises:
        CaptureError: The request is refused.
    """
    parsed = understand(call, services.launcher.selections)
    address = services.read_address(call.source)
    naming = services.sinks.naming(parsed.spec, source_name(address))
    if naming is not None:
        files = output_of(parsed.kind).files
        naming = replace(naming, extensions=tuple(type.extension for type in files))
        if call.attempt is not None:
            # The names are the same in every attempt.
            naming = replace(naming, created=utc(call.attempt.created))
    warnings = (*naming.warnings(), *name_warnings(address)) if naming else ()
    return CheckedRequest(
        parsed=parsed,
        address=address,
        naming=naming,
        accepted=accepted(call, parsed, address.public_name, warnings),
    )
