"""rpm_repos out of .repo files, and out of the ID,URL pairs of a command line.

What is not said is as safe as it can be: here `gpgcheck` and `repo_gpgcheck` are on unless the file says
otherwise. Source of the keys: dnf.conf(5), "Repo options".
"""

from __future__ import annotations

import configparser
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from atomic_kit.errors import InputError
from atomic_kit.rpm_repos import RpmKey, RpmRepo

_TEXTS = frozenset({"metalink", "mirrorlist", "priority", "cost"})
_SWITCHES = frozenset({"gpgcheck", "repo_gpgcheck", "enabled", "module_hotfixes"})
_LISTS = {"baseurl": "baseurl", "excludepkgs": "excludepkgs", "exclude": "excludepkgs", "includepkgs": "includepkgs"}
# Keys of dnf that are about dnf's own work, or about speed.
_CARRIED = frozenset(
    {
        *("name", "type", "mediaid", "countme", "metadata_expire", "metadata_timer_sync", "skip_if_unavailable"),
        *("deltarpm", "deltarpm_percentage", "fastestmirror", "failovermethod", "keepcache", "retries", "timeout"),
        *("throttle", "bandwidth", "minrate", "ip_resolve", "max_parallel_downloads", "enablegroups", "http_caching"),
        *("user_agent", "username_prompt", "proxy_auth_method", "sslverify", "sslverifystatus", "enabled_metadata"),
        *("strict", "ui_repoid_vars", "rpmverbosity", "mirrorlist_expire", "gpgcakey", "build_cache"),
    }
)
# Keys without which the repository would be read in another way than its owner wants.
_REFUSED = frozenset(
    {
        *("proxy", "proxy_username", "proxy_password", "username", "password"),
        *("sslcacert", "sslclientcert", "sslclientkey", "include"),
    }
)
_WORDS = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}


def read_repo_file(
    path: Path,
    *,
    variables: Mapping[str, str] | None = None,
    fingerprints: Sequence[str] = (),
    gpgcheck: bool = True,
    repo_gpgcheck: bool = True,
) -> tuple[RpmRepo, ...]:
    """Return the rpm_repos of a .repo file, in its order, those that are not enabled too.

    `variables` gives `$releasever`, `$basearch` and others their values. `fingerprints` (40 hex digits each) are
    what keys that are named by an http or https URL are pinned to; a key by file:// is taken as it is. Without
    `repo_gpgcheck`, or without `gpgcheck` neither of both, signatures are not looked at whatever the file says. Raises
    InputError with the file, the section and the key; warns of keys that dnf does not know.
    """
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), default_section="\x00")
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", hint="check the name of the .repo file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error})", hint="it must be a UTF-8 text file") from error
    except configparser.Error as error:
        said = " ".join(str(error).split())
        raise InputError(f"{path} is not a .repo file ({said})", hint="see dnf.conf(5)") from error
    off = _switched_off(gpgcheck=gpgcheck, repo_gpgcheck=repo_gpgcheck)
    found = []
    for section in parser.sections():
        if section == "main":
            continue  # dnf's own settings
        place = f"{path}: [{section}]"
        written = ((key, value or "") for key, value in parser.items(section) if key != "name")  # it is for people
        keys = {key: _filled(value, variables or {}, f"{place} {key}") for key, value in written}
        found.append(_rpm_repo(section, {**keys, **off}, place=place, fingerprints=fingerprints))
    return tuple(found)


def rpm_repos_from_paths(
    pairs: Sequence[str], *, gpgcheck: bool = True, repo_gpgcheck: bool = True, gpgkey: Sequence[RpmKey] = ()
) -> list[RpmRepo]:
    """Return the rpm_repos that `ID,URL` pairs name, in the spelling of dnf's --repofrompath.

    The URL may be the absolute path of a folder. With `gpgcheck`, packages and (unless `repo_gpgcheck` is off)
    repomd.xml must be signed by one of the keys in `gpgkey`. Raises InputError for a pair that cannot be used, and
    when there is no key to check with.
    """
    if pairs and gpgcheck and not gpgkey:
        raise InputError(
            f"there is no key to check the signatures of {pairs[0].partition(',')[0]} with",
            hint="pass --no-gpgcheck, or --gpgkey URL,FINGERPRINT",
        )
    found = []
    for pair in pairs:
        name, comma, place = (part.strip() for part in pair.partition(","))
        if not (name and comma and place):
            raise InputError(f"{pair!r} is not ID,URL", hint="for example baseos,https://mirror.example/os/")
        checks = {"gpgcheck": gpgcheck, "repo_gpgcheck": gpgcheck and repo_gpgcheck}
        values = {"id": name, "baseurl": [_url(place)], **checks, "gpgkey": tuple(gpgkey)}
        found.append(_checked(values, place=repr(pair)))
    return found


def _switched_off(*, gpgcheck: bool, repo_gpgcheck: bool) -> dict[str, str]:
    """Return the keys of a .repo file that switch checks off."""
    checks = {"gpgcheck": gpgcheck, "repo_gpgcheck": gpgcheck and repo_gpgcheck}
    return {key: "0" for key, is_on in checks.items() if not is_on}


def _rpm_repo(name: str, keys: dict[str, str], *, place: str, fingerprints: Sequence[str]) -> RpmRepo:
    values: dict[str, Any] = {"id": name}
    for key, text in keys.items():
        if key in _REFUSED:
            raise InputError(f"{place} {key}: a key that is not supported yet", hint="remove it or use another place")
        if key in _SWITCHES:
            values[key] = _switch(text, f"{place} {key}")
        elif key in _LISTS:
            values[_LISTS[key]] = [*values.get(_LISTS[key], ()), *_words(text)]
        elif key in _TEXTS:
            values[key] = text
        elif key not in _CARRIED and key != "gpgkey":
            warnings.warn(f"{place} {key}: unknown key, not acted on", stacklevel=3)
    values["baseurl"] = [_url(one) for one in values.get("baseurl", ())]
    if not values["baseurl"]:
        del values["baseurl"]
    # As dnf: an old name for a newer thing.
    if "metalink" in values.get("mirrorlist", "") and "metalink" not in values:
        values["metalink"] = values.pop("mirrorlist")
    checks = values.get("gpgcheck", True) or values.get("repo_gpgcheck", True)
    if values.get("enabled", True) and checks:
        values["gpgkey"] = [_key(one, place, fingerprints) for one in _words(keys.get("gpgkey", ""))]
    return _checked(values, place=place)


def _key(text: str, place: str, fingerprints: Sequence[str]) -> RpmKey:
    url = _url(text)
    if url.startswith("file://"):
        return RpmKey(file=Path(unquote(urlsplit(url).path)))
    if not fingerprints:
        raise InputError(
            f"{place} gpgkey: {text} has no fingerprint that it could be held against",
            hint="pin it by source.fingerprints or --gpgkey URL,FINGERPRINT, or name a local file",
        )
    return RpmKey.model_validate({"url": url, "fingerprint": list(fingerprints)})


def _checked(values: Mapping[str, Any], *, place: str) -> RpmRepo:
    try:
        return RpmRepo.model_validate(values)
    except ValidationError as error:
        faults = []
        for fault in error.errors():
            key = ".".join(map(str, fault["loc"]))
            said = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else f"got {fault['input']!r}"
            faults.append(f"{place}{f' {key}' if key else ''}: {said}")
        raise InputError("\n".join(faults), hint="a folder is named by its absolute path; see dnf.conf(5)") from None


def _filled(text: str, variables: Mapping[str, str], place: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in variables:
            where = "releasever" if name == "releasever" else f"variables.{name}"
            raise InputError(
                f"{place}: ${name} has no value",
                hint=f"set source.{where}" + (" or give --releasever" if name == "releasever" else ""),
            )
        return variables[name]

    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, text).strip()


def _words(text: str) -> list[str]:
    return re.split(r"[\s,]+", text.strip()) if text.strip() else []


def _switch(text: str, place: str) -> bool:
    if text.lower() not in _WORDS:
        raise InputError(f"{place}: got {text!r}, expected 1 or 0", hint="mend the .repo file")
    return _WORDS[text.lower()]


def _url(text: str) -> str:
    return Path(text).as_uri() if text.startswith("/") else text
