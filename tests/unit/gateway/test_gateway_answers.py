"""What a program reads of an answer is whole, also where the log has lost or mixed up a piece."""

from __future__ import annotations

from proto.chat import Ended, Text
from services.gateway.answers import Reading


def test_the_end_makes_up_for_pieces_that_the_log_has_in_another_order_or_not_at_all():
    reading = Reading()
    late, first = Text(attempt=1, offset=4, text="two"), Text(attempt=1, offset=0, text="one ")
    reading.catch_up([late, first])
    assert reading.step().text == "one "
    reading.catch_up([late, first, Ended(attempt=1, outcome="done", answer="one two three")])
    step = reading.step()
    assert (step.text, step.ended is not None) == ("two three", True)
