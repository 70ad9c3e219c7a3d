# SPDX-License-Identifier: ISC
"""What is played in the virtual machine, and how often."""
import os

SCENARIOS = ['full-eap-tls', 'erp-in-eapol', 'fils', 'return-to-the-first', 'keys-lost-eapol',
             'keys-lost-fils', 'stale-state', 'fils-too-far', 'iwd', 'times']
SCENARIOS = os.environ.get('SCENARIOS', '').split() or SCENARIOS
ROUNDS = int(os.environ.get('ROUNDS', 1))
