"""The two build steps pyproject.toml cannot express: protobuf stubs and Cython kernels."""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Command, Extension, setup
from setuptools.command.build import build

TRACE = bool(os.environ.get("FRAMECAP_BUILD_TRACE"))  # line tracing + bounds checks, for CI only

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": TRACE,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "embedsignature": True,
    "linetrace": TRACE,
}


class build_proto(Command):
    """Generates the framecap.v1 and framecap.decoder.v1 packages from proto/."""

    description = "generate protobuf and gRPC stubs"
    user_options = []
    editable_mode = False

    def initialize_options(self):
        self.build_lib = None

    def finalize_options(self):
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self):
        import grpc_tools
        from google.api import annotations_pb2
        from grpc_tools import protoc

        out = Path("service" if self.editable_mode else self.build_lib)
        includes = [
            Path("proto"),
            Path(annotations_pb2.__file__).parents[2],  # google/api, google/rpc
            Path(grpc_tools.__file__).parent / "_proto",  # google/protobuf
        ]
        argv = [
            "protoc",
            *(f"--proto_path={path}" for path in includes),
            f"--python_out={out}",
            f"--pyi_out={out}",
            *map(str, protos()),
        ]
        if protoc.main(argv) != 0:
            raise RuntimeError("protoc failed")
        services = [str(path) for path in protos() if path.stem.endswith("_service")]
        if protoc.main([*argv[: 1 + len(includes)], f"--grpc_python_out={out}", *services]) != 0:
            raise RuntimeError("protoc failed")

    def get_source_files(self):
        return [str(path) for root in ("proto", "ext") for path in Path(root).rglob("*.*")]

    def get_outputs(self):
        outputs = []
        for path in protos():
            suffixes = ["_pb2.py", "_pb2.pyi"]
            if path.stem.endswith("_service"):
                suffixes.append("_pb2_grpc.py")
            outputs += [str(Path(self.build_lib) / path.with_name(path.stem + s)) for s in suffixes]
        return outputs

    def get_output_mapping(self):
        return {}


class BuildWithProto(build):
    # Last, so fresh stubs overwrite the ones an editable install left in the source tree.
    sub_commands = [*build.sub_commands, ("build_proto", None)]


def protos():
    # proto/released/ is what was promised, to compare with; nothing is built from it.
    return sorted(path.relative_to("proto") for path in Path("proto/framecap").rglob("*.proto"))


def kernels():
    """Yields one extension per ext/**/*.pyx, named by its path below ext/."""
    for source in sorted(Path("ext").rglob("*.pyx")):
        name = ".".join(source.relative_to("ext").with_suffix("").parts)
        yield Extension(
            name,
            [str(source)],
            include_dirs=[str(source.parent)],
            depends=[str(path) for path in sorted(source.parent.glob("*.h"))],
            extra_compile_args=["-O3", "-Wall", "-Wextra", "-Wno-unused-parameter"],
            define_macros=[("CYTHON_TRACE_NOGIL", "1")] if TRACE else [],
        )


setup(
    cmdclass={"build": BuildWithProto, "build_proto": build_proto},
    options={"build_ext": {"parallel": True}},  # One compiler per core.
    ext_modules=cythonize(
        list(kernels()),
        include_path=["ext"],
        # cythonize compares timestamps, not directives: each mode needs its own cache.
        build_dir="build/cython-trace" if TRACE else "build/cython",
        compiler_directives=DIRECTIVES,
    ),
)
