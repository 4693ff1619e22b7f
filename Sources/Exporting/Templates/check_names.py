"""check(names, counts): raises SystemExit unless exactly the plan's tensors train, given their names and sizes."""
import json, pathlib

FILE = pathlib.Path(__file__)
PLAN = json.loads(FILE.with_name(FILE.name.replace("check_plan.py", "manifest.json")).read_text())

def check(trains):
    """`trains`: a dictionary from the name of every tensor that trains to its number of parameters."""
    differ = sorted({name for name, _ in set(trains.items()) ^ set(PLAN["trainable"].items())})
    if differ: raise SystemExit(f"{len(differ)} tensors do not train as planned for {PLAN['written_for']}: {differ[:5]}")
    print(f"{sum(trains.values()):,} parameters train, as planned")
