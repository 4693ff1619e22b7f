/// The trainers that plans can be written for.
public enum ExportTargets {
  public static let all: [any ExportTarget] = [
    // Any selection.
    PyTorch(), HuggingFaceTrainer(), Accelerate(), DeepSpeed(), FSDP(), ExecuTorch(), ONNXRuntime(), Optax(),
    // Any tensors, but no nodes split within one.
    Axolotl(), MSSwift(), LLMFoundry(), Ludwig(), SentenceTransformers(),
    // Shapes of their own.
    PEFT(), LLaMAFactory(), Keras(), MLXLM(), SpaCy(), Flair(), Torchtune(), TinyTraining(),
  ]

  public static let names = all.map(\.name)

  /// - Throws: ``ExportError/unknownTarget(_:)``, which lists the known ones.
  public static func named(_ name: String) throws(ExportError) -> any ExportTarget {
    guard let target = all.first(where: { $0.name == name }) else { throw .unknownTarget(name) }
    return target
  }
}
