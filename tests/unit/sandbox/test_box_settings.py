"""The settings of the sandbox, in their groups."""

from __future__ import annotations

import pytest

from services.runtime.settings import SettingsError, load
from services.sandbox.limits import Limits
from services.sandbox.settings import SandboxSettings, plan


def test_a_setting_of_a_group_is_called_by_both_names():
    given = {
        "DAIMON_SANDBOX_LIMITS_OPEN_FILES": "100",
        "DAIMON_SANDBOX_NETWORK_MODE": "off",
        "DAIMON_SANDBOX_WARM": "3",
    }
    found = load("sandbox", SandboxSettings, given)
    assert found.limits == Limits(open_files=100)
    assert (found.network.mode, found.warm) == ("off", 3)


def test_an_allow_list_of_hosts_is_what_new_boxes_may_reach():
    given = {"DAIMON_SANDBOX_NETWORK_MODE": "allow-list", "DAIMON_SANDBOX_NETWORK_HOSTS": "example.org *.test:8443"}
    reach = plan(load("sandbox", SandboxSettings, given)).reach
    assert reach.refusal("example.org", 443) == ""
    assert reach.refusal("a.test", 8443) == ""
    assert reach.refusal("elsewhere.org", 443)


@pytest.mark.parametrize("name", ["MEMORY", "LIMITS", "LIMITS_NOTHING"])
def test_what_is_no_setting_is_told_with_what_there_is(name: str):
    with pytest.raises(SettingsError, match=r"is not a setting of sandbox; it has .*limits_memory"):
        load("sandbox", SandboxSettings, {f"DAIMON_SANDBOX_{name}": "1"})


def test_a_limit_too_low_to_live_with_is_refused():
    with pytest.raises(SettingsError, match="memory"):
        load("sandbox", SandboxSettings, {"DAIMON_SANDBOX_LIMITS_MEMORY": "1"})
