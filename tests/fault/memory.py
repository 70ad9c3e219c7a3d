# SPDX-License-Identifier: ISC
"""Looks for secrets in the memory of a process, as only root can."""
import struct

PIECE = 16  # octets of a secret that nobody meets by chance


def primes(n):
    found, k = [], 2
    while len(found) < n:
        if all(k % p for p in found):
            found.append(k)
        k += 1
    return found


def root_bits(x, degree):
    """The first 32 bits behind the point of a root."""
    low, high = 0, 1 << 80
    target = x << (32 * degree)
    while low < high:
        middle = (low + high + 1) // 2
        if middle ** degree <= target:
            low = middle
        else:
            high = middle - 1
    return low & 0xffffffff


K = [root_bits(p, 3) for p in primes(64)]
H0 = [root_bits(p, 2) for p in primes(8)]


def rotate(x, n):
    return (x >> n | x << (32 - n)) & 0xffffffff


def compress(h, block):
    """One step of SHA-256 (FIPS 180-4 section 6.2.2)."""
    w = list(struct.unpack('>16I', block))
    for t in range(16, 64):
        s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3
        s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10
        w.append((w[t - 16] + s0 + w[t - 7] + s1) & 0xffffffff)
    a, b, c, d, e, f, g, i = h
    for t in range(64):
        t1 = (i + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) + K[t] + w[t])
        t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, i = (t1 + t2) & 0xffffffff, a, b, c, (d + t1) & 0xffffffff, e, f, g
    return [(x + y) & 0xffffffff for x, y in zip(h, (a, b, c, d, e, f, g, i))]


def hmac_state(key, pad=0x36):
    """What is left of an HMAC-SHA-256 key once it is scheduled, as libhokey keeps it."""
    assert len(key) <= 64
    block = bytes(k ^ pad for k in key.ljust(64, b'\0'))
    return struct.pack('=8I', *compress(H0, block))


def swapped(octets):
    """As 32-bit words of this machine: how hash functions keep their state."""
    return struct.pack(f'={len(octets) // 4}I', *struct.unpack(f'>{len(octets) // 4}I', octets))


def forms(secret):
    """All pieces of a secret, as octets and as words."""
    for at in range(0, len(secret) - PIECE + 1, PIECE):
        piece = secret[at:at + PIECE]
        yield f'[{at}:]', piece
        yield f'[{at}:] as words', swapped(piece)


def mappings(pid):
    """(start, end, name, flags, locked kB) of what is mapped and in use."""
    entry = None
    with open(f'/proc/{pid}/smaps') as f:
        for line in f:
            words = line.split()
            if '-' in words[0] and not words[0].endswith(':'):
                start, end = (int(x, 16) for x in words[0].split('-'))
                entry = {'start': start, 'end': end, 'mode': words[1],
                         'name': words[5] if len(words) > 5 else ''}
            elif words[0] == 'VmFlags:':
                entry['flags'] = set(words[1:])
                yield entry
            else:
                entry[words[0].rstrip(':')] = int(words[1])


def resident(pid):
    """(where, octets) of all that may hold what the process has written."""
    zero = bytes(1 << 16)
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
        for m in mappings(pid):
            if not m['Rss'] or 'r' not in m['mode'] or m['name'] in ('[vvar]', '[vsyscall]', '[vdso]'):
                continue
            if 'w' not in m['mode'] and m['name'].startswith('/'):
                continue  # a file; what was written to it is there
            memory.seek(m['start'])
            octets = bytearray()
            for at in range(m['start'], m['end'], len(zero)):
                chunk = memory.read(min(len(zero), m['end'] - at))
                if chunk != zero:
                    octets += chunk
            yield m['name'] or 'anonymous memory', bytes(octets)


def find(pid, secrets):
    """{name: where} of the named secrets of which a piece is in memory."""
    wanted = [(name, form, octets) for name, secret in secrets.items()
              for form, octets in forms(secret)]
    found = {}
    for where, octets in resident(pid):
        for name, form, piece in wanted:
            if piece in octets:
                found.setdefault(name, []).append(f'{form} in {where}')
    return found
