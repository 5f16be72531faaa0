"""Whether Python's `re` and RE2, which is what Go has, find what ECMA-262 finds. Reads from standard input a list of
{pattern, maxLength, texts, accepted}; prints each text on which they differ, and ends with 1 if there is one."""

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
