"""A signed rpm-md repository and a server that can serve it badly, for the tests of the rpm-md source."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import createrepo_c
import zstandard

from atomic_kit import command

PACK: Mapping[str, tuple[str, Callable[[bytes], bytes]]] = {
    "plain": ("", lambda content: content),
    "gz": (".gz", lambda content: gzip.compress(content, mtime=0)),
    "xz": (".xz", lzma.compress),
    "zst": (".zst", zstandard.compress),
}


class Keys:
    """A GnuPG home with throw-away keys."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)

    def make(self, name: str, *options: str, expires: str = "never") -> str:
        """Make a key that signs; return its fingerprint."""
        self.gpg(
            *options,
            "--passphrase",
            "",
            "--quick-generate-key",
            f"{name} <{name}@test.test>",
            "rsa2048",
            "sign",
            expires,
        )
        listed = self.gpg("--with-colons", "--list-keys", f"={name} <{name}@test.test>")
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def public(self, fingerprint: str, to: Path) -> Path:
        """Write the public key to a file."""
        to.write_text(self.gpg("--armor", "--export", fingerprint))
        return to

    def revoke(self, fingerprint: str) -> None:
        """Revoke a key, by the certificate that GnuPG made with it."""
        text = (self.home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
        certificate = self.home / "revoke.asc"
        certificate.write_text(text.replace(":-----BEGIN", "-----BEGIN"))
        self.gpg("--import", str(certificate))

    def sign_file(self, path: Path, fingerprint: str, *options: str) -> None:
        """Write path.asc."""
        signature = path.with_name(f"{path.name}.asc")
        signature.unlink(missing_ok=True)
        self.gpg(
            *options, "--local-user", fingerprint, "--armor", "--output", str(signature), "--detach-sign", str(path)
        )

    def sign_rpm(self, path: Path, fingerprint: str) -> None:
        """Add a signature to an RPM file with rpm's own tool."""
        names = {"_gpg_name": fingerprint, "_gpg_path": str(self.home), "__gpg": "/usr/bin/gpg"}
        defined = [word for name, value in names.items() for word in ("--define", f"{name} {value}")]
        command.run(["rpmsign", *defined, "--addsign", path], env={"GNUPGHOME": str(self.home)})

    def gpg(self, *arguments: str) -> str:
        """Run gpg in this home."""
        options = ["--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--trust-model", "always"]
        return command.run(["gpg", "--homedir", self.home, *options, *arguments]).stdout

    def close(self) -> None:
        """End the agent."""
        command.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False)


@dataclass
class Repository:
    """RPM files in a folder, and the metadata that are written about them."""

    folder: Path
    pack: str = "gz"
    algorithm: str = "sha256"
    extra: dict[str, bytes] = field(default_factory=dict)
    edit: Callable[[bytes], bytes] = lambda primary: primary
    edit_repomd: Callable[[str], str] = lambda repomd: repomd

    @property
    def repomd(self) -> Path:
        return self.folder / "repodata" / "repomd.xml"

    def index(self) -> None:
        """Write the metadata anew."""
        repodata = self.folder / "repodata"
        shutil.rmtree(repodata, ignore_errors=True)
        repodata.mkdir()
        contents = {"primary": self.edit(self._primary()), "filelists": self._filelists(), **self.extra}
        records = "".join(self._record(kind, content) for kind, content in contents.items())
        namespace = "http://linux.duke.edu/metadata/repo"
        text = f'<?xml version="1.0"?>\n<repomd xmlns="{namespace}"><revision>1</revision>{records}</repomd>\n'
        self.repomd.write_text(self.edit_repomd(text))

    def file(self, kind: str) -> Path:
        """Return a metadata file as it is stored."""
        return next((self.folder / "repodata").glob(f"*-{kind}.*"))

    def _record(self, kind: str, content: bytes) -> str:
        suffix, pack = PACK[self.pack]
        packed = pack(content)
        digest, opened = (hashlib.new(self.algorithm, one).hexdigest() for one in (packed, content))
        name = f"{digest}-{kind}.{'yaml' if kind == 'modules' else 'xml'}{suffix}"
        (self.folder / "repodata" / name).write_bytes(packed)
        return (
            f'<data type="{kind}"><checksum type="{self.algorithm}">{digest}</checksum>'
            f'<open-checksum type="{self.algorithm}">{opened}</open-checksum><location href="repodata/{name}"/>'
            f"<timestamp>1700000000</timestamp><size>{len(packed)}</size><open-size>{len(content)}</open-size></data>"
        )

    def _packages(self) -> list[createrepo_c.Package]:
        files = sorted(self.folder.rglob("*.rpm"))
        return [
            createrepo_c.package_from_rpm(str(path), location_href=str(path.relative_to(self.folder))) for path in files
        ]

    def _primary(self) -> bytes:
        return self._written(createrepo_c.PrimaryXmlFile)

    def _filelists(self) -> bytes:
        return self._written(createrepo_c.FilelistsXmlFile)

    def _written(self, kind: type) -> bytes:
        path = self.folder / "repodata" / "written.xml"
        packages = self._packages()
        file = kind(str(path), createrepo_c.NO_COMPRESSION)
        file.set_num_of_pkgs(len(packages))
        for package in packages:
            file.add_pkg(package)
        file.close()
        content = path.read_bytes()
        path.unlink()
        return content


@dataclass
class Server:
    """Serves folders by their first path element.

    `faults` maps a path to what happens there instead: a status, a content, or `stall`, `cut`, `trickle`, `drip`
    (slow, but not too slow), `endless`, each after half of the content; `to:URL` redirects there, with a body
    without end. A fault with a number in `times` happens so often and then no more. `asked` lists what was asked
    for: path and headers.
    """

    folders: dict[str, Path]
    port: int = 0
    faults: dict[str, int | bytes | str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def fault(self, path: str) -> int | bytes | str | None:
        if path in self.faults and path in self.times:
            self.times[path] -= 1
            if self.times[path] < 0:
                return None
        return self.faults.get(path)


@contextmanager
def serving(**folders: Path) -> Iterator[Server]:
    """Serve folders on the loopback address while the block runs."""
    server = Server(dict(folders))
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            server.asked.append((path, dict(self.headers)))
            fault = server.fault(path)
            root, _, rest = path.lstrip("/").partition("/")
            file = server.folders.get(root, Path("/nowhere")) / rest
            if isinstance(fault, int):
                self._answer(fault, b"")
            elif isinstance(fault, bytes):
                self._answer(200, fault)
            elif isinstance(fault, str) and fault.startswith("to:"):
                self._head(302, {"Location": fault[3:], "Content-Length": str(1 << 40)})
                self._endless()
            elif not file.is_file():
                self._answer(404, b"")
            elif fault:
                self._badly(str(fault), file.read_bytes())
            else:
                self._well(file)

        def _well(self, file: Path) -> None:
            content, tag = file.read_bytes(), f'"{hashlib.md5(file.read_bytes()).hexdigest()}"'
            headers = {"ETag": tag, "Last-Modified": formatdate(file.stat().st_mtime, usegmt=True)}
            if self.headers.get("If-None-Match") == tag:
                return self._answer(304, None, headers)
            if wanted := self.headers.get("Range"):
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    return self._answer(416, b"")
                place = f"bytes {start}-{len(content) - 1}/{len(content)}"
                return self._answer(206, content[start:], {**headers, "Content-Range": place})
            return self._answer(200, content, headers)

        def _badly(self, fault: str, content: bytes) -> None:
            length = 1 << 40 if fault == "endless" else len(content)
            self._head(200, {"Content-Length": str(length)})
            self.close_connection = True
            with suppress(OSError):
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                if fault == "stall":
                    ended.wait(20)
                while fault == "trickle" and not ended.wait(0.05):
                    self.wfile.write(b"x")
                for start in range(len(content) // 2, len(content) if fault == "drip" else 0, 1000):
                    ended.wait(0.1)
                    self.wfile.write(content[start : start + 1000])
                if fault == "endless":
                    self._endless()
                self.connection.shutdown(socket.SHUT_RDWR)

        def _endless(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                while not ended.is_set():
                    self.wfile.write(b"x" * 65536)

        def _answer(self, status: int, content: bytes | None, headers: Mapping[str, str] | None = None) -> None:
            length = {} if content is None else {"Content-Length": str(len(content))}
            self._head(status, {**(headers or {}), **length})
            self.wfile.write(content or b"")

        def _head(self, status: int, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of clients that hang up."""

    http = Quiet(("127.0.0.1", 0), Handler)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        http.shutdown()
        http.server_close()
        thread.join(5)


def metalink(repomd: bytes, *urls: str, older: bytes | None = None, algorithm: str = "sha256") -> bytes:
    """Return a metalink for repomd.xml at base URLs, best first."""

    def about(content: bytes) -> str:
        digest = hashlib.new(algorithm, content).hexdigest()
        return (
            f"<mm0:timestamp>{int(time.time())}</mm0:timestamp><size>{len(content)}</size>"
            f'<verification><hash type="md5">{hashlib.md5(content).hexdigest()}</hash>'
            f'<hash type="{algorithm}">{digest}</hash></verification>'
        )

    places = "".join(
        f'<url protocol="http" type="http" preference="{100 - number}">{url}repodata/repomd.xml</url>'
        for number, url in enumerate(urls)
    )
    old = f"<mm0:alternates><mm0:alternate>{about(older)}</mm0:alternate></mm0:alternates>" if older else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<metalink version="3.0" xmlns="http://www.metalinker.org/" '
        'xmlns:mm0="http://fedorahosted.org/mirrormanager"><files><file name="repomd.xml">'
        f'{about(repomd)}{old}<resources><url protocol="rsync" type="rsync" preference="100">rsync://m.test/repomd.xml'
        f"</url>{places}</resources></file></files></metalink>"
    ).encode()
