"""Who gets an answer from the console, and who does not."""

from __future__ import annotations

import pytest

from odpf_cli.console.security import HEADERS
from tests.console.conftest import ORIGIN, TOKEN, Browser

ACTIONS = ["actions/release", "actions/run", "actions/unlock", "configuration/apply"]


@pytest.mark.parametrize("path", ["tables", "runs", "files", "quarantine", "configuration", "session"])
@pytest.mark.parametrize("token", [None, "", TOKEN[:-1], "x" * 43, "ä".encode()])
def test_without_the_token_nothing_is_told(shop, path, token):
    answer = Browser(shop.deployment, token=token).client.get(f"/api/{path}")
    assert (answer.status_code, "link" in answer.json()["error"]) == (401, True)


def test_the_token_stands_in_no_answer_and_in_no_address(browser, shop):
    """A cookie is sent by pages of every port of this host, an address is logged and handed on."""
    answers = [browser.client.get(path) for path in ("/", "/api/session", "/static/js/main.js")]
    assert [answer.headers.get("set-cookie") for answer in answers] == [None] * 3
    assert not any(TOKEN in answer.text for answer in answers)
    without = Browser(shop.deployment, token=None).client
    without.cookies.set("odpf_console_4545", TOKEN)
    assert without.get("/api/session", params={"token": TOKEN}).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4545", "127.0.0.1:4546", "127.0.0.1", "[::1]:4545", ""])
@pytest.mark.parametrize("path", ["/", "/api/tables", "/static/js/main.js"])
def test_another_host_name_is_not_answered_dns_rebinding(browser, host, path):
    assert browser.client.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_elsewhere_may_not_even_read(browser, site):
    assert browser.client.get("/api/tables", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert browser.client.get("/api/tables", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:4546", "https://127.0.0.1:4545", f"{ORIGIN}/"]
)
def test_an_action_from_another_origin_is_refused(acting, shop, action, origin):
    answer = acting.post(action, {"refresh_cadence": "hourly"}, Origin=origin)
    assert (answer.status_code, "Origin" in answer.json()["error"]) == (403, True)
    assert (shop.executions.started, acting.said) == ([], [])


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("token", [None, "", "x" * 43, "ä".encode()])
def test_an_action_without_the_token_is_refused(shop, action, token):
    answer = Browser(shop.deployment, allow_actions=True, token=token).post(action, {"refresh_cadence": "hourly"})
    assert answer.status_code == 401
    assert shop.executions.started == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_console_that_only_shows_does_nothing_and_says_how_to(browser, shop, action):
    answer = browser.post(action, {"refresh_cadence": "hourly", "ids": [shop.bad_file.file_id]})
    assert (answer.status_code, "--allow-actions" in answer.json()["error"]) == (403, True)
    assert shop.executions.started == []
    assert len(list(shop.aws.tracker.quarantined())) == 1


@pytest.mark.parametrize("path", ["/", "/static/js/main.js", "/api/session", "/api/nothing"])
def test_every_answer_keeps_scripts_and_frames_of_others_out(browser, path):
    headers = browser.client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_files_beside_the_page_are_not_given_out(browser):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/js/../../command.py"):
        assert browser.client.get(path).status_code == 404


def test_only_the_page_may_be_got_and_nothing_put(browser):
    assert browser.client.post("/", data={"x": "1"}).status_code == 405
    assert browser.client.put("/api/tables", headers={"Origin": ORIGIN}).status_code == 403
