"""check(parts): raises SystemExit unless exactly the plan's parts train: layers or components, given by name."""
import json, pathlib, re

FILE = pathlib.Path(__file__)
PLAN = json.loads(FILE.with_name(FILE.name.replace("check_plan.py", "manifest.json")).read_text())

def check(parts):
    """`parts`: the names of those that train, of which the manifest knows; a head of the trainer's own is not asked for."""
    planned, frozen = ({re.split(r"[/.]", name)[0] for name in PLAN[kind]} for kind in ("trainable", "frozen"))
    differ = sorted((set(parts) & (planned | frozen)) ^ planned)
    if differ: raise SystemExit(f"{len(differ)} parts do not train as planned for {PLAN['written_for']}: {differ[:5]}")
    print(f"{len(planned)} parts train, as planned")
