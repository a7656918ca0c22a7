"""ALL-REZ BFM S1-S4 as a zen-engine table. Run by benchmarks.registry_million in the environment of peers.md."""

import json
import resource
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import zen

# lineage, site, months from diagnosis, months after therapy, group
RULES = [
    ("", "'isolated_em'", ">= 18", ">= 6", "S1"),
    ("", "'isolated_em'", "< 18", "", "S2"),
    ("", "'isolated_em'", ">= 18", "< 6", "S2"),
    ("'B'", "'combined'", ">= 18", "", "S2"),
    ("'B'", "'isolated_marrow'", ">= 18", ">= 6", "S2"),
    ("'B'", "'isolated_marrow'", ">= 18", "< 6", "S3"),
    ("'B'", "'isolated_marrow','combined'", "< 18", "", "S4"),
    ("'T'", "'isolated_marrow','combined'", "", "", "S4"),
]
FIELDS = ("relapse_number", "lineage", "site_class", "months_from_diagnosis", "months_after_end_of_primary_therapy")


def decision():
    rules = [
        {"_id": f"r{i}", "n": "1", "l": line, "s": site, "m": months, "a": after, "g": f"'{group}'"}
        for i, (line, site, months, after, group) in enumerate(RULES)
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": key, "name": field, "field": field} for key, field in zip("nlsma", FIELDS, strict=True)],
        "outputs": [{"id": "g", "name": "group", "field": "group"}],
        "rules": rules,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
        {"id": "t", "type": "decisionTableNode", "name": "t", "position": {"x": 0, "y": 0}, "content": table},
        {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 0, "y": 0}},
    ]
    edges = [
        {"id": "e1", "sourceId": "in", "targetId": "t", "type": "edge"},
        {"id": "e2", "sourceId": "t", "targetId": "out", "type": "edge"},
    ]
    return zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))


def main(path, rows):
    begun = time.perf_counter()
    table = pq.read_table(path).slice(0, rows)
    made, failed = [], 0
    rule = decision()
    for row in table.to_pylist():
        try:
            made.append(rule.evaluate(row)["result"].get("group"))
        except Exception:
            made.append(None)
            failed += 1
    table = table.append_column("all_rez_bfm_s", pa.array(made))
    pq.write_table(table, path.replace(".parquet", "_zen.parquet"))
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "rows_refused": failed}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
