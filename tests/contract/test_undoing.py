"""Every kind of event can be undone, or it is said why not."""

from __future__ import annotations

import pytest

from daimon.contract.vocabulary import example_of
from proto import undo
from proto.kinds import CHANGING, KINDS
from proto.lasting import LASTING, why
from proto.roles import ROLES


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_names_what_undoes_it_or_says_why_nothing_does(name):
    reason = LASTING.get(name, "") if name in CHANGING else why(name)
    assert (name in CHANGING) != bool(reason), (
        f"{name}: give it `inverse()` and put that call into its noun's INVERSES, or a reason into proto/lasting.py"
    )


@pytest.mark.parametrize("name", CHANGING)
def test_what_undoes_a_change_is_a_call_that_undo_may_make_and_somebody_serves(name):
    inverse = example_of(KINDS[name], whole=True).inverse()
    assert inverse is not None
    assert inverse.call in undo.INVERSES
    assert isinstance(inverse.request, inverse.call.request)
    assert any(inverse.call in role.serves for role in ROLES.values())


def test_no_reason_is_given_for_what_there_is_not():
    nouns = {name.partition(".")[0] for name in KINDS}
    assert [name for name in LASTING if name not in nouns and name not in KINDS] == []
