"""Events as lines of JSON."""

from __future__ import annotations

from google.protobuf import json_format
from google.protobuf.message import Message

# Statuses carry these as Any; their types must be registered to be printed as JSON.
from google.rpc import error_details_pb2 as error_details_pb2

from framecap.v1 import event_pb2


def to_line(event: event_pb2.CaptureEvent) -> str:
    """Returns an event as one line of protobuf-JSON, without the line break."""
    return message_to_line(event)


def message_to_line(message: Message) -> str:
    """Returns a message as one line of protobuf-JSON, without the line break.

    Names are camelCase and default values are included. The text is ASCII, so no character of a
    name or a sentence can break the line.
    """
    return json_format.MessageToJson(
        message, indent=None, always_print_fields_with_no_presence=True, ensure_ascii=True
    )
