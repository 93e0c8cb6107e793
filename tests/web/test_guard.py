"""Who may speak to the studio."""

import asyncio

import pytest

from kerasdream.web.guard import HEADERS, Guard

OWN = {"host": "127.0.0.1:8765"}


async def page(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"here"})


def asked(headers, method="GET", query="", token=None, hosts=("127.0.0.1", "localhost"), path="/static/x"):
    """The status and the headers of an answer."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(Guard(page, set(hosts), token)(scope, None, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, 200),
        ({"host": "localhost"}, 200),
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"host": "evil.example:8765@127.0.0.1"}, 200),  # what stands before @ is no host
        ({}, 421),
        ({"host": ""}, 421),
        ({"host": "["}, 421),
        ({"host": "LocalHost:8765"}, 200),
    ],
)
def test_only_under_its_own_name(headers, status):
    assert asked(headers)[0] == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # no browser
        ({"origin": "http://127.0.0.1:8765"}, 200),
        ({"origin": "http://127.0.0.1:9999"}, 403),  # another page of this machine
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_what_changes_something_must_come_from_its_own_page(headers, status):
    assert asked(OWN | headers, "POST")[0] == status
    assert asked(OWN | headers, "DELETE")[0] == status
    assert asked(OWN | headers, "GET")[0] == 200
    assert asked(OWN | headers, "GET", path="/api/channels/mini/mixed4/1")[0] == (
        403 if "sec-fetch-site" in headers and status == 403 else 200
    )  # asking alone would set the machine to work


def test_every_answer_is_dressed_a_refusal_too():
    for headers in (OWN, {"host": "evil.example"}):
        found = asked(headers)[1]
        assert found.items() >= HEADERS.items()
        assert not [name for name in found if name.startswith("access-control")]
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_from_elsewhere_only_with_the_token():
    assert asked(OWN, token="secret")[0] == 401
    assert asked(OWN, token="secret", query="token=wrong")[0] == 401
    status, headers = asked(OWN, token="secret", query="token=secret")
    assert status == 200
    assert headers["set-cookie"] == "kerasdream=secret; HttpOnly; SameSite=Strict; Path=/"
    assert asked(OWN | {"cookie": "kerasdream=secret"}, token="secret")[0] == 200
    status, headers = asked(OWN, token="secret", query="token=secret", path="/")
    assert (status, headers["location"], "secret" in headers["set-cookie"]) == (303, "/", True)
    assert asked(OWN | {"cookie": "kerasdream=no"}, token="secret")[0] == 401
    assert asked(OWN | {"cookie": 'a=[;"; b; kerasdream=secret'}, token="secret")[0] == 200
    assert asked(OWN | {"cookie": "kerasdream=old; kerasdream=secret"}, token="secret")[0] == 200
    assert asked(OWN | {"cookie": "kerasdream; =; kerasdream=%; kerasdream=secret; x"}, token="secret")[0] == 200
    assert asked(OWN | {"cookie": "kerasdream=secret", "Cookie": "kerasdream=old"}, token="secret")[0] == 200
    assert asked(OWN | {"cookie": "kerasdream=old; kerasdream=no"}, token="secret")[0] == 401
    assert "set-cookie" not in asked(OWN | {"cookie": "kerasdream=secret"}, token="secret")[1]


def test_an_empty_token_is_no_token():
    with pytest.raises(ValueError, match="an empty token"):
        Guard(None, {"127.0.0.1"}, "")
