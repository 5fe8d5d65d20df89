"""One JSON line, as classify.py's and segment.py's, of a run of `gtsa finetune` and the JSON of `gtsa eval` on it.

  python3 run_rates.py runs/classes eval.json
"""
import json
import statistics
import sys
from pathlib import Path


def main(run, evaluation):
    rates = [json.loads(line)["images_per_second"] for line in (Path(run) / "metrics.jsonl").read_text().splitlines()]
    result = {
        "training_images_per_second": statistics.median(rates[len(rates) // 5 :]),
        "evaluation_images_per_second": json.loads(Path(evaluation).read_text())["images_per_second"],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
