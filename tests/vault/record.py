#!/usr/bin/env python3
"""Records what ansible-vault makes of texts, with given salts. Run with a Python that has ansible-core:

    python3 tests/vault/record.py > tests/vault/recorded.json
"""
import base64
import json

from ansible.parsing.vault import VaultLib, VaultSecret

CASES = [
    ("default", "p", b"hello\n", "s"),
    ("default", "correct horse", b"", "0123456789abcdef0123456789abcdef"),
    ("prod", "correct horse", b"x: 1\ny: [a, b]\n", "0123456789abcdef0123456789abcdef"),
    ("prod@home", "pä$$wörd", "grüße ☃\n".encode(), "salt salt"),
    ("dev", "p" * 200, b"exactly sixteen.", "sa"),
    ("dev", "p\tq", b"exactly fifteen", "ä"),
    ("a-b_c.d", "p", bytes(range(256)), "s" * 100),
    ("default", "p", b"\xff\xfe not text \x00", "s"),
    ("default", "p", b"l\n" * 500, "s"),
    ("with space", " p ", b" leading and trailing ", " s "),
    ("default", "p", b"{{ template }}", "s"),
]
recorded = []
for vault_id, password, plain, salt in CASES:
    text = VaultLib().encrypt(plain, VaultSecret(password.encode()), vault_id, salt)
    recorded.append({
        "id": vault_id,
        "password": password,
        "plain": base64.b64encode(plain).decode(),
        "salt": salt,
        "text": text.decode(),
    })
print(json.dumps(recorded, indent=1, ensure_ascii=False))
