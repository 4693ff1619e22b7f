import Planning

/// `manifest.json`: what an export trains, for programs; the check script compares a live model with it.
struct Manifest: Encodable {
  static let fileName = "manifest.json"
  static let currentSchema = 1

  let kind = "permafrost-export"
  let schema = Manifest.currentSchema
  let madeBy: String
  let target: String
  /// The trainer and the version that the files are written for.
  let writtenFor: String
  let matching: String
  let planSha256: String
  let model: String
  let files: [String]
  let trainableParameters: Int
  /// Parameters by tensor, in the trainer's naming.
  let trainable: [String: Int]
  let frozen: [String: Int]
  /// Whether the trainer puts a head of its own on the encoder, with tensors that are not listed here.
  let headIsTrainersOwn: Bool
  /// Whose step `predictedPeakBytes` predicts: this program's own engine, or the trainer that the plan was made for.
  let predictedFor: String
  let predictedPeakBytes: Int
  /// Whose memory model the trainer's own peak is by; absent where there is none.
  let trainerMemoryModel: String?
  /// The trainer's whole process at its peak by that model, with what this trainer adds.
  let trainerPeakBytes: Int?
  let trainerAdditions: [MemoryAddition]?
  let notes: [String]

  init(
    _ job: ExportJob, _ target: any ExportTarget, _ files: [ExportedFile], _ prediction: TrainerPrediction
  ) throws {
    madeBy = job.producer
    self.target = target.name
    writtenFor = target.trainer
    matching = target.matching
    planSha256 = try job.identity()
    model = job.plan.model.name
    self.files = files.map(\.name)
    let trained = job.tensors.filter { $0.wanted > 0 }
    trainableParameters = trained.reduce(0) { $0 + $1.count }
    trainable = Dictionary(uniqueKeysWithValues: trained.map { ($0.name, $0.count) })
    frozen = Dictionary(uniqueKeysWithValues: job.tensors.filter { $0.wanted == 0 }.map { ($0.name, $0.count) })
    headIsTrainersOwn = job.graph.parameters.contains { target.tensorName($0, job.graph) == nil }
    predictedFor = job.plan.trainer.rawValue
    predictedPeakBytes = job.plan.predictedPeakBytes
    trainerMemoryModel = prediction.peak?.model.rawValue
    trainerPeakBytes = prediction.peak?.bytes
    trainerAdditions = prediction.peak?.additions
    notes = target.notes(job)
  }

  var file: ExportedFile {
    get throws {
      ExportedFile(name: Self.fileName, text: String(decoding: try PlanFile.encode(self), as: UTF8.self))
    }
  }
}

/// The short program beside an export that compares what trains in a live model with the manifest.
public struct CheckScript: Sendable {
  static let fileName = "check_plan.py"
  let text: String

  /// Asks a PyTorch module, wrapped or not.
  public static let torch = CheckScript(text: String(decoding: PackageResources.check_torch_py, as: UTF8.self))
  /// Is told the layers or components that train.
  public static let parts = CheckScript(text: String(decoding: PackageResources.check_parts_py, as: UTF8.self))
  /// Is told names and sizes.
  public static let names = CheckScript(text: String(decoding: PackageResources.check_names_py, as: UTF8.self))

  var file: ExportedFile { ExportedFile(name: Self.fileName, text: text) }
}
