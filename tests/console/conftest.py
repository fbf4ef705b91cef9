"""A console over a deployment in memory, asked without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from odpf_cli.console.app import application
from odpf_cli.console.deployment import Deployment
from odpf_cli.console.security import TOKEN_HEADER
from tests.console.builders import Shop

PORT, TOKEN = 4545, "t0k-en_" * 6
ORIGIN = f"http://127.0.0.1:{PORT}"


class Browser:
    """A browser that has opened the link, so its page has the token; without, when it has not."""

    def __init__(self, deployment: Deployment, *, allow_actions: bool = False, token: str | None = TOKEN) -> None:
        self.said = list[str]()
        app = application(deployment, TOKEN, PORT, allow_actions=allow_actions, refresh_seconds=0, say=self.said.append)
        self.client = TestClient(app, base_url=ORIGIN, headers={TOKEN_HEADER: token} if token is not None else {})

    def get(self, name: str, /, **query: Any) -> Any:
        answer = self.client.get(f"/api/{name}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, name: str, document: Any, **headers: str | None) -> Any:
        """The whole answer: refusals are looked at."""
        wanted = {"Origin": ORIGIN, **headers}
        return self.client.post(
            f"/api/{name}", json=document, headers={k: v for k, v in wanted.items() if v is not None}
        )


@pytest.fixture
def shop() -> Shop:
    """Eighteen tables."""
    return Shop(18)


@pytest.fixture
def browser_of(shop: Shop) -> Callable[..., Browser]:
    """Browsers of consoles over the shop."""
    return lambda **options: Browser(shop.deployment, **options)


@pytest.fixture
def browser(browser_of: Callable[..., Browser]) -> Browser:
    """Of a console that only shows."""
    return browser_of()


@pytest.fixture
def acting(browser_of: Callable[..., Browser]) -> Browser:
    """Of one that acts."""
    return browser_of(allow_actions=True)
