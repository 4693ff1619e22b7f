"""Carries a plan out in PyTorch: `permafrost verify --trainer pytorch` starts `python run_plan.py job.json`.

Speaks as permafrost's own training process does, one JSON object a line on standard output (`WorkerMessage` in
Sources/Training), and holds itself to the limit in PERMAFROST_LIMIT (docs/limits.md). Needs torch, transformers, and
freeze_plan.py beside it, which 'export --to pytorch' writes. Which batches it trains on, at which rates, and the scores
are its parent's.
"""
import ctypes
import gc
import json
import mmap
import os
import platform
import re
import resource
import statistics
import sys
import time
from array import array

REFUSED = 71  # EX_OSERR: a reservation was refused
UNAVAILABLE, MALFORMED = 69, 65
stage = "starting"


class DoesNotFit(Exception):
    """The runtime alone has as many bytes as the whole process may."""


def send(**message):
    print(json.dumps(message), flush=True)


def enter(name):
    global stage
    stage = name
    send(stage={"_0": name})


def status(field):
    """A count of /proc/self/status, in bytes."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":")) * 1024


def take_limit():
    """Holds this process to its limit from here on; it is in its control group since its first instruction."""
    text = os.environ.get("PERMAFROST_LIMIT")
    if text is None:
        return
    _, budget, _, _, names, group = text.split(" ", 5)
    left = int(budget) - status("VmRSS")
    if left <= 0:
        raise DoesNotFit
    if group:
        with open(group.partition(":")[2] + "/cgroup.procs") as file:
            if str(os.getpid()) not in file.read().split():
                raise PermissionError(f"this process is not in the control group {group}")
    for name in filter(None, names.split(",")):
        field = {"RLIMIT_DATA": "VmData", "RLIMIT_AS": "VmSize"}[name]
        kind = getattr(resource, name)
        former = resource.getrlimit(kind)[1]
        limit = status(field) + left
        limit = limit if former == resource.RLIM_INFINITY else min(limit, former)
        resource.setrlimit(kind, (limit, limit))
        try:
            mmap.mmap(-1, max(0, limit - status(field)) + 65536, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except OSError:
            continue
        raise PermissionError(f"{name} was set to hold {limit} bytes, but does not hold here")


def reset_peak():
    """Makes VmHWM what is resident now (proc_pid_clear_refs(5)), where the kernel lets it."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return True
    except OSError:
        return False


def warm_up(job, config):
    """A tiny model's step and evaluation, and products large enough for the matrix library's own buffers.

    What this leaves resident is the runtime's.
    """
    tiny = type(config)(**{**config.to_dict(), "vocab_size": 64, "max_position_embeddings": 16, "hidden_size": 16, "embedding_size": 16,
                           "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "dim": 16, "hidden_dim": 32,
                           "n_layers": 1, "n_heads": 2})
    small = dict(job, batch=2, micro_batch=2, sequence=8)
    Training(small, tiny).rehearse(is_padded=True)
    left, right = torch.ones(2048, 1024), torch.ones(1024, 1024)
    (left @ right).t() @ left
    del left, right
    gc.collect()
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def train(job, config, plan):
    """Trains, and writes the evaluation examples' logits; gives what was measured."""
    baseline = status("VmRSS")
    take_limit()
    is_peak_reset = reset_peak()
    torch.manual_seed(job["seed"])
    enter("reading weights")
    training = Training(job, config, os.path.join(job["model"], "model.safetensors"), plan)
    data = Examples(job.get("training_data")) if job.get("training_data") else None
    if job["rehearses"]:
        enter("rehearsing the largest batch")
        training.rehearse(is_padded=data is not None)
    torch.manual_seed(job["seed"])
    losses, times, tokens = [], [], 0
    batches = open(job["batches"], "rb") if data else None
    for step, rate in enumerate(job["learning_rates"], 1):
        if step == 1 or step % 10 == 0:
            enter(f"step {step} of {len(job['learning_rates'])}")
        if data:
            inputs = data.batch([i for i in array("i", batches.read(4 * job["batch"])) if i >= 0], config)
        else:
            inputs = largest_batch(job, config, job["batch"], is_padded=False)
        start = time.perf_counter()
        losses.append(training.step(inputs, rate))
        times.append(time.perf_counter() - start)
        tokens += int(inputs["attention_mask"].sum()) if "attention_mask" in inputs else inputs["input_ids"].numel()
        send(progress={"_0": {"step": step, "steps": len(job["learning_rates"]), "loss": losses[-1], "learningRate": rate,
                              "tokensPerSecond": tokens / sum(times), "residentBytes": status("VmRSS")}})
    evaluated = evaluate(training, job, config) if job.get("evaluation_data") else 0
    tail = losses[-max(1, len(losses) // 10):]
    return {"baselineResidentBytes": baseline, "residentPeakBytes": status("VmHWM") if is_peak_reset else None,
            "evaluationExamples": evaluated, "secondsPerStep": statistics.median(times) if times else 0,
            "firstLoss": losses[0] if losses else None, "lastLoss": statistics.fmean(tail) if tail else None}


def evaluate(training, job, config):
    """Writes the logits as F32, example by example, a span's without those of padding; gives how many examples there are."""
    enter("evaluating")
    data = Examples(job.get("evaluation_data"))
    with open(job["logits"], "wb") as file:
        for first in range(0, data.count, job["micro_batch"]):
            inputs = data.batch(range(first, min(first + job["micro_batch"], data.count)), config)
            for row, mask in zip(training.logits(inputs).float(), inputs["attention_mask"]):
                some = row[:int(mask.sum())] if job["head"] == "span" else row
                array("f", some.flatten().tolist()).tofile(file)
    return data.count


def live_bytes(job, config, plan):
    """The most bytes of tensors alive in a step on the largest batch.

    They are what lives between steps and the largest running sum of the profiler's allocation events within one, as in
    Benchmarks/pytorch-memory.py. The profiler needs memory of its own, so this runs without a limit.
    """
    enter("measuring tensors alive in a step")
    training = Training(job, config, None, plan)
    inputs = largest_batch(job, config, job["batch"], is_padded=False)
    training.step(inputs, 0.0)
    states = (value for state in training.optimizer.state.values() for value in state.values() if torch.is_tensor(value))
    kept = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
            for tensor in [*training.model.parameters(), *training.model.buffers(), *inputs.values(), *states]}
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        training.step(inputs, 0.0)
    events = sorted((event.start_ns(), event.nbytes()) for event in profiler.profiler.kineto_results.events()
                    if event.name() == "[memory]")
    live = peak = 0
    for _, size in events:
        live += size
        peak = max(peak, live)
    return sum(kept.values()) + peak


def main(path):
    global torch, Examples, Training, largest_batch
    with open(path) as file:
        job = json.load(file)
    enter("importing torch and transformers")
    import torch
    import transformers
    import freeze_plan
    from plan_training import Examples, Training, largest_batch
    torch.set_num_threads(job["threads"])
    transformers.utils.logging.set_verbosity_error()
    config = transformers.AutoConfig.from_pretrained(job["model"])
    enter("starting the runtime")
    warm_up(job, config)
    if job["purpose"] == "live":
        figures = {"baselineResidentBytes": status("VmRSS"), "liveBytes": live_bytes(job, config, freeze_plan)}
    else:
        figures = train(job, config, freeze_plan)
    send(measured={"_0": {**figures, "versions": f"PyTorch {torch.__version__}, transformers {transformers.__version__}, "
                                                 f"{platform.python_implementation()} {platform.python_version()}"}})


def answer(error):
    """Tells the parent why there is no result; gives the exit code."""
    text = str(error)
    asked = re.search(r"tried to allocate (\d+) bytes", text)
    if isinstance(error, (MemoryError, DoesNotFit)) or asked or "Cannot allocate memory" in text:
        refused = status("VmRSS") if isinstance(error, DoesNotFit) else int(asked[1]) if asked else 0
        send(reservationRefused={"bytes": refused, "stage": stage})
        return REFUSED
    code = MALFORMED if type(error).__name__ == "PlanMismatch" else UNAVAILABLE
    send(failed={"message": f"{sys.executable}, while {stage}: {type(error).__name__}: {text}", "exitStatus": code})
    return code


if __name__ == "__main__":
    # What libraries say there would stand beside the parent's one line.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        main(sys.argv[1])
    except Exception as error:
        sys.exit(answer(error))
