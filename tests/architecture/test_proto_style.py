"""The contract keeps its style. Needs no network and no tool but grpcio-tools."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from support.architecture.protostyle import compiled, problems

ROOT = Path(__file__).parents[2]
SERVICE = "framecap/v1/snapshot_service.proto"
CAPTURE = "framecap/v1/capture.proto"
DECODER = "framecap/decoder/v1/decoder.proto"


def test_the_contract_keeps_its_style(tmp_path: Path) -> None:
    files = compiled(ROOT / "proto", tmp_path / "set.pb")
    assert {SERVICE, CAPTURE, DECODER} <= {file.name for file in files}
    assert problems(files) == []


@pytest.mark.parametrize(
    ("path", "pattern", "replacement", "problem"),
    [
        pytest.param(
            CAPTURE,
            r"^// Says which frames to take, how.*\n",
            "",
            "framecap/v1/capture.proto: CaptureSpec has no comment",
            id="message comment",
        ),
        pytest.param(
            CAPTURE,
            r"  // The box the pictures must meet.*\n",
            "",
            "framecap/v1/capture.proto: CaptureSpec.box has no comment",
            id="field comment",
        ),
        pytest.param(
            CAPTURE,
            r"  // Which frames to take\. Unset.*\n",
            "",
            "framecap/v1/capture.proto: CaptureSpec.selection has no comment",
            id="oneof comment",
        ),
        pytest.param(
            CAPTURE,
            r"  // Forced to the box\.\n",
            "",
            "framecap/v1/capture.proto: ScaleType.SCALE_TYPE_STRETCH has no comment",
            id="enum value comment",
        ),
        pytest.param(
            CAPTURE,
            r"^// Says what to capture, .*\n",
            "",
            "framecap/v1/capture.proto: the package has no comment",
            id="package comment",
        ),
        pytest.param(
            SERVICE,
            r"^// Captures frames while the caller waits\.\n",
            "",
            "framecap/v1/snapshot_service.proto: SnapshotService has no comment",
            id="service comment",
        ),
        pytest.param(
            SERVICE,
            r"  // Says what a source contains\.\n(?=  rpc)",
            "",
            "framecap/v1/snapshot_service.proto: SnapshotService.ProbeMedia has no comment",
            id="method comment",
        ),
        pytest.param(
            DECODER,
            r"^package framecap\.decoder\.v1;",
            "package framecap.worker.v1;",
            "framecap/decoder/v1/decoder.proto: package framecap.worker.v1 is not its folder",
            id="package",
        ),
        pytest.param(
            SERVICE,
            "service SnapshotService",
            "service Snapshots",
            "Snapshots: does not end in Service",
            id="service name",
        ),
        pytest.param(
            SERVICE,
            r"\(ProbeMediaRequest\)",
            "(ExplainCaptureRequest)",
            "SnapshotService.ProbeMedia: takes .framecap.v1.ExplainCaptureRequest",
            id="request name",
        ),
        pytest.param(
            SERVICE,
            r"\(ProbeMediaRequest\)",
            "(ExplainCaptureRequest)",
            ".framecap.v1.ExplainCaptureRequest: used by 2 methods",
            id="request shared",
        ),
        pytest.param(
            SERVICE,
            r"\(ProbeMediaResponse\)",
            "(google.api.HttpBody)",
            "SnapshotService.ProbeMedia: answers .google.api.HttpBody",
            id="response name",
        ),
        pytest.param(
            SERVICE,
            r'\{\n    option \(google\.api\.http\) = \{get: "/v1/media:probe"\};\n  \}',
            ";",
            "SnapshotService.ProbeMedia: has no google.api.http",
            id="http",
        ),
        pytest.param(
            CAPTURE,
            r"SCALE_TYPE_FIT = 4",
            "FIT = 4",
            "ScaleType: FIT does not begin with SCALE_TYPE_",
            id="enum prefix",
        ),
        pytest.param(
            CAPTURE,
            r"SCALE_TYPE_UNSPECIFIED = 0",
            "SCALE_TYPE_DEFAULT = 0",
            "ScaleType: does not begin with SCALE_TYPE_UNSPECIFIED = 0",
            id="enum zero",
        ),
    ],
)
def test_a_planted_problem_is_found(
    tmp_path: Path, path: str, pattern: str, replacement: str, problem: str
) -> None:
    root = tmp_path / "proto"
    shutil.copytree(ROOT / "proto", root)
    text = (root / path).read_text()
    planted, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert count == 1
    (root / path).write_text(planted)
    assert problem in problems(compiled(root, tmp_path / "set.pb"))


def test_a_package_without_a_version_is_found(tmp_path: Path) -> None:
    Path(tmp_path, "toy").mkdir()
    Path(tmp_path, "toy/toy.proto").write_text('syntax = "proto3";\n// Plays.\npackage toy;\n')
    assert problems(compiled(tmp_path, tmp_path / "set.pb")) == [
        "toy/toy.proto: package toy has no version"
    ]
