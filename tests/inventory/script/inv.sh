#!/bin/sh
cat <<'J'
{"_meta": {"hostvars": {"w1": {"a": 1, "t": "{{ a }}", "n": null, "deep": {"l": [1, 2.5, true]}}, "w2": {}, "nobody": {"x": 1},
  "d1": {"secret": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n31\n"}, "raw": {"__ansible_unsafe": "{{ raw }}"}}}},
 "web": {"hosts": ["w1", "w2"], "vars": {"v": "{{ a }}", "b": false}},
 "db": ["d1"],
 "lone": {"x": 1},
 "empty": {"hosts": []},
 "site": {"children": ["web", "db", "unnamed"]},
 "all": {"vars": {"everywhere": "yes"}}}
J
