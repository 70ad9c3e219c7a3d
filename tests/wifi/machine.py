# SPDX-License-Identifier: ISC
"""The virtual machine: a folder that it shares with us, and qemu.

It has no network. Results, logs and output lie in the shared folder when it is off.

Its processor is emulated, and counts its time by instructions (icount): a clock that
stands still while others keep this machine busy. That makes the 802.11 timers, which do
not wait for a slow processor, and the measured times independent of the load here; KVM
would be faster and less sure. One instruction is 2 ns, so it is a processor of 500 MIPS.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
QEMU = 'qemu-system-x86_64'
TIMEOUT, MORE_BY_ROUND = 240, 300  # s, on a slow machine that has more to do


def missing():
    """What this machine lacks to run another one in it; None: nothing."""
    for program in (QEMU, 'cpio', 'depmod'):
        if not shutil.which(program, path=f'{os.environ.get("PATH", "")}:/usr/sbin:/sbin'):
            return f'there is no {program}'
    if subprocess.run(['pkg-config', '--exists', 'libnl-genl-3.0']).returncode:
        return 'there is no libnl'
    return None


def libraries(program, root):
    """Those that the machine lacks, as programs built here need them."""
    told = subprocess.run(['ldd', program], capture_output=True, text=True, check=True).stdout
    assert 'not found' not in told, told
    paths = re.findall(r'=> (/\S+)', told)
    return [p for p in paths if not any(root.glob(f'usr/lib/*/{pathlib.Path(p).name}'))]


def share(guest, folder, programs, pki, plan, debug):
    """Fills the shared folder."""
    folder.mkdir()
    shutil.copytree(HERE / 'guest', folder / 'guest', ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copytree(HERE / 'conf', folder / 'conf')
    shutil.copytree(pki.folder, folder / 'pki')
    (folder / 'bin').mkdir()
    (folder / 'lib').mkdir()
    for program in programs:
        shutil.copy(program, folder / 'bin')
        for library in libraries(program, guest / 'root'):
            shutil.copy(library, folder / 'lib')
    (folder / 'plan.json').write_text(json.dumps(plan))
    (folder / 'start').symlink_to('guest/start')
    if debug:
        (folder / 'debug').touch()


def filesystem(folder, tag, *more):
    return ['-virtfs', ','.join([f'local,path={folder},mount_tag={tag},security_model=none',
                                 'multidevs=remap', *more])]


def boot(guest, folder, rounds):
    """Runs the machine until it switches itself off."""
    console, timeout = folder / 'console', TIMEOUT + rounds * MORE_BY_ROUND
    command = [
        QEMU, '-accel', 'tcg,thread=single', '-icount', 'shift=1', '-cpu', 'max', '-m', '768',
        '-nodefaults', '-display', 'none', '-nic', 'none', '-no-reboot',
        '-serial', f'file:{console}', '-kernel', guest / 'vmlinux', '-initrd', guest / 'initrd',
        '-append', 'console=ttyS0 panic=-1 quiet',
        *filesystem(guest / 'root', 'root', 'readonly=on'), *filesystem(folder, 'shared')]
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)
        ended = f'{QEMU} ended with {done.returncode}: {done.stderr}'
    except subprocess.TimeoutExpired:
        ended = f'not done after {timeout} s'
    return read_results(folder, ended)


def read_results(folder, ended):
    """One dict per scenario and round; without a last one that says it is complete: an error."""
    results = []
    if (folder / 'results').exists():
        results = [json.loads(line) for line in (folder / 'results').read_text().splitlines()]
    if not results or results[-1]['scenario'] != 'end':
        told = [f'{name}: {(folder / name).read_text(errors="replace")[-3000:]}'
                for name in ('results', 'output', 'console') if (folder / name).exists()]
        raise AssertionError('the virtual machine did not come to its end: '
                             + '\n'.join([ended, *told]))
    return results
