import Devices
import Graph
import Simulation
import Steps
import TestSupport
import Testing

private let graph = EncoderGraph(
  EncoderConfiguration(
    family: .bert, vocabularySize: 97, maximumPositions: 24, hiddenSize: 16, feedForwardSize: 40, layerCount: 3,
    headCount: 4))

private func device(_ kernels: [String: KernelRate] = [:]) -> DeviceProfile {
  DeviceProfile(
    identifier: "x", title: "x", totalMemoryBytes: 1 << 30, systemReservedBytes: 0, cleanMappedPagesCount: true,
    cores: 2, memoryBandwidthBytesPerSecond: 4e9, peakFLOPS: 3e10, storageReadBytesPerSecond: 1e8,
    activePowerWatts: 7, kernels: kernels)
}

/// Rates of every class, none of them alike.
private func randomRates(_ random: inout SeededGenerator) -> [String: KernelRate] {
  var rates: [String: KernelRate] = [:]
  for kernel in KernelClass.all {
    let cached = Double.random(in: 5e9...5e10, using: &random)
    let hasCache = Bool.random(using: &random)
    rates[kernel.name] = KernelRate(
      operationsPerSecond: Double.random(in: 1e9...1e11, using: &random),
      half: (0..<3).map { _ in Double.random(in: 0...100, using: &random) },
      bytesPerSecond: Double.random(in: 1e9...5e9, using: &random),
      cachedBytesPerSecond: hasCache ? cached : nil,
      cacheBytes: hasCache ? Int.random(in: 1...1 << 16, using: &random) : 0,
      overheadSeconds: Double.random(in: 0...1e-5, using: &random))
  }
  return rates
}

private func product(_ rows: Int, _ columns: Int, _ depth: Int) throws -> KernelWork {
  let kernel = try #require(KernelClass("linear"))
  let extents = KernelWork.Extents(rows: rows, columns: columns, depth: depth)
  return KernelWork(
    kernel, operations: extents.operations, bytesMoved: 4 * (rows * depth + depth * columns + rows * columns),
    extents: extents)
}

@Suite("Predicted times")
struct KernelTimesTests {
  @Test("measured rates that are the peaks give the plain roofline")
  func constantRates() {
    let peaks = KernelRate(operationsPerSecond: 3e10, bytesPerSecond: 4e9)
    let measured = Dictionary(uniqueKeysWithValues: KernelClass.all.map { ($0.name, peaks) })
    for accumulation in [1, 3] {
      let recipe = Recipe(batch: 6, sequence: 8, accumulation: accumulation, maximumGradientNorm: 1)
      let step = StepProgram(graph, recipe, .full(graph)).training
      let plain = RooflineEstimate(step, on: device())
      let calibrated = RooflineEstimate(step, on: device(measured))
      #expect(plain.basis == .peakRates && calibrated.basis == .measuredRates)
      #expect(plain.seconds == calibrated.seconds && plain.seconds > 0)
      #expect(plain.memoryBoundSeconds == calibrated.memoryBoundSeconds)
      #expect(plain.joules == 7 * plain.seconds)
    }
  }

  @Test("a kernel takes the longer of its operations and its bytes")
  func roofline() throws {
    let times = KernelTimes(device())
    let kernel = try #require(KernelClass("gelu"))
    #expect(times.seconds(KernelWork(kernel, operations: 3_000_000, bytesMoved: 4)) == 1e-4)
    #expect(times.seconds(KernelWork(kernel, operations: 3, bytesMoved: 4_000_000)) == 1e-3)
  }

  @Test("fewer threads than cores do as much less arithmetic and move as many bytes; more do no more")
  func threads() throws {
    let kernel = try #require(KernelClass("gelu"))
    let arithmetic = KernelWork(kernel, operations: 3_000_000, bytesMoved: 4)
    let bytes = KernelWork(kernel, operations: 3, bytesMoved: 4_000_000)
    let cores = device().cores
    let rates = Dictionary(
      uniqueKeysWithValues: KernelClass.all.map {
        ($0.name, KernelRate(operationsPerSecond: 3e10, bytesPerSecond: 4e9))
      })
    for device in [device(), device(rates)] {
      for threads in 1...2 * cores {
        let times = KernelTimes(device, threads: threads)
        let slower = Double(cores) / Double(min(threads, cores))
        #expect((times.seconds(arithmetic) / (1e-4 * slower) - 1).magnitude < 1e-12)
        #expect(times.seconds(bytes) == 1e-3)
      }
    }
  }

  @Test("kernels run once a micro-batch, updates once")
  func microBatches() {
    var random = SeededGenerator(seed: 3)
    let times = KernelTimes(device(randomRates(&random)))
    let recipe = Recipe(batch: 8, sequence: 8, accumulation: 4)
    let step = StepProgram(graph, recipe, .full(graph)).training
    var expected = 0.0
    for kernel in step.kernels {
      let seconds = times.seconds(of: kernel, in: step)
      #expect(seconds == times.seconds(step.work(of: kernel)) * (kernel.phase == .update ? 1 : 4))
      expected += seconds
    }
    let estimate = RooflineEstimate(step, on: device())
    let single = RooflineEstimate(
      StepProgram(graph, Recipe(batch: 2, sequence: 8), .full(graph)).training, on: device())
    #expect(estimate.seconds > 2 * single.seconds && estimate.seconds < 4 * single.seconds)
    #expect(expected > 0)
  }

  @Test("no kernel is predicted to be quicker for a larger extent, and a product's time is linear in each")
  func monotone() throws {
    for seed in 0..<20 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var rates = randomRates(&random)
      for _ in 0..<50 {
        let extents = (0..<3).map { _ in Int.random(in: 1...400, using: &random) }
        let axis = Int.random(in: 0..<3, using: &random)
        func work(_ more: Int) throws -> KernelWork {
          var grown = extents
          grown[axis] += more
          return try product(grown[0], grown[1], grown[2])
        }
        let times = KernelTimes(device(rates))
        #expect(try times.seconds(work(0)) <= times.seconds(work(1)), "seed \(seed), \(extents)")
        rates["linear"]?.bytesPerSecond = nil
        let arithmetic = KernelTimes(device(rates))
        let steps = try [0, 10, 20].map { try arithmetic.seconds(work($0)) }
        #expect(abs(steps[2] - 2 * steps[1] + steps[0]) < 1e-9 * steps[2], "seed \(seed), \(extents)")
      }
    }
  }

  @Test("a longer batch, a longer sequence and more learners never take less time")
  func largerSteps() {
    var random = SeededGenerator(seed: 11)
    let device = device(randomRates(&random))
    func seconds(_ batch: Int, _ sequence: Int, _ learners: Int) -> Double {
      var selection = Selection.full(graph)
      selection.retained = [learners, learners, learners]
      return RooflineEstimate(
        StepProgram(graph, Recipe(batch: batch, sequence: sequence), selection).training, on: device
      ).seconds
    }
    #expect(seconds(2, 8, 10) < seconds(3, 8, 10))
    #expect(seconds(2, 8, 10) < seconds(2, 9, 10))
    #expect(seconds(2, 8, 10) < seconds(2, 8, 20))
  }
}

@Suite("The work of kernels")
struct KernelWorkTests {
  @Test("every class has a name of its own, by which it is found")
  func classes() {
    #expect(Set(KernelClass.all.map(\.name)).count == KernelClass.all.count)
    for kernel in KernelClass.all { #expect(KernelClass(kernel.name) == kernel) }
    #expect(KernelClass("linear f64") == nil)
  }

  @Test("a template's work under a selection is the concrete step's, but for reading what is added to")
  func templates() {
    var random = SeededGenerator(seed: 5)
    for recipe in [
      Recipe(batch: 3, sequence: 8, saving: Saving(.cheap)),
      Recipe(batch: 4, sequence: 8, accumulation: 2, optimizer: .adafactor, frozenWeights: .int8),
    ] {
      let template = StepTemplate(graph, recipe)
      for retained in [0, 1, 13, 40] {
        var selection = Selection.frozen(graph)
        for group in graph.groups where Bool.random(using: &random) { selection.train(group, of: graph) }
        selection.retained = [retained, 40 - retained, retained]
        let step = TrainingStep(template, selection)
        let active = template.atoms.active(selection)
        for kernel in step.kernels {
          let (concrete, open) = (
            step.work(of: kernel), template.work(ofKernel: kernel.origin, selection, active)
          )
          #expect(
            open?.operations == concrete.operations && open?.extents == concrete.extents, "\(kernel.name)")
          #expect(open?.kernelClass == concrete.kernelClass, "\(kernel.name)")
          #expect((open?.bytesMoved ?? 0) >= concrete.bytesMoved, "\(kernel.name)")
          #expect(KernelClass.all.contains(concrete.kernelClass), "\(kernel.name)")
        }
        let running = Set(step.kernels.map(\.origin))
        for index in template.kernels.indices where !running.contains(index) {
          #expect(template.work(ofKernel: index, selection, active) == nil, "\(template.kernels[index].name)")
        }
      }
    }
  }

  @Test("products and attention count two operations for each multiplication and addition")
  func operations() throws {
    let recipe = Recipe(batch: 3, sequence: 8)
    let step = StepProgram(graph, recipe, .full(graph)).training
    func work(_ name: String) throws -> KernelWork {
      step.work(of: try #require(step.kernels.first { $0.operation.label == name }))
    }
    #expect(try work("linear").extents == .init(rows: 24, columns: 16, depth: 16))
    #expect(try work("linear").operations == 2 * 24 * 16 * 16)
    #expect(try work("attention").extents == .init(rows: 96, columns: 8, depth: 4))
    #expect(try work("attention").operations == 2 * 2 * 96 * 8 * 4)
    #expect(try work("attention backward").operations == 5 * 2 * 96 * 8 * 4)
  }
}
