import Foundation
import TestSupport
import Testing

@Suite("devices and models")
struct ListTests {
  @Test("devices lists every profile with its budget, one a line")
  func devices() throws {
    let run = try CommandLineProgram.run("devices")
    #expect(run.exitCode == 0 && run.standardError.isEmpty)
    let lines = run.standardOutput.split(separator: "\n")
    #expect(lines.count == 17 && lines.allSatisfy { $0.count <= 80 && $0.last != " " })
    #expect(
      lines.contains("raspberry-pi-zero-2w  512.0 MiB  345.0 MiB  counts      4   2.6 GB/s     32.0"))
  }

  @Test("devices --json is an object with one entry a profile")
  func devicesAsJSON() throws {
    let devices = try #require(
      try CommandLineProgram.run("devices", "--json").object()["devices"] as? [[String: Any]])
    #expect(devices.count == 16)
    for device in devices {
      let total = try #require(device["total_memory_bytes"] as? Int)
      let budget = try #require(device["budget_bytes"] as? Int)
      #expect(0 < budget && budget < total)
      #expect((device["sources"] as? [String: String])?.isEmpty == false)
    }
  }

  @Test("one device is shown with the source of every figure")
  func device() throws {
    let text = try CommandLineProgram.run("devices", "raspberry-pi-zero-2w").standardOutput
    #expect(text.hasPrefix("Raspberry Pi Zero 2 W\n"))
    #expect(text.contains("361,758,720 B"))
    let object = try CommandLineProgram.run("devices", "raspberry-pi-zero-2w", "--json").object()
    let sources = try #require(object["sources"] as? [String: String])
    for (field, source) in sources {
      #expect(text.contains("\n\(field)  "))
      let words = try #require(source.split(separator: " ").last)
      #expect(text.contains(words), "the source of \(field) is cut off")
    }
  }

  @Test("a profile of the user's own can be shown")
  func ownDevice() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "mine.yaml")
      let profile = """
        title: Mine
        total_memory: {value: 1GiB, source: its box}
        system_reserved: {value: 256MiB, source: "estimate: free -m"}
        clean_mapped_pages_count: {value: true, source: Linux}
        cores: {value: 4, source: its box}
        memory_bandwidth: {value: 4 GB/s, source: its box}
        peak_flops: {value: 40 GFLOP/s, source: its box}
        storage_read: {value: 80 MB/s, source: its box}
        """
      try Data(profile.utf8).write(to: file)
      let run = try CommandLineProgram.run(["devices", "./mine.yaml", "--json"], in: directory)
      #expect(try run.object()["budget_bytes"] as? Int == 768 << 20)
    }
  }

  @Test("models lists the catalogue with the published parameter counts")
  func models() throws {
    let run = try CommandLineProgram.run("models")
    #expect(run.exitCode == 0)
    let lines = run.standardOutput.split(separator: "\n")
    #expect(
      lines.contains("  distilbert-base-uncased            6     768  3072   66,955,010  255.4 MiB"))
    // A line for each family stands above its models.
    for family in ["DistilBERT", "BERT", "RoBERTa", "XLM-RoBERTa", "ELECTRA"] {
      #expect(lines.count { $0 == family } == 1)
    }
    #expect(lines.allSatisfy { $0.count <= 80 })
    let models = try #require(
      try CommandLineProgram.run("models", "--json").object()["models"] as? [[String: Any]])
    let counts = Dictionary(
      uniqueKeysWithValues: models.compactMap { model in
        (model["name"] as? String).flatMap { name in (model["parameters"] as? Int).map { (name, $0) } }
      })
    #expect(counts["distilbert-base-uncased"] == 66_955_010)
    #expect(counts["bert-base-uncased"] == 109_483_778)
    #expect(counts["roberta-base"] == 124_647_170)
    for model in models {
      #expect(model["weight_bytes"] as? Int == (model["parameters"] as? Int).map { $0 * 4 })
    }
  }

  @Test("a model's groups add up to its parameters, and its text to the same total")
  func model() throws {
    let object = try CommandLineProgram.run("models", "bert-mini", "--json").object()
    let groups = try #require(object["groups"] as? [[String: Any]])
    let total = groups.reduce(0) { $0 + ($1["parameters"] as? Int ?? 0) }
    #expect(total == object["parameters"] as? Int && total == 11_171_074)
    let names = groups.compactMap { $0["name"] as? String }
    #expect(names.contains("layer.3.feed-forward") && names.contains("pooler") && names.contains("head"))
    let text = try CommandLineProgram.run("models", "bert-mini").standardOutput
    #expect(text.contains("11,171,074") && text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("the task decides the head")
  func head() throws {
    func parameters(_ arguments: String...) throws -> Int? {
      try CommandLineProgram.run(["models", "bert-mini", "--json"] + arguments).object()["parameters"] as? Int
    }
    #expect(try parameters("--task", "sst2") == 11_171_074)
    #expect(try parameters("--task", "stsb") == 11_171_074 - 257)
    #expect(try parameters("--labels", "7") == 11_171_074 + 5 * 257)
  }
}
