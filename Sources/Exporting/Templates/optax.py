PERMAFROST_HEADER"""The plan with JAX and optax.

    params = safetensors.flax.load_file("model.safetensors")     # or any flat dictionary with these names
    trained, frozen = split(params)
    state = tx.init(trained)                                     # tx: any optax optimizer; it sees what trains only
    gradients = jax.grad(lambda trained: loss(merge(trained, frozen)))(trained)
    updates, state = tx.update(gradients, state, trained)
    trained = optax.apply_updates(trained, updates)
    params = merge(trained, frozen)                              # the original names again

Or, with one tree throughout and no splitting: partitioned(tx, params).
"""
import jax.numpy as jnp
import optax

BATCH_SIZE = PERMAFROST_BATCH
GRADIENT_ACCUMULATION_STEPS = PERMAFROST_ACCUMULATION    # optax.MultiSteps

# What trains, by name after splitting.
TRAINABLE = PERMAFROST_TRAINABLE

# Tensors that train in part: the axis along which their nodes lie, and their layer.
SPLIT = PERMAFROST_SPLIT

# By layer: the nodes that train, where only some do.
LEARNERS = PERMAFROST_LEARNERS


def split(params):
    """The tensors that train and those that do not, as two dictionaries; a tensor in SPLIT gives a leaf to each."""
    leaves = {}
    for name, tensor in params.items():
        if name in SPLIT:
            axis, layer = SPLIT[name]
            learners, others = _order(layer, tensor.shape[axis])
            leaves[name + ".learner"] = jnp.take(tensor, learners, axis)
            leaves[name + ".frozen"] = jnp.take(tensor, others, axis)
        else:
            leaves[name] = tensor
    missing = set(TRAINABLE) - leaves.keys()
    if missing:
        raise KeyError(f"no tensor is named {sorted(missing)[0]} (and {len(missing) - 1} more)")
    return ({name: leaf for name, leaf in leaves.items() if name in TRAINABLE},
            {name: leaf for name, leaf in leaves.items() if name not in TRAINABLE})


def merge(trained, frozen):
    """All tensors under their original names; differentiable."""
    leaves = {**frozen, **trained}
    params = {name: leaf for name, leaf in leaves.items() if name.rpartition(".")[0] not in SPLIT}
    for name, (axis, layer) in SPLIT.items():
        whole = jnp.concatenate([leaves[name + ".learner"], leaves[name + ".frozen"]], axis)
        learners, others = _order(layer, whole.shape[axis])
        params[name] = jnp.take(whole, jnp.argsort(jnp.concatenate([learners, others])), axis)
    return params


def partitioned(tx, params):
    """`tx` for what trains, and nothing for the rest, over one flat dictionary; raises where a tensor would be split."""
    if SPLIT:
        raise ValueError("the plan trains some tensors in part: use split and merge")
    labels = {name: "train" if name in TRAINABLE else "freeze" for name in params}
    return optax.partition({"train": tx, "freeze": optax.set_to_zero()}, labels)


def _order(layer, nodes):
    """The learners' and the other nodes' indices, each rising."""
    learners = set(LEARNERS[layer])
    return jnp.array(LEARNERS[layer]), jnp.array([node for node in range(nodes) if node not in learners])
