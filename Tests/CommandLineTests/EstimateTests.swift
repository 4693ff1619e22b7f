import Foundation
import TestSupport
import Testing

@Suite("estimate")
struct EstimateTests {
  private func estimate(_ arguments: String...) throws -> [String: Any] {
    let shape = ["--batch", "4", "--seq", "32", "--threads", "2", "--runtime", "25MiB", "--json"]
    return try CommandLineProgram.run(["estimate"] + arguments + shape).object()
  }

  @Test("the promised names are there, and the categories add up to what lives at the peak")
  func names() throws {
    let object = try estimate("bert-mini")
    let categories = try #require(object["categories"] as? [String: Int])
    #expect(
      Set(categories.keys) == [
        "weights", "gradients", "optimizer", "activations", "temporaries", "workspace", "inputs",
      ])
    #expect(categories.values.reduce(0, +) == object["live_peak_bytes"] as? Int)
    let layers = try #require(object["layers"] as? [[String: Any]])
    #expect(layers.count == 5)
    #expect(layers.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) } == object["live_peak_bytes"] as? Int)
    #expect(layers.reduce(0) { $0 + ($1["flops"] as? Int ?? 0) } == object["flops"] as? Int)
    let peak = try #require(object["peak_bytes"] as? Int)
    let arena = try #require(object["arena_bytes"] as? Int)
    let mapped = try #require(object["mapped_bytes"] as? Int)
    #expect(peak == arena + mapped)
    #expect((object["peak_kernel"] as? String)?.isEmpty == false)
    #expect(object["runtime_bytes"] as? Int == 25 << 20)
    #expect(object["parameters"] as? Int == 11_171_074 && object["trainable_parameters"] as? Int == 11_171_074)
    #expect(object["fits"] == nil && object["headroom_bytes"] == nil)
  }

  @Test("FAR10 on DistilBERT leaves 41.45 million parameters trainable")
  func far() throws {
    let object = try estimate("distilbert-base-uncased", "--train", "far:10")
    #expect(object["parameters"] as? Int == 66_955_010)
    let trainable = try #require(object["trainable_parameters"] as? Int)
    #expect((41_440_000...41_460_000).contains(trainable))
  }

  @Test("a plan estimated again trains the nodes that it names")
  func namedNodes() throws {
    try withTemporaryDirectory { directory in
      let (first, again) = (directory.appending(path: "a.json"), directory.appending(path: "b.json"))
      _ = try estimate("bert-mini", "--train", "far:10", "-o", first.path)
      var plan = try JSONSerialization.jsonObject(with: Data(contentsOf: first)) as? [String: Any] ?? [:]
      let nodes = try #require(plan["learner_nodes"] as? [[Int]]).map { $0.map { 1023 - $0 }.sorted() }
      plan["learner_nodes"] = nodes
      try JSONSerialization.data(withJSONObject: plan).write(to: first)
      _ = try estimate("bert-mini", "--train", first.path, "-o", again.path)
      let found = try JSONSerialization.jsonObject(with: Data(contentsOf: again)) as? [String: Any]
      #expect(found?["learner_nodes"] as? [[Int]] == nodes && nodes.allSatisfy { $0.last == 1023 })
    }
  }

  @Test(
    "training less needs fewer bytes",
    arguments: [
      ("frozen-embeddings", "full"), ("last:1", "last:3"), ("head", "last:1"), ("far:10", "far:60"),
      ("bitfit", "full"),
    ])
  func order(less: String, more: String) throws {
    let (small, large) = (
      try estimate("bert-mini", "--train", less), try estimate("bert-mini", "--train", more)
    )
    for name in ["arena_bytes", "trainable_parameters", "flops"] {
      let (lower, upper) = (try #require(small[name] as? Int), try #require(large[name] as? Int))
      #expect(lower < upper, "\(name) of \(less) and \(more)")
    }
  }

  @Test("saving less and simpler optimizers need fewer bytes", arguments: ["--saving", "--optimizer"])
  func options(option: String) throws {
    let values = option == "--saving" ? ["recompute", "cheap", "keep"] : ["sgd", "sgd-momentum", "adamw"]
    let peaks = try values.map { try #require(try estimate("bert-mini", option, $0)["peak_bytes"] as? Int) }
    #expect(peaks[0] < peaks[1] && peaks[1] < peaks[2])
  }

  @Test("the headroom is the budget less the program and what the step is charged; not fitting is no failure")
  func headroom() throws {
    let counted = try estimate("bert-mini", "--train", "last:1", "--budget", "100MiB")
    let peak = try #require(counted["peak_bytes"] as? Int)
    #expect(counted["headroom_bytes"] as? Int == 100 << 20 - 25 << 20 - peak)
    let free = try estimate("bert-mini", "--train", "last:1", "--budget", "100MiB", "--mapped-free")
    let arena = try #require(free["arena_bytes"] as? Int)
    #expect(free["headroom_bytes"] as? Int == 75 << 20 - arena && arena < peak)
    let run = try CommandLineProgram.run(
      "estimate", "bert-base-uncased", "--batch", "4", "--seq", "32", "--device", "raspberry-pi-zero-2w",
      "--runtime", "25MiB")
    #expect(run.exitCode == 0 && run.standardOutput.contains("it does not fit"))
    #expect(run.standardOutput.contains("at least") && run.standardOutput.contains("an estimate"))
  }

  @Test("the program measures itself, more threads taking more, and a plan's figure leaves room")
  func measured() throws {
    func bytes(_ threads: Int) throws -> Int {
      let run = try CommandLineProgram.run(
        "estimate", "bert-tiny", "--batch", "1", "--seq", "8", "--threads", "\(threads)", "--json")
      let object = try run.object()
      #expect(object["runtime_source"] as? String == "measured")
      return try #require(object["runtime_bytes"] as? Int)
    }
    let (one, eight) = (try bytes(1), try bytes(8))
    #expect(one > 1 << 20 && one < eight && one % (1 << 20) == 0)
  }

  @Test("a plan file is a way to say what trains, and gives the shape")
  func planFile() throws {
    try withTemporaryDirectory { directory in
      let planned = try CommandLineProgram.run(smallPlan + ["-o", "p.json", "--json"], in: directory).object()
      let run = try CommandLineProgram.run(
        ["estimate", "bert-mini", "--train", "p.json", "--runtime", "25MiB", "--json"], in: directory)
      let object = try run.object()
      for (name, other) in [
        ("peak_bytes", "predicted_peak_bytes"), ("arena_bytes", "arena_bytes"),
        ("trainable_parameters", "trainable_parameters"),
      ] {
        #expect(object[name] as? Int == planned[other] as? Int)
      }
    }
  }

  @Test(
    "PyTorch's step is what lives in it, the allocator's share and the process, and needs more than the engine's"
  )
  func pytorch() throws {
    let own = try estimate("bert-mini")
    for trainer in ["pytorch", "pytorch-cuda"] {
      let object = try estimate("bert-mini", "--trainer", trainer)
      let live = try #require(object["live_peak_bytes"] as? Int)
      let resident = try #require(object["resident_peak_bytes"] as? Int)
      #expect((object["categories"] as? [String: Int])?.values.reduce(0, +) == live)
      #expect(object["process_bytes"] as? Int == 25 << 20)
      #expect(resident == live + (object["allocator_bytes"] as? Int ?? 0) + 25 << 20)
      #expect(live > own["peak_bytes"] as? Int ?? .max)
    }
    let run = try CommandLineProgram.run(
      "estimate", "bert-mini", "--batch", "4", "--seq", "32", "--trainer", "pytorch", "--budget", "200MiB")
    #expect(run.exitCode == 0 && run.standardOutput.contains("it does not fit"))
  }

  @Test("the text keeps to the width of the terminal")
  func width() throws {
    let run = try CommandLineProgram.run(
      "estimate", "bert-mini", "--batch", "4", "--seq", "32", "--device", "laptop-4gb", "--runtime", "25MiB")
    #expect(run.standardOutput.split(separator: "\n").allSatisfy { $0.count <= 80 && $0.last != " " })
    #expect(!run.standardOutput.contains("\u{1B}"))
  }
}
