"""Drives a store through the pipe of `ashlar ingest STORE - --ack`, as a program in any language would.

    python3 driver.py ASHLAR STORE step|pipelined|killed

It says what went wrong and exits with 1, or prints how many acknowledgements came and exits with 0.
"""

import json
import os
import select
import signal
import subprocess
import sys

PATIENCE = 30.0


def fail(message):
    print(message)
    sys.exit(1)


def expect(what, found, wanted):
    if found != wanted:
        fail(f"{what}: {found!r} instead of {wanted!r}")


def block(height, branch="a", parent_branch=None, note=""):
    name = lambda number, letter: (letter + f"{number:07d}").encode().hex()
    events = [{"model": "m", "type": "t", "payload": {"height": height, "branch": branch, "note": note}}]
    return {
        "height": height,
        "hash": name(height, branch),
        "parent": name(height - 1, parent_branch or branch),
        "timestamp": 1_700_000_000 + height,
        "events": events,
    }


class Store:
    """The other end of the pipe."""

    def __init__(self, tool, path, *options):
        command = [tool, "ingest", path, "-", "--ack", "--json", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.received = b""

    def send(self, *lines):
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def line(self):
        """The next line of the output; it must come without anything more being sent."""
        while b"\n" not in self.received:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            if not ready:
                fail("no acknowledgement came")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                fail(f"the tool ended with {self.process.wait()}")
            self.received += data
        line, self.received = self.received.split(b"\n", 1)
        return json.loads(line)

    def durable(self):
        return self.line()["durable"]

    def finish(self):
        self.process.stdin.close()
        summary = self.line()
        expect("exit code", self.process.wait(PATIENCE), 0)
        return summary


def step(tool, path):
    """One line at a time, each acknowledged before the next is written."""
    store = Store(tool, path)
    count = 0
    lines = [block(height) for height in range(50)]
    for line in lines:
        store.send(line)
        count += 1
        expect("block", store.durable(), {"sequence": count, "height": line["height"], "line": count})
    store.send(block(49))
    expect("duplicate", store.durable(), {"sequence": 50, "height": 49, "line": 51, "unchanged": "duplicate"})
    store.send(block(49, "b", "a"))
    expect("fork", store.durable(), {"sequence": 51, "height": 49, "line": 52})
    store.send(block(50))
    expect("switch back", store.durable(), {"sequence": 52, "height": 50, "line": 53})
    store.send({"floating": [{"model": "pool", "type": "seen", "payload": 1}], "key": "k"})
    expect("floating", store.durable(), {"sequence": 53, "height": 50, "line": 54})
    store.send({"rollback": {"toHeight": 48}})
    expect("rollback", store.durable(), {"sequence": 54, "height": 48, "line": 55})
    summary = store.finish()
    for name, wanted in [("blocks", 52), ("rollbacks", 3), ("undoneBlocks", 4), ("readopted", 1), ("duplicates", 1)]:
        expect(name, summary[name], wanted)
    return 55


def pipelined(tool, path):
    """Many lines at once: every sequence is acknowledged once, in order."""
    store = Store(tool, path, "--durability", "interval:20", "--fork-choice", "longest")
    lines = [block(height) for height in range(2000)]
    lines += [block(1998, "b", "a"), block(1999, "b"), block(2000, "b")]
    for start in range(0, len(lines), 100):
        store.send(*lines[start : start + 100])
    for number in range(1, 2001):
        expect("block", store.durable(), {"sequence": number, "height": number - 1, "line": number})
    aside = {"sequence": 2000, "height": 1999, "unchanged": "aside"}
    for number in (2001, 2002):
        expect("side block", store.durable(), {**aside, "line": number})
    for number, height in ((2001, 1998), (2002, 1999), (2003, 2000)):
        expect("switch", store.durable(), {"sequence": number, "height": height, "line": 2003})
    expect("side blocks", store.finish()["sideBlocks"], 2)
    return 2005


def killed(tool, path):
    """What was acknowledged survives a kill, and the program goes on behind it, or sends everything again."""
    store = Store(tool, path)
    for height in range(20):
        store.send(block(height))
        store.durable()
    store.process.send_signal(signal.SIGKILL)
    expect("exit code", store.process.wait(PATIENCE), -signal.SIGKILL)
    store = Store(tool, path)
    for height in range(20, 30):
        store.send(block(height))
        expect("block", store.durable(), {"sequence": height + 1, "height": height, "line": height - 19})
    store.finish()
    store = Store(tool, path)
    for height in range(35):
        store.send(block(height))
        answer = store.durable()
        expect("again", (answer["line"], answer.get("unchanged")), (height + 1, "duplicate" if height < 30 else None))
    expect("blocks", store.finish()["blocks"], 5)
    return 65


def main():
    tool, path, scenario = sys.argv[1:]
    print({"step": step, "pipelined": pipelined, "killed": killed}[scenario](tool, path))


main()
