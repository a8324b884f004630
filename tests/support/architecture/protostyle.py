"""What every proto file of the project keeps to, checked on its descriptors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import grpc_tools
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

# Answers of another kind than a message of the project's own, by method.
FOREIGN_ANSWERS: Final = {"SnapshotService.CaptureImage": ".google.api.HttpBody"}

INCLUDES: Final = (
    Path(annotations_pb2.__file__).parents[2],  # google/api, google/rpc
    Path(grpc_tools.__file__).parent / "_proto",  # google/protobuf
)

Element = tuple[tuple[int, ...], str]


def compiled(root: Path, out: Path) -> list[FileDescriptorProto]:
    """Returns the descriptors of the proto files below `root`, comments included."""
    below = (path.relative_to(root) for path in sorted(root.rglob("*.proto")))
    # proto/released/ is what was promised, to compare with.
    names = [str(path) for path in below if path.parts[0] != "released"]
    paths = [f"--proto_path={path}" for path in (root, *INCLUDES)]
    status = protoc.main(
        ["protoc", *paths, "--include_source_info", f"--descriptor_set_out={out}", *names]
    )
    assert status == 0, "protoc refused the proto files"
    return list(FileDescriptorSet.FromString(out.read_bytes()).file)


def problems(files: Sequence[FileDescriptorProto]) -> list[str]:
    """Returns what is wrong with the files, one sentence each."""
    found = [problem for file in files for problem in _file_problems(file)]
    methods = [method for file in files for service in file.service for method in service.method]
    used = Counter(name for m in methods for name in (m.input_type, m.output_type))
    return found + [f"{name}: used by {count} methods" for name, count in used.items() if count > 1]


def _file_problems(file: FileDescriptorProto) -> Iterator[str]:
    if file.package != str(Path(file.name).parent).replace("/", "."):
        yield f"{file.name}: package {file.package} is not its folder"
    if not re.search(r"\.v[1-9][0-9]*$", file.package):
        yield f"{file.name}: package {file.package} has no version"
    for service in file.service:
        yield from _service_problems(service, file.package)
    for enum in _enums(file.message_type, file.enum_type):
        yield from _enum_problems(enum)
    said = {tuple(x.path) for x in file.source_code_info.location if x.leading_comments.strip()}
    for path, name in _elements(file):
        if path not in said:
            yield f"{file.name}: {name} has no comment"


def _service_problems(service: ServiceDescriptorProto, package: str) -> Iterator[str]:
    if not service.name.endswith("Service"):
        yield f"{service.name}: does not end in Service"
    for method in service.method:
        name = f"{service.name}.{method.name}"
        answer = FOREIGN_ANSWERS.get(name, f".{package}.{method.name}Response")
        if method.input_type != f".{package}.{method.name}Request":
            yield f"{name}: takes {method.input_type}"
        if method.output_type != answer:
            yield f"{name}: answers {method.output_type}"
        if not method.options.HasExtension(annotations_pb2.http):
            yield f"{name}: has no google.api.http"


def _enum_problems(enum: EnumDescriptorProto) -> Iterator[str]:
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper() + "_"
    for value in enum.value:
        if not value.name.startswith(prefix):
            yield f"{enum.name}: {value.name} does not begin with {prefix}"
    if (enum.value[0].name, enum.value[0].number) != (f"{prefix}UNSPECIFIED", 0):
        yield f"{enum.name}: does not begin with {prefix}UNSPECIFIED = 0"


def _enums(
    messages: Sequence[DescriptorProto], enums: Sequence[EnumDescriptorProto]
) -> Iterator[EnumDescriptorProto]:
    yield from enums
    for message in messages:
        yield from _enums(message.nested_type, message.enum_type)


def _elements(file: FileDescriptorProto) -> Iterator[Element]:
    """Yields what must have a comment, by its path in the file's source."""
    yield (2,), "the package"
    for i, message in enumerate(file.message_type):
        yield from _of_message((4, i), message.name, message)
    for i, enum in enumerate(file.enum_type):
        yield from _of_enum((5, i), enum.name, enum)
    for i, service in enumerate(file.service):
        yield (6, i), service.name
        for j, method in enumerate(service.method):
            yield (6, i, 2, j), f"{service.name}.{method.name}"


def _of_message(path: tuple[int, ...], name: str, message: DescriptorProto) -> Iterator[Element]:
    yield path, name
    for i, field in enumerate(message.field):
        yield (*path, 2, i), f"{name}.{field.name}"
    for i, choice in enumerate(message.oneof_decl):
        # `optional` makes a oneof of its own, which stands nowhere in the source.
        if not any(f.proto3_optional and f.oneof_index == i for f in message.field):
            yield (*path, 8, i), f"{name}.{choice.name}"
    for i, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from _of_message((*path, 3, i), f"{name}.{nested.name}", nested)
    for i, enum in enumerate(message.enum_type):
        yield from _of_enum((*path, 4, i), f"{name}.{enum.name}", enum)


def _of_enum(path: tuple[int, ...], name: str, enum: EnumDescriptorProto) -> Iterator[Element]:
    yield path, name
    for i, value in enumerate(enum.value):
        yield (*path, 2, i), f"{name}.{value.name}"
