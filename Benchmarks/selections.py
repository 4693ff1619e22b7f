"""What trains within a budget: the planner's choice, and what people choose by hand, each the most of its kind that fits.

Every method may use what the engine offers: any saving policy, and frozen weights in F32, BF16 or INT8. Where several let as much train, the first of POLICIES is
taken, and the planner's choice is its own, micro-batches included. By hand the batch is whole, or cut into single sequences (`last-cut`, `random-cut`). `last-plain` is
what an ordinary trainer does: PLAIN.
"""
import hashlib
import itertools
import json
import pathlib
import random
import re
import subprocess

from given_scores import random_scores

METHODS = {
    "plan-primed": "our plan, primed scores",
    "plan-root-change": "our plan, L2 norms of changes",
    "plan-gradient-norm": "our plan, gradient norms",
    "plan-fisher": "our plan, Fisher scores",
    "plan-prior": "our plan, the prior",
    "plan-random": "our plan, random scores",
    "last": "last K layers",
    "last-cut": "last K layers, single sequences",
    "last-plain": "last K layers, F32, everything kept",
    "far": "FAR, uniform retention",
    "far-first": "FAR, uniform retention, the first nodes",
    "bitfit": "BitFit",
    "head": "head only",
    "random": "random groups",
    "random-cut": "random groups, single sequences",
    "small-batch": "full, the largest batch that fits",
}
# Methods that plan by a metric of priming other than its first.
METRICS = {f"plan-{metric}": metric for metric in ("root-change", "gradient-norm", "fisher")}
FORMATS = ("f32", "bf16", "int8")
POLICIES = list(itertools.product(FORMATS, ("keep", "cheap", "recompute")))
PLAIN = [("f32", "keep")]


def permafrost(program, *arguments):
    """The JSON answer, or None where that is "no" (exit code 1)."""
    command = [str(part) for part in (program, *arguments, "--json", "-q")]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode == 1 and arguments[0] in ("plan", "estimate"):
        return None
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return json.loads(result.stdout)


def digest(plan):
    """Equal for plans that end with the same weights, bit for bit, on as many threads: what is saved for backward changes none of them."""
    recipe = {name: value for name, value in plan["recipe"].items() if name not in ("saving", "threads")}
    parts = [plan[name] for name in ("trainable", "retained_nodes", "learner_nodes")] + [recipe]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def unit(name):
    """What is chosen as one: a table, a matrix with its bias, a LayerNorm, or a whole feed-forward pair."""
    name = re.sub(r"\.(weight|bias)$", "", name)
    return re.sub(r"(\.layer\.\d+)\.(intermediate|output)\.dense$", r"\1.feed-forward", name)


class Chooser:
    """Plans for one model, shape and budget in bytes; `scores` gives a file of primed scores when asked."""

    def __init__(self, program, model, shape, budget, seed, work, scores):
        self.program, self.model, self.shape, self.budget, self.seed, self.scores = program, model, shape, budget, seed, scores
        self.batch = int(shape[shape.index("--batch") + 1])
        self.single_sequences = ("--accumulate", self.batch)
        self.path, self.given = pathlib.Path(work) / "plan.json", pathlib.Path(work) / "given.json"

    def choose(self, method):
        """The path of a plan that fits and what it trains in a word, or None."""
        if method in METRICS:
            return self.plan("--scores", self.scores(), "--score", METRICS[method])
        return getattr(self, method.replace("-", "_"))()

    # The planner

    def plan_prior(self):
        return self.plan()

    def plan_primed(self):
        return self.plan("--scores", self.scores())

    def plan_random(self):
        path = self.path.with_name("random.scores.json")
        path.write_text(random_scores(self.scores(), self.model, self.seed))
        return self.plan("--scores", path)

    def plan(self, *flags):
        if not permafrost(self.program, "plan", self.model, *self.shape, "--budget", f"{self.budget}B", "-o", self.path, *flags):
            return None
        captured = json.loads(self.path.read_text())["objective"]
        return self.path, f"{100 * captured:.0f} % of the score"

    # By hand

    def head(self):
        return self.fitting("head") and (self.path, "head")

    def bitfit(self):
        return self.fitting("bitfit") and (self.path, "biases, head")

    def last(self, *flags, policies=POLICIES):
        for count in range(len(self.estimated("full")["retained_nodes"]), -1, -1):
            if self.fitting(f"last:{count}", *flags, policies=policies):
                return self.path, f"last {count}"
        return None

    def last_cut(self):
        return self.last(*self.single_sequences)

    def last_plain(self):
        return self.last(policies=PLAIN)

    def far(self):
        return self.fitting_fars("--scores", self.scores())

    def far_first(self):
        return self.fitting_fars()

    def fitting_fars(self, *flags):
        for freezes in (False, True):
            low, high = -1, 101
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self.fitting_far(middle, freezes, flags) else (low, middle)
            if low >= (0 if freezes else 1):
                self.fitting_far(low, freezes, flags)
                return self.path, f"{low} % of the nodes" + (", embeddings frozen" if freezes else "")
        return None

    def fitting_far(self, percent, freezes, flags):
        if not freezes:
            return self.fitting(f"far:{percent}", *flags)
        plan = self.estimated(f"far:{percent}", *flags)
        plan["trainable"] = [name for name in plan["trainable"] if "embeddings." not in name]
        return self.fitting_plan(plan)

    def random_cut(self):
        return self.random(*self.single_sequences)

    def random(self, *flags):
        plan = self.estimated("full")
        names, nodes = plan["trainable"], plan["retained_nodes"][0]
        head = [name for name in names if name.startswith(("classifier", "qa_outputs"))]
        units = sorted({unit(name) for name in names} - {unit(name) for name in head})
        random.Random(self.seed).shuffle(units)
        chosen = []
        for candidate in [None, *units]:
            attempt = chosen + [candidate] if candidate else chosen
            wanted = [name for name in names if name in head or unit(name) in attempt]
            retained = [nodes * any(f".layer.{layer}.feed-forward" in name for name in attempt)
                        for layer in range(len(plan["retained_nodes"]))]
            if self.fitting_plan({**plan, "trainable": wanted, "retained_nodes": retained}, *flags):
                chosen, best = attempt, self.path.read_text()
            elif candidate is None:
                return None
        self.path.write_text(best)
        return self.path, f"{len(chosen)} of {len(units)} groups"

    def small_batch(self):
        for batch in range(self.batch, 0, -1):
            if self.fitting("full", "--batch", batch):
                return self.path, f"batch {batch}"
        return None

    # What fits

    def estimated(self, train, *flags):
        """The plan file of a given selection, whether it fits or not."""
        permafrost(self.program, "estimate", self.model, *self.shape, "--budget", f"{self.budget}B", "--train", train, "-o", self.given, *flags)
        return json.loads(self.given.read_text())

    def fitting(self, train, *flags, policies=POLICIES):
        """Whether a selection fits under a policy; the plan of the first is then at `path`."""
        for frozen, saving in policies:
            answer = permafrost(self.program, "estimate", self.model, *self.shape, "--budget", f"{self.budget}B", "--train", train,
                                "--saving", saving, "--frozen-weights", frozen, "-o", self.path, *flags)
            if answer["fits"]:
                return True
        return False

    def fitting_plan(self, plan, *flags):
        file = self.given.with_name("selection.json")
        file.write_text(json.dumps(plan))
        return self.fitting(file, *flags)
