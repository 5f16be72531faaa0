"""Checks that Python's `re` and RE2 (the engine of Go) accept the same texts as ECMA-262. Reads a list of
{pattern, maxLength, texts, accepted} from standard input, prints each text on which they differ, and exits with 1 if
there is one."""

import json
import re
import sys

import re2

differences = 0
for case in json.load(sys.stdin):
    for text, accepted in zip(case["texts"], case["accepted"], strict=True):
        for engine in (re, re2):
            found = engine.search(case["pattern"], text) is not None and len(text) <= case["maxLength"]
            if found != accepted:
                differences += 1
                print(f"{engine.__name__}: {case['pattern']!a} on {text!a}: {found}, not {accepted}")
sys.exit(differences > 0)
