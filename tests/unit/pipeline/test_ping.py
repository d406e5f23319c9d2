"""A word to a watchman outside, on a real HTTP server, well and ill."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from caseclock.pipeline.ping import pinging


class Watchman:
    """Notes what he is told. `ill`: what he does instead of answering."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.ill = ""
        self.closing = threading.Event()
        watchman = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
                watchman.heard.append((self.path, body))
                if watchman.ill == "hangs":
                    watchman.closing.wait(10)
                self.send_response(500 if watchman.ill == "fails" else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/secret-key"


@pytest.fixture
def watchman() -> Iterator[Watchman]:
    made = Watchman()
    yield made
    made.closing.set()
    made.server.shutdown()
    made.server.server_close()


def test_he_hears_that_a_round_begins_and_that_it_ended_well(watchman: Watchman) -> None:
    with pinging(watchman.url):
        pass
    assert watchman.heard == [("/secret-key/start", ""), ("/secret-key", "")]


def test_he_hears_of_trouble_in_counts(watchman: Watchman) -> None:
    with pinging(watchman.url) as ping:
        ping.trouble = "2 messages due for more than 30 minutes of working hours"
    assert watchman.heard[-1] == ("/secret-key/fail", "2 messages due for more than 30 minutes of working hours")


def test_a_round_that_breaks_is_told_by_the_kind_of_error_alone_and_breaks_all_the_same(watchman: Watchman) -> None:
    with pytest.raises(KeyError), pinging(watchman.url):
        raise KeyError("a name that is nobody's business")
    assert watchman.heard[-1] == ("/secret-key/fail", "KeyError")


@pytest.mark.parametrize("ill", ["fails", "hangs"])
def test_a_watchman_who_is_ill_neither_breaks_the_round_nor_holds_it_up(watchman: Watchman, ill: str) -> None:
    watchman.ill = ill
    began = time.monotonic()
    with pinging(watchman.url, timeout=0.2):
        assert time.monotonic() - began < 0.15, "the round does not wait for an answer"
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/secret-key", "file:///etc/secret-key", "nonsense", "http://[secret-key"])
def test_an_address_where_nobody_is_does_no_harm_and_stays_secret(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with pinging(url, timeout=0.5):
        pass
    assert "watchman outside could not be reached" in caplog.text
    assert "secret-key" not in caplog.text


def test_without_an_address_nothing_is_said() -> None:
    before = threading.active_count()
    with pinging(None) as ping:
        assert threading.active_count() == before
        ping.trouble = "none hears it"
