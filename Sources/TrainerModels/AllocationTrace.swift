import Steps

/// What a step asks of an allocator, in order.
struct AllocationTrace {
  enum Event {
    case allocate(BufferID)
    case release(BufferID)
  }

  let bytes: [Int]
  /// How often all before the update runs in one step, as far as it matters: later micro-batches find what the third found.
  let repetitions: Int
  /// Weights and inputs, which are there before the first step.
  private(set) var kept: [BufferID] = []
  /// Optimizer state, which the first update makes.
  private(set) var states: [BufferID] = []
  private(set) var beforeUpdate: [Event] = []
  private(set) var update: [Event] = []

  init(_ step: TrainingStep) {
    bytes = step.buffers.map(\.bytes)
    repetitions = min(step.recipe.accumulation, 3)
    var dying = Array(repeating: [BufferID](), count: step.kernels.count)
    for (id, buffer) in step.buffers.enumerated() {
      if let lifetime = buffer.lifetime {
        dying[lifetime.upperBound].append(id)
      } else if buffer.category == .optimizer {
        states.append(id)
      } else {
        kept.append(id)
      }
    }
    var born = Set<BufferID>()
    for (index, kernel) in step.kernels.enumerated() {
      var events: [Event] = []
      for operand in kernel.operands where step.buffers[operand.buffer].lifetime != nil {
        if born.insert(operand.buffer).inserted { events.append(.allocate(operand.buffer)) }
      }
      events += dying[index].map { .release($0) }
      if kernel.phase == .update { update += events } else { beforeUpdate += events }
    }
  }

  /// The most bytes that an allocator takes from the system in the first steps; then all steps are the same.
  func peak<Allocator: MemoryAllocator>(in allocator: Allocator, steps: Int = 3) -> Int {
    var allocator = allocator
    var places: [BufferID: Allocator.Place] = [:]
    // What the first micro-batch made may still be there in the next.
    func allocate(_ id: BufferID) { if places[id] == nil { places[id] = allocator.allocate(bytes[id]) } }
    func run(_ events: [Event]) {
      for event in events {
        switch event {
        case .allocate(let id): allocate(id)
        case .release(let id): if let place = places.removeValue(forKey: id) { allocator.release(place) }
        }
      }
    }
    kept.forEach(allocate)
    for step in 0..<steps {
      for _ in 0..<repetitions { run(beforeUpdate) }
      if step == 0 { states.forEach(allocate) }
      run(update)
    }
    return allocator.peakBytes
  }
}

/// An allocator by its rules, without memory.
protocol MemoryAllocator {
  associatedtype Place

  mutating func allocate(_ bytes: Int) -> Place
  mutating func release(_ place: Place)
  /// The most bytes taken from the system at once.
  var peakBytes: Int { get }
}
