# SPDX-License-Identifier: ISC
"""Programs that run in network namespaces, and their control sockets."""
import json
import os
import re
import signal
import socket
import subprocess
import time

LOGS = '/run/logs'


def sh(command, ns=None, check=True):
    """A line of shell, in a namespace; what it printed."""
    prefix = ['ip', 'netns', 'exec', ns] if ns else []
    done = subprocess.run([*prefix, 'sh', '-c', command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors='replace')
    if check and done.returncode:
        raise AssertionError(f'{command}: {done.stdout[-1000:]}{done.stderr[-1000:]}')
    return done.stdout + done.stderr


class Log:
    """A growing file, read once."""

    def __init__(self, path):
        self.path = path
        self._text, self._offset = '', 0

    def text(self):
        if os.path.exists(self.path):
            with open(self.path, 'rb') as f:
                f.seek(self._offset)
                new = f.read()
            self._offset += len(new)
            self._text += new.decode(errors='replace')
        return self._text

    def mark(self):
        return len(self.text())


class Program:
    def __init__(self, name, command, ns):
        os.makedirs(LOGS, exist_ok=True)
        self.name, self.log = name, Log(f'{LOGS}/{name}')
        self.since = self.log.mark()  # where its output begins
        with open(self.log.path, 'ab') as out:
            self.process = subprocess.Popen(
                ['ip', 'netns', 'exec', ns, 'sh', '-c', command],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def wait_for(self, pattern, timeout=30, since=0):
        """Waits until the log matches; the first match behind the place `since`."""
        deadline = time.monotonic() + timeout
        expression = re.compile(pattern, re.M)
        while True:
            ended = self.process.poll()
            found = expression.search(self.log.text(), since)
            if found:
                return found
            if ended is not None:
                raise AssertionError(f'{self.name} ended with {ended}: '
                                     f'{self.log.text()[-1500:]}')
            if time.monotonic() > deadline:
                raise AssertionError(f'{self.name}: no {pattern!r} in {timeout} s:\n'
                                     f'{self.log.text()[since:][-3000:]}')
            time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def wait_for(what, condition, timeout=30, pause=0.02):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f'waited {timeout} s for {what}')
        time.sleep(pause)


def wait_for_socket(path):
    wait_for(path, lambda: os.path.exists(path))


class Control:
    """The control socket of wpa_supplicant and of hostapd."""

    _count = 0

    def __init__(self, path):
        Control._count += 1
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f'/run/control.{os.getpid()}.{Control._count}')
        self.socket.settimeout(10)
        self.socket.connect(path)

    def hear(self):
        return self.socket.recv(65536).decode(errors='replace')

    def ask(self, command):
        self.socket.send(command.encode())
        answer = self.hear()
        while answer.startswith('<'):  # an event, on a socket that was attached
            answer = self.hear()
        return answer

    def do(self, command):
        answer = self.ask(command).strip()
        if answer != 'OK':
            raise AssertionError(f'{command}: {answer}')

    def status(self):
        return dict(line.split('=', 1) for line in self.ask('STATUS').splitlines() if '=' in line)


def ask_hokeyd(command, path='/run/hokeyd/control.sock', **more):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(10)
        s.connect(path)
        s.sendall(json.dumps({'command': command, **more}).encode() + b'\n')
        answer = json.loads(s.makefile().readline())
    if not answer['ok']:
        raise AssertionError(f'hokeyd: {command}: {answer}')
    return answer
