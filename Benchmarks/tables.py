"""The tables of docs/results that accuracy.py prints of its runs."""
import collections
import itertools
import math
import random
import re
import statistics

import selections
from runs import METRICS, SHARES, TASKS, TITLES


NAMES = dict(full="full fine-tuning", **selections.METHODS)
# Methods by hand that end further below the best than so many standard errors are no rivals of it.
RIVAL = 3


def figure(rows, name):
    """Mean ± standard deviation over seeds, in hundredths."""
    values = [100 * row["scores"][name] for row in sorted(rows, key=lambda row: row["seed"])]
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


def headline(row):
    """A run's figure in its task's metric, in hundredths."""
    return 100 * row["scores"][TASKS[row["task"]]["metric"][0]]


def by_method(results, task):
    """The headline figures of a task's runs by seed, by method, times the ordinary rate, and budget."""
    cells = collections.defaultdict(dict)
    for row in results.find(task=task, side="ours"):
        if row["scores"]:
            cells[row["method"], row["rate"], row["share"]][row["seed"]] = headline(row)
    return cells


def order(key):
    """Of methods with their rates, as tables have them."""
    method, rate = key
    return list(NAMES).index(method), rate


def title(method, rate):
    return NAMES[method] + ("" if rate == 1 else f", {rate:g} times the rate")


def commits(rows):
    """Where a table's figures come from."""
    return f"\nMade at {', '.join(sorted({row['commit'] for row in rows}))}, {', '.join(sorted({row['date'] for row in rows}))}."


def full(results, tasks):
    print("| task | metric | permafrost, by seed | mean ± sd | PyTorch, by seed | mean ± sd | difference |\n|---|---|---|---|---|---|---|")
    for task in tasks:
        settings = TASKS[task]
        cells, means = [], []
        for side, name in zip(("ours", "pytorch"), settings["metric"]):
            rows = sorted(results.find(task=task, side=side, method="full", rate=1), key=lambda row: row["seed"])
            means.append(statistics.mean(100 * row["scores"][name] for row in rows) if rows else None)
            cells += [", ".join(f"{100 * row['scores'][name]:.1f}" for row in rows), figure(rows, name)] if rows else ["not run", ""]
        difference = "" if None in means else f"{means[0] - means[1]:+.1f}"
        name = settings["metric"][0]
        print(f"| {TITLES[task]} | {METRICS.get(name, name)} | {' | '.join(cells)} | {difference} |")
    print(commits(results.find(method="full")))


def print_rows(heading, rows):
    """A table of the rows that have a figure; a dash is what was not run."""
    print(f"{heading}\n{re.sub(r'[^|]+', '---', heading)}")
    for name, *cells in rows:
        if any(cells):
            print(f"| {name} | {' | '.join(cell or '–' for cell in cells)} |")


def differences(results, plan):
    """How far a method, by default the plan with primed scores, is above each other one: the mean over tasks, from runs of the same task, budget and seed."""
    cells = {task: by_method(results, task) for task in TASKS}
    rows = []
    for other, rate in sorted({(method, rate) for found in cells.values() for method, rate, _ in found}, key=order):
        if other == plan:
            continue
        columns = []
        for share in SHARES:
            pairs = {task: paired(found.get((plan, 1, share)), found.get((other, rate, None if other == "full" else share))) for task, found in cells.items()}
            columns.append(difference({task: values for task, values in pairs.items() if values}, cells))
        rows.append((title(other, rate), *columns))
    print("### All tasks\n")
    print_rows(f"| {selections.METHODS[plan]}, above | {' | '.join(f'{share} %' for share in SHARES)} |", rows)


def paired(own, theirs):
    """Differences of runs of the same seed."""
    return [own[seed] - theirs[seed] for seed in own if seed in theirs] if own and theirs else []


def difference(pairs, cells):
    """Every task counts the same. The error is that of the mean for these tasks, from the spread over seeds; where a task has one seed, from that of its other runs."""
    if not pairs:
        return ""
    variances = [statistics.variance(values) / len(values) if len(values) > 1 else 2 * deviation(cells[task]) ** 2 for task, values in pairs.items()]
    mean = statistics.mean(statistics.mean(values) for values in pairs.values())
    error = sum(variances) ** 0.5 / len(pairs)
    return f"{mean:+.1f} ± {error:.1f} (n={sum(map(len, pairs.values()))}; {', '.join(sorted(TITLES[task] for task in pairs))})"


def deviation(cells):
    """The standard deviation of one run, from all cells of a task with several seeds together, but for what is drawn anew with every seed, where selections differ, too,
    for biases and heads, which where they learn nothing do not vary, and for smaller batches, whose gradients are noisier. Cells that share their runs count once."""
    several = {tuple(sorted(values.items())) for (method, *_), values in cells.items()
               if len(values) > 1 and "random" not in method and method not in ("bitfit", "head", "small-batch")}
    samples = [[value for _, value in runs] for runs in several]
    freedom = sum(len(values) - 1 for values in samples)
    return (sum(statistics.variance(values) * (len(values) - 1) for values in samples) / freedom) ** 0.5 if freedom else math.nan


def beside_the_best(results):
    """In every cell the plan with primed scores beside the best of what people do by hand, by the seeds that both have."""
    print("\n### Cell by cell\n\n| task | budget | our plan, primed scores | best by hand | difference | within its standard error |\n|---|---|---|---|---|---|")
    errors, fields = [], []
    for task in TASKS:
        cells = by_method(results, task)
        spread = deviation(cells)
        for share in SHARES:
            plans = cells.get(("plan-primed", 1, share))
            runs = {(method, rate): values for (method, rate, budget), values in cells.items() if budget == share and not method.startswith("plan-")}
            # Where one method's runs are among another's, that other says more.
            by_hand = {key: paired(values, plans) for key, values in runs.items() if not any(values.items() < others.items() for others in runs.values())}
            # Where a method has three seeds, one with fewer says too little to be the best.
            enough = min(3, max(map(len, by_hand.values()), default=0))
            by_hand = {key: values for key, values in by_hand.items() if values and len(values) >= enough}
            if not plans or not by_hand:
                continue
            best = max(by_hand, key=lambda key: statistics.mean(by_hand[key]))
            above = statistics.mean(by_hand[best])
            error = spread * (2 / len(by_hand[best])) ** 0.5
            seeds = sorted(cells[*best, share].keys() & plans.keys())
            plan = statistics.mean(plans[seed] for seed in seeds)
            # Those that share their runs are one rival, and those that share the plan's are none.
            rivals = {tuple(sorted(cells[*key, share].items())): list(cells[*key, share].keys() & plans.keys()) for key, values in by_hand.items()
                      if any(values) and above - statistics.mean(values) <= RIVAL * spread * (1 / len(values) + 1 / len(seeds)) ** 0.5}
            verdict = "the best" if above <= 0 else "yes" if above <= error else "no"
            errors.append(above / error)
            fields.append((list(plans), list(rivals.values())))
            print(f"| {TITLES[task]} | {share} % | {plan:.1f} (n={len(seeds)}) | {plan + above:.1f} ({title(*best)}) | {-above:+.1f} ± {error:.1f} | {verdict} |")
    print()
    for limit, words in ((1, "the standard error"), (2, "twice that")):
        print(f"Further below the best by hand than {words}: {sum(error > limit for error in errors)} of {len(errors)} cells. "
              f"Were it and all that end within {RIVAL} standard errors of the best alike, chance alone would put it there in {by_chance(fields, limit):.1f}.\n")


def by_chance(fields, limit, draws=5_000):
    """In how many cells a plan that is as good as every rival would be further below the best than so many standard errors, given the seeds that each has."""
    generator, count = random.Random(0), 0
    for seeds, rivals in fields:
        for _ in range(draws):
            plan = {seed: generator.gauss(0, 1) for seed in seeds}
            above = ((statistics.fmean(generator.gauss(0, 1) - plan[seed] for seed in common), len(common)) for common in rivals)
            best, runs = max(above, default=(0, 1))
            count += best > limit * (2 / runs) ** 0.5
    return count / draws


def budgets(results, plan, tasks):
    differences(results, plan)
    beside_the_best(results)
    for task in tasks:
        rows = [row for row in results.find(task=task, side="ours") if row["share"]]
        if not rows:
            print(f"\n### {TITLES[task]}\n\nNot run.")
            continue
        name = TASKS[task]["metric"][0]
        shares = sorted({*SHARES, *(row["share"] for row in rows)}, reverse=True)
        whole = results.find(task=task, side="ours", method="full")
        peak = whole[0]["peak_bytes"] / 2**20
        print(f"\n### {TITLES[task]}, {METRICS.get(name, name)}\n\nFull fine-tuning: {figure(whole, name)} at {peak:.0f} MiB.\n")
        table = []
        for method in selections.METHODS:
            for rate in sorted({1, *(row["rate"] for row in rows if row["method"] == method)}):
                cells = [cell([row for row in rows if (row["method"], row["share"], row["rate"]) == (method, share, rate)], name)
                         for share in shares]
                table.append((title(method, rate), *cells))
        print_rows(f"| method | {' | '.join(f'{share} %: {peak * share / 100:.0f} MiB' for share in shares)} |", table)
        print(commits(rows))


def saving(recipe):
    """A policy for all layers, or those of the layers from the first on."""
    policy = recipe["saving"]
    return policy if isinstance(policy, str) else " ".join(f"{name} ×{len(list(run))}" for name, run in itertools.groupby(policy))


def cell(rows, name):
    if not rows:
        return ""
    trained = [row for row in rows if row["scores"]]
    if not trained:
        return "does not fit"
    first = min(trained, key=lambda row: row["seed"])
    recipe = first["recipe"]
    frozen = "" if recipe["frozen_weights"] == "f32" else f", {recipe['frozen_weights']}"
    # Lines from before the planner's micro-batches were recorded do not say.
    cut = f", in {recipe['accumulation']}" if recipe.get("accumulation", 1) > 1 else ""
    return (f"{figure(trained, name)} (n={len(trained)}; {first['trains']}, {saving(recipe)}{frozen}{cut}; "
            f"{max(row['peak_bytes'] for row in trained) / 2**20:.0f} MiB)")
