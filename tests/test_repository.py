"""What lies in the repository may leave it: no host of a package registry, no path of one machine, the lock in step."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]

# In pieces, so that this file passes its own test.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("packagist", "org"),
        ("rubygems", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
]
MACHINE_PATHS = ["/" + "work/main", "/" + "work/shared", "/" + "root/", "/" + "home/"]


def tracked_files() -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    # safe.directory: a clone may belong to another user than the one who tests it.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def mentions(pattern: re.Pattern[bytes]) -> list[str]:
    """`file:line: text` of every match."""
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        for match in pattern.finditer(content):
            line = content.count(b"\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {match.group().decode(errors='replace')}")
    return found


def any_of(texts: list[str]) -> re.Pattern[bytes]:
    return re.compile("|".join(re.escape(text) for text in texts).encode(), re.IGNORECASE)


def test_no_file_names_a_package_registry():
    assert mentions(any_of(REGISTRY_HOSTS)) == []


def test_no_file_names_a_path_of_one_machine():
    paths = [*MACHINE_PATHS, str(ROOT)] if ROOT.parent != ROOT else MACHINE_PATHS
    # Only where a path begins: "https://example.org/home/" is an address, not a path.
    assert mentions(re.compile(rb"(?<![\w.~-])(?:" + any_of(paths).pattern + rb")")) == []


def locked() -> dict[str, list[Requirement]]:
    """constraints.txt by name; one name may stand there for several Pythons."""
    text = (ROOT / "constraints.txt").read_text().replace("\\\n", " ")
    found: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            assert hashes, f"{requirement} has no hash"
            parsed = Requirement(requirement.strip())
            found.setdefault(canonicalize_name(parsed.name), []).append(parsed)
    return found


def applies(marker: Marker | None) -> bool:
    return marker is None or marker.evaluate({"extra": ""})


def test_lock_holds_every_dependency_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = locked()
    astray = []
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(text)
        pins = [pin for pin in lock.get(canonicalize_name(wanted.name), []) if applies(pin.marker)]
        if applies(wanted.marker) and not any(
            wanted.specifier.contains(str(pin.specifier).removeprefix("==")) for pin in pins
        ):
            astray.append(text)
    assert astray == [], "run `make lock`"


def test_environment_holds_what_the_lock_says():
    if not (Path(sys.prefix) / ".ready").is_file():
        pytest.skip("not the environment that packaging/setup.sh makes")
    lock = locked()
    installed = {canonicalize_name(found.name): found.version for found in distributions()}
    installed.pop("setuptools", None)  # Python 3.11 puts it into every new environment
    assert installed == {
        name: str(pin.specifier).removeprefix("==")
        for name, pins in lock.items()
        for pin in pins
        if applies(pin.marker)
    }
