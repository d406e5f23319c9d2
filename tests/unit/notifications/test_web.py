"""One HTTPS call: what may be called, whom it trusts, and what it says when no answer comes."""

from __future__ import annotations

import datetime as dt
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from caseclock.demo.fake_http import Call, FakeService, Reply
from caseclock.notifications import web
from caseclock.notifications.model import ChannelError


class Echo(FakeService):
    def answer(self, call: Call) -> Reply:
        return Reply(200, "x" * 300_000, {"X-Said": call.headers.get("x-asked", "")})


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as running:
        yield running


def ask(url: str, timeout: float = 2) -> web.Answer:
    return web.call("Post office", "POST", url, headers={"X-Asked": "yes"}, timeout=timeout, body=b"canary")


def test_an_answer_is_taken_as_it_is_and_read_up_to_a_size(echo: Echo) -> None:
    answer = ask(echo.url)
    assert (answer.status, answer.accepted, answer.headers["x-said"], len(answer.body)) == (200, True, "yes", web.MOST)


def test_whoever_cannot_prove_who_they_are_gets_nothing(tmp_path: Path) -> None:
    """A server with a certificate that nobody signed: the request, with its secret address and its body, is never sent."""
    received: list[str] = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.path)

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(unsigned(tmp_path))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign, assignment]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        with pytest.raises(ChannelError, match=r"no connection \(SSLCertVerificationError\)") as caught:
            ask(f"https://127.0.0.1:{server.server_address[1]}/?sig=canary")
        server.shutdown()
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    assert received == []
    assert "canary" not in str(caught.value)


def unsigned(folder: Path) -> Path:
    """Key and self-signed certificate of 127.0.0.1, valid now."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - dt.timedelta(1), now + dt.timedelta(1))
    file = folder / "server.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("fault", ["lost_before", "delay:1.5"])
def test_silence_after_the_request_is_unknown(echo: Echo, fault: str) -> None:
    echo.script("POST", fault)
    with pytest.raises(ChannelError, match="may have arrived") as caught:
        ask(echo.url, timeout=0.5)
    assert caught.value.unknown


def test_a_name_that_nobody_has_is_surely_not_reached() -> None:
    with pytest.raises(ChannelError, match=r"no connection \(gaierror\)") as caught:
        ask("https://nobody.invalid/")
    assert (caught.value.permanent, caught.value.unknown) == (False, False)


def test_a_proxy_that_refuses_is_surely_not_past(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", echo.url)  # it knows no CONNECT, so it answers 501
    monkeypatch.setenv("no_proxy", "")
    web._opener.cache_clear()
    try:
        with pytest.raises(ChannelError, match="no connection") as caught:
            ask("https://teams.example/?sig=canary")
    finally:
        web._opener.cache_clear()
    assert (caught.value.permanent, caught.value.unknown) == (False, False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("0", 1.0), ("99999", 3600.0), ("", 30.0), ("-5", 30.0), ("nan", 30.0), ("Wed, 21 Oct 2026", 30.0), ("²", 30.0)],
)
def test_how_long_to_wait_is_a_number_within_reason(said: str, seconds: float) -> None:
    assert web.Answer(429, {"retry-after": said}).retry_after(30.0) == seconds
