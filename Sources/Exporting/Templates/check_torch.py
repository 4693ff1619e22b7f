"""check(model), once the trainer has frozen what it freezes: raises SystemExit unless exactly the plan's tensors train."""
import json, pathlib, re

FILE = pathlib.Path(__file__)
PLAN = json.loads(FILE.with_name(FILE.name.replace("check_plan.py", "manifest.json")).read_text())

def check(model):
    plain = lambda name: re.sub(r"^(module\.|_orig_mod\.|base_model\.model\.)+|\.modules_to_save\.default|_orig_mod\.", "", name)
    trains = {plain(n): getattr(p, "ds_numel", p.numel()) for n, p in model.named_parameters() if p.requires_grad}
    known = trains.items() if not PLAN["head_is_trainers_own"] else [i for i in trains.items() if i[0] in PLAN["trainable"] or i[0] in PLAN["frozen"]]
    differ = sorted({name for name, _ in set(known) ^ set(PLAN["trainable"].items())})
    if differ: raise SystemExit(f"{len(differ)} tensors do not train as planned for {PLAN['written_for']}: {differ[:5]}")
    print(f"{sum(n for _, n in known):,} parameters train, as planned")
