"""Tool cards, times and assets: how single things read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proto.chat import Exchange, ToolUse
from proto.llm import MenuItem
from services.ui import assets, display
from services.ui.cards import Cards
from services.ui.pages.actions import entry
from services.ui.passages import passages

STATIC = Path(assets.OWN)


def used(result: str, *, ok: bool | None = True, arguments: str = '{"command": "ls"}') -> ToolUse:
    return ToolUse(call="c", action="sandbox.run", arguments=arguments, ok=ok, result=result, seconds=1.25)


def command(**changed: object) -> str:
    return json.dumps({"exit_code": 0, "stdout": "out", "stderr": "", "seconds": 0.1} | changed)


def test_a_command_shows_what_it_printed_and_how_it_ended():
    card = Cards(100).card(used(command(stderr="warned")))
    assert (card.stdout, card.stderr, card.exit_code, card.state, card.took) == ("out", "warned", 0, "done", "1.2 s")


def test_a_command_that_failed_is_a_failed_card():
    assert Cards(100).card(used(command(exit_code=2))).state == "failed"


def test_an_action_that_tells_shows_its_sentence():
    assert Cards(100).card(used('{"sentence": "Added it", "task": {}}')).sentence == "Added it"


@pytest.mark.parametrize("result", ["not json", '{"rows": [1, 2]}', "[]", "", "\udc80", '{"exit_code": "x"}'])
def test_any_other_result_is_shown_as_it_is(result):
    card = Cards(100).card(used(result))
    assert json.loads(card.result) == json.loads(result) if result[:1] in "{[" and result else card.result == result


def test_a_long_result_is_cut_in_the_middle_and_says_so():
    card = Cards(100).card(used(command(stdout="a" * 500 + "z")))
    assert card.stdout.startswith("aaa")
    assert card.stdout.endswith("z")
    assert "401 characters left out" in card.stdout


def test_a_running_action_has_no_result_yet():
    card = Cards(100).card(used("", ok=None))
    assert (card.state, card.took, card.brief) == ("running", "", "ls")


@pytest.mark.parametrize(("arguments", "brief"), [
    ("{}", ""),
    ('{"title": "buy\\nmilk", "position": 2}', "buy milk · 2"),
    ("broken {", "broken {"),
    (json.dumps({"text": "word " * 100}), ("word " * 100)[:59] + "…"),
])  # fmt: skip
def test_arguments_in_a_few_words(arguments, brief):
    assert Cards(100).card(used("", arguments=arguments)).brief == brief


@pytest.mark.parametrize(("seconds", "reads"), [(0.004, "4 ms"), (2.34, "2.3 s"), (75, "1 min 15 s"), (120, "2 min")])
def test_durations_read_as_people_say_them(seconds, reads):
    assert display.duration(seconds) == reads


def test_times_are_exact_for_machines_and_short_for_people():
    time = datetime(2026, 11, 2, 9, 4, 5, 999, UTC)
    assert display.exact(time) == "2026-11-02T09:04:05Z"
    assert display.full(time) == "Monday 2 November 2026, 09:04:05 UTC"
    assert display.full(time, "Asia/Tokyo") == "Monday 2 November 2026, 18:04:05"
    assert display.day(time, "Pacific/Kiritimati") == "Monday 2 November 2026"
    assert display.day(time.replace(hour=23), "Pacific/Kiritimati") == "Tuesday 3 November 2026"


def test_a_time_of_today_is_short_and_one_of_another_year_is_whole():
    now = datetime.now(UTC)
    assert display.short_time(now) == display.brief(now) == f"{now:%H:%M} UTC"
    old = datetime(2019, 3, 2, 9, 4, tzinfo=UTC)
    assert display.short_time(old, "Europe/Berlin") == "2 Mar 2019, 10:04"
    assert display.brief(old, "Europe/Berlin") == "2 Mar 2019"


@pytest.mark.parametrize(("year", "zone"), [(9999, "Asia/Tokyo"), (1, "America/New_York")])
def test_a_time_at_the_end_of_all_years_is_shown_too(year, zone):
    time = datetime(year, 12, 31, 23, tzinfo=UTC) if year > 1 else datetime(1, 1, 1, 1, tzinfo=UTC)
    assert display.full(time, zone)
    assert display.brief(time, zone)


@pytest.mark.parametrize("zone", ["", "No/Where", "../../etc/passwd", "Europe", "/etc/localtime", "\0", "x" * 50])
def test_a_zone_that_nobody_knows_is_utc(zone):
    assert display.full(datetime(2026, 11, 2, tzinfo=UTC), zone).endswith("00:00:00 UTC")


@pytest.mark.parametrize(("actor", "name"), [("user", "You"), ("model", "Daimon"), ("plugin-weather", "weather")])
def test_everybody_has_a_name(actor, name):
    assert display.who(actor) == name


def split(answer: str, *places: int) -> list[str]:
    tools = tuple(ToolUse(call=str(place), action="a.b", arguments="{}", at=place) for place in places)
    asked = Exchange(turn="t", time=datetime.now(UTC), asked="", tools=tools, answer=answer)
    return [passage.text for passage in passages(asked)]


def test_an_answer_is_split_where_actions_were_called():
    assert split("one two") == ["one two"]
    assert split("one two", 4) == ["one ", "two"]
    assert split("one two", 0, 4, 4) == ["", "one ", "", "two"]
    assert split("one", 99, 1) == ["one", "", ""]


def test_a_schema_of_another_kind_shows_no_arguments():
    for schema in (b"[]", b'{"properties": 3}', b'{"properties": {"a": {"type": 7}}}'):
        item = MenuItem(name="a.b", description="", schema=schema, service="a", subject="a")
        assert entry(item).arguments == ()


def test_asset_names_change_with_their_content():
    names = [asset.name for asset in assets.assets().assets]
    assert len(names) == len(set(names))
    own = {
        "app",
        "htmx",
        "mark",
        "settings",
        "sse",
        "terminal",
        "zone",
        "worker",
        "daimon",
        "icon-180",
        "icon-192",
        "icon-512",
    }
    assert {name.split(".")[0] for name in names} == own
    assert assets.address("app.css") != assets.address("app.js")
    with pytest.raises(assets.AssetMissing):
        assets.address("other.css")


def test_own_javascript_stays_small():
    assert sum(len(path.read_text().splitlines()) for path in STATIC.glob("*.js")) <= 100


def test_assets_fit_into_one_message_of_the_bus():
    assert sum(len(asset.content) for asset in assets.assets().assets) < 500_000


def test_the_stylesheet_loads_nothing():
    css = (STATIC / "app.css").read_text()
    assert "url(" not in css
    assert "@import" not in css
