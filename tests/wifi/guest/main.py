# SPDX-License-Identifier: ISC
"""Runs the scenarios in the virtual machine; one line of JSON per scenario and round."""
import json
import os
import shutil
import sys
import time
import traceback

import scenarios
from campus import SHARED, Campus
from programs import LOGS, sh


def report(results, **what):
    results.write(json.dumps(what) + '\n')
    results.flush()
    os.fsync(results.fileno())


def run(results, campus, name, scenario, number):
    started = time.monotonic()
    try:
        facts = scenario(campus)
        ok, error = True, None
    except Exception:  # a scenario that fails must not end the others
        ok, facts, error = False, None, traceback.format_exc()
    report(results, scenario=name, round=number, ok=ok, facts=facts, error=error,
           seconds=round(time.monotonic() - started, 1))


def main():
    plan = json.load(open(f'{SHARED}/plan.json'))
    with open(f'{SHARED}/results', 'w') as results:
        try:
            campus = Campus()
            campus.open()
            report(results, scenario='boot', round=0, ok=True, seconds=time.monotonic())
            for number in range(1, plan['rounds'] + 1):
                for name in plan['scenarios']:
                    run(results, campus, name, scenarios.ALL[name], number)
            campus.close()
            report(results, scenario='end', round=0, ok=True)
        except Exception:
            report(results, scenario='machine', round=0, ok=False, error=traceback.format_exc())
    if os.path.isdir(LOGS):
        shutil.copytree(LOGS, f'{SHARED}/logs', copy_function=shutil.copyfile)


if __name__ == '__main__':
    sys.stdout.reconfigure(line_buffering=True)
    main()
