"""Who may decide what the model may do."""

from __future__ import annotations

import pytest

from proto import approvals, errors, permissions
from proto.base import Caller
from services.llm.menu.approving import Approving


@pytest.mark.parametrize("actor", ["model", "ghost", "system", "plugin-mail"])
async def test_nobody_but_a_person_decides(actor):
    approving = Approving(None, None, None)
    caller = Caller(user="ada", actor=actor)
    with pytest.raises(errors.Refused, match="Only a person"):
        await approving.answer(approvals.Answer(id="x", verdict="allow"), caller)
    with pytest.raises(errors.Refused, match="Only a person"):
        await approving.set(approvals.SetRule(action="tasks.add", rule="allow"), caller)


def test_what_is_a_persons_alone_is_said_by_pages_the_command_line_and_undo_only():
    # Undo says it for a person, and for nobody else: test_undo_kinds.py.
    mays = {name for name in permissions.SERVICES for said in permissions.of(name).publish if "daimon.own" in said}
    assert mays == {"gateway", "cli", "undo"}
    assert not any("daimon.own" in said for said in permissions.program("mail", "ada", "mail").publish)
