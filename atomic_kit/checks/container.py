"""A small container image, so that no registry is needed to prove that containers run."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from atomic_kit import command
from atomic_kit.errors import StepError
from atomic_kit.files import new_file

IMAGE = "localhost/atomic-check:latest"
_APPLETS = ("sh", "id", "wget", "cat")


def write_oci_archive(path: Path) -> Path:
    """Write an OCI archive with one static program (busybox) and nothing else.

    Source: the OCI image layout specification, 1.0.
    """
    program = command.which("busybox")
    if program is None:
        raise StepError("busybox is not installed", hint=command.install_hint(["busybox"]))
    layer = _tar({"bin/busybox": program.read_bytes()}, links={f"bin/{name}": "busybox" for name in _APPLETS})
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _descriptor(config, "application/vnd.oci.image.config.v1+json"),
            "layers": [_descriptor(layer, "application/vnd.oci.image.layer.v1.tar")],
        }
    )
    entry = _descriptor(manifest, "application/vnd.oci.image.manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": IMAGE}
    blobs = {f"blobs/sha256/{_digest(blob)}": blob for blob in (layer, config, manifest)}
    layout = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"})}
    index = {"index.json": _json({"schemaVersion": 2, "manifests": [entry]})}
    with new_file(path) as part:
        part.write_bytes(_tar(layout | index | blobs, links={}))
    return path


def _tar(files: dict[str, bytes], *, links: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
        for name, target in links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return packed.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _descriptor(content: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": f"sha256:{_digest(content)}", "size": len(content)}
