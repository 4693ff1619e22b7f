"""What the checks in this folder share; it runs inside each target's environment.

A check's `run(model_directory, export)` hands the emitted files to its trainer and gives what trains: a dictionary from
names, as the manifest has them, to numbers of parameters.
"""

import ast
import contextlib
import importlib.metadata
import importlib.util
import io
import json
import pathlib
import re
import sys


class Export:
    """A folder that `permafrost export` wrote."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.manifest = json.loads((self.folder / "manifest.json").read_text())
        self.file = self.folder / self.manifest["files"][0]

    def yaml(self):
        import yaml
        return yaml.safe_load(self.file.read_text())

    def module(self, name=None):
        """An emitted Python file, imported; those beside it can be imported by it."""
        return self._load(name or self.file.name)

    def check(self, argument):
        """Runs the emitted check_plan.py on what a trainer made of the plan."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                self._load("check_plan.py").check(argument)
        except SystemExit as differs:
            raise AssertionError(f"check_plan.py: {differs}") from differs

    def _load(self, name):
        for other in ("freeze_plan",):
            sys.modules.pop(other, None)
        sys.path.insert(0, str(self.folder))
        try:
            spec = importlib.util.spec_from_file_location(pathlib.Path(name).stem + "_emitted", self.folder / name)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        finally:
            sys.path.remove(str(self.folder))


def classifier(directory):
    """The transformers model that the plans are for."""
    from transformers import AutoModelForSequenceClassification
    return AutoModelForSequenceClassification.from_pretrained(directory, num_labels=3)


def batch(size=4, length=12):
    import torch
    generator = torch.Generator().manual_seed(5)
    return dict(input_ids=torch.randint(5, 60, (size, length), generator=generator),
                attention_mask=torch.ones(size, length, dtype=torch.long), labels=torch.arange(size) % 3)


def trainable(model, prefix=""):
    """The tensors that require a gradient, by the names that the manifest has: wrappers' and adapters' parts left out."""
    def plain(name):
        return re.sub(r"^(module\.|_orig_mod\.|base_model\.model\.)+|\.modules_to_save\.default", "", name)
    return {prefix + plain(name): tensor.numel() for name, tensor in model.named_parameters() if tensor.requires_grad}


@contextlib.contextmanager
def only_trained_moves(model):
    """Fails unless a step inside changed what requires a gradient, and nothing else."""
    before = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}
    trains = {name for name, tensor in model.named_parameters() if tensor.requires_grad}
    yield
    require_moved(trains, {name for name, tensor in model.named_parameters()
                           if (tensor.detach() != before[name]).any()})


def require_moved(trains, changed):
    """Fails unless what trains and what changed are the same.

    Keys' biases may stay: they shift all of a softmax's inputs alike. So may a pooler that a trainer does not read.
    """
    stayed = {name for name in set(trains) - set(changed)
              if not re.search(r"(\.key|k_lin)\.bias|pooler", name)}
    if stayed or set(changed) - set(trains):
        raise AssertionError(f"a step left {sorted(stayed)[:3]} alone and moved {sorted(set(changed) - set(trains))[:3]}")


def functions(file, names, **globals_):
    """Functions and classes of a trainer's own source file, run without the imports that they do not need."""
    tree = ast.parse(pathlib.Path(file).read_text())
    body = [node for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names]
    missing = set(names) - {node.name for node in body}
    if missing:
        raise ImportError(f"{file} has no {missing}")
    future = ast.parse("from __future__ import annotations").body
    space = dict(globals_, __name__="extracted")
    exec(compile(ast.Module(future + body, []), str(file), "exec"), space)
    return [space[name] for name in names]


def unpacked(package):
    """The folder of a package that was unpacked without what it depends on."""
    return next(path for path in map(lambda entry: pathlib.Path(entry) / package, sys.path) if path.is_dir())


def main(run, *packages):
    """Runs a check on pairs of a model and an export, a line of JSON for each."""
    print("VERSION " + ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages), flush=True)
    for model, folder in zip(sys.argv[1::2], sys.argv[2::2]):
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                answer = {"trained": run(model, Export(folder))}
        except Exception as error:
            import traceback
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        print("PLAN " + json.dumps(answer), flush=True)
