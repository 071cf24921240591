import io
import signal
import sys

import click
import pytest

from tracemark_cli.interrupting import interruptible


class Interrupted(io.RawIOBase):
    """A terminal at which somebody presses Ctrl-C while the first words are being written."""

    def __init__(self):
        self.written = b""

    def writable(self):
        return True

    def write(self, data):
        if not self.written:
            signal.raise_signal(signal.SIGINT)
        self.written += bytes(data)
        return len(data)


@pytest.fixture(autouse=True)
def listening():
    """A process that was started in the background may have been told to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_in_good_order_while_something_is_being_told(monkeypatch):
    terminal = Interrupted()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(terminal), "utf-8"))
    with interruptible() as stop:
        click.echo("tracemark: a photo failed", err=True)
        assert stop.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert terminal.written.startswith(b"tracemark: a photo failed\n")
