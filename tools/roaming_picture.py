# SPDX-License-Identifier: ISC
"""Draws what `hokey peer` did on a time line, as SVG."""
import statistics
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT = 1000, 360, 110, 20
LANES = {'device': 90, 'Tokyo': 150, 'between': 220, 'Lisbon': 290}
NAMES = {'device': 'device and\naccess point', 'Tokyo': 'campus\n(Tokyo)',
         'between': 'federation\n(radsecproxy)', 'Lisbon': 'home\n(Lisbon)'}
HOME, NEAR, LOST, INK, PALE = '#b3501e', '#1e6fb3', '#888888', '#222222', '#f3e9d8'
GAP_MS = 700  # a pause that is longer is drawn so short


class Axis:
    """Time to the right, without what is long and empty."""

    def __init__(self, runs):
        self.pieces = []  # (from, to, where it starts in the picture), in ms
        at = 0
        for run in sorted(runs, key=lambda r: r['began']):
            start, end = run['began'], run['began'] + run['ms']
            if self.pieces and start - self.pieces[-1][1] <= GAP_MS:
                self.pieces[-1][1] = max(end, self.pieces[-1][1])
            else:
                if self.pieces:
                    at += self.pieces[-1][1] - self.pieces[-1][0] + GAP_MS
                self.pieces.append([start, end, at])
        self.length = at + self.pieces[-1][1] - self.pieces[-1][0]

    def x(self, ms):
        for start, end, at in reversed(self.pieces):
            if ms >= start:
                ms = at + min(ms - start, end - start + GAP_MS / 2)
                break
        else:
            ms = 0
        return LEFT + ms / self.length * (WIDTH - LEFT - RIGHT)


def text(x, y, words, size=12, anchor='start', color=INK, weight='normal'):
    return ''.join(
        f'<text x="{x:.1f}" y="{y + 14 * n:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{color}" font-weight="{weight}">{escape(line)}</text>\n'
        for n, line in enumerate(words.split('\n')))


def line(points, color, width=1.2, dash=''):
    path = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
    return (f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"'
            + (f' stroke-dasharray="{dash}"' if dash else '') + '/>\n')


def trips(run):
    """(sent, received) of each round trip, in ms since the run began."""
    return [(step['ms'] - step['round_trip_ms'], step['ms'])
            for step in run['steps'] if 'received' in step]


def draw_run(run, axis, domain):
    near = run.get('er_server') == domain
    color = NEAR if near else HOME
    top, bottom = LANES['device'], LANES['Tokyo' if near else 'Lisbon']
    out = ''
    for sent, received in trips(run):
        a, b = axis.x(run['began'] + sent), axis.x(run['began'] + received)
        out += line([(a, top), ((a + b) / 2, bottom), (b, top)], color, 1.6 if near else 1.2)
    if not run['round_trips']:  # it waits in vain
        a = axis.x(run['began'])
        out += line([(a, top), (a + 6, LANES['between'] - 20)], LOST, 1.2, '4 3')
        out += text(a + 12, LANES['between'] - 30, 'without ERP:\nno answer', 11, color=LOST)
    return out


def label(run, axis):
    """Above a login: how long it took."""
    middle = (axis.x(run['began']) + axis.x(run['began'] + run['ms'])) / 2
    if run['kind'] == 'full-eap' and run['ok']:
        return text(middle, 62, f'full login\n{run["ms"]:.0f} ms', 12, 'middle', HOME, 'bold')
    return ''


def label_handovers(runs, axis, domain, events):
    cut = events[0][0]
    moves = [run for run in runs if run.get('er_server') == domain and run['ok']]
    out = ''
    for part in ([r for r in moves if r['began'] < cut], [r for r in moves if r['began'] >= cut]):
        middle = (axis.x(part[0]['began']) + axis.x(part[-1]['began'])) / 2
        took = statistics.median(r['ms'] for r in part)
        out += text(middle, 62, f'{len(part)} handovers\n{took:.1f} ms each', 12, 'middle', NEAR,
                    'bold')
    return out


def draw(runs, events, domain):
    """runs: of `hokey peer --json`, with `began` in ms; events: the line cut, mended."""
    axis = Axis(runs)
    cut, mended = (axis.x(at) for at, _ in events)
    out = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'font-family="sans-serif">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n')
    out += text(16, 26, 'A login at home through a federation, handovers on the campus', 16,
                weight='bold')
    out += (f'<rect x="{cut:.1f}" y="{LANES["Tokyo"] + 12}" width="{mended - cut:.1f}" '
            f'height="{LANES["Lisbon"] - LANES["Tokyo"] - 6}" fill="{PALE}"/>\n')
    out += text((cut + mended) / 2, LANES['Lisbon'] - 24, 'the line home is cut', 12, 'middle')
    for name, y in LANES.items():
        out += line([(LEFT, y), (WIDTH - RIGHT, y)], INK, 0.6)
        out += text(16, y - 2, NAMES[name], 12)
    for run in runs:
        out += draw_run(run, axis, domain) + label(run, axis)
    out += label_handovers(runs, axis, domain, events)
    out += line([(mended, LANES['device']), (mended, LANES['Lisbon'] + 10)], INK, 0.8, '2 3')
    out += text(mended + 6, LANES['Lisbon'] + 26, 'key revoked', 12, 'middle')
    second = axis.x(axis.pieces[0][0] + 1000) - LEFT
    out += line([(LEFT, HEIGHT - 24), (LEFT + second, HEIGHT - 24)], INK, 2)
    out += text(LEFT + second + 8, HEIGHT - 20, '1 second')
    return out + '</svg>\n'
