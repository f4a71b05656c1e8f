import xml.etree.ElementTree as ElementTree
from pathlib import Path

from training.gleam_c.runlog import RunLog, plot


def test_a_torn_line_is_left_out_and_what_comes_again_is_cut(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run" / "log.jsonl")
    log.cut(3)  # nothing there yet
    for step in range(1, 6):
        log.add(step=step, loss=1 / step)
    with log.path.open("a", encoding="utf-8") as file:
        file.write('{"step": 6, "lo')  # killed in the middle of a line
    assert [record["step"] for record in log.records()] == [1, 2, 3, 4, 5]
    log.cut(3)
    log.add(step=4, loss=0.5)
    assert [record["step"] for record in log.records()] == [1, 2, 3, 4]
    assert log.records()[2]["loss"] == 1 / 3  # every digit


def test_the_picture_has_a_chart_for_each_quantity_there_is() -> None:
    records = [{"step": i, "loss": 5.0 - i, "learning_rate": 1e-3} for i in range(1, 4)]
    records.append({"step": 3, "recall@1": 0.25})
    root = ElementTree.fromstring(plot(records, "a <run> & more"))
    lines = [node for node in root if node.tag.endswith("polyline")]
    assert len(lines) == 3
    points = [tuple(map(float, p.split(","))) for p in lines[0].attrib["points"].split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted(y for _, y in points)  # a falling loss goes down
    texts = "".join(node.text or "" for node in root)
    assert "a <run> & more" in texts and "last 2" in texts
    assert ElementTree.fromstring(plot([], "empty")) is not None
