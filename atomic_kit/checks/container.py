"""A small OCI archive out of a tree's own files, so that no registry is needed to run a container.

Source of the layout: the OCI image specification, "Image Layout" and "Image Manifest".
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atomic_kit import command
from atomic_kit.errors import StepError
from atomic_kit.files import new_file
from atomic_kit.sandbox import run_beside

NAME = "localhost/atomic-check:latest"

_SHELL = "/usr/bin/bash"
# Asks a web server for its root and prints the first line of the answer. Bash itself can open connections.
_ENTRY = """\
exec 3<>"/dev/tcp/$0/$1" || exit
printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3
read -r line <&3
echo "${line%$'\\r'}"
"""
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def write_archive(path: Path, *, ostree_repo: Path, checksum: str) -> None:
    """Write an OCI archive whose container takes HOST and PORT and prints the status line of its web server.

    Its files are the shell of the commit and the libraries that it needs; equal commits give equal bytes.
    Raises StepError when the tree has no bash.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        tree, out = Path(folder) / "tree", Path(folder) / "out"
        out.mkdir()
        command.run(["ostree", "checkout", f"--repo={ostree_repo}", "--require-hardlinks", checksum, tree])
        if not (tree / _SHELL.lstrip("/")).is_file():
            raise StepError(f"the tree has no {_SHELL} to make a container of", hint="add bash to the treefile")
        files = {"bin/bash": tree / _SHELL.lstrip("/")} | _libraries(tree, out)
        layer = _tar({name: file.read_bytes() for name, file in files.items()}, mode=0o755)
    with new_file(path) as part:
        part.write_bytes(_archive(layer))


def _libraries(tree: Path, out: Path) -> dict[str, Path]:
    """Return what the tree's dynamic linker loads for the shell: place in the container to file."""
    shown = run_beside(tree, ["ldd", _SHELL], out=out, env={"PATH": "/usr/bin:/usr/sbin"}).stdout
    places = re.findall(r"(?:=> |^\s*)(/\S+) \(0x", shown, re.MULTILINE)
    # The tree's /lib and /lib64 are links into /usr; the container has real folders of these names.
    return {place.lstrip("/"): tree / "usr" / place.removeprefix("/usr").lstrip("/") for place in places}


def _archive(layer: bytes) -> bytes:
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": ["/bin/bash", "-c", _ENTRY]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    blobs = [layer, _json(config)]
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _descriptor(blobs[1], _CONFIG),
        "layers": [_descriptor(layer, _LAYER)],
    }
    blobs.append(_json(manifest))
    named = _descriptor(blobs[2], _MANIFEST) | {"annotations": {"org.opencontainers.image.ref.name": NAME}}
    files = {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": _json({"schemaVersion": 2, "manifests": [named]}),
    }
    files |= {f"blobs/{_digest(blob).replace(':', '/')}": blob for blob in blobs}
    return _tar(files, mode=0o644)


def _tar(files: Mapping[str, bytes], *, mode: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folders = {str(parent) for name in files for parent in Path(name).parents} - {"."}
        for folder in sorted(folders):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def _descriptor(blob: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
