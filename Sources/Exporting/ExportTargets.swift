/// The trainers that plans can be written for.
public enum ExportTargets {
  public static let all: [any ExportTarget] = [
    PyTorch(), HuggingFaceTrainer(), Accelerate(), Axolotl(), MSSwift(), LLMFoundry(), Ludwig(), ONNXRuntime(), Optax(),
    ExecuTorch(), DeepSpeed(), FSDP(), SentenceTransformers(), PEFT(), LLaMAFactory(), Keras(), SpaCy(), Flair(),
    MLXLM(), Torchtune(), TinyTraining(),
  ]

  public static let names = all.map(\.name)

  /// - Throws: ``ExportError/unknownTarget(_:)``, which lists the known ones.
  public static func named(_ name: String) throws(ExportError) -> any ExportTarget {
    guard let target = all.first(where: { $0.name == name }) else { throw .unknownTarget(name) }
    return target
  }
}
