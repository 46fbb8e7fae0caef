"""Signs of life of services without a port."""

import os
import socket
import time
from pathlib import Path

from deployments.processes.pulse import beat, is_well, pulses


def test_a_service_is_well_while_it_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "listeners"
    assert not is_well(folder)
    beat(folder, well=True, counts={"handled": {"escavador_ação": 3}})
    assert is_well(folder)
    [pulse] = pulses(folder)
    assert (pulse.host, pulse.pid, pulse.counts) == (
        socket.gethostname(),
        os.getpid(),
        {"handled": {"escavador_ação": 3}},
    )
    old = pulse.model_copy(update={"at": time.time() - 60})
    (folder / f"{socket.gethostname()}.json").write_text(old.model_dump_json())
    assert not is_well(folder)
    beat(folder, well=False, counts={})
    assert not is_well(folder)


def test_machines_that_are_gone_are_forgotten_and_what_is_no_sign_is_passed_over(tmp_path: Path) -> None:
    beat(tmp_path, well=True, counts={})
    [own] = pulses(tmp_path)
    for name, age in (("neighbour", 60), ("gone", 7200)):
        path = tmp_path / f"{name}.json"
        path.write_text(own.model_copy(update={"host": name}).model_dump_json())
        os.utime(path, (time.time() - age, time.time() - age))
    (tmp_path / "broken.json").write_text("{")
    beat(tmp_path, well=True, counts={})
    assert [pulse.host for pulse in pulses(tmp_path)] == sorted(["neighbour", socket.gethostname()])
