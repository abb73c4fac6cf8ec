"""The service and the agent understand each other, however the bytes arrive."""

from __future__ import annotations

import pytest

from services.sandbox.agent.frames import DONE, LARGEST, OUT, BadFrameError, Frames, fields, frame, texts


def test_frames_arrive_whole_when_their_bytes_come_one_by_one():
    sent = frame(OUT, 7, b"hello") + frame(DONE, 7, fields(code="0"))
    frames = Frames()
    got = [each for at in range(len(sent)) for each in frames.feed(sent[at : at + 1])]
    assert got == [(OUT, 7, b"hello"), (DONE, 7, b"code=0")]


def test_fields_come_back_as_they_were():
    assert texts(fields(command="a=b\nc", empty="", unicode="ä€")) == {
        "command": "a=b\nc",
        "empty": "",
        "unicode": "ä€",
    }


def test_a_nul_cannot_make_a_field_of_its_own():
    assert texts(fields(command="x\0limit=none", limit="")) == {"command": "x limit=none", "limit": ""}


def test_a_frame_that_claims_to_be_endless_is_refused():
    with pytest.raises(BadFrameError):
        list(Frames().feed((LARGEST + 1).to_bytes(4, "big") + bytes(5)))
