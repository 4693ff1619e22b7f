PERMAFROST_HEADER"""The plan with Keras and KerasHub.

    model = keras_hub.models.BertTextClassifier.from_preset(...)
    apply_plan(model)
    model.compile(optimizer=keras.optimizers.AdamW(1e-4, **OPTIMIZER), ...)
"""

BATCH_SIZE = PERMAFROST_BATCH

# For any Keras optimizer.
OPTIMIZER = {"gradient_accumulation_steps": PERMAFROST_ACCUMULATION, "global_clipnorm": PERMAFROST_NORM}

TRAINABLE_LAYERS = PERMAFROST_TRAINABLE

FROZEN_LAYERS = PERMAFROST_FROZEN


def apply_plan(model):
    """Sets `trainable` of the layers of a task model and its backbone; raises where one is missing. Compile afterwards."""
    found = layers(model)
    missing = set(TRAINABLE_LAYERS + FROZEN_LAYERS) - found.keys()
    if missing:
        raise KeyError(f"the model has no layer named {sorted(missing)[0]} (and {len(missing) - 1} more)")
    model.trainable = True     # a frozen parent would hide its layers' own flags
    if hasattr(model, "backbone"):
        model.backbone.trainable = True
    for name in TRAINABLE_LAYERS:
        found[name].trainable = True
    for name in FROZEN_LAYERS:
        found[name].trainable = False
    return model


def layers(model):
    """The layers that own variables, by name: the task's and its backbone's."""
    backbone = getattr(model, "backbone", None)
    every = list(getattr(backbone, "layers", [])) + [layer for layer in model.layers if layer is not backbone]
    return {layer.name: layer for layer in every if layer.weights}


def trained_parts(model):
    """For check_plan.py: the names of the layers that train."""
    return [name for name, layer in layers(model).items() if layer.trainable]
