import Graph

/// Plain PyTorch: one Python module that prepares a transformers model.
struct PyTorch: PreparedInPython {
  let name = "pytorch"
  let trainer = "PyTorch 2.13 and transformers 5.23"

  func notes(_ job: ExportJob) -> [String] {
    [
      Notes.peak(job, "PyTorch"),
      "Gradients of all trained tensors live at once, where the engine updates each as soon as its gradient is known.",
      "The module's first lines list what else PyTorch holds.",
    ]
  }

  func files(_ job: ExportJob) throws -> [ExportedFile] { [try job.module] }
}
