"""What a run writes and reads back: any text that a model may say."""

from dataclasses import replace
from pathlib import Path

import pytest

from minirl.runs import PRESETS, SAMPLES, Run

EVERY_TEXT = ["\ud800", "\udfff\ud800", "a\x00b\x1b[31m\u2028\n\r", "🎾é", "\ufeff", '"\\']


@pytest.mark.parametrize("text", EVERY_TEXT)
def test_any_text_is_written_and_read_back(text: str, tmp_path: Path) -> None:
    """UTF-8 has no lone surrogates, which a byte-level model can spell: ED A0 80."""
    run = Run.create(replace(PRESETS["smoke"], runs=str(tmp_path)))
    record = {"kind": "stage", "stage": "rl", "question": text, "prompt": text, "completion": text}
    run.append(SAMPLES, record)
    run.append(SAMPLES, record)
    assert run.records(SAMPLES) == [record, record]
    (run.folder / SAMPLES).read_text(encoding="utf-8")
    run.write_json("any.json", {text: text})
    assert run.read_json("any.json") == {text: text}
