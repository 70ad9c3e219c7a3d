# SPDX-License-Identifier: ISC
"""Results of bench/run as the tables of docs/performance.md."""
BEGIN, END = '<!-- tables: begin -->', '<!-- tables: end -->'


def number(n, digits=1):
    return f'{n:,.{digits}f}'


def count(n):
    return f'{int(n):,}'


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + ' --- |' + ' ---: |' * (len(head) - 1)]
    return '\n'.join(lines + ['| ' + ' | '.join(row) + ' |' for row in rows]) + '\n'


def section(title, text, *parts):
    return f'### {title}\n\n{text}\n\n' + '\n'.join(parts)


def machine(r):
    m = r['machine']
    sha = 'with' if m['sha'] else 'without'
    return (f'Measured on {m["cpus"]} processors {m["cpu"]} ({sha} SHA instructions), Linux '
            f'{m["kernel"]}, {m["openssl"].split(" (")[0]}, {m["hostapd"]}; load average at the '
            f'start {m["load"]:.1f}. us: microseconds of CPU time of the server.\n')


def floor(r):
    f = r['floor']
    return section(
        'The floor', 'The hashes of one re-authentication with kept key states, and one datagram '
        'in and one out through recvmmsg and sendmmsg.',
        table(['what', 'us'], [
            ['SHA-256: check the tag, derive the rMSK, make a tag', number(f['sha256_us'], 2)],
            ['MD5: authenticators of request and answer, key hiding', number(f['md5_us'], 2)],
            ['datagram in and out, batches of 1', number(f['io_us_1'], 2)],
            ['... of 16', number(f['io_us_16'], 2)],
            ['... of 64', number(f['io_us_64'], 2)],
            ['**floor**: hashes, and input and output in batches of 64',
             f'**{number(f["floor_us"], 2)}**'],
        ]))


def erp(r):
    floor_us = r.get('floor', {}).get('floor_us')
    kinds = [('hokeyd, memory', r.get('erp_memory', {}))]
    kinds += [(f'hokeyd, LMDB, `{name}`', rows) for name, rows in r.get('erp_lmdb', {}).items()]
    kinds += [('hostapd', r.get('erp_hostapd', {}))]
    body = []
    for name, rows in kinds:
        for sets, row in rows.items():
            ratio = number(row['cpu_us'] / floor_us) if floor_us else ''
            body.append([name, count(sets), number(row['cpu_us'], 2), ratio, count(row['per_s']),
                         number(row['p50_ms'], 2), number(row['p99_ms'], 2),
                         count(row['octets']) if int(sets) >= 10000 else '',
                         count(row['not_accepted'])])
    return section(
        'Re-authentications over UDP', '64 requests outstanding, one worker. Octets for each key '
        'set: LMDB on disk; hokeyd in memory and hostapd by what the process has grown by since '
        'before the logins, with all else it needs to work (hokeyd: 31 MB for answers it may have to '
        'repeat).',
        table(['server, store', 'key sets', 'us each', 'times floor', 'per second', 'p50 ms',
               'p99 ms', 'octets', 'not accepted'], body))


def ratios(r):
    ours, theirs = r.get('erp_memory', {}), r.get('erp_hostapd', {})
    rows = [[count(n), number(theirs[n]['cpu_us']), number(ours[n]['cpu_us']),
             number(theirs[n]['cpu_us'] / ours[n]['cpu_us'])] for n in theirs if n in ours]
    return section('hostapd and hokeyd', 'Server CPU for one re-authentication, side by side.',
                   table(['key sets', 'hostapd us', 'hokeyd us', 'times'], rows))


def path(r):
    rows = [[count(n), number(row['cpu_us'], 2), number(row['store_octets_per_set'], 0)]
            for n, row in r['path'].items()]
    return section('Through the server without sockets',
                   'Door, hall, ER server and memory store in one process, batches of 64.',
                   table(['key sets', 'us each', 'octets for each set'], rows))


def logins(r):
    body = []
    for row in r['logins']:
        a = row.get('asymmetric')
        body.append([f'{row["server"]}, {row["mode"]}, {row["key"]}', number(row['cpu_us'], 0),
                     number(a['login_us'], 0) if a else '',
                     number(row['cpu_us'] / a['login_us'], 2) if a else '', count(row['per_s']),
                     number(row['p50_ms'], 1), count(row['accepted']), count(row['resumed'])])
    return section(
        'EAP-TLS 1.3', 'One worker, 32 conversations at a time, X25519; CA, server and device have '
        'keys of the named kind. Asymmetric: what `openssl speed` says of one signature, two '
        'verifications and two X25519 operations. hostapd 2.10 cannot be asked to resume: it then '
        'leaves out the protected success of RFC 9190, and the device must not go on.',
        table(['server, login, keys', 'us each', 'asymmetric us', 'times', 'per second', 'p50 ms',
               'accepted', 'resumed'], body))


def surge(r):
    s = r['surge']
    body = [
        ['60,000 re-authentications in five seconds: accepted', count(s['flood']['accepted'])],
        ['... rejected or lost', count(s['flood']['sent'] - s['flood']['accepted'])],
        ['fastest, 256 outstanding', count(s['fastest_per_s']) + ' a second'],
    ]
    for what, row in (('at half that rate', s['half']),
                      ('at half that rate, real-time priority', s['realtime'])):
        if row:
            body += [[f'{what}: p50', number(row['p50_ms'], 3) + ' ms'],
                     ['... p99', number(row['p99_ms'], 3) + ' ms'],
                     ['... kept waiting of 3,000 ms', number(row['waited_ms']) + ' ms']]
    return section(
        'A campus wakes up', '10,000 key sets in memory, open loop. Kept waiting: server and load '
        'could have run, but something else of the machine had their processor. Real-time priority: '
        'both under `chrt --fifo 1`, so that hardly anything has.',
        table(['what', 'result'], body))


def workers(r):
    rows = [[n, count(row['per_s']), number(row['cpu_us'], 2), number(row['p99_ms'], 2)]
            for n, row in r['workers'].items()]
    return section('Workers', 'Nothing pinned; the load takes its share of the processors.',
                   table(['workers', 'per second', 'us each', 'p99 ms'], rows))


def proxied(r):
    body = [[name, count(row['per_s']), number(row['proxy_us']), number(row['home_us']),
             number(row['p50_ms'], 2), number(row['p99_ms'], 2), count(row['accepted']),
             count(row['not_accepted'])] for name, row in r['proxied'].items()]
    return section(
        'Through a proxy', 'The load sends over UDP to a hokeyd that is a proxy, and that over '
        'RADIUS/TLS 1.3 to the hokeyd of the home; one worker each, 1,000 key sets. All three '
        'share the processors.',
        table(['load', 'per second', 'proxy us', 'home us', 'p50 ms', 'p99 ms', 'accepted',
               'not accepted'], body))


def freeradius(r):
    f = r['freeradius']
    if not f:
        return ''
    body = [[f'`{name}`', number(row['login_us'], 0), number(row['cpu_us']),
             f'1/{row["ratio"]:.1f}', f'{100 * row["ours"]:.0f} %', count(row['per_s'])]
            for name, row in f['rows'].items()]
    return section('FreeRADIUS with rlm_hokey',
                   'Debian\'s 3.2.1, its site as installed but for our two lines; EAP-TLS 1.3 with '
                   'RSA-2048, 32 logins and 64 re-authentications at a time. A request of the same '
                   'size that a policy answers with the same attributes, always the same, costs this '
                   f'server {number(f["fixed_us"])} us without the module; what is above that is the '
                   'module\'s.',
                   table(['LMDB', 'login us', 're-authentication us', 'of a login',
                          'the module\'s part', 'per second'], body))


def write(r):
    parts = [machine(r)]
    for name, part in (('floor', floor), ('erp_memory', erp), ('erp_hostapd', ratios),
                       ('path', path), ('logins', logins), ('surge', surge), ('workers', workers),
                       ('proxied', proxied),
                       ('freeradius', freeradius)):
        if name in r:
            parts.append(part(r))
    return '\n'.join(parts)


def put_into(document, text):
    """Replaces what stands between the two marks of a document."""
    old = document.read_text()
    head, rest = old.split(BEGIN, 1)
    document.write_text(f'{head}{BEGIN}\n\n{text}\n{END}{rest.split(END, 1)[1]}')
