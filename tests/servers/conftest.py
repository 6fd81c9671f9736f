"""Real servers for tests, started when the first test asks and gone after the last. Run with `make test-servers`."""

import shutil
from collections.abc import Iterator

import httpx
import pytest

from tests.servers.bluesky_network import BlueskyNetwork
from tests.servers.keyring_service import SecretService
from tests.servers.mastodon_server import MastodonServer, Person
from tests.servers.wordpress_http import signed_in
from tests.servers.wordpress_site import WordPressSite, short_directory


class Sites:
    """Each kind of site is installed once, when first asked for: about four seconds and 200 MB of memory apiece."""

    def __init__(self) -> None:
        self._directory = short_directory("wp-")
        self._started: dict[str, WordPressSite] = {}

    def get(self, name: str, title: str, *, subdir: str = "", permalinks: str = "") -> WordPressSite:
        if name not in self._started:
            self._started[name] = WordPressSite.start(
                self._directory / name, title=title, subdir=subdir, permalinks=permalinks
            )
        return self._started[name]

    def destroy(self) -> None:
        # also what failed half-way through its start
        for directory in self._directory.iterdir():
            WordPressSite.destroy_in(directory)
        shutil.rmtree(self._directory)


@pytest.fixture(scope="session")
def wordpress_sites() -> Iterator[Sites]:
    sites = Sites()
    yield sites
    sites.destroy()


@pytest.fixture(scope="session")
def wordpress(wordpress_sites: Sites) -> WordPressSite:
    """The blog all tests share, in whatever state the last one left it."""
    return wordpress_sites.get("first", "Organisation blog")


@pytest.fixture
def clean_site(wordpress: WordPressSite) -> WordPressSite:
    """The same blog as if just installed: one post and one comment of WordPress's own, no faults."""
    wordpress.reset()
    return wordpress


@pytest.fixture
def second_wordpress(wordpress_sites: Sites) -> WordPressSite:
    """Another organisation's blog: ids repeat, nothing is shared."""
    return _clean(wordpress_sites.get("second", "Second blog"))


@pytest.fixture
def subdirectory_wordpress(wordpress_sites: Sites) -> WordPressSite:
    """Lives below /blog; the rest of that host is not WordPress."""
    return _clean(wordpress_sites.get("subdir", "Blog in a sub-directory", subdir="blog"))


@pytest.fixture
def plain_wordpress(wordpress_sites: Sites) -> WordPressSite:
    """A host without rewrite rules: the API is at /index.php?rest_route=/."""
    return _clean(wordpress_sites.get("plain", "Blog with plain permalinks", permalinks="plain"))


@pytest.fixture
def visitor() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def officer(clean_site: WordPressSite) -> Iterator[httpx.Client]:
    """Signed in at `clean_site`."""
    with signed_in(clean_site) as client:
        yield client


@pytest.fixture(scope="session")
def bluesky() -> Iterator[BlueskyNetwork]:
    """A Bluesky network that all tests share, in whatever state the last one left it."""
    directory = short_directory("bsky-")
    network = BlueskyNetwork.start(directory)
    yield network
    network.stop()
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def mastodon() -> Iterator[MastodonServer]:
    """A Mastodon server that all tests share, in whatever state the last one left it."""
    directory = short_directory("masto-")
    # All tests share its citizens, who may ask as often as they like.
    server = MastodonServer.start(directory, MASTODON_RATELIMIT="1000000", MASTODON_MEDIA_LIMIT="1000")
    yield server
    server.stop()
    shutil.rmtree(directory)


@pytest.fixture
def limited_mastodon() -> Iterator[MastodonServer]:
    """A Mastodon server of its own, with the limits of a real one."""
    directory = short_directory("masto-")
    server = MastodonServer.start(directory)
    yield server
    server.stop()
    shutil.rmtree(directory)


@pytest.fixture
def office(mastodon: MastodonServer) -> Iterator[Person]:
    """A new account of ours, with notifications and limits of its own; no faults."""
    mastodon.clear_faults()
    yield mastodon.new_person()
    mastodon.clear_faults()


@pytest.fixture
def secret_service() -> Iterator[SecretService]:
    """An empty, unlocked key store of its own."""
    directory = short_directory("keys-")
    service = SecretService.start(directory)
    yield service
    service.stop()
    shutil.rmtree(directory)


def _clean(site: WordPressSite) -> WordPressSite:
    site.reset()
    return site
