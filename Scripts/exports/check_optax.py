"""optax: the emitted split and one update of AdamW, and `partitioned` where no tensor is split."""

import pathlib

import common

RAN = "`split`, `jax.grad` through `merge`, one AdamW update, its state; `optax.partition`; what moved"
ENVIRONMENT = "optax"


def run(directory, export):
    import jax
    import optax
    from safetensors.flax import load_file
    plan, params = export.module(), load_file(pathlib.Path(directory) / "model.safetensors")
    trained, frozen = plan.split(params)
    assert all((plan.merge(trained, frozen)[name] == tensor).all() for name, tensor in params.items())
    tx = optax.adamw(1e-2)
    state = tx.init(trained)

    def loss(trained):
        return sum((tensor ** 2).sum() for tensor in plan.merge(trained, frozen).values())

    updates, state = tx.update(jax.grad(loss)(trained), state, trained)
    after = optax.apply_updates(trained, updates)
    common.require_moved(trained, {name for name in trained if (after[name] != trained[name]).any()})
    sizes = {name: int(leaf.size) for name, leaf in trained.items()}
    held = sum(leaf.size for leaf in jax.tree.leaves(state) if leaf.ndim)
    assert held == 2 * sum(sizes.values()), f"the optimizer holds {held} numbers for {sum(sizes.values())} parameters"
    if not plan.SPLIT:
        whole = plan.partitioned(tx, params)
        updates, _ = whole.update(params, whole.init(params), params)
        moved = optax.apply_updates(params, updates)
        common.require_moved(trained, {name for name in params if (moved[name] != params[name]).any()})
    export.check(sizes)
    return sizes


if __name__ == "__main__":
    common.main(run, "optax", "jax")
