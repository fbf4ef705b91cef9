"""The console as a person has it: in a real browser, by keys and by clicks, in light and dark; pictures are left in build/console."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from odpf.clock import utc_now
from odpf.errors import TransientError
from odpf.states import RefreshStatus
from odpf_cli.status import current
from tests.browser import browsing
from tests.console.builders import NO_SPACE, PAUSE, Shop, name_of, table_item
from tests.console.page import NARROW, WIDE, accessible, opened, picture, row
from tests.console.serving import Serving, serving

pytestmark = pytest.mark.more

FILTER_MS = """(text) => {
  const input = document.querySelector('.search');
  input.value = text;
  const began = performance.now();
  input.dispatchEvent(new Event('input'));
  document.body.offsetHeight;
  return performance.now() - began;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def acting(shop: Shop) -> Iterator[Serving]:
    with serving(shop.deployment, allow_actions=True) as server:
        yield server


@pytest.fixture
def page(chromium: Browser, acting: Serving) -> Iterator[Page]:
    """A page that has opened the link; an error of its scripts fails the test."""
    with opened(chromium, acting) as page:
        yield page


def test_tables_tell_status_lag_files_and_errors(page, shop):
    expect(page.locator("tr[data-key]")).to_have_count(18)
    failed = row(page, name_of(4))
    expect(failed).to_contain_text("refresh error")
    expect(failed).to_contain_text(NO_SPACE)
    expect(failed.locator(".bars")).to_have_attribute("aria-label", re.compile("5 runs.*1 not completed"))
    expect(row(page, name_of(2)).locator(".c-lag")).to_have_text(re.compile(r"▲ 47m \d\dsof 30m"))
    expect(page.get_by_role("button", name="Failing")).to_contain_text("1")
    assert page.evaluate("getComputedStyle(document.body).fontVariantNumeric") == "tabular-nums"


def test_a_filter_over_three_thousand_tables_takes_less_than_a_frame_or_three(chromium):
    shop = Shop(3000, runs=1)
    with serving(shop.deployment) as server, opened(chromium, server) as page:
        expect(page.get_by_role("button", name="All")).to_contain_text("3,000")
        assert page.locator("tr[data-key]").count() < 60
        texts = ("s", "sh", "shop.p", "prices_1", "", "no space", "refresh")
        took = {text: min(page.evaluate(FILTER_MS, text) for _ in range(5)) for text in texts}
        print("filter over 3,000 tables, ms:", {text: round(each, 1) for text, each in took.items()})
        assert max(took.values()) < 50
        page.evaluate(FILTER_MS, "prices_29")
        expect(page.locator("tr[data-key]")).to_have_count(13)
        page.evaluate(FILTER_MS, "")
        page.locator(".scroll").evaluate("(scroll) => scroll.scrollTo(0, 1e6)")
        expect(row(page, current(shop.aws, utc_now())[-1].source_table_name)).to_have_count(1)
        page.locator(".scroll").evaluate("(scroll) => scroll.scrollTo(0, 0)")
        picture(page, "3000-light-1280-tables")
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(NARROW)
        picture(page, "3000-dark-800-tables")


def test_everything_goes_by_keys_and_the_address_says_where_one_is(page):
    page.keyboard.press("/")
    page.keyboard.type("shipments_0004")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text(name_of(4))
    assert page.url.endswith(f"#/tables?q=shipments_0004&table={name_of(4)}")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("tr[data-key]")).to_have_count(18)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(page.locator("tr[aria-selected=true]")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page).to_have_title("Runs · ODPF console")
    expect(page.locator("tr[data-key]")).to_have_count(5)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1.name")).to_contain_text("10_min_refresh-")


def test_an_address_leads_to_the_same_place(page, acting, shop):
    page.goto(f"{acting.url}/#/tables?show=failing&table={name_of(4)}")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    expect(page.locator("#panel .trouble")).to_have_text(NO_SPACE)
    page.goto(f"{acting.url}/#/runs/{shop.run_id(4)}?q=stock")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    expect(page.locator("tr[data-key] svg.span")).to_have_attribute("aria-label", re.compile("commit at.*; read "))


def test_every_view_is_accessible_in_light_and_dark_wide_and_narrow(page, acting, shop):
    views = {
        "tables": "#/tables",
        "table": f"#/tables?table={name_of(4)}",
        "runs": "#/runs",
        "run": f"#/runs/{shop.run_id(4)}",
        "files": "#/files",
        "quarantine": f"#/quarantine?id={shop.bad_file.file_id}",
        "configuration": f"#/configuration?table={name_of(0)}",
    }
    for name, address in views.items():
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
        page.goto(f"{acting.url}/{address}")
        expect(page.locator("tr[data-key]").first).to_be_visible()
        if "=" in address:
            expect(page.locator("#panel button").nth(1)).to_be_visible()
        picture(page, f"18-light-1280-{name}")
        assert accessible(page) == []
        page.emulate_media(color_scheme="dark")
        picture(page, f"18-dark-1280-{name}")
        assert accessible(page, "color-contrast") == []
        page.set_viewport_size(NARROW)
        picture(page, f"18-dark-800-{name}")


def test_light_and_dark_are_the_systems_until_somebody_chooses(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert light != dark
    page.keyboard.press("t")
    assert page.evaluate(ground) == light
    page.reload()
    assert page.evaluate(ground) == light
    page.get_by_role("button", name="Colours: light").click()
    assert page.evaluate(ground) == dark


def test_a_file_is_released_from_quarantine(page, acting, shop):
    page.goto(f"{acting.url}/#/quarantine")
    expect(row(page, shop.bad_file.name)).to_contain_text("no Parquet file")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Release 1").click()
    picture(page, "release")
    assert accessible(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_role("status").filter(has_text="waits for the next run")).to_be_visible()
    expect(page.get_by_text("Nothing is in quarantine")).to_be_visible()
    assert [file.file_id for file in shop.aws.tracker.pending(name_of(1))] == [shop.bad_file.file_id]


def test_a_table_is_added_then_edited_planned_and_applied(page, acting, shop):
    page.goto(f"{acting.url}/#/configuration")
    page.get_by_role("link", name="Add a table").click()
    page.get_by_label("source_table_name").fill("shop.coupons")
    page.get_by_label("refresh_cadence").select_option("hourly")
    page.get_by_label("raw_database_name").fill("shop_raw")
    page.get_by_label("raw_table_name").fill("Coupons")
    page.get_by_label("hudi_primary_key").fill("id")
    page.get_by_label("hudi_precombine_field").fill("seq")
    page.get_by_role("button", name="Plan").click()
    expect(page.locator("#field-raw_table_name-trouble")).to_contain_text("lower-case")
    page.get_by_label("raw_table_name").fill("coupons")
    page.get_by_role("button", name="Plan").click()
    expect(page.locator(".plan")).to_contain_text("+ table shop.coupons")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".plan")).to_contain_text("Deployed as")
    page.goto(f"{acting.url}/#/configuration?table=shop.coupons")
    page.get_by_label("is_active").select_option("N")
    page.get_by_role("button", name="Plan").click()
    expect(page.locator(".plan")).to_contain_text("the table is not refreshed any more")
    picture(page, "plan")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".plan")).to_contain_text("Deployed as")
    (item,) = [each for each in shop.aws.config.tables() if each["source_table_name"] == "shop.coupons"]
    assert (item["is_active"], len(shop.aws.config.deployments())) == ("N", 2)


def test_closing_details_leaves_what_was_typed_meanwhile(page, acting):
    page.goto(f"{acting.url}/#/tables?table={name_of(4)}")
    page.get_by_role("searchbox").fill("orders")
    page.get_by_role("button", name="Close details").click()
    expect(page.locator("#panel")).to_be_hidden()
    assert page.url.endswith("#/tables?q=orders")
    expect(page.get_by_role("searchbox")).to_have_value("orders")


def test_a_list_that_becomes_short_while_one_is_far_down_shows_what_is_left(page):
    rows_left = """async () => {
      const { Grid } = await import("/static/js/grid.js");
      const grid = new Grid({ label: "x", columns: [], key: String, empty: () => "" });
      document.getElementById("view").replaceChildren(grid.element);
      grid.setRows([...Array(3000).keys()]);
      grid.element.scrollTop = 90000;
      grid.setRows([1, 2, 3]);
      return grid.element.querySelectorAll("tr[data-key]").length;
    }"""
    assert page.evaluate(rows_left) == 3


def test_a_run_that_nobody_knows_is_not_asked_for_forever(page, acting):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/api/run?" in request.url else None)
    page.goto(f"{acting.url}/#/runs/never-20260504T070000-0000")
    expect(page.locator(".runhead .trouble")).to_contain_text("There is no run never")
    page.wait_for_timeout(3500)
    assert len(asked) <= 4


def test_an_empty_paste_is_nothing_to_plan(page, acting):
    page.goto(f"{acting.url}/#/configuration?add=text")
    page.get_by_role("button", name="Plan").click()
    expect(page.locator(".plan")).to_have_text("There is nothing to plan: paste a file first.")


def test_a_paused_table_is_edited_and_stays_as_it_was_otherwise(page, acting, shop):
    paused = table_item(0, is_active="N", pause=PAUSE, cdc_extra_columns=[], hudi_primary_key="id,line")
    shop.aws.config.put_tables([paused])
    page.goto(f"{acting.url}/#/configuration?table={name_of(0)}")
    expect(page.locator("#panel .warning")).to_contain_text("is paused since 2026-05-04T07:30:00Z")
    page.get_by_label("hudi_partition_key").fill("day")
    page.get_by_role("button", name="Plan").click()
    expect(page.locator(".plan .change")).to_have_text(["hudi_partition_key: (absent) → day"])
    expect(page.locator(".plan .warning").first).to_contain_text("the source moves")
    picture(page, "paused-form")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".plan")).to_contain_text("Deployed as")
    (item,) = [each for each in shop.aws.config.tables() if each["source_table_name"] == name_of(0)]
    assert item == {**item, **paused, "hudi_partition_key": "day"}
    page.goto(f"{acting.url}/#/tables?show=paused&table={name_of(0)}")
    expect(row(page, name_of(0))).to_contain_text("the source moves")
    expect(page.locator("#panel .warning")).to_contain_text("user/eve")
    picture(page, "paused-table")


def test_an_objective_that_was_applied_holds_for_tables_in_which_nothing_else_changed(page, acting):
    expect(row(page, name_of(2)).locator(".c-lag")).to_contain_text("of 30m")
    page.goto(f"{acting.url}/#/configuration?show=cadences&cadence=10_min_refresh")
    page.get_by_label("lag_objective_seconds").fill("18000")
    page.get_by_role("button", name="Plan").click()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".plan")).to_contain_text("Deployed as")
    page.goto(f"{acting.url}/#/tables")
    expect(row(page, name_of(2)).locator(".c-lag")).to_contain_text("of 5h")


def test_a_cadence_is_run_now_and_its_run_is_shown(page, acting, shop):
    page.goto(f"{acting.url}/#/runs")
    page.get_by_role("button", name="Run a cadence").click()
    page.get_by_label("Refresh cadence").select_option("hourly")
    page.get_by_role("button", name="Run it").click()
    expect(page.locator("h1.name")).to_contain_text("hourly-")
    expect(page.get_by_text("The run is being planned")).to_be_visible()
    assert [each.refresh_cadence for each in shop.executions.started] == ["hourly"]


def test_a_console_that_only_shows_offers_nothing_else(chromium, shop):
    with serving(shop.deployment) as server, opened(chromium, server) as page:
        page.goto(f"{server.url}/#/tables?table={name_of(6)}")
        expect(page.get_by_role("button", name="Run now")).to_be_disabled()
        expect(page.get_by_role("button", name="Unlock")).to_be_disabled()
        page.goto(f"{server.url}/#/quarantine?id={shop.bad_file.file_id}")
        expect(page.locator("#panel").get_by_role("button", name="Release")).to_be_disabled()
        page.goto(f"{server.url}/#/configuration?table={name_of(0)}")
        page.get_by_label("is_active").select_option("N")
        page.get_by_role("button", name="Plan").click()
        expect(page.get_by_role("button", name="Apply")).to_be_disabled()


def test_facts_arrive_by_themselves_and_nothing_else_moves(page, shop):
    page.locator(".scroll table").focus()
    page.keyboard.press("j")
    expect(page.locator("tr[aria-selected=true]")).to_have_count(1)
    before = row(page, name_of(6)).bounding_box()
    page.evaluate("document.querySelector('tr[aria-selected=true]').kept = true")
    raw = f"shop_raw.{name_of(6).split('.')[1]}"
    done = {"refresh_status": RefreshStatus.COMPLETED, "lease_owner": None}
    shop.aws.ledger._states[raw] = shop.aws.ledger._states[raw].model_copy(update=done)
    expect(row(page, name_of(6))).to_contain_text("completed")
    assert row(page, name_of(6)).bounding_box() == before
    assert page.evaluate("document.querySelector('tr[aria-selected=true]').kept") is True


def test_facts_that_cannot_be_read_anew_stay_and_say_how_old_they_are(page, shop):
    pending, unreachable = shop.aws.tracker.all_pending, threading.Event()

    def reading():
        if unreachable.is_set():
            raise TransientError("Reading table odpf_file_tracker failed: no network. The next run tries again.")
        return pending()

    shop.aws.tracker.all_pending = reading
    unreachable.set()
    expect(page.get_by_role("alert")).to_contain_text("no network")
    expect(page.get_by_role("alert")).to_contain_text("These facts are of")
    expect(page.locator("tr[data-key]")).to_have_count(18)
    picture(page, "unreachable")
    unreachable.clear()
    expect(page.locator("#banner")).to_be_hidden()


def test_a_console_that_has_ended_is_said_so_by_its_page(chromium, shop):
    with serving(shop.deployment) as server:
        page = opened(chromium, server)
    expect(page.page.get_by_role("alert")).to_contain_text("The console does not answer")
    expect(page.page.locator("tr[data-key]")).to_have_count(18)
    page.context.close()


def test_an_empty_deployment_says_what_to_do_next(chromium):
    empty = Shop(0, runs=0)
    empty.aws.tracker._history.clear()
    with serving(empty.deployment) as server, opened(chromium, server) as page:
        expect(page.get_by_text("No tables yet")).to_be_visible()
        expect(page.get_by_text("odpf config apply PATH")).to_be_visible()
        for view, text in {"runs": "odpf run CADENCE", "files": "No file waits", "quarantine": "Nothing is in"}.items():
            page.goto(f"{server.url}/#/{view}")
            expect(page.locator(".nothing")).to_contain_text(text)
        assert accessible(page) == []


def test_without_the_link_there_is_a_closed_door_that_the_link_opens(chromium, acting):
    context = chromium.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(acting.url)
    expect(page.get_by_role("heading", name="Open the link that odpf console printed")).to_be_visible()
    picture(page, "closed")
    assert accessible(page) == []
    page.goto(acting.link)
    expect(page.locator("tr[data-key]")).to_have_count(18)
    context.close()


def test_a_link_opens_again_a_reload_stays_and_the_token_leaves_the_address(page, acting):
    page.reload()
    expect(page.locator("tr[data-key]")).to_have_count(18)
    page.goto(acting.link)
    page.wait_for_url(f"{acting.url}/#/tables")
    expect(page.locator("tr[data-key]")).to_have_count(18)
    other = page.context.new_page()
    other.goto(f"{acting.url}/#/runs")
    expect(other.locator("tr[data-key]")).to_have_count(5)
    assert page.context.cookies() == []


def test_a_page_of_another_server_on_this_machine_reads_and_does_nothing(page, acting, shop):
    """The browser itself is the attacker: it has opened the link, and a page of another port of this host tries."""
    script = f"""async () => {{
      const told = await fetch('{acting.url}/api/session', {{credentials: 'include'}}).then(() => 'read', () => 'kept');
      await fetch('{acting.url}/api/actions/run', {{
        method: 'POST', mode: 'no-cors', credentials: 'include', body: '{{"refresh_cadence": "hourly"}}'
      }}).catch(() => null);
      return [told, localStorage.length, document.cookie];
    }}"""
    with serving(shop.deployment) as other:
        blank = page.context.new_page()
        blank.route("**/attack", lambda route: route.fulfill(body="<title>x</title>", content_type="text/html"))
        blank.goto(f"{other.url}/attack")
        assert blank.evaluate(script) == ["kept", 0, ""]
    assert shop.executions.started == []
