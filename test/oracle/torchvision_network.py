"""torchvision's classification networks with random weights and statistics, and files of their exporters."""
import contextlib
import io
import logging
import math
import warnings

import torch
import torchvision

# What PyTorch may write for one network.
EXPORTERS = ("torchscript", "torchscript_bn", "dynamo")
OPSET = 17
# Below this a network's layers would run out of pixels.
SIZE = 224
SIZES = {"inception_v3": 299, "swin_v2_t": 256, "swin_v2_s": 256, "swin_v2_b": 256}
SLOW_INITIALIZERS = {"googlenet", "inception_v3"}


def names(most_parameters):
    """Classification networks with at most that many parameters."""
    models = torchvision.models
    found = []
    for name in models.list_models(module=models):
        weights = models.get_model_weights(name)
        if min(entry.meta["num_params"] for entry in weights) <= most_parameters:
            found.append(name)
    return found


def size_of(name):
    return SIZES.get(name, SIZE)


def randomize(network):
    """Leaves no parameter or statistic that some fold could get wrong unnoticed: none is 0 or 1 throughout."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.running_mean.uniform_(-0.1, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        for name, parameter in network.named_parameters():
            if parameter.numel() == max(parameter.shape, default=1):
                # Of a normalisation, a layer scale, or a bias.
                low, high = (-0.1, 0.1) if name.endswith("bias") else (0.5, 1.5)
                parameter.uniform_(low, high)
            elif float(parameter.std()) == 0:
                parameter.normal_(0, 1 / math.sqrt(parameter[0].numel()))


def network(name, seed=0):
    torch.manual_seed(seed)
    options = {"init_weights": False} if name in SLOW_INITIALIZERS else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torchvision.models.get_model(name, weights=None, **options)
    randomize(made)
    return made.eval()


def small_transformer(name, seed=0):
    """A network of the family `name` that exports in a second; 32 pixels."""
    torch.manual_seed(seed)
    models = torchvision.models
    block = models.convnext.CNBlockConfig
    made = {
        "vit": lambda: models.VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=2,
                                                hidden_dim=32, mlp_dim=64, num_classes=10),
        "swin": lambda: models.SwinTransformer(patch_size=[4, 4], embed_dim=16, depths=[2, 1],
                                               num_heads=[2, 4], window_size=[4, 4], num_classes=10),
        "convnext": lambda: models.ConvNeXt([block(16, 32, 1), block(32, None, 1)], num_classes=10),
    }[name]()
    randomize(made)
    return made.eval()


def has_batch_norm(made):
    return any(isinstance(module, torch.nn.modules.batchnorm._BatchNorm) for module in made.modules())


def options_of(exporter, opset=OPSET):
    if exporter == "dynamo":
        return {"dynamo": True, "verbose": False}
    if exporter == "torchscript":
        return {"dynamo": False, "opset_version": opset}
    return {"dynamo": False, "opset_version": opset, "do_constant_folding": False,
            "training": torch.onnx.TrainingMode.PRESERVE}


def export(made, exporter, size, path, batch=2, **more):
    """Writes `path`; `more` goes to torch.onnx.export."""
    example = torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(1))
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), \
            contextlib.redirect_stderr(io.StringIO()), torch.no_grad():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        # Attention in one operator is for running, and no exporter knows it.
        torch.backends.mha.set_fastpath_enabled(False)
        torch.onnx.export(made, (example,), str(path), input_names=["x"], output_names=["logits"],
                          **{**options_of(exporter), **more})
