"""The rpm-md source against a signed repository on the loopback address, tampered with in every way."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rpm_repository import Keys, Repository, Server, metalink, serving

from atomic_kit.errors import AtomicKitError, StepError
from atomic_kit.packages.package_set import Package
from atomic_kit.parameters import RpmRepo
from atomic_kit.rpm_repos import RpmKey
from atomic_kit.solver import Pool, Request
from atomic_kit.sources.repofile import read_repo_file, rpm_repos_from_paths
from atomic_kit.sources.rpmmd import RpmMdSource
from atomic_kit.web import Pace

pytestmark = pytest.mark.integration
PACE = Pace(connect=5, stall=5, slowest=1000, retries=2, pause=0.01)


@dataclass(frozen=True)
class Names:
    """Fingerprints of the throw-away keys."""

    own: str
    other: str
    expired: str
    revoked: str


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    made = Keys(tmp_path_factory.mktemp("k") / "gpg")
    yield made
    made.close()


@pytest.fixture(scope="module")
def names(keys: Keys) -> Names:
    past = ("--faked-system-time", "20200101T000000!")
    found = Names(keys.make("own"), keys.make("other"), keys.make("old", *past, expires="1d"), keys.make("revoked"))
    keys.revoke(found.revoked)
    return found


class Place:
    """A signed repository with the packages app and lib, served, and what reads it."""

    def __init__(self, folder: Path, keys: Keys, names: Names, server: Server) -> None:
        self.folder, self.keys, self.names, self.server = folder, keys, names, server
        self.repository = Repository(folder / "repo")
        self.cache = folder / "cache"
        self.options: dict[str, object] = {"baseurl": server.url("repo/")}
        self.pin(names.own)

    @property
    def repomd(self) -> Path:
        return self.repository.repomd

    def pin(self, fingerprint: str, *, served: str | None = None) -> None:
        """Serve one key and pin a fingerprint, by default its own."""
        self.keys.public(served or fingerprint, self.folder / "keys" / "key.asc")
        self.options["gpgkey"] = [{"url": self.server.url("keys/key.asc"), "fingerprint": fingerprint}]

    def publish(self) -> None:
        self.repository.index()
        self.keys.sign_file(self.repomd, self.names.own)

    def source(self, *, refresh: bool = True) -> RpmMdSource:
        return RpmMdSource(self.cache, [RpmRepo(id="test", **self.options)], refresh=refresh, pace=PACE)

    def read(self, source: RpmMdSource | None = None) -> tuple[Package, ...]:
        (snapshot,) = (source or self.source()).snapshots()
        return Pool(snapshot.rpm_repos).solve(Request(("app",))).packages

    def all(self) -> dict[Package, Path]:
        source = self.source()
        return source.fetch(self.read(source))

    def rpm(self, name: str) -> Path:
        return self.folder / "repo" / f"{name}-1-1.noarch.rpm"

    def unverified(self) -> list[Path]:
        """Return what a run that failed must not leave: parts, and packages whose signature nobody checked."""
        files = [path for path in self.cache.rglob("*") if path.is_file()]
        return [path for path in files if ".part" in path.name or "incoming" in path.parts]


@pytest.fixture(scope="module")
def signed_rpms(tmp_path_factory: pytest.TempPathFactory, keys: Keys, names: Names) -> Path:
    """A folder with RPM files signed by the own key."""
    import rpm_rs

    folder = tmp_path_factory.mktemp("signed")
    for name, requires in (("app", ("lib",)), ("lib", ())):
        builder = rpm_rs.PackageBuilder(name, "1", "MIT", "noarch", f"the package {name}")
        builder.using_config(rpm_rs.BuildConfig(format=rpm_rs.RpmFormat.V4, source_date=1))
        builder.release("1")
        for one in requires:
            builder.requires(one)
        builder.with_file_contents(b"content" * 1000, rpm_rs.FileOptions.new(f"/usr/share/{name}", permissions=0o644))
        path = folder / f"{name}-1-1.noarch.rpm"
        builder.build().write_file(str(path))
        shutil.copy(path, folder / f"{path.name}.unsigned")
        keys.sign_rpm(path, names.own)
    return folder


@pytest.fixture
def place(tmp_path: Path, keys: Keys, names: Names, signed_rpms: Path) -> Iterator[Place]:
    for name in ("repo", "keys", "mirror", "lists"):
        (tmp_path / name).mkdir()
    for path in signed_rpms.glob("*.rpm"):
        shutil.copy(path, tmp_path / "repo")
    folders = {name: tmp_path / name for name in ("repo", "keys", "mirror", "lists")}
    with serving(**folders) as server:
        made = Place(tmp_path, keys, names, server)
        made.publish()
        yield made


def test_a_signed_repository_is_read_and_its_packages_fetched(place: Place) -> None:
    fetched = place.all()
    assert sorted(package.name for package in fetched) == ["app", "lib"]
    assert all(path.read_bytes() == place.rpm(package.name).read_bytes() for package, path in fetched.items())
    assert not place.unverified()


def test_a_second_run_asks_for_what_changed_only(place: Place) -> None:
    first = place.all()
    place.server.asked.clear()
    assert place.all() == first
    assert place.server.paths() == ["/keys/key.asc", "/repo/repodata/repomd.xml"]
    assert "If-None-Match" in place.server.asked[-1][1]


def test_several_repositories_share_a_key_and_old_states_go(place: Place) -> None:
    options = [{"id": name, **place.options} for name in ("one", "two", "three")]
    source = RpmMdSource(place.cache, [RpmRepo(**one) for one in options], pace=PACE)
    (snapshot,) = source.snapshots()
    assert [one.id for one in snapshot.rpm_repos] == ["one", "two", "three"]
    old, new = (snapshot.rpm_repos[0].primary.with_name(name) for name in ("0123-primary.xml.gz", ".4567.partial"))
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    kept = {path.name for path in old.parent.iterdir()} - {old.name}
    source.snapshots()
    assert {path.name for path in old.parent.iterdir()} == kept


def test_a_package_of_a_repository_that_is_not_in_use_is_named(place: Place) -> None:
    packages = place.read()
    place.options["id"] = "renamed"
    with pytest.raises(StepError, match="is of rpm_repo test, which is not in use"):
        RpmMdSource(place.cache, [RpmRepo(**place.options)], pace=PACE).fetch(packages)


def test_a_repo_file_with_a_key_by_url(place: Place) -> None:
    path = place.folder / "test.repo"
    path.write_text(f"[file]\nbaseurl={place.server.url('repo/')}\ngpgkey={place.server.url('keys/key.asc')}\n")
    source = RpmMdSource(place.cache, read_repo_file(path, fingerprints=[place.names.own]), pace=PACE)
    assert len(source.fetch(place.read(source))) == 2
    with pytest.raises(StepError, match="holds the key"):
        RpmMdSource(place.cache, read_repo_file(path, fingerprints=[place.names.other]), pace=PACE).snapshots()


def test_without_refresh_nothing_is_asked(place: Place) -> None:
    place.all()
    place.server.asked.clear()
    source = place.source(refresh=False)
    assert source.kept(place.read(source)).keys() == set(place.read(source))
    assert place.server.asked == []


@pytest.mark.parametrize("pack", ["plain", "gz", "xz", "zst"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_metadata_in_every_packing(place: Place, pack: str, algorithm: str) -> None:
    place.repository.pack, place.repository.algorithm = pack, algorithm
    place.publish()
    assert [package.name for package in place.read()] == ["app", "lib"]


def test_modules_comps_and_advisories_are_read_too(place: Place) -> None:
    place.repository.pack = "zst"
    place.repository.extra = {
        "modules": b"---\ndocument: modulemd-defaults\nversion: 1\ndata: {module: a, stream: '1'}\n",
        "group": b"<!DOCTYPE comps SYSTEM 'comps.dtd'><comps/>",
        "updateinfo": b"<updates/>",
    }
    place.publish()
    ((metadata,),) = (one.rpm_repos for one in place.source().snapshots())
    files = [metadata.modules, metadata.comps, metadata.updateinfo, metadata.filelists]
    assert [path and path.suffix for path in files] == [".yaml", ".xml", ".xml", ".xml"]


# --- tampered in every way ---------------------------------------------------------------------------------------


def change(path: Path, old: bytes = b"", new: bytes = b"") -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(old, new) if old else content[:-1] + bytes([content[-1] ^ 1]))


def repomd_changed(place: Place) -> None:
    change(place.repomd, b"<revision>1", b"<revision>2")


def signature_changed(place: Place) -> None:
    signature = place.repomd.with_name("repomd.xml.asc")
    lines = signature.read_text().splitlines()
    lines[4] = lines[4].swapcase()
    signature.write_text("\n".join(lines))


def signature_empty(place: Place) -> None:
    place.repomd.with_name("repomd.xml.asc").write_bytes(b"")


def signature_missing(place: Place) -> None:
    place.repomd.with_name("repomd.xml.asc").unlink()


def signed_by_another_key(place: Place) -> None:
    place.keys.sign_file(place.repomd, place.names.other)


def signed_by_two_keys(place: Place) -> None:
    place.keys.sign_file(place.repomd, place.names.own, "--local-user", place.names.other)


def signed_over_sha1(place: Place) -> None:
    place.keys.sign_file(place.repomd, place.names.own, "--digest-algo", "SHA1")


def other_key_served(place: Place) -> None:
    place.pin(place.names.own, served=place.names.other)


def key_is_a_web_page(place: Place) -> None:
    (place.folder / "keys" / "key.asc").write_text("<html>404</html>")


def key_is_gone(place: Place) -> None:
    (place.folder / "keys" / "key.asc").unlink()


def key_expired(place: Place) -> None:
    place.pin(place.names.expired)


def key_revoked(place: Place) -> None:
    place.pin(place.names.revoked)


def primary_changed(place: Place) -> None:
    change(place.repository.file("primary"))


def primary_cut(place: Place) -> None:
    path = place.repository.file("primary")
    path.write_bytes(path.read_bytes()[:-20])


def primary_longer(place: Place) -> None:
    path = place.repository.file("primary")
    path.write_bytes(path.read_bytes() + b"x" * 100_000)


def primary_missing(place: Place) -> None:
    place.repository.file("primary").unlink()


def filelists_changed(place: Place) -> None:
    change(place.repository.file("filelists"))


def resigned(edit: Callable[[bytes], bytes] | None = None, **options: object) -> Callable[[Place], None]:
    """Return what makes the owner publish bad metadata, signatures and checksums and all."""

    def tamper(place: Place) -> None:
        if edit:
            place.repository.edit = edit
        for name, value in options.items():
            setattr(place.repository, name, value)
        place.publish()

    return tamper


def package_changed(place: Place) -> None:
    change(place.rpm("lib"))


def package_missing(place: Place) -> None:
    place.rpm("lib").unlink()


def package_unsigned(place: Place) -> None:
    unsigned = next(place.folder.parent.parent.glob("*/signed*/lib*.unsigned"), None)
    assert unsigned is not None
    shutil.copy(unsigned, place.rpm("lib"))
    place.publish()


def package_signed_by_another_key(place: Place) -> None:
    place.keys.sign_rpm(place.rpm("lib"), place.names.other)
    place.publish()


def package_is_no_rpm(place: Place) -> None:
    digest = hashlib.sha256(place.rpm("lib").read_bytes()).hexdigest()
    size = place.rpm("lib").stat().st_size
    evil = b"#!/bin/sh\n".ljust(size, b"#")
    new = hashlib.sha256(evil).hexdigest()
    place.repository.edit = lambda primary: primary.replace(digest.encode(), new.encode())
    place.publish()
    place.rpm("lib").write_bytes(evil)


def metalinked(content: Callable[[Place], bytes]) -> Callable[[Place], None]:
    def tamper(place: Place) -> None:
        (place.folder / "lists" / "metalink").write_bytes(content(place))
        place.options |= {"metalink": place.server.url("lists/metalink"), "repo_gpgcheck": False}

    return tamper


def stated(tag: str, text: str) -> Callable[[str], str]:
    return lambda repomd: re.sub(rf"(<{tag}[^>]*>)[^<]*", rf"\g<1>{text}", repomd)


def named(text: str) -> Callable[[bytes], bytes]:
    return lambda primary: primary.replace(b'href="lib-1-1.noarch.rpm"', text.encode())


LAUGHS = b'<!DOCTYPE m [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<metadata'
METADATA = [
    (repomd_changed, "repomd.xml is not what was signed"),
    (signature_changed, "repomd.xml (has a signature that cannot be read|is not what was signed)"),
    (signature_empty, "repomd.xml has a signature that cannot be read"),
    (signature_missing, "is no repomd.xml.asc; .* set repo_gpgcheck: false, or pass --no-repo-gpgcheck"),
    (signed_by_another_key, r"repomd.xml is signed by a key that is not pinned \(\w+\); it must be signed by \w{40}"),
    (signed_by_two_keys, "repomd.xml is signed by a key that is not pinned"),
    (signed_over_sha1, "repomd.xml is signed over a digest that can be forged"),
    (other_key_served, r"key.asc holds the key \w{40}, pinned is \w{40}; somebody may have swapped it"),
    (key_is_a_web_page, "key.asc holds no OpenPGP key"),
    (key_is_gone, "key.asc cannot be fetched .the server answered 404"),
    (key_expired, r"the key \w{40} of \S+ has expired"),
    (key_revoked, r"the key \w{40} of \S+ was revoked"),
    (primary_changed, r"primary.xml.gz has the checksum sha256:\w+, its metadata says sha256:\w+"),
    (primary_cut, "primary.xml.gz has the checksum"),
    (primary_longer, r"primary.xml.gz cannot be fetched \(it is longer than the \d+ bytes"),
    (primary_missing, "primary.xml.gz cannot be fetched .the server answered 404"),
    (filelists_changed, "filelists.xml.gz has the checksum"),
    (resigned(lambda _: b"<metadata><package"), r"the primary of rpm_repo test is not whole XML \(line 1"),
    (resigned(lambda _: b""), "the primary of rpm_repo test is not whole XML"),
    (resigned(lambda primary: primary.replace(b"<metadata", LAUGHS)), "primary of rpm_repo test uses entities"),
    (resigned(lambda _: b'<a b="' + b"x" * 100_000 + b'"/>'), "an attribute of more than 65536 characters"),
    (resigned(lambda _: b"<metadata>" * 1000 + b"</metadata>" * 1000), "more than 64 elements inside each other"),
    (resigned(named('href="../../etc/passwd"')), "location '../../etc/passwd', which is not below the repository"),
    (resigned(named('href="a/%2e%2e/%2e%2e/b.rpm"')), "which is not below the repository"),
    (resigned(named('href="/etc/passwd"')), "which is not below the repository"),
    (resigned(named('href="https://evil.test/lib.rpm"')), "which is not below the repository"),
    (resigned(named('href="//evil.test/lib.rpm"')), "which is not below the repository"),
    (resigned(named('href="lib&#10;.rpm"')), "which is not below the repository"),
    (resigned(named('xml:base="https://evil.test/" href="lib.rpm"')), "sends its packages to 'https://evil.test/'"),
    (resigned(algorithm="sha1"), r"is named by sha1; sha256, sha384 or sha512 is needed"),
    (resigned(algorithm="md5"), "is named by md5"),
    (
        resigned(edit_repomd=lambda text: text.replace('href="repodata/', 'href="../repodata/')),
        "names the location '../repodata/",
    ),
    (resigned(edit_repomd=stated("open-size", "1")), "primary of rpm_repo test unpacks to more than the 1 bytes"),
    (resigned(edit_repomd=stated("open-checksum", "0" * 64)), "primary of rpm_repo test unpacks to the checksum"),
    (resigned(edit_repomd=lambda text: text.replace("1700000000", "9" * 14)), "which is no time"),
    (resigned(edit_repomd=lambda text: text.replace("1700000000", "-5")), "which is no number"),
    (resigned(edit_repomd=lambda text: text.replace("primary", "primari")), "names no primary metadata"),
    (resigned(edit_repomd=lambda _: "<html><body>moved</body></html>"), "is not a repomd.xml"),
    (resigned(edit_repomd=lambda text: text[:-20]), "repomd.xml is not whole XML"),
    (
        metalinked(lambda place: metalink(b"another", place.server.url("repo/"))),
        "repomd.xml has the sha256 .* metalink",
    ),
    (
        metalinked(lambda place: metalink(place.repomd.read_bytes(), place.server.url("repo/"), algorithm="sha1")),
        "the repomd.xml of the metalink of rpm_repo test is named by md5",
    ),
    (metalinked(lambda _: metalink(b"a")), "the metalink of rpm_repo test names no mirror over http or https"),
    (metalinked(lambda _: b"<metalink/>"), "is not a metalink for repomd.xml"),
    (metalinked(lambda _: LAUGHS), "the metalink of rpm_repo test uses entities"),
]
PACKAGES = [
    (package_changed, r"lib-1-1.noarch.rpm has the checksum \S+, its metadata says \S+; run again"),
    (package_missing, "lib-1-1.noarch.rpm cannot be fetched .the server answered 404"),
    (package_unsigned, r"lib-1-1.noarch of rpm_repo test is not signed; it must be signed by \w{40}"),
    (package_signed_by_another_key, "lib-1-1.noarch of rpm_repo test is signed by a key that is not pinned"),
    (package_is_no_rpm, "lib-1-1.noarch of rpm_repo test is not an RPM package"),
]


@pytest.mark.parametrize(("tamper", "sentence"), METADATA)
def test_metadata_tampered_with_are_refused(place: Place, tamper: Callable[[Place], None], sentence: str) -> None:
    tamper(place)
    with pytest.raises(StepError, match=sentence):
        place.source().snapshots()
    assert not place.unverified()
    assert not list(place.cache.rglob("repomd.xml*"))


@pytest.mark.parametrize(("tamper", "sentence"), PACKAGES)
def test_packages_tampered_with_are_refused(place: Place, tamper: Callable[[Place], None], sentence: str) -> None:
    tamper(place)
    source = place.source()
    packages = place.read(source)
    with pytest.raises(StepError, match=sentence):
        source.fetch(packages)
    assert not [path for path in place.unverified() if "lib" in path.name]
    assert "lib" not in {package.name for package in place.source(refresh=False).kept(packages)}


def test_without_signatures_checksums_still_count(place: Place) -> None:
    place.options |= {"gpgcheck": False, "repo_gpgcheck": False, "gpgkey": ()}
    package_unsigned(place)
    signature_missing(place)
    assert len(place.all()) == 2
    primary_changed(place)
    shutil.rmtree(place.cache)
    with pytest.raises(AtomicKitError, match="has the checksum"):
        place.all()


def test_packages_checked_by_no_key_are_not_taken_for_checked_ones(place: Place) -> None:
    checked = dict(place.options)
    place.options |= {"gpgcheck": False, "repo_gpgcheck": False, "gpgkey": ()}
    package_unsigned(place)
    assert len(place.all()) == 2
    place.options = checked
    with pytest.raises(StepError, match="is not signed"):
        place.all()


def test_packages_may_be_signed_where_the_metadata_are_not(place: Place) -> None:
    signature_missing(place)
    key = RpmKey.model_validate(place.options["gpgkey"][0])  # type: ignore[index]
    pair = f"test,{place.server.url('repo/')}"
    with pytest.raises(StepError, match="pass --no-repo-gpgcheck"):
        RpmMdSource(place.cache, rpm_repos_from_paths([pair], gpgkey=[key]), pace=PACE).snapshots()
    rpm_repos = rpm_repos_from_paths([pair], gpgkey=[key], repo_gpgcheck=False)
    source = RpmMdSource(place.cache, rpm_repos, pace=PACE)
    assert len(source.fetch(place.read(source))) == 2
    package_unsigned(place)
    source = RpmMdSource(place.cache, rpm_repos, pace=PACE)
    with pytest.raises(StepError, match=r"lib-1-1.noarch of rpm_repo test is not signed"):
        source.fetch(place.read(source))


def test_offline_a_key_that_is_not_cached_is_told(place: Place) -> None:
    place.all()
    place.server.asked.clear()
    rpm_repos = [RpmRepo(id="test", **place.options)]
    offline = RpmMdSource(place.cache, rpm_repos, offline=True, pace=PACE)
    assert len(offline.fetch(place.read(offline))) == 2
    shutil.rmtree(place.cache / "keys")
    with pytest.raises(StepError, match=r"the key http\S+ is not cached; run once without -C"):
        RpmMdSource(place.cache, rpm_repos, offline=True, pace=PACE).snapshots()
    assert place.server.asked == []
