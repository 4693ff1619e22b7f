/// What decides the memory of PyTorch's step beside the recipe.
public struct PyTorchOptions: Hashable, Sendable, Codable {
  /// `attn_implementation` in transformers.
  public enum Attention: String, Sendable, Codable, CaseIterable {
    /// `torch.nn.functional.scaled_dot_product_attention`, which chooses a kernel by device and dropout.
    case sdpa
    /// Products and softmax one by one.
    case eager
  }

  /// How `torch.optim` updates a list of tensors.
  public enum UpdateLoop: String, Sendable, Codable, CaseIterable {
    /// One tensor after another.
    case forLoop = "for-loop"
    /// All tensors at once, operator by operator.
    case foreach
    /// One kernel, without temporaries.
    case fused
  }

  /// What weights, activations, gradients and optimizer state are held in.
  public enum Precision: String, Sendable, Codable, CaseIterable {
    case float32 = "f32"
    /// `model.to(torch.bfloat16)`, not automatic mixed precision.
    case bfloat16 = "bf16"
  }

  public var attention: Attention
  /// nil for what PyTorch chooses: foreach on CUDA, a loop on a CPU
  /// (`_default_to_fused_or_foreach`, https://github.com/pytorch/pytorch/blob/main/torch/optim/optimizer.py).
  public var updateLoop: UpdateLoop?
  public var precision: Precision

  public init(
    attention: Attention = .sdpa, updateLoop: UpdateLoop? = nil, precision: Precision = .float32
  ) {
    self.attention = attention
    self.updateLoop = updateLoop
    self.precision = precision
  }
}
