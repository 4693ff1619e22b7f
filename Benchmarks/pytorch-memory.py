#!/usr/bin/env python3
"""Compares the memory that 'permafrost estimate --trainer pytorch' predicts with what PyTorch and transformers use.

    Benchmarks/pytorch-memory.py --permafrost .build/release/permafrost [--grid small|full] [--only TEXT] [--measured JSON] [--table MD]
    Benchmarks/pytorch-memory.py --permafrost .build/release/permafrost --grid budgets [--only TEXT] [--table MD]

A setting is a model from a configuration (random weights, two labels, dropout 0.1 unless it says otherwise), a batch, a
sequence length and a mask. Masks are carried out by the file that 'permafrost export --to pytorch' writes for the plan
that 'permafrost estimate --out' writes, so that FAR is the split modules that users get. Every setting runs in a process of its
own: three steps, after which the kernel's VmHWM is read; then one step under the profiler.

Live bytes = what lives between steps (parameters, buffers, optimizer state, the batch), counted tensor by tensor, plus the
largest running sum of the profiler's allocation events (`profile_memory`) within the step, after gradients were let
go. It is exact for everything that PyTorch's allocator hands out, temporaries inside operators included; what
libraries allocate for themselves is in the resident peak only.

With '--grid budgets' the plans are those of 'permafrost plan --trainer pytorch', for shares of what training everything
has resident by its prediction; the planner chooses which layers run again and the micro-batches too. What counts is whether the resident
peak stays within the budget.

--process prints the process's own share: the resident peak of one that trains next to nothing, and what the matrix library keeps
once it has multiplied large matrices.
"""
import argparse
import importlib.util
import json
import os
import statistics
import sys
import tempfile

from runs import run

BASE = dict(vocab_size=30522, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)
MINI = dict(vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
ROBERTA = dict(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2)
TINY = dict(vocab_size=500, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=256)
MODELS = {
    "distilbert": ("distilbert", dict(vocab_size=30522, dim=768, n_layers=6, n_heads=12, hidden_dim=3072)),
    "minilm": ("bert", MINI),
    "distilroberta": ("roberta", {**BASE, **ROBERTA, "num_hidden_layers": 6}),
    "electra-small": ("electra", dict(vocab_size=30522, embedding_size=128, hidden_size=256, num_hidden_layers=12,
                                      num_attention_heads=4, intermediate_size=1024)),
    "bert-base": ("bert", BASE),
    "tiny-bert": ("bert", TINY),
    "tiny-distilbert": ("distilbert", dict(vocab_size=500, dim=64, n_layers=3, n_heads=4, hidden_dim=256)),
    "tiny-roberta": ("roberta", {**ROBERTA, **TINY}),
    "tiny-electra": ("electra", {**TINY, "embedding_size": 32}),
}
MASKS = ["full", "far:10", "frozen-embeddings", "last:2", "bitfit", "norms", "plan", "full+recompute"]


def grid(name):
    """Settings as dictionaries; what one does not say is the default of `setting`."""
    settings = []
    if name == "budgets":
        for model, batch, seq, update in [("minilm", 16, 64, "for-loop"), ("distilbert", 8, 64, "foreach"),
                                          ("minilm", 8, 128, "foreach"), ("distilbert", 16, 64, "for-loop")]:
            settings += [setting(model, batch, seq, f"plan:{share}", update=update) for share in [90, 75, 60]]
        return settings
    if name == "small":
        shapes = [(4, 24), (2, 100)]
        for family in ["bert", "distilbert", "roberta", "electra"]:
            for batch, seq in shapes:
                settings += [setting(f"tiny-{family}", batch, seq, mask) for mask in MASKS]
            settings += [setting(f"tiny-{family}", 4, 24, "full", **extra) for extra in EXTRAS]
        return settings
    shapes = {"distilbert": [(8, 128), (16, 16)], "minilm": [(16, 64), (2, 256)],
              "distilroberta": [(4, 64), (1, 256)], "electra-small": [(8, 64), (4, 128)]}
    for model, sizes in shapes.items():
        for batch, seq in sizes:
            settings += [setting(model, batch, seq, mask) for mask in MASKS]
    settings += [setting("bert-base", 4, 64, mask) for mask in ["full", "last:2"]]
    settings += [setting("minilm", 8, 64, "full", **extra) for extra in EXTRAS]
    return settings


EXTRAS = [dict(update="for-loop"), dict(update="fused"), dict(dropout=0.0), dict(attention="eager"),
          dict(head="regression"), dict(head="span"), dict(optimizer="sgd"), dict(optimizer="sgd-momentum", update="for-loop"),
          dict(accumulate=2), dict(precision="bf16"), dict(precision="bf16", dropout=0.0)]


def setting(model, batch, seq, mask, attention="sdpa", dropout=0.1, update="foreach", optimizer="adamw", head="classification",
            accumulate=1, precision="f32"):
    return dict(model=model, batch=batch, seq=seq, mask=mask, attention=attention, dropout=dropout, update=update,
                optimizer=optimizer, head=head, accumulate=accumulate, precision=precision)


def label(s):
    usual = setting(s["model"], s["batch"], s["seq"], s["mask"])
    extra = [f"{key} {value}" for key, value in s.items() if usual[key] != value]
    return f'{s["model"]} B{s["batch"]} S{s["seq"]} {s["mask"]}' + "".join(", " + e for e in extra)


# What is predicted.

def configuration(s):
    from transformers import AutoConfig
    family, sizes = MODELS[s["model"]]
    config = AutoConfig.for_model(family, **sizes)
    for name in ["hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout",
                 "seq_classif_dropout", "qa_dropout"]:
        if hasattr(config, name):
            setattr(config, name, s["dropout"])
    return config


def predict(s, program, folder):
    """What permafrost predicts, and the module that carries the mask out."""
    config = configuration(s)
    model = os.path.join(folder, "model")
    config.save_pretrained(model)
    mask, _, policy = s["mask"].partition("+")
    task = {"classification": [], "regression": ["--task", "stsb"], "span": ["--task", "squad"]}[s["head"]]
    shape = ["--batch", str(s["batch"]), "--seq", str(s["seq"]), "--threads", "1", "--optimizer", s["optimizer"],
             "--accumulate", str(s["accumulate"]), *task]
    saving = ["--saving", policy or "keep"]

    def permafrost(*arguments):
        return run([program, *arguments])

    plan, full = os.path.join(folder, "plan.json"), os.path.join(folder, "full.json")
    trainer = ["--trainer", "pytorch", "--attention", s["attention"], "--update-loop", s["update"], "--precision", s["precision"]]
    if mask.startswith("plan:"):
        resident = json.loads(permafrost("estimate", model, *shape, *trainer, "--json"))["resident_peak_bytes"]
        # The planner decides about micro-batches, too.
        free = [option for index, option in enumerate(shape) if "--accumulate" not in shape[max(0, index - 1):index + 1]]
        permafrost("plan", model, *free, *trainer, "--budget", f"{resident * int(mask[5:]) // 100}B", "--out", plan)
        permafrost("export", plan, "--to", "pytorch", "--out", os.path.join(folder, "plan.py"))
        return json.loads(permafrost("estimate", model, "--train", plan, "--json"))
    permafrost("estimate", model, *shape, *saving, "--train", "full", "--runtime", "0", "--out", full)
    if mask == "plan":
        peaks = [json.loads(permafrost("estimate", model, *shape, *saving, "--train", train, "--runtime", "0", "--json"))["peak_bytes"]
                 for train in ["full", "head"]]
        budget = str(sum(peaks) // 2)
        permafrost("plan", model, *shape, "--saving", "keep", "--frozen-weights", "f32", "--budget", budget, "--runtime", "0", "--out", plan)  # As PyTorch holds them.
    else:
        train = mask
        if mask == "norms":
            permafrost("estimate", model, *shape, *saving, "--train", "head", "--runtime", "0", "--out", plan)
            train = os.path.join(folder, "norms.json")
            edited = load(plan)
            edited["trainable"] = [name for name in load(full)["trainable"]
                                   if "norm" in name.lower() or name in edited["trainable"]]
            write(train, edited)
        permafrost("estimate", model, *shape, *saving, "--train", train, "--runtime", "0", "--out", plan)
    permafrost("export", plan, "--to", "pytorch", "--out", os.path.join(folder, "plan.py"))
    return json.loads(permafrost("estimate", model, *shape, "--saving", policy or "keep", "--train", plan, *trainer, "--json"))


def ranges(numbers):
    """`[0, 1, 2, 5]` as `0-2,5`."""
    text, numbers = [], sorted(numbers)
    for number in numbers:
        if text and text[-1][1] == number - 1:
            text[-1][1] = number
        else:
            text.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in text)


# What is measured, in a process of its own.

def measure(s, folder):
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoModelForSequenceClassification
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = configuration(s)
    config.num_labels = 1 if s["head"] == "regression" else 2
    kind = AutoModelForQuestionAnswering if s["head"] == "span" else AutoModelForSequenceClassification
    model = kind.from_config(config, attn_implementation=s["attention"])
    if s["precision"] == "bf16":
        model = model.bfloat16()
    model.train()
    plan = None
    if folder:
        spec = importlib.util.spec_from_file_location("plan", os.path.join(folder, "plan.py"))
        plan = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(plan)
        plan.apply_plan(model)
        if s["mask"].endswith("+recompute") or s["mask"].startswith("plan:"):
            plan.recompute_layers(model)
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [dict(params=[p for p in trained if p.ndim > 1], weight_decay=0.01),
              dict(params=[p for p in trained if p.ndim <= 1], weight_decay=0.0)]
    update = dict(foreach=s["update"] == "foreach", fused=s["update"] == "fused")
    if s["optimizer"] == "adamw":
        optimizer = torch.optim.AdamW(groups, lr=1e-4, **update)
    else:
        optimizer = torch.optim.SGD(groups, lr=1e-4, momentum=0.9 if s["optimizer"] == "sgd-momentum" else 0, **update)
    ids = torch.randint(5, config.vocab_size, (s["batch"], s["seq"]))
    labels = torch.randint(0, 2, (s["batch"],))
    batch = dict(input_ids=ids, labels=labels)
    if s["head"] == "regression":
        batch["labels"] = labels.float()
    if s["head"] == "span":
        batch = dict(input_ids=ids, start_positions=labels, end_positions=labels + 1)

    def step():
        size = -(-s["batch"] // s["accumulate"])
        for first in range(0, s["batch"], size):
            loss = model(**{key: value[first:first + size] for key, value in batch.items()}).loss
            loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    for _ in range(3):
        step()
    resident = high_water_mark()
    if s["mask"].startswith("plan:"):
        return dict(resident_bytes=resident)
    kept = {}
    for tensor in [*model.parameters(), *model.buffers(), *batch.values(),
                   *(value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value))]:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
    from torch.profiler import ProfilerActivity, profile
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    events = sorted((event.start_ns(), event.nbytes()) for event in profiler.profiler.kineto_results.events()
                    if event.name() == "[memory]")
    live = peak = 0
    for _, size in events:
        live += size
        peak = max(peak, live)
    return dict(live_bytes=sum(kept.values()) + peak, kept_bytes=sum(kept.values()), resident_bytes=resident)


def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024


def high_water_mark():
    return status("VmHWM")


def process_share():
    import torch
    share = measure(setting("tiny-bert", 1, 8, "full"), None)["resident_bytes"]
    before = status("VmRSS")
    # More than 32 MiB each, so that their own pages are given back.
    rows, matrix = torch.ones(4096, 3072), torch.ones(3072, 3072)
    product = rows @ matrix
    gradient = product.t() @ rows
    del rows, matrix, product, gradient
    return share + status("VmRSS") - before


def child(s, folder):
    """Runs `measure` in a new process with one thread."""
    environment = dict(os.environ, OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", TRANSFORMERS_VERBOSITY="error")
    printed = run([sys.executable, __file__, "--measure", json.dumps(s), "--folder", folder or ""], env=environment)
    return json.loads(printed.splitlines()[-1])


def budget_table(options):
    """Plans made for a budget, and what PyTorch has resident."""
    text = ("| setting | budget MiB | trains | score | micro-batches | saving | predicted MiB | resident MiB | of the budget |\n"
            "|---|---:|---:|---:|---:|---|---:|---:|---:|\n")
    shares = []
    for s in grid("budgets"):
        if options.only not in label(s):
            continue
        with tempfile.TemporaryDirectory() as folder:
            estimate = predict(s, options.permafrost, folder)
            plan = load(os.path.join(folder, "plan.json"))
            measured = child(dict(s, accumulate=plan["recipe"]["accumulation"]), folder)["resident_bytes"]
        saving = plan["recipe"]["saving"]
        layers = plan["model"]["configuration"]["layer_count"]
        again = sum(policy == "recompute" for policy in saving) if isinstance(saving, list) else layers * (saving == "recompute")
        shares.append(100 * measured / plan["budget_bytes"])
        cells = [label(s), f"{plan['budget_bytes'] / 2**20:.0f}", f"{plan['trainable_parameters'] / 1e6:.2f} M",
                 f"{100 * plan['objective']:.1f} %", str(plan["recipe"]["accumulation"]), f"{again} of {layers} run again",
                 f"{estimate['resident_peak_bytes'] / 2**20:.1f}", f"{measured / 2**20:.1f}", f"{shares[-1]:.1f} %"]
        text += "| " + " | ".join(cells) + " |\n"
        print(text.splitlines()[-1], flush=True)
    kept = sum(share <= 100 for share in shares)
    return text + f"\n{kept} of {len(shares)} within the budget; from {min(shares):.1f} % to {max(shares):.1f} % of it\n"


def error(predicted, measured):
    return 100 * (predicted - measured) / measured


def load(path):
    with open(path) as file:
        return json.load(file)


def write(path, value):
    """As JSON, a list with one row a line."""
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(map(json.dumps, value)) + "\n]\n" if isinstance(value, list) else json.dumps(value))


def compare(s, program, stored):
    """What is stored of a setting, measured now unless the same selection is stored already, and what is predicted.

    `trained` numbers the model's tensors in the graph's order, `retained` the nodes of each layer's feed-forward pair.
    """
    with tempfile.TemporaryDirectory() as folder:
        estimate = predict(s, program, folder)
        plan, full = (load(os.path.join(folder, name)) for name in ["plan.json", "full.json"])
        names = set(plan["trainable"])
        trained = ranges(index for index, name in enumerate(full["trainable"]) if name in names)
        # What the planner chooses may have changed since.
        same = stored and stored["trained"] == trained and stored["retained"] == plan["retained_nodes"]
        return dict(setting=s, configuration=plan["model"]["configuration"], retained=plan["retained_nodes"], trained=trained,
                    measured=stored["measured"] if same else child(s, folder)), estimate


def table(pairs):
    """The whole comparison as Markdown."""
    text = "| setting | live MiB | predicted | error | resident MiB | predicted | error |\n|---|---:|---:|---:|---:|---:|---:|\n"
    for row, estimate in pairs:
        cells = [label(row["setting"])]
        for measured, predicted in [("live_bytes", "live_peak_bytes"), ("resident_bytes", "resident_peak_bytes")]:
            pair = row["measured"][measured], estimate[predicted]
            cells += [f"{pair[0] / 2**20:.1f}", f"{pair[1] / 2**20:.1f}", f"{error(pair[1], pair[0]):+.2f} %"]
        text += "| " + " | ".join(cells) + " |\n"
    return text


def summary(pairs):
    lines = []
    for name, measured, predicted in [("live", "live_bytes", "live_peak_bytes"),
                                      ("resident", "resident_bytes", "resident_peak_bytes")]:
        errors = [error(estimate[predicted], row["measured"][measured]) for row, estimate in pairs]
        lines.append(f"{name}: {len(errors)} settings, error median {statistics.median(map(abs, errors)):.2f} %, "
                     f"worst {max(map(abs, errors)):.2f} %, from {min(errors):+.2f} % to {max(errors):+.2f} %")
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--permafrost", default=".build/release/permafrost")
    parser.add_argument("--grid", default="full", choices=["small", "full", "budgets"])
    parser.add_argument("--only", default="", help="settings whose name contains this")
    parser.add_argument("--measured", help="measurements: taken from here where they are, added where they are not")
    parser.add_argument("--stored", action="store_true", help="only settings that are in --measured")
    parser.add_argument("--table", help="where to write the comparison as Markdown")
    parser.add_argument("--process", action="store_true")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(json.loads(options.measure), options.folder)))
        return
    if options.process:
        print(process_share())
        return
    if options.grid == "budgets":
        text = budget_table(options)
        print(text.splitlines()[-1])
        if options.table:
            with open(options.table, "w") as file:
                file.write(text)
        return
    rows = load(options.measured) if options.measured and os.path.exists(options.measured) else []
    stored = {label(row["setting"]): row for row in rows}
    pairs = []
    for s in grid(options.grid):
        known = stored.get(label(s))
        if options.only not in label(s) or options.stored and not known:
            continue
        row, estimate = compare(s, options.permafrost, known)
        pairs.append((row, estimate))
        print(table(pairs[-1:]).splitlines()[-1], estimate["peak_kernel"], flush=True)
        if options.measured and row != known:
            rows = [other for other in rows if other is not known] + [row]
            write(options.measured, rows)
    print("\n".join(summary(pairs)))
    if options.table:
        with open(options.table, "w") as file:
            file.write(table(pairs) + "\n" + "\n".join(f"- {line}" for line in summary(pairs)) + "\n")


if __name__ == "__main__":
    main()
