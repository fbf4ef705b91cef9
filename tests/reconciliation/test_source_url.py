"""The URL of a source is read, and no message has a part of its password."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from odpf.errors import InvalidSettings
from odpf_cli.discovery.source import source_engine
from reconciliation.source import Source
from reconciliation.source_url import said, shown, source_url

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        f"mysql://me:p@x:{SECRET}@db:3306",
        f"mysql://m/e:{SECRET}@db",
        f"mysql://me:p@{SECRET}@db:3306",
        f"mysql://me:pw@db:{SECRET}",
        f"me:{SECRET}@db",
        f"oracle://me:{SECRET}@db",
        f"mysql+foo://me:{SECRET}@db?password={SECRET}",
    ],
)
@pytest.mark.parametrize("read", [Source.connect, source_engine])
def test_what_cannot_be_used_is_refused_without_a_word_of_its_password(read, text):
    with pytest.raises(InvalidSettings) as told:
        read(text)
    assert SECRET not in str(told.value)
    assert "ODPF_SOURCE_PASSWORD" in str(told.value)


@pytest.mark.parametrize("password", ["p@ss:w/rd%40?#", "ö 'x'"])
def test_a_password_may_have_any_character(password):
    url = source_url(sa.URL.create("mysql", "me", password, "db").render_as_string(hide_password=False), None)
    assert (url.password, url.host) == (password, "db")
    assert source_url("postgresql://me@db/shop", password).password == password
    assert shown(url) == "mysql+pymysql://me:***@db"


def test_what_a_driver_says_is_not_repeated_with_the_password_in_it():
    url = source_url(f"postgresql://me:{SECRET}@db/shop", None)
    refused = sa.exc.OperationalError("SELECT 1", {}, Exception(f"no such option: {SECRET}"))
    assert said(refused, url) == "Exception"
    assert said(sa.exc.OperationalError("SELECT 1", {}, Exception("no\n route.")), url) == "no route"
