import Graph
import Steps

/// What attention's backward reads.
struct AttentionRecord {
  /// As the products read them: copies with heads outside tokens, or the projections themselves.
  var query: BufferID
  var key: BufferID
  var value: BufferID
  /// Softmax's result, and the same after dropout; only where probabilities are stored.
  var probabilities: BufferID?
  var dropped: BufferID?
  /// Result and log-sum-exps of a fused kernel.
  var output: BufferID?
  var logSums: BufferID?
}

extension PyTorchLowering {
  /// How attention is computed: products one by one, as scaled_dot_product_attention's fallback or as transformers' eager code, or fused.
  enum AttentionKernel { case math, eager, fused }

  /// A CPU's fused kernel knows no dropout, so that the fallback runs (`use_flash_attention_cpp` in
  /// ATen/native/transformers/sdp_utils_cpp.cpp); CUDA's know it.
  func attentionKernel(_ site: DropoutSite) -> AttentionKernel {
    if options.attention == .eager { return .eager }
    return device == .cuda || site.probability == 0 ? .fused : .math
  }

  /// The fallback multiplies half-precision tensors in F32 on a CPU.
  private func isWidened(_ kernel: AttentionKernel) -> Bool { kernel == .math && options.precision != .float32 }

  mutating func emitAttention(_ index: Int, into record: inout Record, phase: Phase) {
    guard
      case .attention(let heads, let queries, let keys, let values, let site, let output) =
        graph.operators[index].operation,
      let query = record.values[queries], let key = record.values[keys], let value = record.values[values]
    else { return }
    let kernel = attentionKernel(site)
    // DistilBERT's function goes on to the output projection with its queries, keys and values still in variables.
    let isDistilBERT = graph.configuration.family == .distilbert
    let context: BufferID
    if kernel == .fused {
      context = emitFusedAttention(index, heads, query, key, value, site, output, &record, phase)
      record.innerLocals = isDistilBERT ? [query, key, value] : []
    } else {
      context = emitProducts(index, kernel, heads, query, key, value, site, output, &record, phase)
      record.innerLocals = isDistilBERT ? [query, key, value] : []
    }
    record.values[output] = context
    if !isDistilBERT { record.locals.append(context) }
  }

  private mutating func emitFusedAttention(
    _ index: Int, _ heads: Int, _ query: BufferID, _ key: BufferID, _ value: BufferID,
    _ site: DropoutSite, _ output: ValueID, _ record: inout Record, _ phase: Phase
  ) -> BufferID {
    let name = graph.operators[index].name
    let result = tensor(for: output)
    let logSums = tensor("\(name).log-sums", .sequences, .fixed(heads * recipe.sequence), .float32)
    let scratch = device == .cpu ? flashWorkspace(name, index, backward: false) : nil
    emit(
      .attention(heads: heads, site), index, phase,
      [
        read(.query, query), read(.key, key), read(.value, value), write(.output, result), make(result),
        make(logSums), scratch.map(make),
      ])
    record.attention[index] = AttentionRecord(
      query: query, key: key, value: value, output: result, logSums: logSums)
    return result
  }

  /// Tiles of the CPU's fused kernel, one set a thread (`cpu_flash_attention` in ATen/native/cpu/FlashAttentionKernel.cpp).
  private mutating func flashWorkspace(_ name: String, _ index: Int, backward: Bool) -> BufferID {
    let sequence = recipe.sequence
    let rows = min(sequence >= 768 ? 256 : sequence >= 192 ? 64 : 32, sequence)
    let tile = rows * min(512, sequence)
    let headSize = graph.configuration.hiddenSize / graph.configuration.headCount
    return tensor(
      "\(name).tiles", .fixed(recipe.threads),
      .fixed(backward ? 2 * tile + rows : tile + 2 * rows + rows * headSize), .float32, .workspace)
  }

  private mutating func emitProducts(
    _ index: Int, _ kernel: AttentionKernel, _ heads: Int, _ query: BufferID, _ key: BufferID,
    _ value: BufferID, _ site: DropoutSite, _ output: ValueID, _ record: inout Record, _ phase: Phase
  ) -> BufferID {
    let name = graph.operators[index].name
    let square = Dimension.fixed(heads * recipe.sequence * recipe.sequence)
    let wide: ElementFormat = isWidened(kernel) ? .float32 : number
    func operation(_ label: String, _ input: BufferID?, _ result: BufferID, _ held: [BufferID?] = []) {
      emit(
        .elementwise(label), index, phase, detail: label,
        [read(.input, input), write(.output, result), make(result)] + held.map(hold))
    }
    // Held until scaled_dot_product_attention returns.
    var held: [BufferID] = []
    var (q, k, v) = (query, key, value)
    if isWidened(kernel) {
      let wideTensors = [query, key, value].map { like($0, "\(name).wide", .float32) }
      for (narrow, widened) in zip([query, key, value], wideTensors) { operation("to", narrow, widened) }
      (q, k, v) = (wideTensors[0], wideTensors[1], wideTensors[2])
      held = wideTensors
    }
    var scaledKey: BufferID?
    if kernel == .math {
      // Queries and keys are each scaled by the root of the scale.
      let scaled = [q, k].map { like($0, "\(name).scaled") }
      operation("scale", q, scaled[0], held)
      operation("scale", k, scaled[1], held)
      (q, k) = (scaled[0], scaled[1])
      held.append(q)
      scaledKey = k
    }
    // Heads lie inside tokens; bmm wants them outside.
    let copies = [q, k, v].map { like($0, "\(name).copy", wide) }
    operation("clone", q, copies[0], held + [scaledKey])
    operation("clone", k, copies[1], held + [scaledKey])
    var scores = tensor("\(name).scores", .sequences, square, wide)
    emit(
      .batchedProduct, index, phase, detail: "scores",
      [
        read(.query, copies[0]), read(.key, copies[1]), write(.output, scores), make(scores), hold(scaledKey),
      ] + held.map(hold))
    if kernel == .eager {
      let scaled = like(scores, "\(name).scaled-scores")
      operation("scale", scores, scaled)
      scores = scaled
    }
    let probabilities = like(scores, "\(name).probabilities")
    operation("softmax", scores, probabilities, held)
    if kernel == .math {
      // Rows that are masked throughout are looked for (`_safe_softmax`).
      let masked = like(scores, "\(name).masked", .booleans)
      operation("isneginf", scores, masked, held + [probabilities])
    }
    var dropped = probabilities
    if site.probability > 0 {
      let mask = like(probabilities, "\(name).mask", device == .cuda ? .booleans : nil)
      dropped = like(probabilities, "\(name).dropped")
      emit(
        .dropout(site), index, phase, detail: "dropout",
        [read(.input, probabilities), write(.output, dropped), make(dropped), make(mask)] + held.map(hold))
      record.masks[index] = mask
    }
    var locals = [query, key, value]
    if isWidened(kernel) {
      let narrow = like(dropped, "\(name).narrow", number)
      operation("to", dropped, narrow, held)
      held.append(narrow)
    }
    operation("clone", v, copies[2], held + [dropped])
    let product = tensor("\(name).product", .tokens, .fixed(graph.values[output].columns), wide)
    emit(
      .batchedProduct, index, phase, detail: "context",
      [read(.input, dropped), read(.value, copies[2]), write(.output, product), make(product)]
        + (held + locals).map(hold))
    var transposed = product
    if isWidened(kernel) {
      transposed = tensor(for: output, "narrow.")
      operation("to", product, transposed, held + locals)
    }
    if kernel == .eager { locals.append(dropped) }
    let context = tensor(for: output)
    operation("contiguous", transposed, context, locals)
    record.attention[index] = AttentionRecord(
      query: copies[0], key: copies[1], value: copies[2], probabilities: probabilities, dropped: dropped)
    return context
  }

  // MARK: Backward

  mutating func emitAttentionBackward(_ index: Int, _ gradient: BufferID) {
    guard
      case .attention(let heads, let queries, let keys, let values, let site, _) =
        graph.operators[index].operation,
      let record = (replay ?? forward).attention[index]
    else { return }
    let kernel = attentionKernel(site)
    let name = graph.operators[index].name
    // One node gives all three gradients or none.
    let results = [queries, keys, values].map { tensor(for: $0, "grad.") }
    for (value, result) in zip([queries, keys, values], results) { gradients[value] = result }
    let roles = [OperandRole.queryGradient, .keyGradient, .valueGradient]
    if kernel == .fused {
      let scratch =
        device == .cpu
        ? flashWorkspace(name + ".backward", index, backward: true)
        : tensor("\(name).delta", .sequences, .fixed(heads * recipe.sequence), .float32, .workspace)
      emit(
        .attentionBackward(heads: heads, site), index, .backward, detail: "backward",
        [
          read(.gradient, gradient), read(.query, record.query), read(.key, record.key),
          read(.value, record.value), read(.input, record.output), read(.deviation, record.logSums),
          make(scratch),
        ] + zip(roles, results).flatMap { [write($0, $1), make($1)] })
      return
    }
    emitProductsBackward(index, kernel, record, gradient, results, (replay ?? forward).masks[index])
  }

  private mutating func emitProductsBackward(
    _ index: Int, _ kernel: AttentionKernel, _ record: AttentionRecord, _ gradient: BufferID,
    _ results: [BufferID], _ mask: BufferID?
  ) {
    guard let probabilities = record.probabilities, let dropped = record.dropped else { return }
    let name = graph.operators[index].name
    func operation(_ label: String, _ input: BufferID, _ other: BufferID? = nil, into result: BufferID) {
      emit(
        .elementwise(label), index, .backward, detail: "\(label).backward",
        [read(.gradient, input), read(.input, other), write(.output, result)])
    }
    var outer = gradient
    if isWidened(kernel) {
      outer = like(gradient, "\(name).grad.wide", .float32)
      operation("to", gradient, into: outer)
    }
    let copied = like(outer, "\(name).grad.copy")
    operation("clone", outer, into: copied)
    // A node's two products are live together with all it reads.
    let square = like(dropped, "\(name).grad.dropped")
    let valueGradient = like(record.value, "\(name).grad.value")
    emit(
      .batchedProduct, index, .backward, detail: "value-gradient",
      [read(.gradient, copied), read(.input, dropped), write(.output, valueGradient)])
    emit(
      .batchedProduct, index, .backward, detail: "probabilities-gradient",
      [read(.gradient, copied), read(.value, record.value), write(.output, square), hold(dropped)])
    var inner = square
    if let mask {
      inner = like(square, "\(name).grad.probabilities")
      operation("dropout", square, mask, into: inner)
    }
    var scores = like(inner, "\(name).grad.scores")
    operation("softmax", inner, probabilities, into: scores)
    if kernel == .eager {
      let scaled = like(scores, "\(name).grad.scaled-scores")
      operation("scale", scores, into: scaled)
      scores = scaled
    }
    var queryGradient = like(record.query, "\(name).grad.query")
    var keyGradient = like(record.key, "\(name).grad.key")
    emit(
      .batchedProduct, index, .backward, detail: "query-gradient",
      [read(.gradient, scores), read(.key, record.key), write(.output, queryGradient)])
    emit(
      .batchedProduct, index, .backward, detail: "key-gradient",
      [read(.gradient, scores), read(.query, record.query), write(.output, keyGradient), hold(record.key)])
    if kernel == .math {
      let scaled = [keyGradient, queryGradient].map { like($0, "\(name).grad.scaled") }
      operation("scale", keyGradient, into: scaled[0])
      operation("scale", queryGradient, into: scaled[1])
      (keyGradient, queryGradient) = (scaled[0], scaled[1])
    }
    var narrow = [queryGradient, keyGradient, valueGradient]
    if isWidened(kernel) {
      for position in narrow.indices {
        let result = like(narrow[position], "\(name).grad.narrow", number)
        operation("to", narrow[position], into: result)
        narrow[position] = result
      }
    }
    // Copied back, heads inside tokens, each just before its projection's backward.
    pendingCopies = Dictionary(uniqueKeysWithValues: zip(results, narrow))
  }
}
