#!/usr/bin/env python3
"""Writes src/Isthmus.Studies/catalogue.jsonl from a longer list of systems: scripts/catalogue.py SYSTEMS.jsonl

Kept are the fields that the command shows, in the order of slugs, one system a line."""
import json
import pathlib
import sys

FIELDS = ["slug", "name", "title", "published", "family", "tier", "mechanism", "claim"]

with open(sys.argv[1], encoding="utf-8") as source:
    systems = [json.loads(line) for line in source if line.strip()]
systems.sort(key=lambda s: s["slug"])
assert len({s["slug"] for s in systems}) == len(systems), "a slug stands twice"
target = pathlib.Path(__file__).resolve().parent.parent / "src" / "Isthmus.Studies" / "catalogue.jsonl"
with open(target, "w", encoding="utf-8", newline="\n") as out:
    for system in systems:
        out.write(json.dumps({field: system[field] for field in FIELDS}, ensure_ascii=False) + "\n")
print(f"{len(systems)} systems")
