"""Writes the descriptor set for Envoy's transcoder, from the installed framecap.

usage: python descriptor_set.py FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.rpc import error_details_pb2, status_pb2

from framecap.v1 import snapshot_service_pb2, usage_service_pb2

# No method names the error details, but the transcoder needs them to write errors as JSON.
ROOTS = (snapshot_service_pb2, usage_service_pb2, status_pb2, error_details_pb2)


def descriptor_set() -> FileDescriptorSet:
    """Returns the service's files and all their imports, each file after its imports."""
    found: dict[str, FileDescriptor] = {}

    def visit(file: FileDescriptor) -> None:
        if file.name not in found:
            for needed in file.dependencies:
                visit(needed)
            found[file.name] = file

    for root in ROOTS:
        visit(root.DESCRIPTOR)
    result = FileDescriptorSet()
    for file in found.values():
        file.CopyToProto(result.file.add())
    return result


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(descriptor_set().SerializeToString())
